//! How times grow with the number of items.

use ng_plot::Field;

use crate::model::{Report, Scaling};
use crate::report::sections::lack::not_compared;
use crate::report::sections::part::{Part, Rows, Section, Table, interval, items};

/// None if only one size was measured.
pub(super) fn section(report: &Report) -> Option<Section> {
    let line = "time grows as the number of items to the power of the exponent: 1 if an item costs \
                the same at both sizes; paired by round";
    let part = Part::new("Growth", vec![line.to_owned()], Some(table(report)?));
    Some(Section::of("growth", part))
}

/// The exponents.
pub(crate) fn table(report: &Report) -> Option<Table> {
    Rows::new(&report.scaling)
        .struck(|found| found.stopped.is_some())
        .words("scenario", |found| found.scenario.clone())
        .words("phase", |found| found.phase.clone())
        .words("build", |found| found.profile.name().to_owned())
        .words("variant", |found| found.variant.clone())
        .column("threads", |found| Field::count(found.threads))
        .column("from", |found| items(found.from))
        .column("to", |found| items(found.to))
        .column("exponent", |found| {
            let usable = found.stopped.is_none().then_some(found.exponent);
            interval(usable, exponent(found))
        })
        .column("pairs", |found| Field::count(found.pairs))
        .table()
}

pub(crate) fn exponent(scaling: &Scaling) -> String {
    match (&scaling.stopped, scaling.ci95) {
        (Some(reason), _) => not_compared(reason),
        (None, Some(ci95)) => {
            let [low, high] = ci95.0;
            format!("{:.2} [{low:.2}, {high:.2}]", scaling.exponent)
        }
        (None, None) => format!("{:.2}", scaling.exponent),
    }
}
