//! The sections of a report, in reading order. Each is a file; a new one is added here.

mod about;
mod allocations;
mod cells;
mod claims;
mod comparisons;
mod findings;
mod glance;
mod group;
mod growth;
mod instructions;
mod lack;
mod laws;
mod limits;
pub(crate) mod part;
mod samples;
mod soak;
mod thread_shares;
mod versus;

use crate::model::Report;
use crate::report::sections::part::Section;

pub(crate) use about::{described, overrides, section as about, volume, warnings};
pub(crate) use claims::part as claims;
pub(crate) use findings::copy_of;
pub(crate) use glance::{failed_aa, flag_counts, flag_line, section as glance, verdict_counts};
pub(crate) use group::{Group, Indexed, PhaseOf, Work, groups, phase_names, unique, works};
pub(crate) use growth::{exponent, table as growth_table};
pub(crate) use instructions::section as instructions;
pub(crate) use lack::lack_of_threads;
pub(crate) use samples::table as samples;
pub(crate) use soak::troubles;
pub(crate) use versus::section as versus;

/// All sections of the report except its summary.
pub(crate) fn sections(report: &Report) -> Vec<Section> {
    let sections = [
        Some(about::section(report)),
        soak::section(report),
        versus::section(report),
        instructions::section(report),
        Some(cells::section(report)),
        (!report.is_untimed()).then(|| comparisons::section(report)),
        thread_shares::section(report),
        laws::section(report),
        allocations::section(report),
        growth::section(report),
        limits::section(report),
        findings::section(report),
        claims::section(report),
    ];
    sections.into_iter().flatten().collect()
}
