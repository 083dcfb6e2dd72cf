//! The allocations of each phase.

use ng_plot::Field;

use crate::model::Report;
use crate::report::sections::part::{Detail, Part, Rows, Section};
use crate::report::text;

const LINE: &str = "number and bytes of each phase's allocations, where a growth counts as a new \
    one; counted in a separate run that is not timed. Work in a steady state allocates as often \
    for a million items as for a thousand. Direct mappings and kernel memory are not counted";

/// None if nothing was counted.
pub(super) fn section(report: &Report) -> Option<Section> {
    let counted = report.main_phases();
    let counted = counted.filter_map(|(cell, phase)| Some((cell, phase, phase.allocations?)));
    let table = Rows::new(counted)
        .keyed(|(cell, phase, _)| (&cell.key, &phase.name))
        .column("allocations", |(_, _, found)| {
            Field::Figure(found.count as f64, found.count.to_string())
        })
        .column("bytes", |(_, _, found)| {
            Field::Figure(found.bytes as f64, text::bytes(found.bytes))
        })
        .table()?;
    let part = Part::new("Allocations", vec![LINE.to_owned()], Some(table));
    Some(Section::of("allocations", part.from(Detail::Full)))
}
