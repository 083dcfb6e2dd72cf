//! Sorts by way of temporary files, if the tokens do not fit in memory.
//!
//! ```text
//! parts --verified--> groups of a batch (group) --in order--> a file for each range of keys
//!      (partitions), between borders (borders) of sampled keys (sample), in a folder that
//!      goes with the sort (temp_folder)
//! each file: one key? copied : it fits? read, sorted, appended : partitioned again (drain)
//! ```
//!
//! Batches are appended in order, so the tokens of each file are in the order of their positions,
//! and so are ties.

mod borders;
mod drain;
mod group;
mod open_files;
mod partitions;
mod sample;
mod temp_folder;

use std::ops::Range;
use std::path::Path;

use ng_parallel::{DEFAULT_SHARD_TOKENS, IngestOptions, ingest_batches_with};
use ng_store::{BYPASS_MIN_BYTES, CachePolicy, TokenSink};
use ng_token::Token;

use super::sort_file::Sort;
use super::{SortError, SortPhase};
use borders::Borders;
use drain::Drain;
use group::{Counts, Grouper};
use partitions::{Partition, Partitions};
use temp_folder::TempFolder;

pub use temp_folder::remove_abandoned;

/// The intended size of a partition, in quarters of what can be sorted at once: the borders come
/// from a sample only.
const MEANT_QUARTERS: u64 = 3;

/// The most partitions of a file: each has an open file and an open folder.
const MOST_PARTITIONS: u64 = 256;

/// The least that a partition collects before it is written: 64 KiB.
const LEAST_BUFFER_BYTES: u64 = 64 << 10;

/// The most: 1 MiB, a chunk of the file.
const MOST_BUFFER_BYTES: u64 = 1 << 20;

/// Sorts by way of temporary files in a folder in `dir`, and returns how many there were.
pub(super) fn sort_external<S: TokenSink<Error: Into<SortError>>>(
    sort: &Sort<'_>,
    dir: &Path,
    sink: &mut S,
) -> Result<u64, SortError> {
    let mut folder = TempFolder::make(dir)?;
    let bytes = sort.total.saturating_mul(Token::SIZE as u64);
    folder.check_room(bytes.saturating_add(sort.options.asked_spare_bytes()))?;
    let borders = Borders::all(sample::of_parts(sort)?, sort.wanted(sort.total));
    let partitions = partition_parts(sort, &mut folder, borders)?;
    let counter = sort.phase(SortPhase::Writing);
    let mut drain = Drain::new(sort, &mut folder, &counter, sink);
    drain.all(partitions)?;
    Ok(folder.files())
}

/// Reads and verifies the tokens once, and writes their partitions.
fn partition_parts(
    sort: &Sort<'_>,
    folder: &mut TempFolder,
    borders: Borders,
) -> Result<Vec<Partition>, SortError> {
    let counter = sort.phase(SortPhase::Partitioning);
    let counts = Counts::default();
    let grouper = Grouper::new(sort.order, &borders);
    let mut partitions = Partitions::begin(sort, folder, &borders, &counts);
    let options = IngestOptions::new().buffer_tokens(DEFAULT_SHARD_TOKENS);
    sort.for_each_part(|part| {
        let make = |range: Range<usize>, batch: &mut Vec<Token>| {
            let mut tokens = Vec::with_capacity(range.len());
            part.read(range.clone(), &mut tokens)?;
            counts.put(range.start, grouper.group(&tokens, batch));
            counter.add(batch.len() as u64);
            Ok::<_, SortError>(())
        };
        partitions.begin_part();
        ingest_batches_with(sort.workers, &options, &mut partitions, part.len(), make)?;
        Ok(())
    })?;
    partitions.finish()
}

impl Sort<'_> {
    /// Returns how many partitions a number of tokens is cut into.
    fn wanted(&self, tokens: u64) -> usize {
        let meant = (self.budget.sorted_tokens / 4 * MEANT_QUARTERS).max(1);
        let files = open_files::most_partitions().unwrap_or(MOST_PARTITIONS);
        let most = self.budget.buffer_bytes / 2 / LEAST_BUFFER_BYTES;
        let most = most.min(files).min(MOST_PARTITIONS);
        tokens.div_ceil(meant).clamp(2, most.max(2)) as usize
    }

    /// Returns how many tokens each of a number of partitions collects before it writes them.
    fn buffer_tokens(&self, partitions: usize) -> usize {
        let each = self.budget.buffer_bytes / 2 / partitions as u64;
        let bytes = each.clamp(LEAST_BUFFER_BYTES, MOST_BUFFER_BYTES);
        bytes as usize / Token::SIZE
    }

    /// Returns the cache policy of files of which each may be small while all together are not.
    pub(super) fn cache_of_many(&self) -> CachePolicy {
        let bytes = self.total.saturating_mul(Token::SIZE as u64);
        match self.options.cache_policy() {
            CachePolicy::Auto if bytes > BYPASS_MIN_BYTES => CachePolicy::Bypass,
            policy => policy,
        }
    }
}
