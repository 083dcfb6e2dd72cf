//! What was run, where, and what a reader must know of it.

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
                None => format!("{} rounds after the cold one, ", run.rounds),
            },
            run.seed,
            run.elapsed_s
        ),
    ];
    lines.extend(build.notes.iter().cloned());
    lines.extend(report.data.iter().flat_map(data));
    lines.extend(planted(report));
    if run.interrupted {
        lines.push("INTERRUPTED: this is what was measured until then".to_owned());
    }
    if let Some(reason) = &run.stopped_by {
        lines.push(format!("ENDED EARLY: {reason}"));
    }
    if f64::from(run.rounds) < Flag::TooFewRounds.threshold() && report.soak.is_none() {
        lines.push("fewer than 6 rounds: intervals are not given (null in report.json)".to_owned());
    }
    lines.extend(
        run.probe_failures
            .iter()
            .map(|failure| format!("a limits probe failed: {failure}")),
    );
    Section::of("run", Part::new("Run", lines, None))
}

/// Where data files were, and what that makes of their figures.
fn data(data: &Volume) -> Vec<String> {
    let mut lines = vec![format!("data files: {}", volume(data))];
    lines.extend(in_memory(data));
    lines
}

pub(crate) fn volume(volume: &Volume) -> String {
    let kind = match volume.file_system.as_str() {
        "" => "a file system of unknown kind",
        kind => kind,
    };
    let free = text::bytes(volume.free_bytes);
    format!("{} on {kind}, {free} free", volume.dir)
}

pub(crate) fn in_memory(volume: &Volume) -> Option<String> {
    let what = "a write there is never durable, and no read is cold";
    let warning = || format!("WARNING: data files were in memory: {what}");
    volume.is_in_memory().then(warning)
}

pub(crate) fn planted(report: &Report) -> Option<String> {
    let Plant { scenario, percent } = report.run.plant.as_ref()?;
    Some(format!(
        "PLANTED: every phase of {scenario} was made {percent} % slower on purpose"
    ))
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
        format!("Cargo's defaults but for {}", build.overrides.join(", "))
    }
}
