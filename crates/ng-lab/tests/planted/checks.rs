//! The checks, each over a real run.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ng_lab::conductor::{Available, Plan, conduct};
use ng_lab::model::{
    Build, CellReport, ClaimRow, ClaimVerdict, ComparisonKind, Flag, Report, Verdict,
};
use ng_lab::{
    Allocations, Interrupt, MachineLock, Profile, Progress, Request, Rounds, SessionError, Subject,
    Versus,
};
use tempfile::TempDir;

use crate::files::{a_failed_run_leaves_no_earlier_report, a_run_writes_a_page_and_its_samples};
use crate::scenarios;
use crate::uneven::a_decided_cell_stops_and_the_others_go_on;

/// The checks with their names.
macro_rules! checks {
    ($($check:ident),+ $(,)?) => {
        pub(crate) const ALL: &[(&str, fn())] = &[$((stringify!($check), $check)),+];
    };
}

checks![
    a_deleted_clone_is_flagged_and_a_kept_one_is_not,
    a_deleted_clone_is_flagged_after_one_round,
    a_repeated_small_run_finds_no_touched_memory,
    a_stride_claimed_as_random_is_flagged_and_random_is_not,
    a_speed_up_above_the_threads_is_flagged_and_a_true_one_is_not,
    how_threads_share_their_work_is_reported,
    allocations_are_counted_in_a_run_of_their_own,
    computed_memory_is_flagged_and_touched_memory_is_not,
    a_parent_that_holds_a_gibibyte_does_not_change_a_workers_peak,
    a_failing_worker_is_one_failed_cell,
    output_of_a_worker_does_not_disturb_the_protocol,
    an_interrupt_is_seen_within_and_between_rounds,
    a_log_that_cannot_be_written_ends_the_run_and_keeps_it,
    a_hanging_worker_is_one_failed_cell,
    a_waiting_run_touches_no_file_of_the_one_before,
    a_lock_that_cannot_be_opened_is_named,
    an_output_folder_that_cannot_be_written_is_found_before_measuring,
    too_many_items_for_the_memory_are_refused_before_measuring,
    one_seed_gives_one_order,
    a_misplaced_file_is_flagged_and_a_well_placed_one_is_not,
    data_files_are_gone_after_a_run_and_an_interrupt,
    a_data_folder_that_cannot_be_used_is_named_before_measuring,
    a_confined_worker_and_its_probes_have_less_memory_than_their_file,
    a_store_slowed_by_the_page_cache_has_a_small_share_of_the_limit,
    a_run_writes_a_page_and_its_samples,
    a_failed_run_leaves_no_earlier_report,
    a_decided_cell_stops_and_the_others_go_on,
    claims_are_judged_by_the_report_and_written_beside_it,
];

const SUBJECT: Subject = Subject {
    items: "words",
    item_bytes: 8,
};

pub(crate) fn request(scenario: &str, items: u64, threads: &[usize], rounds: u32) -> Request {
    Request {
        subject: SUBJECT,
        scenarios: vec![scenarios::find(scenario)],
        sizes: vec![items],
        threads: threads.to_vec(),
        programs: vec![(
            Profile::of_this_build(),
            env::current_exe().expect("path of this test"),
        )],
        rounds: Rounds::Exactly(rounds),
        seed: 5,
        timeout: None,
        lock: lock(),
        dir: data_dir(),
        versus: Versus::default(),
    }
}

/// Next to this program, usually on a disk: the system's temporary folder may be in memory.
fn data_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("planted")
}

/// This test program's own lock, so that a real measurement does not delay it.
fn lock() -> PathBuf {
    env::temp_dir().join(format!("ng-lab-planted-{}.lock", std::process::id()))
}

pub(crate) fn measure(request: &Request, out: &Path) -> Result<Report, SessionError> {
    ng_lab::measure(
        request,
        Build::default(),
        out,
        &Interrupt::new(),
        Progress::hidden(),
    )
}

fn report(request: &Request) -> Report {
    let out = TempDir::new().expect("temporary folder");
    measure(request, out.path()).expect("a report")
}

/// The cells of a variant on a number of threads, both roles.
fn cells<'r>(
    report: &'r Report,
    variant: &'r str,
    threads: usize,
) -> impl Iterator<Item = &'r CellReport> {
    let mut cells = report
        .cells
        .iter()
        .filter(move |cell| cell.key.variant == variant && cell.key.threads == threads)
        .peekable();
    assert!(cells.peek().is_some(), "no cell {variant} x{threads}");
    cells
}

fn assert_flagged(report: &Report, variant: &str, threads: usize, flag: Flag) {
    for cell in cells(report, variant, threads) {
        assert!(cell.flags.contains(&flag), "{variant}: {:?}", cell.findings);
    }
}

/// Asserts that neither an invalidating flag nor `flag` was raised. Suspicions about the
/// machine are not the scenario's fault.
fn assert_clean(report: &Report, variant: &str, threads: usize, flag: Flag) {
    for cell in cells(report, variant, threads) {
        let held = |found: &Flag| found.invalidates() || *found == flag;
        assert!(
            !cell.flags.iter().any(held),
            "{variant}: {:?}",
            cell.findings
        );
    }
}

fn a_deleted_clone_is_flagged_and_a_kept_one_is_not() {
    let report = report(&request("clone", 4_000_000, &[1], 6));
    for flag in [Flag::Elided, Flag::ImpossibleFast, Flag::WorkNotDone] {
        assert_flagged(&report, "deleted", 1, flag);
        assert_clean(&report, "kept", 1, flag);
    }
    // Whether it was deleted depends on the compiler; that nothing remains in memory does not.
    assert_flagged(&report, "dropped", 1, Flag::WorkNotDone);
    for cell in cells(&report, "deleted", 1).chain(cells(&report, "dropped", 1)) {
        assert_eq!(cell.verdict, Verdict::Invalid);
    }
    // Invalid cells are not compared.
    for comparison in &report.comparisons {
        let names = [
            comparison.key.cell.variant.as_str(),
            comparison.against.as_str(),
        ];
        let invalid = names.contains(&"deleted") || names.contains(&"dropped");
        assert!(comparison.stopped.is_some() || !invalid, "{comparison:?}");
    }
}

fn a_deleted_clone_is_flagged_after_one_round() {
    let report = report(&request("clone", 4_000_000, &[1], 1));
    for flag in [Flag::Elided, Flag::ImpossibleFast, Flag::WorkNotDone] {
        assert_flagged(&report, "deleted", 1, flag);
        assert_clean(&report, "kept", 1, flag);
    }
}

/// A store whose memory was already resident once failed its cell.
fn a_repeated_small_run_finds_no_touched_memory() {
    if skipped_without_proc("fresh memory") {
        return;
    }
    let report = report(&request("fresh", 8_000_000, &[1], 1));
    assert_flagged(&report, "fill", 1, Flag::Elided);
}

fn a_stride_claimed_as_random_is_flagged_and_random_is_not() {
    let report = report(&request("order", 1_000_000, &[1], 6));
    assert_flagged(&report, "stride", 1, Flag::PatternMismatch);
    assert_clean(&report, "random", 1, Flag::PatternMismatch);
    let evidence = cells(&report, "stride", 1)
        .next()
        .and_then(|cell| cell.phases[0].access.as_ref());
    assert_eq!(evidence.map(|evidence| evidence.main_stride), Some(10));
}

fn a_speed_up_above_the_threads_is_flagged_and_a_true_one_is_not() {
    for rounds in [3, 6] {
        let report = report(&request("speed-up", 1000, &[1, 2], rounds));
        for cell in cells(&report, "magic", 2).filter(|cell| is_main(cell)) {
            assert!(
                cell.flags.contains(&Flag::Superlinear),
                "{:?}",
                cell.findings
            );
        }
        assert_clean(&report, "magic", 1, Flag::Superlinear);
        assert_clean(&report, "honest", 2, Flag::Superlinear);
        let speed_up = report.comparisons.iter().find(|comparison| {
            comparison.kind == ComparisonKind::Threads && comparison.key.cell.variant == "honest"
        });
        assert_eq!(speed_up.expect("an honest speed-up").pairs, rounds as usize);
    }
}

fn how_threads_share_their_work_is_reported() {
    if skipped_without_proc("shared work") {
        return;
    }
    let report = report(&request("sharing", 1000, &[1, 2], 6));
    let shares = |variant, threads| {
        let mut cells = cells(&report, variant, threads).filter(|cell| is_main(cell));
        cells.next().expect("a cell").phases[0].threads
    };
    let [even, one_sided, in_turns] =
        ["even", "one-sided", "in-turns"].map(|variant| shares(variant, 2).expect(variant));
    // Relative to each other: how long each had a processor depends on other load.
    assert!(even.least_busy > 0.6 * even.most_busy, "{even:?}");
    assert!(
        one_sided.least_busy < 0.4 * one_sided.most_busy,
        "{one_sided:?}"
    );
    // Of two threads that take turns, each must wait every time, unless it is late.
    assert!(
        in_turns.waits > scenarios::TURNS as f64 / 2.0,
        "{in_turns:?}"
    );
    assert!(even.waits < 50.0, "{even:?}");
    assert_eq!(shares("even", 1), None);
}

fn allocations_are_counted_in_a_run_of_their_own() {
    let report = report(&request("boxes", 1000, &[1], 1));
    for (variant, count, bytes) in [("one", 1, 8000), ("each", 1001, 16_000)] {
        for cell in cells(&report, variant, 1) {
            let found = |phase: usize| cell.phases[phase].allocations;
            if is_main(cell) {
                assert_eq!(found(0), Some(Allocations { count, bytes }), "{variant}");
                assert_eq!(found(1), Some(Allocations::default()), "{variant}");
            } else {
                assert_eq!(found(0), None, "{variant}");
            }
        }
    }
}

fn is_main(cell: &CellReport) -> bool {
    cell.role == ng_lab::model::Role::Main
}

fn computed_memory_is_flagged_and_touched_memory_is_not() {
    if skipped_without_proc("computed memory") {
        return;
    }
    let report = report(&request("footprint", 4_000_000, &[1], 3));
    assert_flagged(&report, "computed", 1, Flag::WorkNotDone);
    assert_clean(&report, "touched", 1, Flag::WorkNotDone);
    for cell in cells(&report, "touched", 1) {
        let memory = cell.memory.expect("memory of a cell that ran");
        assert!(memory.peak_bytes >= 32_000_000, "{memory:?}");
        assert!(memory.minor_faults > 0, "{memory:?}");
    }
}

fn a_parent_that_holds_a_gibibyte_does_not_change_a_workers_peak() {
    if skipped_without_proc("the parent's memory") {
        return;
    }
    let available = ng_lab::kernel::available_bytes().expect("available memory");
    if available < 3 << 30 {
        println!("skipped: holding a GiB needs 3 GiB of memory, {available} bytes available");
        return;
    }
    let request = request("footprint", 1_000_000, &[1], 3);
    let peak = |report: &Report| {
        let cell = cells(report, "touched", 1).next().expect("a cell");
        cell.memory.expect("its memory").peak_bytes
    };
    let without = peak(&report(&request));
    let held = vec![1u8; 1 << 30];
    let with = peak(&report(&request));
    assert_eq!(held[held.len() - 1], 1);
    let change = with.abs_diff(without);
    // The worker's own 8 MB are in both; a GiB would be a hundred times that.
    assert!(without >= 8_000_000, "{without}");
    assert!(
        change < 1 << 20,
        "peak {without} without, {with} with a GiB held"
    );
}

fn a_failing_worker_is_one_failed_cell() {
    let request = request("failing", 10, &[1], 1);
    let report = report(&request);
    for (variant, expected) in [
        ("kill", "worker killed by signal 9"),
        ("exit", "worker exited with status 9"),
        ("panic", "planted panic"),
        ("wrong", "proof sum is 1, expected 2"),
    ] {
        for cell in cells(&report, variant, 1) {
            assert_eq!(cell.verdict, Verdict::Failed, "{variant}");
            let reason = cell.reason.as_deref().unwrap_or_default();
            assert!(reason.contains(expected), "{variant}: {reason}");
            assert!(reason.starts_with("round 0: "), "{variant}: {reason}");
        }
    }
    for cell in cells(&report, "well", 1) {
        assert!(cell.verdict.is_comparable(), "{:?}", cell.reason);
        assert_eq!(cell.phases[0].samples_ns.len(), 1);
    }
}

fn output_of_a_worker_does_not_disturb_the_protocol() {
    let report = report(&request("failing", 10, &[1], 1));
    for cell in cells(&report, "chatty", 1) {
        assert!(cell.verdict.is_comparable(), "{:?}", cell.reason);
    }
}

/// Discards its input, and interrupts after a number of lines.
struct InterruptAfter {
    lines: usize,
    interrupt: Interrupt,
}

impl io::Write for InterruptAfter {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let ends = text.iter().filter(|byte| **byte == b'\n').count();
        for _ in 0..ends {
            self.lines -= 1;
            if self.lines == 0 {
                self.interrupt.set();
            }
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Also between two rounds, when no worker is running.
fn an_interrupt_is_seen_within_and_between_rounds() {
    let request = request("hanging", 10, &[1], 1000);
    let request = Request {
        // Times out the variant that hangs.
        timeout: Some(Duration::from_millis(200)),
        ..request
    };
    let plan = Plan::new(&request, &Available::EVERYTHING).expect("a plan");
    // Two variants with their copies, limits, page faults.
    let first_round = 6;
    for lines in [1, first_round - 1, first_round, first_round + 2] {
        let interrupt = Interrupt::new();
        let mut log = InterruptAfter {
            lines,
            interrupt: interrupt.clone(),
        };
        let progress = &mut Progress::hidden();
        let record = conduct(&request, &plan, None, &mut log, &interrupt, progress);
        let record = record.expect("a record");
        assert!(record.interrupted, "after {lines} lines");
        let runs: usize = record.cells.iter().map(|cell| cell.rounds.len()).sum();
        let probes: usize = record.limits.values().map(Vec::len).sum();
        assert!(
            runs + probes > 0 && record.rounds <= 1,
            "after {lines} lines"
        );
    }
}

fn a_log_that_cannot_be_written_ends_the_run_and_keeps_it() {
    if !Path::new("/dev/full").exists() {
        println!("skipped: a log that cannot be written needs /dev/full");
        return;
    }
    let request = request("failing", 10, &[1], 1);
    let plan = Plan::new(&request, &Available::EVERYTHING).expect("a plan");
    let mut full = fs::File::options()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full");
    let progress = &mut Progress::hidden();
    let record = conduct(
        &request,
        &plan,
        None,
        &mut full,
        &Interrupt::new(),
        progress,
    );
    let record = record.expect("what was measured is kept");
    let reason = record.stopped_by.expect("a reason");
    assert!(reason.starts_with("the log of results: "), "{reason}");
    let runs: usize = record.cells.iter().map(|cell| cell.rounds.len()).sum();
    let probes: usize = record.limits.values().map(Vec::len).sum();
    assert!(runs + probes > 0, "nothing was kept");
}

fn a_hanging_worker_is_one_failed_cell() {
    let request = Request {
        timeout: Some(Duration::from_secs(1)),
        ..request("hanging", 10, &[1], 1)
    };
    let report = report(&request);
    for cell in cells(&report, "hang", 1) {
        assert_eq!(cell.verdict, Verdict::Failed);
        assert_eq!(
            cell.reason.as_deref(),
            Some("round 0: timed out after 1.0 s")
        );
    }
    for cell in cells(&report, "well", 1) {
        assert!(cell.verdict.is_comparable(), "{:?}", cell.reason);
    }
}

/// A second run into one folder waits before it touches the first one's files.
fn a_waiting_run_touches_no_file_of_the_one_before() {
    let out = TempDir::new().expect("temporary folder");
    let log = out.path().join("results.jsonl");
    fs::write(&log, "of the first run").expect("a log");
    let held = MachineLock::acquire(&lock(), &Interrupt::new(), || ());
    let interrupt = Interrupt::new();
    interrupt.set();
    let second = ng_lab::measure(
        &request("failing", 10, &[1], 1),
        Build::default(),
        out.path(),
        &interrupt,
        Progress::hidden(),
    );
    assert!(matches!(second, Err(SessionError::Interrupted)));
    assert_eq!(
        fs::read_to_string(&log).expect("the log"),
        "of the first run"
    );
    drop(held);
    // A run that does measure removes the earlier files.
    fs::write(out.path().join("report.json"), "old").expect("a report");
    measure(&request("failing", 10, &[1], 1), out.path()).expect("a report");
    let log = fs::read_to_string(&log).expect("the log");
    assert!(!log.contains("first run"), "{log}");
}

fn a_lock_that_cannot_be_opened_is_named() {
    let out = TempDir::new().expect("temporary folder");
    let path = out.path().join("missing").join("lock");
    let request = Request {
        lock: path.clone(),
        ..request("failing", 10, &[1], 1)
    };
    let error = measure(&request, out.path()).expect_err("no such lock");
    assert_eq!(error.to_string(), format!("cannot lock {}", path.display()));
    assert!(!out.path().join("results.jsonl").exists());
}

fn an_output_folder_that_cannot_be_written_is_found_before_measuring() {
    let folder = TempDir::new().expect("temporary folder");
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").expect("a file");
    let out = file.join("below");
    let error = measure(&request("failing", 10, &[1], 1), &out).expect_err("no folder there");
    let text = error.to_string();
    assert!(text.starts_with("cannot write "), "{text}");
    assert!(text.contains(&out.display().to_string()), "{text}");
    assert_eq!(fs::read_to_string(&file).expect("the file"), "not a folder");
}

fn too_many_items_for_the_memory_are_refused_before_measuring() {
    let out = TempDir::new().expect("temporary folder");
    let target = out.path().join("report");
    let error = measure(&request("clone", 1 << 45, &[1], 1), &target).expect_err("too large");
    assert!(
        error
            .to_string()
            .starts_with("nothing can be measured here: needs "),
        "{error}"
    );
    assert!(!target.exists(), "something was written");
}

fn one_seed_gives_one_order() {
    let order = |seed: u64| -> Vec<(u64, u64)> {
        let out = TempDir::new().expect("temporary folder");
        let request = Request {
            seed,
            ..request("failing", 10, &[1], 2)
        };
        measure(&request, out.path()).expect("a report");
        let log = fs::read_to_string(out.path().join("results.jsonl")).expect("the log");
        log.lines().map(place_of).collect()
    };
    let first = order(11);
    assert_eq!(first, order(11));
    assert_ne!(first, order(12));
}

/// The claims of an earlier run do not stay beside a report without claims.
fn claims_are_judged_by_the_report_and_written_beside_it() {
    let out = TempDir::new().expect("temporary folder");
    let request = request("failing", 10, &[1], 1);
    let audit = |report: &Report| {
        vec![ClaimRow {
            id: "cells".to_owned(),
            source: String::new(),
            statement: format!("{} cells are measured", report.cells.len()),
            said: String::new(),
            measured: None,
            verdict: ClaimVerdict::Holds,
            reason: String::new(),
        }]
    };
    let report = ng_lab::measure_with_claims(
        &request,
        Build::default(),
        out.path(),
        &Interrupt::new(),
        Progress::hidden(),
        audit,
    );
    let report = report.expect("a report");
    let statement = format!("{} cells are measured", report.cells.len());
    assert!(!report.cells.is_empty());
    assert_eq!(report.claims[0].statement, statement);
    let written = |name: &str| fs::read_to_string(out.path().join(name)).unwrap_or_default();
    for name in ["report.json", "report.md", "claims.md"] {
        assert!(written(name).contains(&statement), "{name}");
    }
    measure(&request, out.path()).expect("a report");
    assert!(!out.path().join("claims.md").exists());
    assert!(!written("report.md").contains(&statement));
}

/// Position of a log line in its round, with a hash of its task and build.
fn place_of(line: &str) -> (u64, u64) {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let line: serde_json::Value = serde_json::from_str(line).expect("a JSON line");
    let mut hasher = DefaultHasher::new();
    line["task"].to_string().hash(&mut hasher);
    line["build"].to_string().hash(&mut hasher);
    (
        line["position"].as_u64().expect("a position"),
        hasher.finish(),
    )
}

fn a_misplaced_file_is_flagged_and_a_well_placed_one_is_not() {
    let request = request("files", 1_000_000, &[1], 6);
    if on_memory(&request) {
        return;
    }
    let report = report(&request);
    assert_flagged(&report, "cold-but-mapped", 1, Flag::NotCold);
    assert_flagged(&report, "warm-but-evicted", 1, Flag::NotWarm);
    assert_clean(&report, "cold", 1, Flag::NotCold);
    assert_clean(&report, "warm", 1, Flag::NotWarm);
    let evidence = |variant| {
        let cell = cells(&report, variant, 1).next().expect("a cell");
        cell.phases[0].file.clone().expect("evidence")
    };
    // Cold data comes from the disk, warm data does not.
    assert!(evidence("cold").read_bytes >= Some(8_000_000));
    assert_eq!(evidence("warm").read_bytes, Some(0));
    for cell in cells(&report, "cold", 1) {
        let share = cell.phases[0].share_of_limit.expect("a share of the limit");
        assert!(share > 0.0, "{share}");
    }
    assert_eq!(
        report.data.map(|data| data.dir),
        Some(request.dir.display().to_string())
    );
}

/// Whether nothing can be cold here; prints a note if so.
fn on_memory(request: &Request) -> bool {
    let volume = ng_lab::Volume::of(&request.dir).expect("the folder's file system");
    if volume.is_in_memory() {
        println!("skipped: {} is in memory", volume.dir);
    }
    volume.is_in_memory()
}

fn data_files_are_gone_after_a_run_and_an_interrupt() {
    let dir = TempDir::new().expect("temporary folder");
    let request = Request {
        dir: dir.path().join("data"),
        ..request("files", 1000, &[1], 1)
    };
    let left = || fs::read_dir(&request.dir).expect("the folder").count();
    report(&request);
    assert_eq!(left(), 0);
    let interrupt = Interrupt::new();
    let mut log = InterruptAfter {
        lines: 2,
        interrupt: interrupt.clone(),
    };
    let plan = Plan::new(&request, &Available::EVERYTHING).expect("a plan");
    let data = ng_lab::DataFolder::make(&request.dir).expect("a folder");
    let progress = &mut Progress::hidden();
    let record = conduct(&request, &plan, Some(&data), &mut log, &interrupt, progress);
    assert!(record.expect("a record").interrupted);
    // Only the run's own folder remains.
    assert_eq!(left(), 1);
    drop(data);
    assert_eq!(left(), 0);
}

fn a_data_folder_that_cannot_be_used_is_named_before_measuring() {
    let out = TempDir::new().expect("temporary folder");
    let file = out.path().join("file");
    fs::write(&file, "not a folder").expect("a file");
    for dir in [file.clone(), file.join("below")] {
        let request = Request {
            dir: dir.clone(),
            ..request("files", 1000, &[1], 1)
        };
        let error = measure(&request, &out.path().join("report")).expect_err("no folder there");
        assert_eq!(
            error.to_string(),
            format!("cannot use {} for data files", dir.display())
        );
        assert!(!out.path().join("report/results.jsonl").exists());
        // A run without files does not need it.
        let request = Request {
            dir,
            ..self::request("failing", 10, &[1], 1)
        };
        measure(&request, &out.path().join("other")).expect("a report");
    }
    assert_eq!(fs::read_to_string(&file).expect("the file"), "not a folder");
}

fn a_confined_worker_and_its_probes_have_less_memory_than_their_file() {
    let request = request("confined", 2 * scenarios::CONFINED_BYTES / 8, &[1], 1);
    if on_memory(&request) {
        return;
    }
    let out = TempDir::new().expect("temporary folder");
    let report = match measure(&request, out.path()) {
        Err(error) if error.to_string().contains("no memory cgroup can be made") => {
            println!("skipped: {error}");
            return;
        }
        report => report.expect("a report"),
    };
    let private = |variant| {
        let cell = cells(&report, variant, 1).next().expect("a cell");
        assert!(cell.verdict.is_comparable(), "{variant}: {:?}", cell.reason);
        let memory = cell.memory.expect("its memory");
        memory.private_peak_bytes.expect("its private memory")
    };
    let held = scenarios::PRIVATE_BYTES as u64;
    assert!(private("file") < held / 2, "{}", private("file"));
    for variant in ["private", "fleeting"] {
        let seen = private(variant);
        assert!(seen >= held && seen < 2 * held, "{variant}: {seen}");
    }
    // The file does not fit, so it is not warm.
    assert_flagged(&report, "warm", 1, Flag::NotWarm);
    for cell in cells(&report, "too-much", 1) {
        let reason = cell.reason.as_deref().unwrap_or_default();
        assert!(reason.contains("killed by signal 9"), "{reason}");
    }
    for cell in cells(&report, "file", 1) {
        assert!(cell.phases[0].share_of_limit.is_some());
    }
    // Memory limits are not probed in a confined worker.
    let names: Vec<&str> = report
        .limits
        .iter()
        .map(|limit| limit.key.limit.name())
        .collect();
    assert!(
        names.contains(&"cold_read") && !names.contains(&"read"),
        "{names:?}"
    );
    assert_eq!(report.run.probe_failures, Vec::<String>::new());
}

/// A store slowed by anything but the disk has a small share of the disk's limit.
fn a_store_slowed_by_the_page_cache_has_a_small_share_of_the_limit() {
    const BYTES: u64 = 64 << 20;

    let request = request("cached", BYTES / 8, &[1], 1);
    if on_memory(&request) {
        return;
    }
    let out = TempDir::new().expect("temporary folder");
    let report = measure(&request, out.path()).expect("a report");
    let cell = cells(&report, "write", 1).next().expect("a cell");
    assert!(cell.verdict.is_comparable(), "{:?}", cell.reason);
    let share = cell.phases[0].share_of_limit.expect("a share of the limit");
    // An eighth, with a margin for a shared disk.
    assert!(share < 0.5, "{share}");
}

/// Whether the kernel's figures are unavailable; prints a note if so.
fn skipped_without_proc(what: &str) -> bool {
    let skipped = !Path::new("/proc/self/smaps_rollup").exists();
    if skipped {
        println!("skipped: {what} needs /proc/self/smaps_rollup");
    }
    skipped
}
