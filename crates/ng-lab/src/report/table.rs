//! The report as sections of text and tables, the same for every form.

use crate::model::{
    Build, CellReport, Comparison, ComparisonKind, Interval95, LimitReport, MemoryReading,
    NotCompared, PhaseReport, Plant, Report, Role, Verdict, Volume,
};
use crate::report::claims::claims;
use crate::report::lack::{self, dev_ratio, estimate};
use crate::report::{allocated, laws, scaling, soak_section, text, thread_shares, versus};

/// A heading with lines of text and a table below it.
pub(super) struct Section {
    pub(super) title: String,
    pub(super) lines: Vec<String>,
    pub(super) table: Option<Table>,
}

/// Rows under headings, all of one length.
pub(super) struct Table {
    pub(super) headings: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

/// How much of a report is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// What is read at once: of A/A only what failed.
    Short,
    /// Everything.
    Full,
}

/// The report in the order in which it is read.
pub(super) fn sections(report: &Report, detail: Detail) -> Vec<Section> {
    let mut sections = vec![about(report)];
    sections.extend(soak_section::sections(report, detail));
    sections.extend(versus::sections(report, detail));
    let mut names: Vec<(&str, u64)> = Vec::new();
    for cell in &report.cells {
        let name = (cell.key.scenario.as_str(), cell.items());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    sections.extend(
        names
            .into_iter()
            .map(|(scenario, items)| scenario_section(report, scenario, items)),
    );
    if report.soak.is_none() {
        sections.extend(comparisons(report, detail));
    }
    sections.extend(thread_shares::section(report, detail));
    sections.extend(laws::section(report));
    if detail == Detail::Full {
        sections.extend(allocated::section(report));
    }
    sections.extend(scaling::section(report));
    sections.extend((!report.limits.is_empty()).then(|| limits(report)));
    sections.extend(findings(report));
    sections.extend(claims(report, detail));
    sections
}

pub(super) fn section(
    title: impl Into<String>,
    lines: Vec<String>,
    table: Option<Table>,
) -> Section {
    Section {
        title: title.into(),
        lines,
        table,
    }
}

pub(super) fn about(report: &Report) -> Section {
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
    if run.rounds < 6 && report.soak.is_none() {
        lines.push("fewer than 6 rounds: intervals are not given (null in report.json)".to_owned());
    }
    lines.extend(
        run.probe_failures
            .iter()
            .map(|failure| format!("a limits probe failed: {failure}")),
    );
    section("Run", lines, None)
}

/// Where data files were, and what that makes of their figures.
fn data(data: &Volume) -> Vec<String> {
    let mut lines = vec![format!("data files: {}", volume(data))];
    lines.extend(in_memory(data));
    lines
}

pub(super) fn volume(volume: &Volume) -> String {
    let kind = match volume.file_system.as_str() {
        "" => "a file system of unknown kind",
        kind => kind,
    };
    let free = text::bytes(volume.free_bytes);
    format!("{} on {kind}, {free} free", volume.dir)
}

pub(super) fn in_memory(volume: &Volume) -> Option<String> {
    let what = "a write there is never durable, and no read is cold";
    let warning = || format!("WARNING: data files were in memory: {what}");
    volume.is_in_memory().then(warning)
}

pub(super) fn planted(report: &Report) -> Option<String> {
    let Plant { scenario, percent } = report.run.plant.as_ref()?;
    Some(format!(
        "PLANTED: every phase of {scenario} was made {percent} % slower on purpose"
    ))
}

pub(super) fn described(build: &Build) -> String {
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

pub(super) fn overrides(build: &Build) -> String {
    if build.overrides.is_empty() {
        "Cargo's defaults".to_owned()
    } else {
        format!("Cargo's defaults but for {}", build.overrides.join(", "))
    }
}

fn scenario_section(report: &Report, scenario: &str, items: u64) -> Section {
    let cells: Vec<&CellReport> = report
        .cells
        .iter()
        .filter(|cell| cell.key.scenario == scenario && cell.items() == items)
        .collect();
    let mut lines = proofs(&cells);
    lines.extend(reasons(&cells));
    let missing = cells.iter().find_map(|cell| cell.memory_missing.as_ref());
    lines.extend(missing.map(|reason| format!("no figures of memory: {reason}")));
    lines.extend(confinements(&cells));
    let rows: Vec<Vec<String>> = cells
        .iter()
        .filter(|cell| cell.role == Role::Main)
        .flat_map(|cell| cell_rows(report, cell))
        .collect();
    let headings = [
        "variant",
        "thr",
        "phase",
        "build",
        "median",
        "95 % interval",
        "rate",
        "of limit",
        "dev/release",
        "peak",
        "file",
        "huge",
        "verdict",
    ];
    let mut headings: Vec<String> = headings.map(str::to_owned).to_vec();
    headings[6] = format!("{}/s", report.run.items);
    let table = (!rows.is_empty()).then_some(Table { headings, rows });
    let title = format!("{scenario}, {} {}", text::items(items), report.run.items);
    section(title, lines, table)
}

/// One line for each different proof of the scenario.
pub(super) fn proofs(cells: &[&CellReport]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for cell in cells.iter().filter(|cell| !cell.proof.is_empty()) {
        let figures: Vec<String> = cell
            .proof
            .iter()
            .map(|(name, value)| format!("{name} {}", value.to_string().trim_matches('"')))
            .collect();
        let line = format!("proof: {}", figures.join(", "));
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// One line for each cell that was confined: in how much memory, and how much of
/// it was not the file's.
pub(super) fn confinements(cells: &[&CellReport]) -> Vec<String> {
    let line = |cell: &&&CellReport| {
        let limit = text::bytes(cell.memory_limit_bytes?);
        let (variant, threads, build) =
            (&cell.key.variant, cell.key.threads, cell.key.profile.name());
        let private = match cell.memory?.private_peak_bytes {
            Some(peak) => format!("private memory peaked at {}", text::bytes(peak)),
            None => "private memory is not known".to_owned(),
        };
        Some(format!(
            "in {limit} of memory: {variant} x{threads} in {build}: {private}"
        ))
    };
    let main = cells.iter().filter(|cell| cell.role == Role::Main);
    main.filter_map(|cell| line(&cell)).collect()
}

/// Why cells are missing. All copies of a cell are skipped for one reason; each
/// fails for its own.
pub(super) fn reasons(cells: &[&CellReport]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for cell in cells {
        let Some(reason) = &cell.reason else { continue };
        let (variant, threads) = (&cell.key.variant, cell.key.threads);
        let copy = match (cell.verdict, cell.role) {
            (Verdict::Skipped, _) => String::new(),
            (_, Role::Main) => format!(" in {}", cell.key.profile.name()),
            (_, Role::Aa) => format!(" in {} (A/A copy)", cell.key.profile.name()),
            (_, Role::Against) => format!(" in {} (the other revision)", cell.key.profile.name()),
        };
        let line = format!(
            "{}: {variant} x{threads}{copy}: {reason}",
            cell.verdict.name()
        );
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

fn cell_rows(report: &Report, cell: &CellReport) -> Vec<Vec<String>> {
    cell.phases
        .iter()
        .enumerate()
        .map(|(index, phase)| {
            let first = index == 0;
            let memory = cell.memory.filter(|_| first);
            let only_first = |text: String| if first { text } else { String::new() };
            let figure = |text: Option<String>| struck(cell.verdict, text.unwrap_or_default());
            let bytes = |of: fn(&MemoryReading) -> u64| {
                figure(memory.map(|memory| text::bytes(of(&memory))))
            };
            vec![
                only_first(cell.key.variant.clone()),
                only_first(cell.key.threads.to_string()),
                phase.name.clone(),
                cell.key.profile.name().to_owned(),
                figure(median(phase)),
                phase.ci95_ns.map_or_else(
                    || no_interval(phase),
                    |ci95| figure(Some(text::time_interval(ci95))),
                ),
                figure(rate(phase).map(text::count)),
                figure(phase.share_of_limit.map(text::percent)),
                dev_ratio(report, cell, phase),
                bytes(|memory| memory.peak_bytes),
                bytes(|memory| memory.file_bytes),
                bytes(|memory| memory.huge_bytes),
                only_first(verdict(cell)),
            ]
        })
        .collect()
}

/// Figures of an invalid cell are shown as what they are: not to be used.
pub(super) fn struck(verdict: Verdict, text: String) -> String {
    if verdict == Verdict::Invalid && !text.is_empty() {
        format!("~~{text}~~")
    } else {
        text
    }
}

pub(super) fn median(phase: &PhaseReport) -> Option<String> {
    let cold = |ns: u64| format!("{} (cold)", text::time(ns as f64));
    let warm = phase.median_ns.map(text::time);
    warm.or_else(|| phase.cold_ns.map(cold))
}

fn no_interval(phase: &PhaseReport) -> String {
    format!("none (n = {})", phase.samples_ns.len())
}

/// Rates of phases that do not work on every item would say nothing; those of
/// phases that took no time by the clock are not known.
pub(super) fn rate(phase: &PhaseReport) -> Option<f64> {
    let ns = phase.median_ns.filter(|ns| *ns > 0.0 && phase.items > 0)?;
    Some(phase.items as f64 * 1e9 / ns)
}

/// How this phase compares with that of the dev build, if it does.
pub(super) fn dev_comparison<'r>(
    report: &'r Report,
    cell: &CellReport,
    phase: &PhaseReport,
) -> Option<&'r Comparison> {
    report.comparisons.iter().find(|comparison| {
        comparison.kind == ComparisonKind::DevVsRelease
            && comparison.is_of(cell)
            && comparison.key.phase_name() == phase.name
    })
}

pub(super) fn verdict(cell: &CellReport) -> String {
    let flags: Vec<String> = cell.flags.iter().map(ToString::to_string).collect();
    if flags.is_empty() {
        cell.verdict.name().to_owned()
    } else {
        format!("{}: {}", cell.verdict.name(), flags.join(", "))
    }
}

fn comparisons(report: &Report, detail: Detail) -> Vec<Section> {
    let all = |_: &Comparison| true;
    let noisy = |found: &Comparison| detail == Detail::Full || found.stopped.is_some();
    let threads = comparison_table(report, ComparisonKind::Threads, all);
    let variants = comparison_table(report, ComparisonKind::Variants, all);
    let aa = comparison_table(report, ComparisonKind::Aa, noisy);
    vec![
        section(
            "Threads",
            lines_of(report, ComparisonKind::Threads, THREADS),
            threads,
        ),
        section(
            "Variants",
            lines_of(report, ComparisonKind::Variants, VARIANTS),
            variants,
        ),
        section("A/A: the same program twice", aa_lines(report), aa),
    ]
}

pub(super) const THREADS: &str = "S(p) = T(1) / T(p), the same code, paired by round";
pub(super) const VARIANTS: &str =
    "each against the first variant of its scenario and thread count, paired by round";

/// What the ratios of a kind are, or why there is none.
pub(super) fn lines_of(report: &Report, kind: ComparisonKind, about: &str) -> Vec<String> {
    let is_there = report.comparisons.iter().any(|found| found.kind == kind);
    if is_there || lack::of_kind(report, kind).next().is_some() {
        return vec![about.to_owned()];
    }
    vec![lack::not_compared(&lack::why_none(report, kind))]
}

/// The ratios of a kind, and behind them those that are not there.
pub(super) fn comparison_table(
    report: &Report,
    kind: ComparisonKind,
    shown: impl Fn(&Comparison) -> bool,
) -> Option<Table> {
    let of_kind = report.comparisons.iter().filter(|found| found.kind == kind);
    let found = of_kind.filter(|found| shown(found)).map(comparison_row);
    let lacks = lack::of_kind(report, kind).map(lack_row);
    let rows: Vec<Vec<String>> = found.chain(lacks).collect();
    let headings = [
        "scenario",
        "phase",
        "n",
        "build",
        "variant",
        "thr",
        "against",
        "times as fast",
        "samples",
    ];
    (!rows.is_empty()).then(|| Table {
        headings: headings.map(str::to_owned).to_vec(),
        rows,
    })
}

fn lack_row(lack: &NotCompared) -> Vec<String> {
    vec![
        lack.key.cell.scenario.clone(),
        lack.key.phase.clone().unwrap_or_else(|| "all".to_owned()),
        text::items(lack.key.cell.items()),
        lack.key.cell.profile.name().to_owned(),
        lack.key.cell.variant.clone(),
        lack.key.cell.threads.to_string(),
        lack.against.clone(),
        lack::not_compared(&lack.reason),
        "none".to_owned(),
    ]
}

fn comparison_row(comparison: &Comparison) -> Vec<String> {
    let mut row = vec![
        comparison.key.cell.scenario.clone(),
        comparison.key.phase_name().to_owned(),
        text::items(comparison.key.cell.items()),
        comparison.key.cell.profile.name().to_owned(),
        comparison.key.cell.variant.clone(),
        comparison.key.cell.threads.to_string(),
        comparison.against.clone(),
        estimate(comparison),
        samples(comparison),
    ];
    // A/A shows its ratio even where it stops others: it is the reason.
    if comparison.kind == ComparisonKind::Aa {
        row[7] = text::ratio(comparison.estimate, comparison.ci95);
        if let Some(reason) = &comparison.stopped {
            row[7] = format!("{}: {reason}", row[7]);
        }
    }
    row
}

/// Pairs, or the samples of both sides.
pub(super) fn samples(comparison: &Comparison) -> String {
    match (comparison.kind, comparison.samples) {
        (ComparisonKind::Baseline, [then, now]) => format!("{now} against {then}"),
        _ => format!("{} pairs", comparison.pairs),
    }
}

pub(super) fn aa_lines(report: &Report) -> Vec<String> {
    let aa = || {
        let all = report.comparisons.iter();
        all.filter(|comparison| comparison.kind == ComparisonKind::Aa)
    };
    let stopped = |failed: bool| {
        let stopped = aa().filter_map(|aa| aa.stopped.as_ref());
        stopped
            .filter(|reason| reason.starts_with("aa_failed") == failed)
            .count()
    };
    let compared = aa().filter(|aa| aa.stopped.is_none()).count();
    let mut lines = vec![format!(
        "{compared} phases can be compared; {} differ from themselves (interval without 1, and \
         more than 5 % off), {} are of cells that cannot be used",
        stopped(true),
        stopped(false)
    )];
    if aa().next().is_none() {
        let reason = lack::why_none(report, ComparisonKind::Aa);
        lines.push(lack::not_compared(&reason));
    }
    if aa().any(|aa| aa.ci95.is_none()) {
        lines.push("without intervals A/A cannot fail: it shows the noise only".to_owned());
    }
    lines
}

fn limits(report: &Report) -> Section {
    let rows = report
        .limits
        .iter()
        .map(|limit| limit_row(limit).to_vec())
        .collect();
    let headings = [
        "limit",
        "size",
        "thr",
        "median",
        "95 % interval",
        "rate",
        "cold",
    ];
    let line = "what this machine allows, probed in every round at the size of the cells, and \
                in the memory that they are confined to";
    section(
        "Limits",
        vec![line.to_owned()],
        Some(Table {
            headings: headings.map(str::to_owned).to_vec(),
            rows,
        }),
    )
}

/// Name, size, threads, median, interval, rate, cold.
pub(super) fn limit_row(limit: &LimitReport) -> [String; 7] {
    let per_unit = |ns: f64| {
        if limit.unit == "byte" {
            format!("{ns:.3} ns/byte")
        } else {
            format!("{}/{}", text::time(ns), limit.unit)
        }
    };
    let interval = |ci95: Interval95| {
        if limit.unit == "byte" {
            format!("[{:.3}, {:.3}] ns", ci95.0[0], ci95.0[1])
        } else {
            text::time_interval(ci95)
        }
    };
    let rate = |ns: f64| {
        if limit.unit == "byte" {
            format!("{:.1} GB/s", 1.0 / ns)
        } else {
            format!("{}/s", text::count(1e9 / ns))
        }
    };
    [
        limit.name.name().to_owned(),
        size(limit),
        limit.threads.to_string(),
        limit.median_ns_per_unit.map_or_else(String::new, per_unit),
        limit
            .ci95_ns_per_unit
            .map_or_else(|| "none".to_owned(), interval),
        limit.median_ns_per_unit.map_or_else(String::new, rate),
        limit.cold_ns_per_unit.map_or_else(String::new, per_unit),
    ]
}

fn size(limit: &LimitReport) -> String {
    let bytes = text::bytes(limit.bytes);
    match limit.memory_limit_bytes {
        Some(memory) => format!("{bytes} in {}", text::bytes(memory)),
        None => bytes,
    }
}

fn findings(report: &Report) -> Option<Section> {
    let rows: Vec<Vec<String>> = report
        .cells
        .iter()
        .flat_map(|cell| {
            cell.findings.iter().map(move |finding| {
                vec![
                    finding.flag.to_string(),
                    format!(
                        "{}/{} x{}",
                        cell.key.scenario, cell.key.variant, cell.key.threads
                    ),
                    format!("{} {:?}", cell.key.profile.name(), cell.role).to_lowercase(),
                    finding.phase.clone().unwrap_or_default(),
                    finding.detail.clone(),
                    finding.flag.advice().to_owned(),
                ]
            })
        })
        .filter(|row| row[0] != "too_few_rounds")
        .collect();
    let headings = ["flag", "cell", "build", "phase", "found", "what to do"];
    (!rows.is_empty()).then(|| {
        section(
            "Findings",
            Vec::new(),
            Some(Table {
                headings: headings.map(str::to_owned).to_vec(),
                rows,
            }),
        )
    })
}
