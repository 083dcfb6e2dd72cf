//! Findings of cells, and what to do about them.

use ng_plot::Field;

use crate::model::{CellReport, Finding, Flag, Report, Role};
use crate::report::sections::part::{Part, Rows, Section};

/// None without findings. `too_few_rounds` is reported for the whole run instead.
pub(super) fn section(report: &Report) -> Option<Section> {
    let rows = report.cells.iter().flat_map(|cell| {
        let found = cell.findings.iter();
        let found = found.filter(|finding| finding.flag != Flag::TooFewRounds);
        found.map(move |finding| (cell, finding))
    });
    let table = Rows::<(&CellReport, &Finding)>::new(rows)
        .words("flag", |(_, finding)| finding.flag.to_string())
        .words("scenario", |(cell, _)| cell.key.scenario.clone())
        .words("variant", |(cell, _)| cell.key.variant.clone())
        .column("threads", |(cell, _)| Field::count(cell.key.threads))
        .words("build", |(cell, _)| copy_of(cell))
        .words("phase", |(_, finding)| {
            finding.phase.clone().unwrap_or_else(|| "all".to_owned())
        })
        .words("found", |(_, finding)| finding.detail.clone())
        .words("what to do", |(_, finding)| {
            finding.flag.advice().to_owned()
        })
        .table()?;
    Some(Section::of(
        "findings",
        Part::new("Findings", Vec::new(), Some(table)),
    ))
}

/// The build of a cell, and which copy it is.
pub(crate) fn copy_of(cell: &CellReport) -> String {
    let build = cell.key.profile.name();
    match cell.role {
        Role::Main => build.to_owned(),
        Role::Aa => format!("{build}, A/A copy"),
        Role::Against => format!("{build}, the other revision"),
    }
}
