//! One row per sample, for further analysis.

use crate::model::Report;
use crate::report::sections::part::{Rows, Table};

/// The samples by cell and phase, round 0 included; `cell` is the index in the report's
/// `cells`, and the verdict is the cell's.
pub(crate) fn table(report: &Report) -> Table {
    let cells = report.cells.iter().enumerate();
    let phases = cells.flat_map(|(index, cell)| {
        let phases = cell.phases.iter();
        phases.map(move |phase| (index, cell, phase))
    });
    let samples = phases.flat_map(|(index, cell, phase)| {
        let samples = cell.samples(phase).into_iter();
        samples.map(move |sample| (index, cell, phase, sample))
    });
    Rows::new(samples)
        .words("cell", |(index, ..)| index.to_string())
        .words("scenario", |(_, cell, ..)| cell.key.scenario.clone())
        .words("variant", |(_, cell, ..)| cell.key.variant.clone())
        .words("threads", |(_, cell, ..)| cell.key.threads.to_string())
        .words("items", |(_, cell, ..)| cell.items().to_string())
        .words("profile", |(_, cell, ..)| {
            cell.key.profile.name().to_owned()
        })
        .words("role", |(_, cell, ..)| cell.role.name().to_owned())
        .words("round", |(.., sample)| sample.round.to_string())
        .words("position", |(.., sample)| {
            sample
                .position
                .map_or_else(String::new, |at| at.to_string())
        })
        .words("phase", |(_, _, phase, _)| phase.name.clone())
        .words("elapsed_ns", |(.., sample)| sample.elapsed_ns.to_string())
        .words("verdict", |(_, cell, ..)| cell.verdict.name().to_owned())
        .all()
}
