use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::ProcessMark;

/// A closure that [`lend`] lends to other threads during a call.
///
/// It is a handle that may outlive the call: each queued task has one, and a task that
/// starts too late does nothing. So the lender waits only for threads that run the closure,
/// never for those that have not started it. Clones are handles to the same loan.
pub struct Loan<A> {
    shared: Arc<Shared<A>>,
}

struct Shared<A> {
    /// The lender's process: a fork has its closure but none of its threads.
    process: ProcessMark,
    state: Mutex<State<A>>,
    /// Notified when no thread is inside the closure any more.
    left: Condvar,
}

struct State<A> {
    /// `None` once the lender has it back.
    lent: Option<Lent<A>>,
    /// How many threads are inside the closure.
    inside: usize,
}

/// A closure without its type and its lifetime.
struct Lent<A> {
    closure: *const (),
    call: unsafe fn(*const (), A),
    /// It is called with one, and holds none.
    argument: PhantomData<fn(A)>,
}

// SAFETY: a value may be sent if (1) another thread may do with it what its owner may. (1)
// It is only called, on any thread, and `lend` accepts only `Sync` closures; the argument
// is `Send`.
unsafe impl<A: Send> Send for Lent<A> {}

/// Lends `closure` to all holders of the loan passed to `here`, until `here` ends; then
/// waits for threads inside the closure. From then on calls are refused.
///
/// For schedulers over thread pools, such as `ng-parallel`; no store needs it.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use std::thread;
///
/// use ng_store::lend;
///
/// let sum = AtomicUsize::new(0);
/// let add = |number| {
///     sum.fetch_add(number, Ordering::Relaxed);
/// };
/// let late = lend(&add, |loan| {
///     let other = loan.clone();
///     // A thread that borrows nothing.
///     thread::spawn(move || other.call(3)).join().unwrap().unwrap();
///     loan.clone()
/// });
/// assert_eq!(late.call(4), Err(4));
/// assert_eq!(sum.into_inner(), 3);
/// ```
///
/// # Panics
///
/// If `here` panics, after the same wait.
pub fn lend<A, R, F>(closure: &F, here: impl FnOnce(&Loan<A>) -> R) -> R
where
    A: Send,
    F: Fn(A) + Sync,
{
    let lent = Lent {
        closure: (&raw const *closure).cast(),
        call: call::<A, F>,
        argument: PhantomData,
    };
    let state = State {
        lent: Some(lent),
        inside: 0,
    };
    let loan = Loan {
        shared: Arc::new(Shared {
            process: ProcessMark::of_this_process(),
            state: Mutex::new(state),
            left: Condvar::new(),
        }),
    };
    let _back = TakesBack(&loan.shared);
    here(&loan)
}

/// Calls a closure of the type that it was lent with.
///
/// # Safety
///
/// (1) `closure` is to an `F` that lives until this returns.
unsafe fn call<A, F: Fn(A) + Sync>(closure: *const (), argument: A) {
    // SAFETY: a reference may be made of a pointer to (1) an aligned value of the type,
    // that (2) lives as long as the reference and (3) is not changed meanwhile. (1, 2) As
    // the caller promises. (3) It is shared from `lend` on, by a reference that outlives
    // this.
    let closure = unsafe { &*closure.cast::<F>() };
    closure(argument);
}

impl<A: Send> Loan<A> {
    /// Calls the closure with `argument`, on the calling thread.
    ///
    /// # Errors
    ///
    /// The argument, if the lender has the closure back, or in a fork of its process.
    ///
    /// # Panics
    ///
    /// If the closure panics.
    pub fn call(&self, argument: A) -> Result<(), A> {
        if !self.shared.process.is_this_process() {
            return Err(argument);
        }
        let mut state = self.shared.lock();
        let Some(&Lent { closure, call, .. }) = state.lent.as_ref() else {
            return Err(argument);
        };
        state.inside += 1;
        drop(state);
        let _leaves = Leaves(&self.shared);
        // SAFETY: `call` requires that (1) `closure` is to an `F` that lives until it
        // returns. (1) `lend` made both of one `F`, and ends only when `TakesBack` was
        // dropped: that takes `lent` away first, and then waits until `inside` is 0; in
        // a fork, where it does neither, nothing is called.
        // This thread was counted under the same lock under which `lent` was there, and
        // is until `_leaves` is dropped, after the call or while its panic unwinds.
        unsafe { call(closure, argument) };
        Ok(())
    }
}

impl<A> Clone for Loan<A> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

/// Two handles are equal if they are to the same loan.
impl<A> PartialEq for Loan<A> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<A> Eq for Loan<A> {}

impl<A> fmt::Debug for Loan<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.lock();
        f.debug_struct("Loan")
            .field("is_over", &state.lent.is_none())
            .field("inside", &state.inside)
            .finish_non_exhaustive()
    }
}

impl<A> Shared<A> {
    /// No closure runs under the lock, so a poisoned one's data is intact.
    fn lock(&self) -> MutexGuard<'_, State<A>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a loan when it is dropped.
struct TakesBack<'a, A>(&'a Shared<A>);

impl<A> Drop for TakesBack<'_, A> {
    fn drop(&mut self) {
        // Threads inside the closure do not exist in a fork, and may hold the lock: there
        // calls are refused without checking the state.
        if !self.0.process.is_this_process() {
            return;
        }
        let mut state = self.0.lock();
        state.lent = None;
        while state.inside > 0 {
            let woken = self.0.left.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Counts a thread out when it is dropped.
struct Leaves<'a, A>(&'a Shared<A>);

impl<A> Drop for Leaves<'_, A> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.inside -= 1;
        if state.inside == 0 {
            self.0.left.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    /// Threads that arrive before the end run the closure while it lives, and later ones
    /// are refused.
    #[test]
    fn nobody_is_within_a_closure_that_its_lender_has_back() {
        let rounds = if cfg!(miri) { 20 } else { 2_000 };
        for round in 0..rounds {
            let [calls, refused] = [const { AtomicUsize::new(0) }; 2].map(Arc::new);
            let inside = AtomicUsize::new(0);
            let closure = |steps: usize| {
                inside.fetch_add(1, Ordering::Relaxed);
                (0..steps).for_each(|_| thread::yield_now());
                inside.fetch_sub(1, Ordering::Relaxed);
            };
            let (threads, late) = lend(&closure, |loan| {
                let thread = |steps| {
                    let (loan, calls, refused) = (loan.clone(), calls.clone(), refused.clone());
                    thread::spawn(move || match loan.call(steps) {
                        Ok(()) => calls.fetch_add(1, Ordering::Relaxed),
                        Err(_) => refused.fetch_add(1, Ordering::Relaxed),
                    })
                };
                let threads = [1, 2, 3].map(thread);
                (0..round % 7).for_each(|_| thread::yield_now());
                (threads, loan.clone())
            });
            assert_eq!(late.call(1), Err(1));
            assert_eq!(inside.load(Ordering::Relaxed), 0, "round {round}");
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!(inside.load(Ordering::Relaxed), 0, "round {round}");
            let all = calls.load(Ordering::Relaxed) + refused.load(Ordering::Relaxed);
            assert_eq!(all, 3);
        }
    }

    /// Tells that `here` unwinds.
    struct Unwinds(Arc<AtomicBool>);

    impl Drop for Unwinds {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_panic_of_the_lender_waits_for_those_within() {
        let [unwinds, has_left] = [const { AtomicBool::new(false) }; 2].map(Arc::new);
        let (enters, entered) = channel();
        let (ends, leaves) = (Arc::clone(&unwinds), Arc::clone(&has_left));
        let closure = move |()| {
            enters.send(()).unwrap();
            while !ends.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            (0..1_000).for_each(|_| thread::yield_now());
            leaves.store(true, Ordering::Relaxed);
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            lend(&closure, |loan| {
                let (loan, _unwinds) = (loan.clone(), Unwinds(unwinds));
                thread::spawn(move || loan.call(()));
                entered.recv().unwrap();
                panic!("on purpose");
            })
        }));
        let _: Box<dyn std::any::Any + Send> = outcome.unwrap_err();
        assert!(has_left.load(Ordering::Relaxed));
    }

    #[test]
    fn a_panic_within_is_the_callers_and_is_not_waited_for_any_more() {
        let closure = |()| panic!("on purpose");
        lend(&closure, |loan| {
            let outcome = catch_unwind(AssertUnwindSafe(|| loan.call(())));
            assert!(outcome.is_err());
        });
    }

    #[test]
    fn handles_are_equal_if_they_are_to_one_loan() {
        let closure = |()| ();
        lend(&closure, |one| {
            lend(&closure, |other| {
                assert_eq!(one, &one.clone());
                assert_ne!(one, other);
            });
        });
    }
}
