//! The table of how threads shared their work.

use crate::judge::Verdict;
use crate::report::Report;
use crate::report::html::grid::{Field, Grid, GridRow};
use crate::report::html::markup::{Element, text};
pub(super) use crate::report::thread_shares::TITLE;
use crate::report::thread_shares::{HEADINGS, LINE, row, shared};

pub(super) const NAME: &str = "thread-shares";

pub(super) fn is_there(report: &Report) -> bool {
    shared(report).next().is_some()
}

/// Nothing where no phase was seen on several threads.
pub(super) fn section(report: &Report) -> Option<Element> {
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
        GridRow {
            struck: cell.verdict == Verdict::Invalid,
            fields: vec![
                Field::words(scenario),
                Field::Key(cell.items() as f64, items),
                Field::words(variant),
                Field::Key(cell.threads as f64, count),
                Field::words(name),
                Field::words(build),
                Field::Figure(threads.least_busy, busy),
                Field::Figure(threads.waits, waits),
                Field::Figure(threads.preemptions, preempted),
            ],
        }
    });
    let grid = Grid {
        caption: TITLE.to_owned(),
        headings: HEADINGS.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    };
    let table = grid.render()?;
    let section = Element::new("section")
        .with("id", NAME)
        .add(text("h2", TITLE))
        .add(text("p", LINE))
        .add(table);
    Some(section)
}
