use std::cell::Cell;
use std::marker::PhantomData;

thread_local! {
    static WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// The mark of a thread that runs the closures of an operation of several workers,
/// until this is dropped.
///
/// An operation that such a thread begins has it alone: the workers are about the
/// outer one, and perhaps wait for a lock that the closure holds. And a thread
/// that uses rayon within a closure runs other tasks of the pool while it waits:
/// those of ours leave again, for what they want may be held further down.
pub(crate) struct Within {
    /// Another thread cannot take the mark away.
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

    /// A refused mark that was made and dropped would take the first one away.
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
