//! The section about growth with the number of items.

use crate::model::{Report, Scaling};
use crate::report::lack::not_compared;
use crate::report::table::{Section, Table};
use crate::report::text;

/// The headings of a table of exponents.
pub(super) const HEADINGS: [&str; 9] = [
    "scenario", "phase", "build", "variant", "thr", "from", "to", "exponent", "pairs",
];

/// The exponents, if more than one size was measured.
pub(super) fn section(report: &Report) -> Option<Section> {
    if report.scaling.is_empty() {
        return None;
    }
    let line = "time grows as the number of items to the power of the exponent: 1 where an item \
                costs the same at both sizes; paired by round";
    Some(Section {
        title: "Growth".to_owned(),
        lines: vec![line.to_owned()],
        table: Some(Table {
            headings: HEADINGS.map(str::to_owned).to_vec(),
            rows: report.scaling.iter().map(row).collect(),
        }),
    })
}

fn row(scaling: &Scaling) -> Vec<String> {
    vec![
        scaling.scenario.clone(),
        scaling.phase.clone(),
        scaling.profile.name().to_owned(),
        scaling.variant.clone(),
        scaling.threads.to_string(),
        text::items(scaling.from),
        text::items(scaling.to),
        exponent(scaling),
        scaling.pairs.to_string(),
    ]
}

pub(super) fn exponent(scaling: &Scaling) -> String {
    match (&scaling.stopped, scaling.ci95) {
        (Some(reason), _) => not_compared(reason),
        (None, Some(ci95)) => {
            let [low, high] = ci95.0;
            format!("{:.2} [{low:.2}, {high:.2}]", scaling.exponent)
        }
        (None, None) => format!("{:.2}", scaling.exponent),
    }
}
