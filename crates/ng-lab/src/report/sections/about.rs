//! The run, the machine, and warnings.

use crate::model::{Build, Flag, Plant, Report, Volume};
use crate::report::sections::part::{Part, Section};
use crate::report::text;

pub(crate) fn section(report: &Report) -> Section {
    let (run, host, build) = (&report.run, &report.host, &report.build);
    let mut lines = vec![
        format!(
            "machine: {}, {} processors{}, {} of memory, {}, huge pages {}",
            host.cpu,
            host.cpus,
            if host.virtual_machine {
                " (virtual)"
            } else {
                ""
            },
            text::bytes(host.memory_bytes),
            host.kernel,
            host.huge_pages
        ),
        format!("build: {}", described(build)),
        format!("dev build: {}", overrides(build)),
        format!(
            "run: {}, {}seed {}, {:.1} s",
            run.started,
            match &report.soak {
                Some(_) => String::new(),
                None if report.is_counts_alone() => "nothing was timed, ".to_owned(),
                None => format!("{} rounds after the cold one, ", text::rounds(run)),
            },
            run.seed,
            run.elapsed_s
        ),
    ];
    lines.extend(build.notes.iter().cloned());
    let data = report.data.iter();
    lines.extend(data.map(|data| format!("data files: {}", volume(data))));
    lines.extend(warnings(report));
    Section::of("run", Part::new("Run", lines, None))
}

/// What is wrong with the whole run.
pub(crate) fn warnings(report: &Report) -> Vec<String> {
    let run = &report.run;
    let mut lines: Vec<String> = run.plant.iter().map(Plant::warning).collect();
    lines.extend(report.data.as_ref().and_then(in_memory));
    if run.interrupted {
        lines.push("INTERRUPTED: only what was measured until then".to_owned());
    }
    let ended = run.stopped_by.iter();
    lines.extend(ended.map(|reason| format!("ENDED EARLY: {reason}")));
    if f64::from(run.rounds) < Flag::TooFewRounds.threshold() && !report.is_untimed() {
        lines.push("fewer than 6 rounds: no intervals (null in report.json)".to_owned());
    }
    let failures = run.probe_failures.iter();
    lines.extend(failures.map(|failure| format!("a limits probe failed: {failure}")));
    lines
}

pub(crate) fn volume(volume: &Volume) -> String {
    let kind = match volume.file_system.as_str() {
        "" => "an unknown file system",
        kind => kind,
    };
    let free = text::bytes(volume.free_bytes);
    format!("{} on {kind}, {free} free", volume.dir)
}

fn in_memory(volume: &Volume) -> Option<String> {
    let what = "no write is durable there, and no read is cold";
    let warning = || format!("WARNING: data files were in memory: {what}");
    volume.is_in_memory().then(warning)
}

pub(crate) fn described(build: &Build) -> String {
    let parts = [&build.version, &build.commit, &build.rustc, &build.target];
    let known: Vec<&str> = parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(String::as_str)
        .collect();
    if known.is_empty() {
        "unknown".to_owned()
    } else {
        known.join(", ")
    }
}

pub(crate) fn overrides(build: &Build) -> String {
    if build.overrides.is_empty() {
        "Cargo's defaults".to_owned()
    } else {
        format!("Cargo's defaults except for {}", build.overrides.join(", "))
    }
}
