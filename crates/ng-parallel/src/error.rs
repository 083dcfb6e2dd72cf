use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ng_store::VecStoreError;

/// What a parallel operation can fail with.
///
/// When several shards fail, the error is that of the first one in the order of
/// the shards, whatever the number of threads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParallelError {
    /// A closure panicked.
    #[error("shard {shard} panicked: {message}")]
    Panicked {
        /// The number of the shard it worked on. When it was a reduction, that
        /// of the right-hand result.
        shard: usize,
        /// What it panicked with, if that was text.
        message: String,
    },

    /// The stop flag was set before the work was done.
    #[error("stopped after {shards_done} of {shards} shards")]
    Stopped {
        /// How many shards were done. Which ones, nothing tells.
        shards_done: usize,
        /// How many shards there were to do.
        shards: usize,
    },

    /// An index points beyond the tokens.
    #[error("index {index} at position {position}, but there are {len} tokens")]
    IndexOutOfBounds {
        /// Where in the list of indices it stands; the first such position.
        position: usize,
        /// The index.
        index: usize,
        /// How many tokens there are.
        len: usize,
    },

    /// The store has no room.
    #[error(transparent)]
    Store(#[from] VecStoreError),

    /// The workers are those of another process. Nothing was done.
    #[error(transparent)]
    Forked(#[from] Forked),
}

/// The process that uses workers is a fork of the one that started them: their
/// threads are not in it.
///
/// Workers that are started in the fork are its own. One worker is the calling
/// thread and goes on in a fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("workers of process {started_in}, used in its fork {used_in}, which has to start its own")]
#[non_exhaustive]
pub struct Forked {
    /// The process that started the workers.
    pub started_in: u32,
    /// The calling process.
    pub used_in: u32,
}

/// Runs `work` on shard number `shard`, and turns its panic into an error.
///
/// What `work` returns is dropped with the panic, and operations publish nothing
/// of a failed run; what its captures hold is the caller's to know.
pub(crate) fn guard<R>(shard: usize, work: impl FnOnce() -> R) -> Result<R, ParallelError> {
    catch(work).map_err(|message| ParallelError::Panicked { shard, message })
}

/// Runs `work`; what it panics with is the error.
pub(crate) fn catch<R>(work: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let message = message(payload.as_ref());
        discard(payload);
        message
    })
}

fn message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
        .to_owned()
}

/// Drops the payload of a panic. It is a value of the closure's own, whose drop
/// may panic in turn and would take the worker with it; what that one panics with
/// is leaked, or there were no end.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        mem::forget(again);
    }
}
