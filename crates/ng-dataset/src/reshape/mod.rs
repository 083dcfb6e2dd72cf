//! Shards cut or put in order anew, as one generation. No token changes.
//!
//! - `options` and `report` are what a caller asks for and is told;
//! - `plan` decides which rows become which new shard, `rewrite` writes those: `compact` and
//!   `reshard` are two plans, which keep the order of the rows;
//! - `sort` puts all sealed rows in order, into `cutter`, a sink that begins a shard whenever the
//!   last one is full.
//!
//! Rows of open tails stay with their writers.

mod compact;
mod cutter;
mod options;
mod plan;
mod report;
mod reshard;
mod rewrite;
mod sort;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use ng_store::disk::{Dir, Disk};
use ng_token::Token;

pub use options::{CompactOptions, ReshardOptions, SortOptions};
pub use report::ReshapeReport;

use crate::DatasetError;
use crate::shard::Unpublished;

/// Refuses if the disk reports less room than new shards of this many rows need.
fn check_room<R: Dir>(shards: &Unpublished<'_, R>, rows: u64) -> Result<(), DatasetError> {
    let place = shards.place();
    let needed = rows.saturating_mul(Token::SIZE as u64);
    let free = shards.lock().free_bytes();
    match free.map_err(DatasetError::io(place.path(), "inspect the file system of"))? {
        Some(available) if available < needed => Err(DatasetError::NoRoom {
            path: place.path().to_owned(),
            needed,
            available,
        }),
        _ => Ok(()),
    }
}
