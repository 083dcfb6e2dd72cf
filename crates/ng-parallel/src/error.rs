use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ng_store::VecStoreError;

/// Why a parallel operation failed.
///
/// If several shards fail, the error is that of the first in shard order, for any number of
/// threads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParallelError {
    /// A closure panicked.
    #[error("shard {shard} panicked: {message}")]
    Panicked {
        /// The number of its shard; in a reduction, that of the right-hand result.
        shard: usize,
        /// The panic message, if it was text.
        message: String,
    },

    /// The stop flag was set before the work was done.
    #[error("stopped after {shards_done} of {shards} shards")]
    Stopped {
        /// How many shards were done; which ones is unknown.
        shards_done: usize,
        /// How many shards there were.
        shards: usize,
    },

    /// An index is out of range.
    #[error("index {index} at position {position}, but there are {len} tokens")]
    IndexOutOfBounds {
        /// Its position in the list of indices; the first such.
        position: usize,
        /// The index.
        index: usize,
        /// How many tokens there are.
        len: usize,
    },

    /// The store is out of memory.
    #[error(transparent)]
    Store(#[from] VecStoreError),

    /// The workers belong to another process. Nothing was done.
    #[error(transparent)]
    Forked(#[from] Forked),
}

/// The process is a fork of the one that started the workers: their threads do not exist in
/// it.
///
/// A fork can start its own workers. A single worker is the calling thread and keeps
/// working in a fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("workers of process {started_in} used in its fork {used_in}, which must start its own")]
#[non_exhaustive]
pub struct Forked {
    /// The process that started the workers.
    pub started_in: u32,
    /// The calling process.
    pub used_in: u32,
}

/// Runs `work` on shard number `shard`, and turns a panic into an error.
///
/// On a panic the result of `work` is dropped, and operations publish nothing from a failed
/// run; the state of its captures is the caller's concern.
pub(crate) fn guard<R>(shard: usize, work: impl FnOnce() -> R) -> Result<R, ParallelError> {
    catch(work).map_err(|message| ParallelError::Panicked { shard, message })
}

/// Runs `work`; its panic message is the error.
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

/// Drops the payload of a panic. It is a user value whose drop may panic in turn, which
/// would kill the worker; that second payload is leaked, to end the chain.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        mem::forget(again);
    }
}
