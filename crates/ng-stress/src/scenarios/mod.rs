//! The scenarios, one a file.

mod access;
mod allocation;
mod combined;
mod create;
mod fill;
mod footprint;
mod parallel;

use ng_lab::Scenario;

/// All scenarios, in the order of the seed's report.
pub static REGISTRY: [&dyn Scenario; 6] = [
    &create::Create,
    &allocation::Allocation,
    &parallel::Parallel,
    &access::Access,
    &footprint::Footprint,
    &combined::Combined,
];

/// The scenario of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Scenario> {
    REGISTRY
        .into_iter()
        .find(|scenario| scenario.name() == name)
}
