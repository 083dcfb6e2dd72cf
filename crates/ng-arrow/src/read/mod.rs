//! Columns in: one reader for every format.
//!
//! Each source gives record batches, and [`Import`](crate::Import) makes tokens of them;
//! those of text (`lines.rs`, `columns.rs`, then `record.rs` for `csv.rs`, and `json_lines.rs`) give stored
//! values. What decodes bytes by a library runs under [`guarded`].

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

/// Runs a decoder of somebody else's over bytes that nobody has checked.
///
/// The decoders of Arrow and Parquet check most of what they read, and panic at some of
/// the rest: a flipped bit of a page header can do it. Nothing that was under way is used
/// after that.
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
/// [`ReadError::Undecodable`]: a panic hook may keep silent then.
#[must_use]
pub fn is_decoding() -> bool {
    DECODING.get()
}
