//! A small hand-built report in each form.

use std::fs;
use std::path::Path;

use super::{write_json, write_whole};
use crate::model::{
    Build, CellKey, CellReport, Comparison, ComparisonKind, Finding, Flag, Host, Interval95, Limit,
    LimitKey, LimitReport, MemoryReading, NotCompared, Pages, PhaseKey, PhaseReport, Profile,
    Report, Role, RunInfo, Scaling, Size, Verdict, Volume,
};

/// The report after its summary, which has its own tests.
fn markdown(report: &Report) -> String {
    let text = super::markdown(report);
    let (title, rest) = text.split_once("## At a glance").expect("a summary");
    let (_, rest) = rest.split_once("\n## Run").expect("a section of the run");
    format!("{title}## Run{rest}")
}

/// The report before its summary.
fn terminal(report: &Report) -> String {
    let text = super::terminal(report);
    let (before, _) = text.split_once("== At a glance ==").expect("a summary");
    before.to_owned()
}

/// Two cells of two phases in seven rounds, release only.
pub(super) fn report() -> Report {
    let run = RunInfo {
        started: "2026-11-24T23:08:25Z".to_owned(),
        command: vec!["stress".to_owned()],
        seed: 5,
        rounds: 7,
        items: "records".to_owned(),
        item_bytes: Some(64),
        elapsed_s: 1.5,
        ..RunInfo::default()
    };
    Report {
        limits: vec![limit()],
        cells: vec![cell("push"), cell("zeroed")],
        ..Report::new(run, Host::default(), Build::default())
    }
}

fn limit() -> LimitReport {
    LimitReport {
        key: LimitKey {
            limit: Limit::Refill,
            bytes: 64_000,
            threads: 1,
            memory_limit_bytes: None,
        },
        unit: "byte".to_owned(),
        samples_ns_per_unit: vec![0.1; 7],
        cold_ns_per_unit: Some(0.2),
        median_ns_per_unit: Some(0.1),
        ci95_ns_per_unit: Some(Interval95([0.1, 0.1])),
    }
}

pub(super) fn key(variant: &str) -> CellKey {
    CellKey {
        scenario: "create".to_owned(),
        size: Size::new(1000, "records"),
        variant: variant.to_owned(),
        threads: 1,
        profile: Profile::Release,
    }
}

pub(super) fn cell(variant: &str) -> CellReport {
    CellReport {
        key: key(variant),
        role: Role::Main,
        pages: Pages::Small,
        host_warm: true,
        memory_limit_bytes: None,
        limit_bytes: None,
        runs: Vec::new(),
        phases: vec![phase("fill"), phase("read")],
        proof: [("sum".to_owned(), 7.into())].into(),
        memory: Some(MemoryReading {
            peak_bytes: 3 << 20,
            file_bytes: 1 << 20,
            huge_bytes: 2 << 20,
            ..MemoryReading::default()
        }),
        warm_ns_per_byte: Some(0.5),
        memory_missing: None,
        verdict: Verdict::Valid,
        flags: Vec::new(),
        findings: Vec::new(),
        reason: None,
    }
}

fn phase(name: &str) -> PhaseReport {
    PhaseReport {
        name: name.to_owned(),
        items: 1000,
        samples_ns: vec![1_234_000; 7],
        cold_ns: Some(9_876_000),
        median_ns: Some(1_234_000.0),
        ci95_ns: Some(Interval95([1_200_000.0, 1_300_000.0])),
        min_ns: Some(1_200_000.0),
        p10_ns: Some(1_200_000.0),
        p90_ns: Some(1_300_000.0),
        mad_ns: Some(10_000.0),
        share_of_limit: Some(0.42),
        ..PhaseReport::default()
    }
}

pub(super) fn found(flag: Flag, detail: &str) -> Finding {
    Finding {
        flag,
        phase: Some("fill".to_owned()),
        detail: detail.to_owned(),
    }
}

pub(super) fn compared(kind: ComparisonKind, stopped: Option<&str>) -> Comparison {
    Comparison {
        kind,
        key: PhaseKey::new(&key("push"), Some("fill")),
        against: "dev".to_owned(),
        estimate: 14.2,
        ci95: Some(Interval95([13.6, 14.9])),
        p: Some(0.015_625),
        pairs: 7,
        samples: [7; 2],
        stopped: stopped.map(str::to_owned),
    }
}

/// The rows of `text` that contain all of `words`, with trimmed cells.
pub(super) fn rows(text: &str, words: &[&str]) -> Vec<Vec<String>> {
    text.lines()
        .filter(|line| line.starts_with('|') && words.iter().all(|word| line.contains(word)))
        .map(cells_of)
        .collect()
}

/// The cells of a pipe row, split at unescaped pipes.
fn cells_of(line: &str) -> Vec<String> {
    let masked = line.replace("\\|", "\u{0}");
    let inner = masked.trim().trim_matches('|');
    let cells = inner
        .split('|')
        .map(|cell| cell.trim().replace('\u{0}', "|"));
    cells.collect()
}

#[track_caller]
fn assert_says(text: &str, line: &str) {
    assert!(
        text.lines().any(|found| found.contains(line)),
        "no {line:?} in\n{text}"
    );
}

#[track_caller]
fn assert_silent(text: &str, words: &str) {
    assert!(!text.contains(words), "{words:?} in\n{text}");
}

#[test]
fn a_row_holds_each_figure_under_its_heading() {
    let mut report = report();
    report.comparisons = vec![compared(ComparisonKind::DevVsRelease, None)];
    let text = markdown(&report);
    let expected = [
        ("variant", "push"),
        ("threads", "1"),
        ("phase", "fill"),
        ("build", "release"),
        ("median", "1.23 ms"),
        ("95 % interval", "[1.20, 1.30] ms"),
        ("records/s", "810k"),
        ("of limit", "42 %"),
        ("dev/release", "14.20x [13.60, 14.90]"),
        ("verdict", "valid"),
        ("peak", "3.00 MiB"),
        ("file", "1.00 MiB"),
        ("huge", "2.00 MiB"),
    ];
    let heading = &rows(&text, &["dev/release"])[0];
    let row = &rows(&text, &["push", "fill", "1.23"])[0];
    let shown: Vec<(&str, &str)> = heading
        .iter()
        .zip(row)
        .map(|(a, b)| (&a[..], &b[..]))
        .collect();
    assert_eq!(shown, expected);
}

#[test]
fn every_figure_of_an_invalid_cell_is_struck_through() {
    let mut report = report();
    report.cells[0].add_findings([found(Flag::Elided, "took 1 ns")]);
    let text = markdown(&report);
    let [fill, read] = [0, 1].map(|index| rows(&text, &["1.23"])[index].clone());
    let struck: Vec<&String> = fill.iter().filter(|cell| cell.starts_with("~~")).collect();
    let figures = [
        "~~1.23 ms~~",
        "~~[1.20, 1.30] ms~~",
        "~~810k~~",
        "~~42 %~~",
        "~~3.00 MiB~~",
        "~~1.00 MiB~~",
        "~~2.00 MiB~~",
    ];
    assert_eq!(struck, figures);
    assert_eq!(fill[9], "invalid: elided");
    assert_eq!(read[4], "~~1.23 ms~~");
}

#[test]
fn figures_of_other_cells_are_not_struck_through() {
    let mut report = report();
    report.cells[0].add_findings([found(Flag::Steal, "10 % was stolen")]);
    let text = markdown(&report);
    assert_silent(&text, "~~");
    assert_says(&text, "suspect: steal");
}

#[test]
fn nothing_is_struck_where_an_invalid_cell_has_no_figure() {
    let mut report = report();
    let cell = &mut report.cells[0];
    cell.add_findings([found(Flag::Elided, "took 1 ns")]);
    cell.memory = None;
    for phase in &mut cell.phases {
        *phase = without_samples(&phase.name);
    }
    let row = &rows(&markdown(&report), &["push", "fill"])[0];
    assert_eq!(row[4..8], ["~~9.88 ms (cold)~~", "none (n = 0)", "", ""]);
}

fn without_samples(name: &str) -> PhaseReport {
    PhaseReport {
        samples_ns: Vec::new(),
        median_ns: None,
        ci95_ns: None,
        share_of_limit: None,
        ..phase(name)
    }
}

#[test]
fn missing_intervals_are_reported_for_the_run_the_phase_and_the_ratio() {
    let mut report = report();
    report.run.rounds = 5;
    report.cells[0].phases[0].samples_ns.truncate(5);
    report.cells[0].phases[0].ci95_ns = None;
    let mut aa = compared(ComparisonKind::Aa, None);
    aa.ci95 = None;
    report.comparisons = vec![aa];
    let text = markdown(&report);
    assert_says(&text, "fewer than 6 rounds: no intervals");
    assert_says(&text, "| none (n = 5) |");
    assert_says(&text, "| 14.20x (no interval) |");
    assert_says(&text, "without intervals A/A cannot fail");
    report.run.rounds = 6;
    assert_silent(&markdown(&report), "fewer than 6 rounds");
}

#[test]
fn the_volume_of_data_files_is_reported_and_memory_is_warned_of() {
    let mut report = report();
    assert_silent(&markdown(&report), "data files");
    let volume = |file_system: &str| Volume {
        dir: "/data".to_owned(),
        file_system: file_system.to_owned(),
        free_bytes: 3 << 30,
    };
    for (kind, said) in [
        ("ext4", "data files: /data on ext4, 3.00 GiB free"),
        ("", "data files: /data on an unknown file system"),
        ("tmpfs", "WARNING: data files were in memory"),
    ] {
        report.data = Some(volume(kind));
        for text in [markdown(&report), terminal(&report)] {
            assert_says(&text, said);
            assert_eq!(text.contains("WARNING"), kind == "tmpfs");
        }
    }
}

#[test]
fn a_confined_cell_shows_its_memory_limit_and_private_memory() {
    let mut report = report();
    assert_silent(&markdown(&report), "of memory: ");
    report.limits[0].key.memory_limit_bytes = Some(512 << 20);
    let cell = &mut report.cells[0];
    cell.memory_limit_bytes = Some(512 << 20);
    let line = "in 512 MiB of memory: push x1 in release: private memory";
    assert_says(&markdown(&report), &format!("{line} is not known"));
    let memory = report.cells[0].memory.as_mut().unwrap();
    memory.private_peak_bytes = Some(5 << 20);
    let text = markdown(&report);
    assert_says(&text, &format!("{line} peaked at 5.00 MiB"));
    assert_eq!(rows(&text, &["refill"])[0][1], "62.5 KiB in 512 MiB");
}

#[test]
fn a_limit_of_syncs_is_a_time_and_a_count() {
    let mut report = report();
    let limit = &mut report.limits[0];
    limit.key.limit = Limit::SmallSync;
    limit.unit = Limit::SmallSync.unit().to_owned();
    limit.median_ns_per_unit = Some(200_000.0);
    let row = &rows(&markdown(&report), &["small_sync"])[0];
    assert_eq!(
        (row[3].as_str(), row[5].as_str()),
        ("200 us/sync", "5.00k/s")
    );
}

#[test]
fn reasons_of_skipped_and_failed_cells_are_listed_once() {
    let mut report = report();
    let worthless = |verdict, role, reason: &str| CellReport {
        verdict,
        role,
        reason: Some(reason.to_owned()),
        phases: Vec::new(),
        memory: None,
        ..cell("grown")
    };
    report.cells = vec![
        worthless(Verdict::Skipped, Role::Main, "needs 9 MiB"),
        worthless(Verdict::Skipped, Role::Aa, "needs 9 MiB"),
        worthless(Verdict::Failed, Role::Main, "round 3: killed"),
        worthless(Verdict::Failed, Role::Aa, "round 3: killed"),
    ];
    for text in [markdown(&report), terminal(&report)] {
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("grown")).collect();
        let told: Vec<&str> = lines
            .iter()
            .map(|line| line.trim_start_matches("- "))
            .collect();
        let expected = [
            "skipped: grown x1: needs 9 MiB",
            "failed: grown x1 in release: round 3: killed",
            "failed: grown x1 in release (A/A copy): round 3: killed",
        ];
        assert_eq!(told, expected);
    }
}

#[test]
fn a_pipe_in_a_name_does_not_add_a_column() {
    let mut report = report();
    report.cells[0].key.variant = "a|b".to_owned();
    report.cells[0].add_findings([found(Flag::Steal, "10 | 20 %")]);
    let text = markdown(&report);
    assert_eq!(rows(&text, &["a\\|b", "fill", "1.23"])[0].len(), 13);
    assert_eq!(rows(&text, &["10 \\| 20 %"])[0].len(), 8);
}

#[test]
fn every_row_is_as_long_as_its_heading() {
    let mut report = report();
    report.cells[0].add_findings([found(Flag::Elided, "took 1 ns")]);
    report.comparisons = vec![
        compared(ComparisonKind::Threads, None),
        compared(ComparisonKind::Variants, Some("noise")),
        compared(ComparisonKind::Aa, None),
    ];
    report.scaling = vec![grown(None)];
    let text = markdown(&report);
    let tables: Vec<Vec<usize>> = text
        .split("\n\n")
        .filter(|part| part.starts_with('|'))
        .map(|table| table.lines().map(|line| cells_of(line).len()).collect())
        .collect();
    let lengths: Vec<usize> = tables.iter().map(|lengths| lengths[0]).collect();
    assert_eq!(lengths, [13, 9, 9, 9, 9, 7, 8], "{text}");
    for lengths in tables {
        assert!(
            lengths.iter().all(|length| *length == lengths[0]),
            "{lengths:?}"
        );
    }
}

fn grown(stopped: Option<&str>) -> Scaling {
    Scaling {
        scenario: "grow".to_owned(),
        variant: "base".to_owned(),
        phase: "fill".to_owned(),
        threads: 1,
        profile: Profile::Release,
        from: 1_000,
        to: 10_000,
        exponent: 1.034,
        ci95: Some(Interval95([0.987, 1.06])),
        pairs: 6,
        stopped: stopped.map(str::to_owned),
    }
}

#[test]
fn growth_shows_its_exponent_unless_it_is_stopped() {
    let mut report = report();
    assert_silent(&markdown(&report), "Growth");
    report.scaling = vec![grown(None)];
    for text in [markdown(&report), terminal(&report)] {
        assert!(text.contains("1.03 [0.99, 1.06]"), "{text}");
    }
    report.scaling = vec![grown(Some("invalid"))];
    let text = markdown(&report);
    assert_silent(&text, "1.03");
    assert!(text.contains("not compared"), "{text}");
}

#[test]
fn a_stopped_comparison_shows_no_ratio() {
    let mut report = report();
    report.comparisons = vec![
        compared(ComparisonKind::DevVsRelease, Some("noise")),
        compared(ComparisonKind::Threads, Some("noise")),
        compared(ComparisonKind::Variants, Some("noise")),
    ];
    for text in [markdown(&report), terminal(&report)] {
        assert_silent(&text, "14.2");
        let told = text.matches("not compared: noise").count();
        assert_eq!(told, 3, "{text}");
    }
}

#[test]
fn the_terminal_shows_of_aa_only_what_failed() {
    let mut report = report();
    report.comparisons = vec![
        compared(ComparisonKind::Aa, None),
        Comparison {
            estimate: 1.5,
            ..compared(ComparisonKind::Aa, Some("aa_failed: +50 %"))
        },
    ];
    let failed = "1.50x [13.60, 14.90]: aa_failed: +50 %";
    let (long, short) = (markdown(&report), terminal(&report));
    assert_says(&long, failed);
    assert_says(&short, failed);
    assert_says(&long, "14.20x [13.60, 14.90] |");
    assert_silent(&short, "14.20x");
    assert_says(&short, "1 phases can be compared; 1 differ between copies");
    assert_says(&short, "0 belong to unusable cells");
}

#[test]
fn findings_are_listed_with_what_to_do() {
    let mut report = report();
    report.cells[0].add_findings([
        found(Flag::Elided, "took 1 ns"),
        found(Flag::TooFewRounds, "3 rounds"),
    ]);
    let text = markdown(&report);
    let expected = [
        "elided",
        "create",
        "push",
        "1",
        "release",
        "fill",
        "took 1 ns",
        Flag::Elided.advice(),
    ];
    assert_eq!(rows(&text, &["took 1 ns"]), [expected]);
    // The run reports it once for all cells.
    assert_silent(&text, "3 rounds");
}

#[test]
fn what_went_wrong_with_the_run_is_reported_first() {
    let mut report = report();
    assert_silent(&markdown(&report), "INTERRUPTED");
    report.run.interrupted = true;
    report.run.probe_failures = vec!["timed out".to_owned()];
    for text in [markdown(&report), terminal(&report)] {
        assert_says(&text, "INTERRUPTED");
        assert_says(&text, "a limits probe failed: timed out");
    }
}

#[test]
fn the_aa_copy_of_a_cell_has_no_rows_of_its_own() {
    let mut report = report();
    let copy = CellReport {
        role: Role::Aa,
        ..cell("push")
    };
    report.cells.push(copy);
    assert_eq!(rows(&markdown(&report), &["push", "fill"]).len(), 1);
}

#[test]
fn all_differing_proofs_are_shown() {
    let mut report = report();
    let proofs = |report: &Report| markdown(report).matches("- proof: sum").count();
    assert_eq!(proofs(&report), 1);
    report.cells[1].proof.insert("sum".to_owned(), 8.into());
    assert_eq!(proofs(&report), 2);
}

/// A coarse clock may measure a time of 0.
#[test]
fn a_phase_of_zero_time_has_no_rate_but_an_interval() {
    let mut report = report();
    let phase = &mut report.cells[0].phases[0];
    phase.median_ns = Some(0.0);
    phase.ci95_ns = Some(Interval95([0.0, 41.0]));
    let row = &rows(&markdown(&report), &["push", "fill"])[0];
    assert_eq!(row[4..7], ["0 ns", "[0, 41.0] ns", ""]);
}

/// The tail of a worker's stderr may have several lines, all part of one list item.
#[test]
fn a_reason_of_several_lines_is_one_item() {
    let mut report = report();
    report.cells[0].reason = Some("round 0: panicked\n\n# at 3".to_owned());
    let text = markdown(&report);
    assert_says(&text, "round 0: panicked");
    assert!(
        !text.lines().any(|line| line.starts_with("# at 3")),
        "{text}"
    );
}

#[test]
fn what_is_written_as_json_can_be_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let mut report = report();
    report.cells[0].add_findings([found(Flag::Elided, "took 1 ns")]);
    report.comparisons = vec![compared(ComparisonKind::Threads, Some("noise"))];
    write_json(&report, &path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let back: Report = serde_json::from_str(&text).unwrap();
    assert_eq!(back.cells[0].items(), 1000);
    let value = |report: &Report| serde_json::to_value(report).unwrap();
    assert_eq!(value(&back), value(&report));
}

#[test]
fn a_report_of_an_older_program_is_read_and_shown() {
    let mut value = serde_json::to_value(report()).unwrap();
    let keys = value.as_object_mut().unwrap();
    for key in ["headlines", "not_compared", "scaling", "claims"] {
        keys.remove(key).expect(key);
    }
    for cell in value["cells"].as_array_mut().unwrap() {
        let bytes = cell.as_object_mut().unwrap().remove("limit_bytes");
        assert!(bytes.is_some());
    }
    let old: Report = serde_json::from_value(value).unwrap();
    let of_items = old.cells[0].limit_bytes_in(&old.run);
    assert_eq!(of_items, Some(64_000));
    let told = CellReport {
        limit_bytes: Some(4000),
        ..old.cells[0].clone()
    };
    assert_eq!(told.limit_bytes_in(&old.run), Some(4000));
    assert_eq!((old.headlines.len(), old.not_compared.len()), (0, 0));
    let row = &rows(&markdown(&old), &["push", "fill", "1.23"])[0];
    assert_eq!(row[8], "not compared");
    assert_eq!(
        super::markdown(&old)
            .matches("fill of push on 1 thread")
            .count(),
        1
    );
}

#[test]
fn a_comparison_belongs_to_its_denominator_and_to_no_copy() {
    let comparison = compared(ComparisonKind::Threads, None);
    assert!(comparison.is_of(&cell("push")));
    let copy = |profile, role, threads| CellReport {
        key: CellKey {
            profile,
            threads,
            ..key("push")
        },
        role,
        ..cell("push")
    };
    for other in [
        cell("zeroed"),
        copy(Profile::Dev, Role::Main, 1),
        copy(Profile::Release, Role::Aa, 1),
        copy(Profile::Release, Role::Main, 2),
    ] {
        assert!(!comparison.is_of(&other), "{other:?}");
    }
}

fn files_in(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn a_file_is_replaced_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.md");
    write_whole(&path, "an older and longer text").unwrap();
    write_whole(&path, "new").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    assert_eq!(files_in(folder.path()), ["report.md"]);
}

/// A full disk once left half of the text under the temporary name.
#[test]
#[cfg(target_os = "linux")]
fn a_write_that_fails_leaves_the_old_file_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.md");
    fs::write(&path, "old").unwrap();
    std::os::unix::fs::symlink("/dev/full", path.with_extension("partial")).unwrap();
    let error = write_whole(&path, "new").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(files_in(folder.path()), ["report.md"]);
}

#[test]
fn a_rename_that_fails_leaves_what_was_there_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.md");
    fs::create_dir(&path).unwrap();
    write_whole(&path, "new").unwrap_err();
    assert!(path.is_dir());
    assert_eq!(files_in(folder.path()), ["report.md"]);
}

#[test]
fn what_ended_a_run_early_and_why_memory_is_missing_is_reported() {
    let mut report = report();
    report.run.stopped_by = Some("the log of results: disk full".to_owned());
    report.cells[0].memory = None;
    report.cells[0].memory_missing = Some("/proc/self/clear_refs: denied".to_owned());
    for text in [markdown(&report), terminal(&report)] {
        for told in [
            "ENDED EARLY: the log of results: disk full",
            "no memory figures: /proc/self/clear_refs: denied",
        ] {
            assert!(text.contains(told), "{told} in {text}");
        }
    }
}

/// A cell on `threads` threads whose first phase follows a law of sigma 0.05.
fn scaled(threads: usize) -> CellReport {
    let mut cell = cell("push");
    cell.key.threads = threads;
    let law = crate::stats::ScalabilityLaw {
        sigma: 0.05,
        kappa: 0.0,
    };
    let time = 1e9 / law.speed_up(threads as f64);
    cell.phases.truncate(1);
    cell.phases[0].samples_ns = vec![time as u64; 7];
    cell
}

#[test]
fn a_law_is_fitted_to_four_numbers_of_threads_and_to_no_fewer() {
    let text = |threads: &[usize]| {
        let mut report = report();
        report.cells = threads.iter().map(|threads| scaled(*threads)).collect();
        markdown(&report)
    };
    assert_silent(&text(&[2]), "Scaling with threads");
    assert_says(
        &text(&[1, 2, 4]),
        "not fitted: 3 numbers of threads, a scaling law needs 4",
    );
    let fitted = text(&[1, 2, 4, 8]);
    assert_says(&fitted, "1, 2, 4, 8");
    assert_says(&fitted, "0.050 [0.050, 0.050]");
    assert_silent(&fitted, "not fitted");
    // Without one thread there is no speed-up.
    let without_one = text(&[2, 4, 8, 16]);
    assert_silent(&without_one, "0.050");
    assert_says(&without_one, "not fitted: one thread was not measured");
}

fn lack(kind: ComparisonKind, phase: Option<&str>, reason: &str) -> NotCompared {
    NotCompared {
        kind,
        key: PhaseKey::new(&key("push"), phase),
        against: "dev".to_owned(),
        reason: reason.to_owned(),
    }
}

#[test]
fn a_missing_ratio_shows_its_reason() {
    let mut report = report();
    report.not_compared = vec![
        lack(ComparisonKind::DevVsRelease, Some("fill"), "no dev"),
        lack(ComparisonKind::Threads, None, "no thread"),
        lack(ComparisonKind::Variants, Some("fill"), "no variant"),
        lack(ComparisonKind::Aa, Some("fill"), "no copy\n  of two lines"),
    ];
    let text = markdown(&report);
    assert_eq!(
        rows(&text, &["push", "fill", "1.23"])[0][8],
        "not compared: no dev"
    );
    let told = rows(&text, &["not compared: no thread"]);
    assert_eq!(told[0][1], "all");
    assert_eq!(told[0][7..], ["not compared: no thread", "none"]);
    for reason in ["no variant", "no copy   of two lines"] {
        assert_eq!(rows(&text, &[reason]).len(), 1, "{reason} in {text}");
    }
    let shown = terminal(&report);
    for reason in ["no dev", "no thread", "no variant", "no copy"] {
        assert_says(&shown, &format!("not compared: {reason}"));
    }
}

#[test]
fn a_kind_of_ratio_that_no_cell_has_shows_why() {
    for text in [markdown(&report()), terminal(&report())] {
        for told in [
            "not compared: only one thread count was measured, 1: a speed-up needs one thread and more",
            "not compared: no scenario was measured in two variants on the same number of threads",
            "not compared: no program was measured twice",
        ] {
            assert_says(&text, told);
        }
    }
    let mut report = report();
    report.comparisons = vec![
        compared(ComparisonKind::Threads, None),
        compared(ComparisonKind::Variants, None),
        compared(ComparisonKind::Aa, None),
    ];
    assert_silent(&markdown(&report), "not compared: o");
    assert_silent(&markdown(&report), "not compared: no ");
}
