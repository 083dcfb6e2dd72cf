use std::sync::{Mutex, PoisonError};

/// What each worker keeps from block to block; held here while no worker has it.
pub(crate) struct Pool<T> {
    free: Mutex<Vec<T>>,
    /// If there is one for all, held by the worker that has it.
    turn: Option<Mutex<()>>,
}

impl<T> Pool<T> {
    pub(crate) fn new() -> Self {
        Self::with_turn(None)
    }

    /// Has one for all, used in turns: for values too large to have one each.
    pub(crate) fn of_one() -> Self {
        Self::with_turn(Some(Mutex::new(())))
    }

    fn with_turn(turn: Option<Mutex<()>>) -> Self {
        Self {
            free: Mutex::new(Vec::new()),
            turn,
        }
    }

    /// Lends a free one, or a new one.
    pub(crate) fn with<R>(&self, new: impl FnOnce() -> T, work: impl FnOnce(&mut T) -> R) -> R {
        let turn = self.turn.as_ref();
        let _turn = turn.map(|turn| turn.lock().unwrap_or_else(PoisonError::into_inner));
        let mut one = self.take().unwrap_or_else(new);
        let result = work(&mut one);
        self.give(one);
        result
    }

    pub(crate) fn take(&self) -> Option<T> {
        self.free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }

    pub(crate) fn give(&self, one: T) {
        self.free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(one);
    }

    pub(crate) fn into_inner(self) -> Vec<T> {
        self.free
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
