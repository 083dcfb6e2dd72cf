//! The table of how threads shared their work.

use ng_plot::{Field, Section, TableRow, table, text};

use crate::model::{Report, Verdict};
use crate::report::thread_shares::{HEADINGS, LINE, TITLE, row, shared};

/// Nothing where no phase was seen on several threads.
pub(super) fn section(report: &Report) -> Option<Section> {
    let rows = shared(report).map(|(cell, phase, threads)| {
        let [
            scenario,
            items,
            variant,
            count,
            name,
            build,
            busy,
            waits,
            preempted,
        ] = row(cell, phase, threads);
        TableRow {
            struck: cell.verdict == Verdict::Invalid,
            fields: vec![
                Field::words(scenario),
                Field::Key(cell.items() as f64, items),
                Field::words(variant),
                Field::Key(cell.key.threads as f64, count),
                Field::words(name),
                Field::words(build),
                Field::Figure(threads.least_busy, busy),
                Field::Figure(threads.waits, waits),
                Field::Figure(threads.preemptions, preempted),
            ],
        }
    });
    let table = table(TITLE, HEADINGS, rows)?;
    let section = Section::new("thread-shares", TITLE);
    Some(section.child(text("p", LINE)).child(table))
}
