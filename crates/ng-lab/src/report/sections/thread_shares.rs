//! How the threads of each phase shared its work.

use ng_plot::Field;

use crate::model::{Profile, Report, Verdict};
use crate::report::sections::part::{Detail, Part, Rows, Section};
use crate::report::text;

const LINE: &str = "share of a phase's time that its least and most busy threads spent on a \
    processor; how often all threads together waited or were preempted. Work shared evenly and \
    without locks keeps every thread busy throughout, with waits only at the ends";

/// None if no phase was seen on several threads; dev is left out of the short form.
pub(super) fn section(report: &Report) -> Option<Section> {
    let phases = report.main_phases();
    let shared = phases.filter_map(|(cell, phase)| Some((cell, phase, phase.threads?)));
    let count = |count: f64| Field::Figure(count, count.to_string());
    let table = Rows::new(shared)
        .struck(|(cell, ..)| cell.verdict == Verdict::Invalid)
        .shown_from(|(cell, ..)| match cell.key.profile {
            Profile::Release => Detail::Short,
            Profile::Dev => Detail::Full,
        })
        .keyed(|(cell, phase, _)| (&cell.key, &phase.name))
        .column("busy, least to most", |(_, _, threads)| {
            let (least, most) = (threads.least_busy, threads.most_busy);
            let words = format!("{} to {}", text::percent(least), text::percent(most));
            Field::Figure(least, words)
        })
        .column("waits", |(_, _, threads)| count(threads.waits))
        .column("preempted", |(_, _, threads)| count(threads.preemptions))
        .table()?;
    let part = Part::new(
        "How threads shared the work",
        vec![LINE.to_owned()],
        Some(table),
    );
    Some(Section::of("thread-shares", part))
}
