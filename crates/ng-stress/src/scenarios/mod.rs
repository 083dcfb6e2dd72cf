//! The scenarios, one a file.

mod access;
mod allocation;
mod clocked;
mod combined;
mod contention;
mod create;
mod fill;
mod footprint;
mod parallel;
mod stamped;

use ng_lab::Scenario;

/// All scenarios: the six first, in the order of the seed's report.
pub static REGISTRY: [&dyn Scenario; 8] = [
    &create::Create,
    &allocation::Allocation,
    &parallel::Parallel,
    &access::Access,
    &footprint::Footprint,
    &combined::Combined,
    &clocked::Clocked,
    &contention::Contention,
];

/// Scenarios that are measured where none is named: the seed's six.
pub const SIX: usize = 6;

/// The scenario of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Scenario> {
    REGISTRY
        .into_iter()
        .find(|scenario| scenario.name() == name)
}
