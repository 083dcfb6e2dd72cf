//! Baselines, another revision, the gate: the command line from end to end.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread::yield_now;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{PROFILE, assert_holds_schema, install, ng_stress, read_report};

/// A copy of the program in a target folder of its own, which has no baselines or runs
/// yet.
pub(crate) struct Installed {
    pub(crate) target: TempDir,
    pub(crate) program: PathBuf,
}

impl Installed {
    pub(crate) fn new() -> Self {
        let target = TempDir::new().unwrap();
        let folder = target.path().join("release");
        fs::create_dir(&folder).unwrap();
        let program = folder.join("ng-stress");
        install(Path::new(env!("CARGO_BIN_EXE_ng-stress")), &program);
        Self { target, program }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        self.command_with(&[], arguments)
    }

    /// Runs the same with extra environment variables.
    pub(crate) fn command_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
        let lock = ng_stress();
        let temporary = lock.get_envs().find(|(name, _)| *name == "TMPDIR");
        let mut command = Command::new(&self.program);
        command
            .env("TMPDIR", temporary.unwrap().1.unwrap())
            .envs(variables.iter().copied())
            .args(arguments);
        loop {
            match command.output() {
                // A process that another test has just forked has the copy open.
                Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => yield_now(),
                output => return output.unwrap(),
            }
        }
    }

    /// A run of the smallest scenario, with its report if it has one.
    fn run(&self, arguments: &[&str]) -> (Output, Option<Value>) {
        let out = self.target.path().join("out");
        let _ = fs::remove_dir_all(&out);
        let words = [
            &["run", "footprint", "--threads", "1", "--profiles", PROFILE][..],
            &["--out", out.to_str().unwrap()],
            arguments,
        ];
        let output = self.command(&words.concat());
        let report = out.join("report.json").is_file().then(|| read_report(&out));
        (output, report)
    }

    fn baseline(&self, name: &str) -> PathBuf {
        let folder = self.target.path().join("ng-stress/baselines");
        folder.join(format!("{name}.json"))
    }

    /// Keeps `report` as a baseline of that name.
    fn keep(&self, name: &str, report: &Value) {
        let path = self.baseline(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, report.to_string()).unwrap();
    }
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
pub(crate) fn assert_exit(output: &Output, code: i32, told: &str) {
    let stderr = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(told), "no {told:?} in {stderr}");
}

fn outcomes(report: &Value, outcome: &str) -> usize {
    let all = report["gate"]["outcomes"].as_array().unwrap();
    all.iter()
        .filter(|found| found["outcome"] == outcome)
        .count()
}

/// Checks that the exit code follows from the report. The result of a comparison on a
/// busy machine is not checked.
#[track_caller]
fn assert_exit_follows(output: &Output, report: &Value) {
    let invalid = report["cells"].as_array().unwrap().iter();
    let invalid = invalid
        .filter(|cell| cell["verdict"] == "invalid" && cell["role"] != "against")
        .count();
    let expected = if !report["reference"]["not_comparable"].is_null() {
        4
    } else if outcomes(report, "regressed") > 0 {
        3
    } else if outcomes(report, "insufficient") > 0 {
        4
    } else if invalid + outcomes(report, "invalid") > 0 {
        5
    } else {
        0
    };
    assert_exit(output, expected, "report: ");
}

#[test]
fn a_baseline_is_kept_and_compared_with() {
    let here = Installed::new();
    let effort = ["--tokens", "100k", "--rounds", "8"];
    let (output, kept) = here.run(&[&effort[..], &["--save-baseline", "main"]].concat());
    assert!(
        matches!(output.status.code(), Some(0 | 5)),
        "{}",
        stderr(&output)
    );
    let kept = kept.unwrap();
    let text = fs::read_to_string(here.baseline("main")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), kept);

    let (output, report) =
        here.run(&[&effort[..], &["--baseline", "main", "--gate", "5"]].concat());
    let report = report.unwrap();
    assert_holds_schema(&report);
    assert_exit_follows(&output, &report);
    assert_eq!(report["reference"]["kind"], "baseline");
    assert_eq!(report["reference"]["started"], kept["run"]["started"]);
    if report["reference"]["not_comparable"].is_null() {
        let tested = report["gate"]["outcomes"].as_array().unwrap().len();
        assert_eq!(tested, report["cells"].as_array().unwrap().len() / 2);
        assert!(stdout(&output).contains("== Gate 5 % =="));
    }
}

#[test]
fn a_baseline_of_another_machine_or_form_ends_before_measuring() {
    let here = Installed::new();
    let (_, report) = here.run(&["--tokens", "1000", "--rounds", "1"]);
    let report = report.unwrap();
    let changed = |pointer: &str, value: Value| {
        let mut report = report.clone();
        *report.pointer_mut(pointer).unwrap() = value;
        report
    };
    for (pointer, value, code, told) in [
        ("/host/kernel", json!("linux 1"), 4, "kernel linux 1 then, "),
        (
            "/build/rustc",
            json!("rustc 1"),
            4,
            "compiler rustc 1 then, ",
        ),
        (
            "/schema",
            json!("ng-lab/report/9"),
            4,
            "schema \"ng-lab/report/9\", expected \"ng-lab/report/1\"",
        ),
        ("/cells/0/phases", json!(7), 1, "main.json is not a report"),
        ("/cells/0/tokens", json!("1k"), 1, "has no number of tokens"),
    ] {
        here.keep("main", &changed(pointer, value));
        let (output, report) = here.run(&["--baseline", "main", "--tokens", "1000"]);
        assert_exit(&output, code, told);
        assert!(report.is_none(), "{pointer}");
    }
    here.keep("old", &report);
    let (output, report) = here.run(&["--baseline", "new", "--tokens", "1000"]);
    assert_exit(
        &output,
        1,
        "--baseline new: no such baseline; baselines: main, old",
    );
    assert!(report.is_none());
}

#[test]
fn names_options_and_pairs_of_them_that_make_no_sense_are_usage() {
    let here = Installed::new();
    for (arguments, told) in [
        (&["--save-baseline", "../main"][..], "'../main'"),
        (&["--save-baseline", "a/b"], "letters, digits, dots"),
        (&["--baseline", "/main"], "'/main'"),
        (&["--baseline", ""], "--baseline"),
        (&["--gate", "5"], "<--baseline <NAME>|--against <REV>>"),
        (
            &["--baseline", "a", "--gate", "0"],
            "above 0 and up to 1000",
        ),
        (&["--baseline", "a", "--gate", "-5"], "'-5'"),
        (
            &["--baseline", "a", "--gate", "5", "--gate-budget", "3m"],
            "--gate-budget: expected --against;",
        ),
        (&["--against", "a", "--gate-budget", "3m"], "--gate <PCT>"),
        (
            &[
                "--against",
                "a",
                "--gate",
                "5",
                "--gate-budget",
                "3m",
                "--time",
                "5m",
            ],
            "cannot be used with",
        ),
        (
            &["--against", "a", "--gate", "5", "--gate-budget", "0s"],
            "such as 90s or 5m",
        ),
        (
            &["--baseline", "a", "--against", "HEAD"],
            "cannot be used with",
        ),
        (&["--against", "HEAD"], "cargo xtask stress"),
        (
            &["--plant", "create:20", "--save-baseline", "a"],
            "cannot be used with",
        ),
        (&["--plant", "create:20"], "--plant create: it is not among"),
        (&["--plant", "footprint"], "such as create:20"),
        (&["--plant", "destroy:5"], "expected one of create, "),
    ] {
        let (output, report) = here.run(arguments);
        assert_exit(&output, 2, told);
        assert!(report.is_none(), "{arguments:?}");
    }
}

/// Eleven times as slow as itself, which the gate must see unless the report says that
/// the machine was too busy.
#[test]
fn a_planted_slowdown_closes_the_gate_and_names_the_phase() {
    let here = Installed::new();
    let program = here.program.clone();
    let (output, report) = here.run(&[
        "--tokens",
        "100k",
        "--against",
        "HEAD",
        "--against-program",
        program.to_str().unwrap(),
        "--against-commit",
        "abc",
        "--gate",
        "5",
        "--gate-budget",
        "20s",
        "--plant",
        "footprint:1000",
    ]);
    let report = report.unwrap();
    assert_holds_schema(&report);
    assert_exit_follows(&output, &report);
    assert_eq!(report["run"]["plant"]["percent"], 1000.0);
    assert!(
        report["run"]["rounds"].as_u64().unwrap() >= 8,
        "rounds are added"
    );
    let told = "PLANTED: every phase of footprint was made 1000 % slower on purpose";
    assert!(stderr(&output).contains(told) && stdout(&output).contains(told));
    for found in report["gate"]["outcomes"].as_array().unwrap() {
        let ratio = found["time_ratio"].as_f64();
        assert!(ratio.is_none_or(|ratio| ratio > 1.5), "{found}");
    }
    // The report has budget, looks and pairs.
    assert_eq!(report["run"]["budget_s"], 20.0);
    assert!(report["run"]["looks"].as_array().unwrap().len() > 1);
    for found in report["gate"]["outcomes"].as_array().unwrap() {
        if found["outcome"] == "regressed" {
            assert!(found["pairs"].as_u64().unwrap() >= 8, "{found}");
        }
    }
    // Nothing but an invalid measurement hides as much as that.
    let all = report["gate"]["outcomes"].as_array().unwrap().len();
    if outcomes(&report, "invalid") < all {
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert!(
            stderr(&output).contains("regressed: footprint/"),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn few_rounds_are_insufficient_and_said_to_be_before_they_are_spent() {
    let here = Installed::new();
    let program = here.program.clone();
    let (output, report) = here.run(&[
        "--tokens",
        "1000",
        "--rounds",
        "2",
        "--against",
        "HEAD",
        "--against-program",
        program.to_str().unwrap(),
        "--gate",
        "5",
    ]);
    assert_exit(&output, 4, "the gate needs 8 rounds, 2 were asked for");
    let report = report.unwrap();
    assert_holds_schema(&report);
    assert!(outcomes(&report, "insufficient") > 0);
}

/// Work on files goes through the same gate, in folders for each worker.
#[test]
fn work_on_files_is_held_against_a_revision_and_a_baseline() {
    let here = Installed::new();
    let program = here.program.clone();
    let (dir, out) = (
        here.target.path().join("data"),
        here.target.path().join("out"),
    );
    let run = |more: &[&str]| {
        let _ = fs::remove_dir_all(&out);
        let words = [
            &[
                "run",
                "reopen",
                "crash",
                "--threads",
                "1",
                "--profiles",
                PROFILE,
            ][..],
            &["--tokens", "1000", "--rounds", "9"],
            &[
                "--dir",
                dir.to_str().unwrap(),
                "--out",
                out.to_str().unwrap(),
            ],
            more,
        ];
        let output = here.command(&words.concat());
        let report = read_report(&out);
        assert_holds_schema(&report);
        assert!(
            fs::read_dir(&dir).unwrap().next().is_none(),
            "files are left"
        );
        (output, report)
    };
    let (output, report) = run(&[
        "--against",
        "HEAD",
        "--against-program",
        program.to_str().unwrap(),
        "--gate",
        "5",
        "--save-baseline",
        "files",
    ]);
    assert_exit_follows(&output, &report);
    let places = |report: &Value| {
        let all = report["gate"]["outcomes"].as_array().unwrap().iter();
        let of = |found: &Value, name: &str| found[name].as_str().unwrap().to_owned();
        let names = ["scenario", "variant", "phase"];
        all.map(|found| names.map(|name| of(found, name)))
            .collect::<Vec<_>>()
    };
    let phases = places(&report);
    assert!(phases.len() >= 6, "{phases:?}");
    assert!(report["gate"]["skipped"].as_array().unwrap().is_empty());
    // One that is regressed, which noise can do, is not kept.
    if !here.baseline("files").is_file() {
        here.keep("files", &report);
    }
    let (output, report) = run(&["--baseline", "files", "--gate", "5"]);
    assert_exit_follows(&output, &report);
    if report["reference"]["not_comparable"].is_null() {
        assert_eq!(places(&report), phases);
    }
    let mut elsewhere: Value =
        serde_json::from_str(&fs::read_to_string(here.baseline("files")).unwrap()).unwrap();
    elsewhere["data"]["file_system"] = json!("floppy");
    here.keep("elsewhere", &elsewhere);
    let words = [
        "run",
        "reopen",
        "--baseline",
        "elsewhere",
        "--profiles",
        PROFILE,
    ];
    let output = here.command(&[&words[..], &["--dir", dir.to_str().unwrap()]].concat());
    assert_exit(&output, 4, "file system floppy then, ");
}

/// A program that is asked for work as a worker is; `$real` is the true one.
pub(crate) fn worker(folder: &Path, real: &Path, script: &str) -> String {
    let path = folder.join("worker");
    let text = format!("#!/bin/sh\nreal='{}'\n{script}\n", real.display());
    let source = folder.join("worker.sh");
    fs::write(&source, text).unwrap();
    install(&source, &path);
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_revision_of_another_protocol_is_not_comparable_and_both_are_named() {
    let here = Installed::new();
    let folder = TempDir::new().unwrap();
    for (script, code, told) in [
        (
            "echo 'error: worker: protocol 1, expected 99' >&2; exit 1",
            4,
            "its worker speaks protocol 99, this conductor speaks 1",
        ),
        (
            "exit 0",
            4,
            "its program is no worker: worker ended without a reply",
        ),
        (
            "exit 3",
            4,
            "its program is no worker: worker exited with status 3",
        ),
    ] {
        let program = worker(folder.path(), &here.program, script);
        let arguments = [
            "--tokens",
            "1000",
            "--against",
            "old",
            "--against-program",
            &program,
        ];
        let (output, report) = here.run(&arguments);
        assert_exit(&output, code, told);
        assert_exit(&output, code, "cannot compare with old");
        assert!(report.is_none());
    }
    let missing = [
        "--against",
        "old",
        "--against-program",
        "/nowhere/ng-stress",
    ];
    let (output, report) = here.run(&missing);
    assert_exit(&output, 1, "cannot start a worker");
    assert!(report.is_none());
}

#[test]
fn what_the_other_revision_lacks_is_skipped_with_its_words() {
    let here = Installed::new();
    let folder = TempDir::new().unwrap();
    let script = r#"case "$2" in
        *'"name":"store-2m"'*)
            job=$(printf '%s' "$2" | sed 's/"scenario":"footprint"/"scenario":"not-yet"/')
            exec "$real" "$1" "$job" ;;
        *) exec "$real" "$@" ;;
    esac"#;
    let program = worker(folder.path(), &here.program, script);
    let (output, report) = here.run(&[
        "--tokens",
        "1000",
        "--rounds",
        "8",
        "--against",
        "old",
        "--against-program",
        &program,
        "--gate",
        "5",
    ]);
    let report = report.unwrap();
    assert_holds_schema(&report);
    assert_exit_follows(&output, &report);
    let skipped = report["gate"]["skipped"].as_array().unwrap();
    assert!(!skipped.is_empty());
    for place in skipped {
        assert_eq!(place["variant"], "store-2m");
        let reason = place["reason"].as_str().unwrap();
        assert!(reason.contains("no scenario not-yet"), "{reason}");
    }
    let gated = report["gate"]["outcomes"].as_array().unwrap();
    assert!(!gated.is_empty(), "the other variant is compared");
    assert!(gated.iter().all(|found| found["variant"] != "store-2m"));
    // Once in round 0, then never again.
    let log = fs::read_to_string(here.target.path().join("out/results.jsonl")).unwrap();
    let tried = log
        .lines()
        .filter(|line| line.contains(r#""against""#) && line.contains(r#""name":"store-2m""#));
    assert_eq!(tried.count(), 1);
}

/// A kept run with nothing wrong in it, each phase the same time but for a waver,
/// `factor` times as long as usual.
fn crafted(report: &Value, factor: u64) -> Value {
    let mut report = report.clone();
    report["limits"] = json!([]);
    for cell in report["cells"].as_array_mut().unwrap() {
        cell["verdict"] = json!("valid");
        cell["flags"] = json!([]);
        cell["findings"] = json!([]);
        for phase in cell["phases"].as_array_mut().unwrap() {
            let times = (0..8).map(|round| factor * (1_000_000 + round));
            phase["samples_ns"] = times.collect();
        }
    }
    for comparison in report["comparisons"].as_array_mut().unwrap() {
        comparison["ci95"] = json!([0.999, 1.001]);
        comparison["estimate"] = json!(1.0);
        comparison["p"] = json!(1.0);
        comparison["stopped"] = Value::Null;
    }
    report
}

#[test]
fn kept_runs_are_compared_and_the_exit_code_is_the_outcome_s() {
    let here = Installed::new();
    let (_, report) = here.run(&["--tokens", "1000", "--rounds", "1"]);
    let report = report.unwrap();
    let (once, twice) = (crafted(&report, 1), crafted(&report, 2));
    here.keep("once", &once);
    here.keep("twice", &twice);

    let mut invalid = once.clone();
    invalid["cells"][0]["verdict"] = json!("invalid");
    here.keep("invalid", &invalid);
    let mut both = twice.clone();
    both["cells"][0]["verdict"] = json!("invalid");
    here.keep("both", &both);
    let mut few = twice.clone();
    for cell in few["cells"].as_array_mut().unwrap() {
        cell["phases"][0]["samples_ns"] = json!([2_000_000, 2_000_001]);
    }
    here.keep("few", &few);
    let mut elsewhere = once.clone();
    elsewhere["host"]["cpus"] = json!(77);
    here.keep("elsewhere", &elsewhere);

    for (then, now, code, told) in [
        ("once", "once", 0, "same"),
        ("once", "twice", 3, "regressed"),
        ("twice", "once", 0, "improved"),
        ("once", "invalid", 5, "this side's cell is invalid"),
        ("invalid", "once", 5, "the other side's cell is invalid"),
        ("once", "both", 3, "regressed"),
        ("once", "few", 4, "insufficient"),
        ("elsewhere", "once", 4, ""),
    ] {
        let output = here.command(&["compare", then, now, "--gate", "5"]);
        assert_exit(&output, code, "");
        assert!(
            stdout(&output).contains(told),
            "{then} {now}: {}",
            stdout(&output)
        );
        let output = here.command(&["compare", then, now]);
        assert_exit(&output, if then == "elsewhere" { 4 } else { 0 }, "");
    }
    let output = here.command(&["compare", "elsewhere", "once"]);
    assert_exit(
        &output,
        4,
        "cannot compare once with elsewhere: it was measured elsewhere",
    );
    let output = here.command(&["compare", "once", "nobody"]);
    assert_exit(
        &output,
        1,
        "nobody: expected a baseline, a commit, a run or its report.json",
    );
    assert_exit(
        &output,
        1,
        "baselines: both, elsewhere, few, invalid, once, twice",
    );
}

#[test]
fn a_kept_run_is_shown_as_it_was_by_folder_file_and_name() {
    let here = Installed::new();
    let (output, _) = here.run(&[
        "--tokens",
        "1000",
        "--rounds",
        "1",
        "--save-baseline",
        "main",
    ]);
    let out = here.target.path().join("out");
    let markdown = fs::read_to_string(out.join("report.md")).unwrap();
    let file = out.join("report.json");
    for run in [out.to_str().unwrap(), file.to_str().unwrap(), "main"] {
        let text = here.command(&["report", run]);
        assert_eq!(stdout(&text), stdout(&output), "{run}");
        let md = here.command(&["report", run, "--format", "md"]);
        assert_eq!(stdout(&md), markdown, "{run}");
    }
    assert_exit(
        &here.command(&["report", "nobody"]),
        1,
        "nobody: expected a baseline",
    );
    let empty = here.target.path().join("release");
    assert_exit(
        &here.command(&["report", empty.to_str().unwrap()]),
        1,
        "expected a baseline",
    );
}

#[test]
fn a_run_is_found_by_its_commit() {
    let here = Installed::new();
    let output = Command::new(&here.program)
        .env("NG_STRESS_COMMIT", "abcdef123456-dirty")
        .env("TMPDIR", here.target.path())
        .args([
            "run",
            "footprint",
            "--tokens",
            "1000",
            "--rounds",
            "1",
            "--threads",
            "1",
        ])
        .args(["--profiles", PROFILE])
        .output()
        .unwrap();
    assert!(
        matches!(output.status.code(), Some(0 | 5)),
        "{}",
        stderr(&output)
    );
    for commit in ["abcdef123456-dirty", "abcd"] {
        let found = here.command(&["report", commit]);
        assert_eq!(stdout(&found), stdout(&output), "{commit}");
    }
    assert_exit(&here.command(&["report", "abc"]), 1, "the last runs: 2");
}

/// The gate's own number of rounds, twenty times, against the same program.
#[test]
#[ignore = "takes minutes, and is worth something on a quiet machine only"]
fn twenty_real_runs_of_one_program_have_no_regression() {
    const RUNS: usize = 20;
    let here = Installed::new();
    let program = here.program.to_str().unwrap().to_owned();
    let mut alarms = 0;
    for run in 0..RUNS {
        let (output, report) = here.run(&[
            "create",
            "access",
            "--tokens",
            "200k",
            "--against",
            "HEAD",
            "--against-program",
            &program,
            "--gate",
            "5",
        ]);
        let report = report.unwrap_or_else(|| panic!("{}", stderr(&output)));
        let regressed = outcomes(&report, "regressed");
        let all = report["gate"]["outcomes"].as_array().unwrap().len();
        let (same, noise) = (outcomes(&report, "same"), outcomes(&report, "noise"));
        println!("run {run}: of {all} phases {same} same, {noise} noise, {regressed} regressed");
        alarms += usize::from(regressed > 0);
    }
    println!("gate_real_false_alarms: {alarms} of {RUNS}");
    assert_eq!(alarms, 0);
}
