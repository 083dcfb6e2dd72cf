//! The tables of cells, one per scenario and size.

use ng_plot::Field;

use crate::model::{CellReport, MemoryReading, PhaseReport, Report, Role, Verdict};
use crate::report::sections::group::{Group, groups, unique};
use crate::report::sections::lack::{dev_comparison, dev_ratio};
use crate::report::sections::part::{Detail, Part, Rows, Section, Table, bytes, interval};
use crate::report::text;

/// A phase of a cell.
struct Row<'r> {
    report: &'r Report,
    cell: &'r CellReport,
    phase: &'r PhaseReport,
    is_first: bool,
}

pub(super) fn section(report: &Report) -> Section {
    let groups = groups(report);
    let mut parts: Vec<Part> = groups.iter().map(|group| part(report, group)).collect();
    if parts.is_empty() {
        let line = "no cell was planned".to_owned();
        parts.push(Part::new("Cells", vec![line], None).from(Detail::All));
    }
    Section::new("cells", "Cells", parts)
}

/// The lines and the table of a group of cells.
fn part(report: &Report, group: &Group<'_>) -> Part {
    let cells: Vec<&CellReport> = group.cells.iter().map(|(_, cell)| *cell).collect();
    let mut lines = proofs(&cells);
    lines.extend(reasons(&cells));
    let missing = cells.iter().find_map(|cell| cell.memory_missing.as_ref());
    lines.extend(missing.map(|reason| format!("no memory figures: {reason}")));
    lines.extend(confinements(&cells));
    Part::new(group.title(), lines, table(report, &cells))
}

fn table(report: &Report, cells: &[&CellReport]) -> Option<Table> {
    let main = cells.iter().filter(|cell| cell.role == Role::Main);
    let rows = main.flat_map(|cell| {
        let phases = cell.phases.iter().enumerate();
        phases.map(|(index, phase)| Row {
            report,
            cell,
            phase,
            is_first: index == 0,
        })
    });
    let time = |ns| Field::maybe(ns, text::time);
    let memory =
        |row: &Row<'_>, of: fn(&MemoryReading) -> u64| bytes(row.cell.memory.as_ref().map(of));
    Rows::new(rows)
        .struck(|row| !row.cell.verdict.is_comparable())
        .begins_group(|row| row.is_first)
        .words("variant", |row| row.cell.key.variant.clone())
        .once()
        .column("threads", |row| Field::count(row.cell.key.threads))
        .once()
        .words("phase", |row| row.phase.name.clone())
        .words("build", |row| row.cell.key.profile.name().to_owned())
        .column("median", |row| median(row.phase))
        .column("95 % interval", |row| interval_of(row.phase))
        .column(format!("{}/s", report.run.items), |row| {
            Field::maybe(rate(row.phase), text::count)
        })
        .column("of limit", |row| {
            Field::maybe(row.phase.share_of_limit, text::percent)
        })
        .words("limit", |row| {
            let bound = row.phase.bound;
            bound.map_or("", |bound| bound.limit.name()).to_owned()
        })
        .from(Detail::All)
        .column("dev/release", ratio)
        .words("verdict", |row| verdict(row.cell))
        .once()
        .column("min", |row| time(row.phase.min_ns))
        .from(Detail::All)
        .column("p10", |row| time(row.phase.p10_ns))
        .from(Detail::All)
        .column("p90", |row| time(row.phase.p90_ns))
        .from(Detail::All)
        .column("MAD", |row| time(row.phase.mad_ns))
        .from(Detail::All)
        .column("samples", |row| Field::count(row.phase.samples_ns.len()))
        .from(Detail::All)
        .column("cold", |row| time(row.phase.cold_ns.map(|ns| ns as f64)))
        .from(Detail::All)
        .column("resident", |row| {
            memory(row, |memory| memory.resident_bytes)
        })
        .from(Detail::All)
        .column("peak", |row| memory(row, |memory| memory.peak_bytes))
        .once()
        .column("file", |row| memory(row, |memory| memory.file_bytes))
        .once()
        .column("huge", |row| memory(row, |memory| memory.huge_bytes))
        .once()
        .table()
}

fn median(phase: &PhaseReport) -> Field {
    let ns = phase.median_ns.or(phase.cold_ns.map(|ns| ns as f64));
    Field::maybe(ns, |_| median_words(phase).unwrap_or_default())
}

/// The median, or else the cold sample.
pub(super) fn median_words(phase: &PhaseReport) -> Option<String> {
    let cold = |ns: u64| format!("{} (cold)", text::time(ns as f64));
    let warm = phase.median_ns.map(text::time);
    warm.or_else(|| phase.cold_ns.map(cold))
}

fn interval_of(phase: &PhaseReport) -> Field {
    let none = || format!("none (n = {})", phase.samples_ns.len());
    let words = phase.ci95_ns.map_or_else(none, text::time_interval);
    interval(phase.ci95_ns.map(|ci95| ci95.0[0]), words)
}

fn ratio(row: &Row<'_>) -> Field {
    let words = dev_ratio(row.report, row.cell, row.phase);
    let found = dev_comparison(row.report, row.cell, row.phase);
    let usable = found.filter(|found| found.stopped.is_none());
    interval(usable.map(|found| found.estimate), words)
}

/// One line per distinct proof.
pub(super) fn proofs(cells: &[&CellReport]) -> Vec<String> {
    let proving = cells.iter().filter(|cell| !cell.proof.is_empty());
    unique(proving.map(|cell| {
        let figures: Vec<String> = cell
            .proof
            .iter()
            .map(|(name, value)| format!("{name} {}", value.to_string().trim_matches('"')))
            .collect();
        format!("proof: {}", figures.join(", "))
    }))
}

/// One line per confined cell: its memory limit, and the peak of its private memory.
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

/// Why cells are missing. All copies of a cell are skipped for the same reason; each
/// fails for its own.
pub(super) fn reasons(cells: &[&CellReport]) -> Vec<String> {
    unique(cells.iter().filter_map(|cell| {
        let reason = cell.reason.as_ref()?;
        let (variant, threads) = (&cell.key.variant, cell.key.threads);
        let build = cell.key.profile.name();
        let copy = match (cell.verdict, cell.role) {
            (Verdict::Skipped, _) => String::new(),
            (_, Role::Main) => format!(" in {build}"),
            (_, Role::Aa) => format!(" in {build} (A/A copy)"),
            (_, Role::Against) => format!(" in {build} (the other revision)"),
        };
        let verdict = cell.verdict.name();
        Some(format!("{verdict}: {variant} x{threads}{copy}: {reason}"))
    }))
}

/// The rate of a phase; none if it works on no items or took no time by the clock.
pub(super) fn rate(phase: &PhaseReport) -> Option<f64> {
    let ns = phase.median_ns.filter(|ns| *ns > 0.0 && phase.items > 0)?;
    Some(phase.items as f64 * 1e9 / ns)
}

pub(super) fn verdict(cell: &CellReport) -> String {
    let flags: Vec<String> = cell.flags.iter().map(ToString::to_string).collect();
    if flags.is_empty() {
        cell.verdict.name().to_owned()
    } else {
        format!("{}: {}", cell.verdict.name(), flags.join(", "))
    }
}
