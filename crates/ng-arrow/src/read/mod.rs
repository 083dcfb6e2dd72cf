//! Import: one reader for every format.
//!
//! Each source yields record batches, and [`Import`](crate::Import) turns them into tokens;
//! text sources (`lines.rs`, `columns.rs`, then `record.rs` for `csv.rs`, and
//! `json_lines.rs`) yield stored values. Library decoders run under [`guarded`].

#[cfg(feature = "parquet")]
mod chunks;
mod columns;
mod csv;
mod ipc;
mod ipc_file;
mod json_lines;
mod lines;
#[cfg(feature = "parquet")]
mod parquet;
mod record;
mod table_reader;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{Format, ReadError};

pub use table_reader::TableReader;

/// Runs a third-party decoder on unchecked bytes.
///
/// The decoders of Arrow and Parquet check most of what they read, but panic on some of the
/// rest: a flipped bit in a page header can cause it. Nothing in progress is used after
/// that.
fn guarded<T>(
    format: Format,
    decode: impl FnOnce() -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    let before = DECODING.replace(true);
    let decoded = catch_unwind(AssertUnwindSafe(decode));
    DECODING.set(before);
    decoded.unwrap_or(Err(ReadError::Undecodable { format }))
}

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Tells whether this thread is within a decoder, whose panics come back as
/// [`ReadError::Undecodable`]: a panic hook may then stay silent.
#[must_use]
pub fn is_decoding() -> bool {
    DECODING.get()
}
