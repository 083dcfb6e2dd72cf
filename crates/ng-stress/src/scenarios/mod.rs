//! The scenarios, one per file.

mod access;
mod aggregate;
mod allocation;
mod clocked;
mod combined;
mod contention;
mod crash;
mod create;
mod dataset;
mod dataset_scan;
mod file;
mod fill;
mod filter;
mod footprint;
mod larger_than_memory;
mod lookup;
mod nearest;
mod parallel;
mod persist;
mod reopen;
mod scan;
mod sort;
mod stamped;
mod stream;
mod update;
mod varied;

use ng_lab::Scenario;

pub(crate) use dataset::disk_bytes_of as dataset_bytes_of;
pub(crate) use file::disk_bytes_of;
pub(crate) use fill::token;

/// All scenarios: those in memory, in the order of the seed's report, then those on files,
/// then queries and sorting of varied tokens, then datasets, then those only needed for the
/// seed's claims.
pub static REGISTRY: [&dyn Scenario; 21] = [
    &create::Create,
    &allocation::Allocation,
    &parallel::Parallel,
    &access::Access,
    &footprint::Footprint,
    &combined::Combined,
    &persist::Persist,
    &reopen::Reopen,
    &scan::Scan,
    &lookup::Lookup,
    &larger_than_memory::LargerThanMemory,
    &crash::Crash,
    &filter::FilterTokens,
    &aggregate::Aggregate,
    &nearest::Nearest,
    &sort::Sort,
    &stream::Stream,
    &update::Update,
    &dataset_scan::DatasetScan,
    &clocked::Clocked,
    &contention::Contention,
];

/// How many of them are the seed's.
const OF_THE_SEED: usize = 6;

/// The scenarios measured if none is named: the seed's.
#[must_use]
pub fn defaults() -> &'static [&'static dyn Scenario] {
    &REGISTRY[..OF_THE_SEED]
}

/// The scenario called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Scenario> {
    REGISTRY
        .into_iter()
        .find(|scenario| scenario.name() == name)
}
