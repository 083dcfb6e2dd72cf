//! Memory that the compiler cannot check: all `unsafe` of this crate.
//!
//! - `allocate` reserves and advises, `room` lends the spare capacity of a vector and takes
//!   it back, `stream` writes into it with non-temporal stores;
//! - `map` shows a file's tokens, or those in plain memory, as one slice; `cached_pages`
//!   reports and drops those in memory;
//! - `promise` takes the promise that a map relies on, in the `unsafe` constructors;
//! - `loan` lends a closure to threads that borrow nothing, and waits for those inside it;
//! - `prefetch` is a hint to the processor;
//! - `writeback`, `cached`, `file_size_signal`, `process` and `reader_lock` are system
//!   calls that no safe crate wraps.

mod allocate;
mod cached;
mod cached_pages;
mod file_size_signal;
mod loan;
mod map;
mod prefetch;
mod process;
mod promise;
mod reader_lock;
mod room;
mod stream;
mod writeback;

pub(crate) use allocate::allocate;
pub(crate) use cached::cached_bytes;
pub(crate) use cached_pages::cached_pages;
pub use file_size_signal::ignore_file_size_signal;
pub use loan::{Loan, lend};
pub use map::Snapshot;
pub(crate) use map::{Map, PrivateMap};
pub use prefetch::{PREFETCHES, prefetch};
pub use process::ProcessMark;
pub(crate) use promise::Promise;
pub(crate) use reader_lock::{is_locked_by_readers, lock_as_reader};
pub use room::{Filled, Vacant};
pub(crate) use room::{Stores, fill_in_place};
pub(crate) use stream::STREAMED_MIN_TOKENS;
pub(crate) use writeback::{finish_writeback, start_writeback};
