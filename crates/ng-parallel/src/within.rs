use std::cell::Cell;
use std::marker::PhantomData;

thread_local! {
    static WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// Marks a thread as running the closures of an operation on several workers, until
/// dropped.
///
/// An operation started on such a thread runs on it alone: the workers are busy with the
/// outer one, and may wait for a lock that the closure holds. A thread that uses rayon
/// within a closure runs other tasks of the pool while it waits: ours then return at once,
/// since a lock they want may be held further down the stack.
pub(crate) struct Within {
    /// Another thread cannot remove the mark.
    _not_send: PhantomData<*const ()>,
}

impl Within {
    /// Marks this thread; `None` if it is marked.
    pub(crate) fn enter() -> Option<Self> {
        match WITHIN.replace(true) {
            true => None,
            false => Some(Self {
                _not_send: PhantomData,
            }),
        }
    }

    /// Tells whether this thread is marked.
    pub(crate) fn is_entered() -> bool {
        WITHIN.get()
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        WITHIN.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Creating and dropping a refused mark would remove the first one.
    #[test]
    fn a_marked_thread_stays_so_until_the_first_mark_is_dropped() {
        for _ in 0..2 {
            assert!(!Within::is_entered());
            let within = Within::enter();
            assert!(within.is_some());
            for _ in 0..3 {
                assert!(Within::enter().is_none());
                assert!(Within::is_entered());
            }
            drop(within);
        }
    }
}
