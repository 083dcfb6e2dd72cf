//! The machine, the builds, and the run.

use ng_plot::{Element, Section, definitions, text as element};

use crate::model::Report;
use crate::report::sections::{described, overrides, volume};
use crate::report::text;

/// A term and its value.
type Entry = (&'static str, String);

pub(super) fn section(report: &Report) -> Section {
    Section::new("about", "Machine, builds, run")
        .child(element("h3", "Machine"))
        .child(list(&machine(report)))
        .child(element("h3", "Builds"))
        .child(list(&builds(report)))
        .child(element("h3", "Run"))
        .child(list(&run(report)))
}

fn list(entries: &[Entry]) -> Element {
    definitions(entries.iter().map(|(term, words)| {
        let words = if words.is_empty() { "unknown" } else { words };
        (term, words)
    }))
}

fn machine(report: &Report) -> Vec<Entry> {
    let host = &report.host;
    let below = if host.virtual_machine {
        "yes"
    } else {
        "none seen"
    };
    vec![
        ("processor", host.cpu.clone()),
        ("processors", host.cpus.to_string()),
        ("memory", text::bytes(host.memory_bytes)),
        ("kernel", host.kernel.clone()),
        ("hypervisor", below.to_owned()),
        ("huge pages", host.huge_pages.clone()),
        ("clock source", host.clock_source.clone()),
        ("frequency governor", host.governor.clone()),
        ("swap in use", text::bytes(host.swap_bytes)),
        ("load at the start", format!("{:.2}", host.load)),
    ]
}

fn builds(report: &Report) -> Vec<Entry> {
    let build = &report.build;
    let mut entries = vec![
        ("program", described(build)),
        ("dev build", overrides(build)),
        ("release build", "Cargo's defaults".to_owned()),
    ];
    entries.extend(build.notes.iter().map(|note| ("note", note.clone())));
    entries
}

fn run(report: &Report) -> Vec<Entry> {
    let run = &report.run;
    let mut entries = vec![
        ("started", run.started.clone()),
        ("took", format!("{:.1} s", run.elapsed_s)),
        ("rounds after the cold one", text::rounds(run)),
        ("seed", run.seed.to_string()),
        ("command", run.command.join(" ")),
    ];
    entries.extend(
        report
            .data
            .as_ref()
            .map(|data| ("data files", volume(data))),
    );
    entries
}
