//! The summary: one figure per scenario, three sentences on the results, and advice on
//! flags.

use ng_plot::Field;

use crate::model::{
    CellReport, Comparison, ComparisonKind, Flag, HeadlineReport, PhaseReport, Profile, Report,
    Role, Verdict,
};
use crate::report::sections::cells::{median_words, rate, reasons, verdict};
use crate::report::sections::lack::{count_of_threads, dev_comparison, dev_ratio};
use crate::report::sections::part::{Part, Rows, Section, items};
use crate::report::text;

/// A scenario at one size: its headline cell in both builds, if planned.
struct Row<'r> {
    headline: HeadlineReport,
    dev: Option<&'r CellReport>,
    release: Option<&'r CellReport>,
}

/// None if no cell was planned, as in a soak.
pub(crate) fn section(report: &Report) -> Option<Section> {
    let rows = rows(report);
    if rows.is_empty() {
        return None;
    }
    let mut lines = vec![ratios(report, &rows), shares(&rows), verdicts(report)];
    lines.extend(what_to_do(report));
    let of_main = |row: &Row<'_>, field: &dyn Fn(&CellReport) -> Field| {
        row.main().map_or_else(|| Field::words(""), field)
    };
    let table = Rows::new(rows)
        .words("scenario", |row| row.headline.scenario.clone())
        .column("items", |row| items(row.headline.size.items))
        .words("measured", Row::measured)
        .column("duration in dev", |row| duration(row, row.dev))
        .column("duration in release", |row| duration(row, row.release))
        .words("dev/release", |row| ratio(report, row))
        .column(format!("{}/s", report.run.items), |row| {
            of_main(row, &|cell| {
                of_phase(row, cell, |phase| rate(phase).map(text::count))
            })
        })
        .column("memory, peak", |row| of_main(row, &memory))
        .column("of the limit", |row| {
            of_main(row, &|cell| share_of(row, cell))
        })
        .words("verdict", verdict_of)
        .table();
    Some(Section::of(
        "glance",
        Part::new("At a glance", lines, table),
    ))
}

fn rows(report: &Report) -> Vec<Row<'_>> {
    let headlines = headlines(report).into_iter();
    headlines
        .map(|headline| {
            let cell = |profile| {
                let mut cells = report.cells.iter();
                cells.find(|cell| {
                    cell.role == Role::Main && cell.key.profile == profile && is_of(cell, &headline)
                })
            };
            let (dev, release) = (cell(Profile::Dev), cell(Profile::Release));
            Row {
                headline,
                dev,
                release,
            }
        })
        .collect()
}

fn is_of(cell: &CellReport, headline: &HeadlineReport) -> bool {
    cell.key.scenario == headline.scenario
        && cell.key.size == headline.size
        && cell.key.variant == headline.variant
        && cell.key.threads == headline.threads
}

/// The report's headlines; in an older program's report the first cell of each scenario
/// and size.
fn headlines(report: &Report) -> Vec<HeadlineReport> {
    if !report.headlines.is_empty() {
        return report.headlines.clone();
    }
    let mut found: Vec<HeadlineReport> = Vec::new();
    for cell in &report.cells {
        let is_known = |known: &HeadlineReport| {
            known.scenario == cell.key.scenario && known.size == cell.key.size
        };
        if !found.iter().any(is_known) {
            found.push(HeadlineReport {
                scenario: cell.key.scenario.clone(),
                size: cell.key.size.clone(),
                variant: cell.key.variant.clone(),
                threads: cell.key.threads,
                phase: None,
            });
        }
    }
    found
}

impl<'r> Row<'r> {
    /// The cell whose rate, memory and share are shown: release if it exists, else dev.
    fn main(&self) -> Option<&'r CellReport> {
        self.release.or(self.dev)
    }

    fn phase_of(&self, cell: &'r CellReport) -> Option<&'r PhaseReport> {
        match &self.headline.phase {
            Some(name) => cell.phase(name),
            None => cell.phases.first(),
        }
    }

    /// The cell and its phase, if they are usable.
    fn usable(&self) -> Option<(&'r CellReport, &'r PhaseReport)> {
        let cell = self.main().filter(|cell| cell.verdict.is_comparable())?;
        Some((cell, self.phase_of(cell)?))
    }

    fn measured(&self) -> String {
        let HeadlineReport {
            variant,
            threads,
            phase,
            ..
        } = &self.headline;
        let found = self.main().and_then(|cell| self.phase_of(cell));
        let phase = found.map(|found| &found.name).or(phase.as_ref());
        let cell = format!("{variant} on {}", count_of_threads(*threads));
        match phase {
            Some(phase) => format!("{phase} of {cell}"),
            None => cell,
        }
    }

    fn comparison(&self, report: &'r Report) -> Option<&'r Comparison> {
        let cell = self.release?;
        dev_comparison(report, cell, self.phase_of(cell)?)
    }
}

fn duration(row: &Row<'_>, cell: Option<&CellReport>) -> Field {
    let Some(cell) = cell else {
        return Field::words("not measured");
    };
    of_phase(row, cell, |phase| match phase.median_ns {
        Some(ns) => Some(text::time_with(ns, phase.ci95_ns)),
        None => median_words(phase),
    })
}

/// A figure of the row's phase, or the cell's verdict.
fn of_phase(
    row: &Row<'_>,
    cell: &CellReport,
    figure: impl Fn(&PhaseReport) -> Option<String>,
) -> Field {
    let Some(phase) = row.phase_of(cell) else {
        return Field::words(cell.verdict.name());
    };
    match figure(phase) {
        Some(figure) => usable(cell, figure),
        None => Field::words("none"),
    }
}

/// A figure of a cell, struck through if the cell is invalid.
fn usable(cell: &CellReport, figure: String) -> Field {
    match cell.verdict {
        Verdict::Invalid => Field::Struck(figure),
        _ => Field::Words(figure),
    }
}

fn share(phase: &PhaseReport) -> Option<String> {
    let share = text::percent(phase.share_of_limit?);
    Some(match phase.bound {
        Some(bound) => format!("{share} of {}", bound.limit.name()),
        None => share,
    })
}

/// The share, or why there is none.
fn share_of(row: &Row<'_>, cell: &CellReport) -> Field {
    let phase = row.phase_of(cell);
    let lacks = phase.filter(|phase| phase.share_of_limit.is_none());
    match lacks.map(|phase| phase.bound) {
        Some(Some(bound)) => {
            Field::words(format!("not known: {} was not probed", bound.limit.name()))
        }
        Some(None) => Field::words("no limit bounds it"),
        None => of_phase(row, cell, share),
    }
}

fn memory(cell: &CellReport) -> Field {
    match (cell.memory, &cell.memory_missing) {
        (Some(memory), _) => usable(cell, text::bytes(memory.peak_bytes)),
        (None, Some(reason)) => Field::words(format!("not known: {reason}")),
        (None, None) => Field::words(cell.verdict.name()),
    }
}

fn ratio(report: &Report, row: &Row<'_>) -> String {
    match row
        .release
        .and_then(|cell| Some((cell, row.phase_of(cell)?)))
    {
        Some((cell, phase)) => dev_ratio(report, cell, phase),
        None => match row.release {
            Some(cell) => format!("not compared: release {}", cell.verdict.name()),
            None => "not compared: release was not measured".to_owned(),
        },
    }
}

/// The verdict on release, and on dev if it differs.
fn verdict_of(row: &Row<'_>) -> String {
    let main = row.main().map_or_else(String::new, verdict);
    match row.dev.filter(|_| row.release.is_some()).map(verdict) {
        Some(dev) if dev != main => format!("{main}; dev {dev}"),
        _ => main,
    }
}

/// How dev and release compare.
fn ratios(report: &Report, rows: &[Row<'_>]) -> String {
    let compared = rows.iter().filter_map(|row| {
        let comparison = row.comparison(report)?;
        let is_used = comparison.stopped.is_none();
        is_used.then_some((comparison, &row.headline.scenario))
    });
    let mut found: Vec<(&Comparison, &String)> = compared.collect();
    found.sort_by(|(a, _), (b, _)| a.estimate.total_cmp(&b.estimate));
    let ratio = |found: &Comparison| text::ratio(found.estimate, found.ci95);
    let rest = match rows.len() - found.len() {
        0 => String::new(),
        1 => "; 1 row is not compared".to_owned(),
        count => format!("; {count} rows are not compared"),
    };
    match found[..] {
        [] => "Dev and release are not compared in any row.".to_owned(),
        [(only, scenario)] => {
            let ratio = ratio(only);
            format!("Release is {ratio} as fast as dev in {scenario}{rest}.")
        }
        [(least, slow), .., (most, fast)] => format!(
            "Release is {} as fast as dev in {fast} (the most) and {} in {slow} (the least){rest}.",
            ratio(most),
            ratio(least)
        ),
    }
}

/// How near phases are to their limits.
fn shares(rows: &[Row<'_>]) -> String {
    let mut found: Vec<(f64, String)> = rows
        .iter()
        .filter_map(|row| {
            let (_, phase) = row.usable()?;
            let told = format!("{} with {}", row.headline.scenario, share(phase)?);
            Some((phase.share_of_limit?, told))
        })
        .collect();
    found.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    match &found[..] {
        [] => "No row has a share of a limit.".to_owned(),
        [(_, only)] => format!("Nearest to its limit is {only}."),
        [(_, least), .., (_, most)] => {
            format!("Nearest to its limit is {most}, farthest {least}.")
        }
    }
}

/// The verdicts on the cells of the run.
fn verdicts(report: &Report) -> String {
    let counts: Vec<String> = verdict_counts(report)
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(verdict, count)| format!("{count} {}", verdict.name()))
        .collect();
    let aa = match failed_aa(report) {
        0 => String::new(),
        count => format!("; {count} phases differ between A/A copies"),
    };
    let flagged = report.cells.iter().any(|cell| !cell.flags.is_empty());
    let flagged = if flagged { "" } else { "; nothing was flagged" };
    let all = report.cells.len();
    format!("{all} cells: {}{aa}{flagged}.", counts.join(", "))
}

/// The number of cells with each verdict.
pub(crate) fn verdict_counts(report: &Report) -> [(Verdict, usize); Verdict::ALL.len()] {
    Verdict::ALL.map(|verdict| {
        let of_it = report.cells.iter().filter(|cell| cell.verdict == verdict);
        (verdict, of_it.count())
    })
}

/// The number of phases that differ between A/A copies.
pub(crate) fn failed_aa(report: &Report) -> usize {
    let failed = report.comparisons.iter().filter(|found| {
        let reason = found.stopped.as_deref().unwrap_or_default();
        found.kind == ComparisonKind::Aa && reason.starts_with("aa_failed")
    });
    failed.count()
}

/// One line per flag of the run, and per missing cell.
fn what_to_do(report: &Report) -> Vec<String> {
    let mut lines: Vec<String> = flag_counts(report)
        .into_iter()
        .map(|(flag, count)| flag_line(flag, count))
        .collect();
    let cells: Vec<&CellReport> = report.cells.iter().collect();
    lines.extend(reasons(&cells));
    lines
}

pub(crate) fn flag_line(flag: Flag, count: usize) -> String {
    let cells = if count == 1 { "cell" } else { "cells" };
    let (worth, advice) = (flag.severity().name(), flag.advice());
    format!("{flag} makes {count} {cells} {worth}: {advice}")
}

/// The number of cells with each flag.
pub(crate) fn flag_counts(report: &Report) -> Vec<(Flag, usize)> {
    let flags = || report.cells.iter().flat_map(|cell| &cell.flags);
    let counts = Flag::ALL.map(|flag| (flag, flags().filter(|found| **found == flag).count()));
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Size;
    use crate::model::{Bound, Interval95, Limit};
    use crate::report::sections::part::Detail;
    use crate::report::tests::{cell, compared, found, report, rows};
    use crate::report::{markdown, terminal, terminal_glance};

    /// The cells of [`report`] in both builds, dev three times as slow.
    fn both_builds() -> Report {
        let mut report = report();
        let dev = ["push", "zeroed"].map(|variant| {
            let mut dev = cell(variant);
            dev.key.profile = Profile::Dev;
            for phase in &mut dev.phases {
                phase.median_ns = phase.median_ns.map(|ns| 3.0 * ns);
                phase.ci95_ns = phase
                    .ci95_ns
                    .map(|Interval95([low, high])| Interval95([3.0 * low, 3.0 * high]));
            }
            dev
        });
        for cell in &mut report.cells {
            cell.phases[0].bound = Some(Bound {
                limit: Limit::Read,
                threads: 1,
                amount: 64_000,
            });
        }
        report.cells.extend(dev);
        report.comparisons = vec![compared(ComparisonKind::DevVsRelease, None)];
        report.headlines = vec![headline("push", Some("fill"))];
        report
    }

    fn headline(variant: &str, phase: Option<&str>) -> HeadlineReport {
        HeadlineReport {
            scenario: "create".to_owned(),
            size: Size::new(1000, "records"),
            variant: variant.to_owned(),
            threads: 1,
            phase: phase.map(str::to_owned),
        }
    }

    fn table(report: &Report) -> Vec<Vec<String>> {
        let section = section(report).unwrap();
        section.parts[0].words(Detail::Short).unwrap().rows
    }

    fn lines(report: &Report) -> Vec<String> {
        section(report).unwrap().parts.remove(0).lines
    }

    #[test]
    fn a_row_has_both_builds_ratio_rate_memory_share_and_verdict() {
        let report = both_builds();
        let section = section(&report).unwrap();
        let table = section.parts[0].words(Detail::Short).unwrap();
        let shown: Vec<(&str, &str)> = table
            .headings
            .iter()
            .zip(&table.rows[0])
            .map(|(heading, field)| (&heading[..], &field[..]))
            .collect();
        let expected = [
            ("scenario", "create"),
            ("items", "1k"),
            ("measured", "fill of push on 1 thread"),
            ("duration in dev", "3.70 ms [3.60, 3.90]"),
            ("duration in release", "1.23 ms [1.20, 1.30]"),
            ("dev/release", "14.20x [13.60, 14.90]"),
            ("records/s", "810k"),
            ("memory, peak", "3.00 MiB"),
            ("of the limit", "42 % of read"),
            ("verdict", "valid"),
        ];
        assert_eq!(shown, expected);
        assert_eq!(table.rows.len(), 1);
    }

    #[test]
    fn three_sentences_sum_up_the_results() {
        let expected = [
            "Release is 14.20x [13.60, 14.90] as fast as dev in create.",
            "Nearest to its limit is create with 42 % of read.",
            "4 cells: 4 valid; nothing was flagged.",
        ];
        assert_eq!(lines(&both_builds()), expected);
    }

    #[test]
    fn of_several_rows_the_extremes_are_named() {
        let mut report = both_builds();
        report.headlines.push(headline("zeroed", Some("fill")));
        report.headlines[1].scenario = "clone".to_owned();
        for at in [1, 3] {
            report.cells[at].key.scenario = "clone".to_owned();
            report.cells[at].phases[0].share_of_limit = Some(0.98);
        }
        let told =
            "Release is 14.20x [13.60, 14.90] as fast as dev in create; 1 row is not compared.";
        assert_eq!(lines(&report)[0], told);
        let mut other = compared(ComparisonKind::DevVsRelease, None);
        (other.key.cell.scenario, other.key.cell.variant) =
            ("clone".to_owned(), "zeroed".to_owned());
        (other.estimate, other.ci95) = (0.98, None);
        report.comparisons.push(other);
        let told = lines(&report);
        assert_eq!(
            told[0],
            "Release is 14.20x [13.60, 14.90] as fast as dev in create (the most) and 0.98x (no \
             interval) in clone (the least)."
        );
        assert_eq!(
            told[1],
            "Nearest to its limit is clone with 98 % of read, farthest create with 42 % of read."
        );
    }

    #[test]
    fn what_was_flagged_has_a_line_with_what_to_do() {
        let mut report = both_builds();
        report.cells[0].add_findings([found(Flag::Elided, "took 1 ns")]);
        report.cells[1].add_findings([found(Flag::Steal, "stolen")]);
        report.cells[2].add_findings([found(Flag::Steal, "stolen")]);
        let mut aa = compared(ComparisonKind::Aa, Some("aa_failed: +50 %"));
        aa.key.phase = Some("read".to_owned());
        report.comparisons.push(aa);
        let told = lines(&report);
        let expected = [
            "4 cells: 1 valid, 2 suspect, 1 invalid; 1 phases differ between A/A copies.",
            "elided makes 1 cell invalid: make the result depend on the work, and return it from \
             the phase",
            "steal makes 2 cells suspect: measure when the host is quieter, or on a machine of your \
             own",
        ];
        assert_eq!(told[2..], expected);
        let row = &table(&report)[0];
        let struck: Vec<&String> = row.iter().filter(|field| field.starts_with("~~")).collect();
        let figures = [
            "~~1.23 ms [1.20, 1.30]~~",
            "~~810k~~",
            "~~3.00 MiB~~",
            "~~42 % of read~~",
        ];
        assert_eq!(struck, figures);
        assert_eq!(row[9], "invalid: elided; dev suspect: steal");
        assert_eq!(told[1], "No row has a share of a limit.");
    }

    #[test]
    fn missing_figures_show_why() {
        let mut report = both_builds();
        report.comparisons.clear();
        report.cells.truncate(2);
        let row = &table(&report)[0];
        assert_eq!(row[3], "not measured");
        assert_eq!(
            lines(&report)[0],
            "Dev and release are not compared in any row."
        );
        report.cells[0].phases[0].share_of_limit = None;
        assert_eq!(table(&report)[0][8], "not known: read was not probed");
        report.cells[0].phases[0].bound = None;
        assert_eq!(table(&report)[0][8], "no limit bounds it");
        report.cells[0].memory = None;
        report.cells[0].memory_missing = Some("denied".to_owned());
        assert_eq!(table(&report)[0][7], "not known: denied");
        let failed = &mut report.cells[0];
        failed.verdict = Verdict::Failed;
        failed.reason = Some("round 0: killed".to_owned());
        failed.phases.clear();
        failed.memory_missing = None;
        let row = &table(&report)[0];
        assert_eq!(row[2], "fill of push on 1 thread");
        assert_eq!(
            row[4..9],
            [
                "failed",
                "not compared: release failed",
                "failed",
                "failed",
                "failed"
            ]
        );
        let told = "failed: push x1 in release: round 0: killed";
        assert!(lines(&report).contains(&told.to_owned()));
    }

    #[test]
    fn missing_intervals_are_reported() {
        let mut report = both_builds();
        for cell in &mut report.cells {
            cell.phases[0].ci95_ns = None;
        }
        report.comparisons[0].ci95 = None;
        let row = &table(&report)[0];
        assert_eq!(row[4], "1.23 ms (no interval)");
        assert_eq!(row[5], "14.20x (no interval)");
    }

    /// Reports of older programs have no headlines.
    #[test]
    fn without_headlines_the_first_cell_represents_each_scenario() {
        let mut report = both_builds();
        report.headlines.clear();
        report.cells[1].key.scenario = "clone".to_owned();
        let measured: Vec<[String; 2]> = table(&report)
            .into_iter()
            .map(|row| [row[0].clone(), row[2].clone()])
            .collect();
        let expected = [
            ["create", "fill of push on 1 thread"],
            ["clone", "fill of zeroed on 1 thread"],
        ];
        assert_eq!(measured, expected);
    }

    #[test]
    fn a_report_begins_with_it_and_a_terminal_ends_with_it() {
        let report = both_builds();
        let text = markdown(&report);
        assert!(text.starts_with("# Measurement of records\n\n## At a glance\n"));
        assert_eq!(rows(&text, &["fill of push"]).len(), 1);
        for text in [terminal(&report), terminal_glance(&report)] {
            let last = text.rsplit("\n== ").next().unwrap_or_default();
            assert!(last.starts_with("At a glance =="), "{text}");
            assert!(text.contains("3.70 ms [3.60, 3.90]"), "{text}");
        }
        let short = terminal_glance(&report);
        assert!(short.contains("== Run ==") && !short.contains("== Limits =="));
        assert!(terminal(&report).contains("== Limits =="));
    }

    #[test]
    fn without_planned_cells_there_is_no_summary() {
        let mut report = both_builds();
        report.cells.clear();
        report.headlines.clear();
        assert!(section(&report).is_none());
        assert!(!markdown(&report).contains("At a glance"));
        assert_eq!(terminal_glance(&report), terminal(&report));
    }
}
