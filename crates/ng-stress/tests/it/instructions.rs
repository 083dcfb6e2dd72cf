//! Counting instructions: the command line from end to end, with a real valgrind if there
//! is one, and with programs that only have its name.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::yield_now;

use ng_lab::Callgrind;
use ng_lab::model::CountOutcome;
use serde_json::Value;
use tempfile::TempDir;

use crate::gate::{Installed, assert_exit, stderr, stdout, worker};
use crate::harness::{PROFILE, assert_holds_schema, data_folder, ng_stress, read_report, schema};

/// A run of the smallest scenario against another program.
struct Counted<'i> {
    here: &'i Installed,
    against: String,
    data: TempDir,
}

impl<'i> Counted<'i> {
    fn against(here: &'i Installed, program: &Path) -> Self {
        Self {
            here,
            against: program.to_str().unwrap().to_owned(),
            data: data_folder(),
        }
    }

    fn arguments<'a>(&'a self, out: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
        let mut words = vec!["run", "footprint", "--threads", "1,2", "--tokens", "1000"];
        words.extend(["--profiles", PROFILE, "--out", out.to_str().unwrap()]);
        words.extend(["--dir", self.data.path().to_str().unwrap()]);
        words.extend(["--against", "HEAD", "--against-program", &self.against]);
        words.extend(["--gate-instructions", "1"]);
        words.extend(more);
        words
    }

    /// Runs it, returns the report if there is one, and asserts that the data folder is
    /// empty afterwards.
    fn run(&self, path: Option<&Path>, more: &[&str]) -> (Output, Option<Value>) {
        let out = self.here.target.path().join("out");
        let _ = fs::remove_dir_all(&out);
        let path = path.map(|path| ("PATH", path.to_str().unwrap()));
        let words = self.arguments(&out, more);
        let output = self.here.command_with(path.as_slice(), &words);
        assert_eq!(fs::read_dir(self.data.path()).unwrap().count(), 0);
        let report = out.join("report.json").is_file().then(|| read_report(&out));
        report.iter().for_each(assert_holds_schema);
        (output, report)
    }
}

/// Whether there is a valgrind; prints that the test is skipped if not.
fn has_valgrind() -> bool {
    let found = Callgrind::find();
    if let Err(error) = &found {
        eprintln!("skipped: {error}");
    }
    found.is_ok()
}

/// Creates a folder with a `valgrind` that prints a version, and otherwise runs `script`.
fn valgrind_that(script: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let program = folder.path().join("valgrind");
    let text =
        format!("#!/bin/sh\n[ \"$1\" = --version ] && {{ echo valgrind-0; exit; }}\n{script}\n");
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    // A process just forked by another test may still have it open.
    let busy = || {
        Command::new(&program)
            .arg("--version")
            .output()
            .is_err_and(is_busy)
    };
    while busy() {
        yield_now();
    }
    folder
}

fn is_busy(error: std::io::Error) -> bool {
    error.kind() == ErrorKind::ExecutableFileBusy
}

fn outcomes(report: &Value) -> Vec<&str> {
    let all = report["instructions"]["outcomes"].as_array().unwrap();
    let outcomes = all.iter().map(|found| found["outcome"].as_str().unwrap());
    outcomes.collect()
}

#[test]
fn a_program_compared_with_itself_has_the_same_counts_and_nothing_is_timed() {
    if !has_valgrind() {
        return;
    }
    let here = Installed::new();
    let (output, report) = Counted::against(&here, &here.program).run(None, &[]);
    assert_exit(&output, 0, "instructions gate 1 %: ");
    let report = report.unwrap();
    assert!(!outcomes(&report).is_empty());
    assert!(
        outcomes(&report).iter().all(|found| *found == "same"),
        "{report}"
    );
    for found in report["instructions"]["outcomes"].as_array().unwrap() {
        // Phases of a thousand tokens take more than that; the marks alone take thirteen.
        assert!(found["instructions"].as_u64().unwrap() > 1000, "{found}");
    }
    assert_eq!(report["cells"].as_array().unwrap().len(), 0);
    assert_eq!(report["instructions"]["alone"], true);
    let out = here.target.path().join("out");
    for form in ["report.md", "report.html"] {
        let text = fs::read_to_string(out.join(form)).unwrap();
        assert!(text.contains("Instructions, gate 1 %"), "{form}");
        assert!(!text.contains("no intervals (null"), "{form}");
    }
    // `report` prints the kept report unchanged.
    let again = here.command(&["report", out.to_str().unwrap()]);
    assert_eq!(stdout(&again), stdout(&output));
}

/// Plants 2 % in every phase, with a gate of 1 %.
#[test]
fn planted_instructions_close_the_gate_and_name_the_phases() {
    if !has_valgrind() {
        return;
    }
    let here = Installed::new();
    let run = Counted::against(&here, &here.program);
    let (output, report) = run.run(None, &["--plant", "footprint:2i"]);
    assert_exit(&output, 3, "more instructions: footprint/");
    let told = "PLANTED: every phase of footprint was given 2 % more instructions on purpose";
    assert!(stderr(&output).contains(told) && stdout(&output).contains(told));
    let report = report.unwrap();
    assert_eq!(report["run"]["plant"]["kind"], "instructions");
    let all = report["instructions"]["outcomes"].as_array().unwrap();
    assert!(!all.is_empty());
    for found in all {
        assert_eq!(found["outcome"], "more", "{found}");
        let ratio = found["ratio"].as_f64().unwrap();
        assert!((1.019..1.021).contains(&ratio), "{found}");
    }
}

#[test]
fn with_rounds_asked_for_a_run_counts_and_times() {
    if !has_valgrind() {
        return;
    }
    let here = Installed::new();
    let (output, report) = Counted::against(&here, &here.program).run(None, &["--rounds", "1"]);
    assert!(
        matches!(output.status.code(), Some(0 | 5)),
        "{}",
        stderr(&output)
    );
    let report = report.unwrap();
    assert!(!report["cells"].as_array().unwrap().is_empty());
    assert!(!outcomes(&report).is_empty());
    assert_eq!(report["instructions"]["alone"], false);
    assert_eq!(report["run"]["rounds"], 1);
}

#[test]
fn without_valgrind_it_exits_with_usage_before_anything_runs() {
    let here = Installed::new();
    let run = Counted::against(&here, Path::new("/nowhere"));
    let empty = TempDir::new().unwrap();
    let broken = valgrind_that("");
    fs::write(broken.path().join("valgrind"), "#!/bin/sh\necho hello").unwrap();
    for (path, told) in [
        (
            Path::new(""),
            "--gate-instructions 1: there is no valgrind on the path: install",
        ),
        (empty.path(), "there is no valgrind on the path"),
        (broken.path(), "--version printed \"hello\""),
    ] {
        for more in [&[][..], &["--check"]] {
            let (output, report) = run.run(Some(path), more);
            assert_exit(&output, 2, told);
            assert!(report.is_none());
        }
    }
}

#[test]
fn a_worker_that_dies_under_valgrind_is_a_failed_cell_of_this_side() {
    let here = Installed::new();
    let run = Counted::against(&here, &here.program);
    for (script, told) in [
        ("kill -9 $$", "worker killed by signal 9"),
        (
            "echo no memory >&2; exit 7",
            "worker exited with status 7: no memory",
        ),
        ("exit 0", "worker ended without a reply"),
        // Runs the worker without valgrind.
        (
            r#"while [ "${1#--}" != "$1" ]; do shift; done; exec "$@""#,
            "does not run under valgrind",
        ),
    ] {
        let valgrind = valgrind_that(script);
        let (output, report) = run.run(Some(valgrind.path()), &[]);
        assert_exit(&output, 1, told);
        let report = report.unwrap();
        assert!(outcomes(&report).contains(&"failed"), "{report}");
    }
}

#[test]
fn a_worker_of_the_other_side_that_dies_makes_its_phases_invalid() {
    if !has_valgrind() {
        return;
    }
    let here = Installed::new();
    let folder = TempDir::new().unwrap();
    // A shell in place of the worker, after the handshake.
    let script = r#"case "$2" in *footprint*) kill -9 $$ ;; *) exec "$real" "$@" ;; esac"#;
    let program = worker(folder.path(), &here.program, script);
    let (output, report) = Counted::against(&here, Path::new(&program)).run(None, &[]);
    assert_exit(
        &output,
        5,
        "the other side failed: worker killed by signal 9",
    );
    assert!(
        outcomes(&report.unwrap())
            .iter()
            .all(|found| *found == "invalid")
    );
}

#[test]
fn a_revision_without_marks_has_no_comparable_counts() {
    let here = Installed::new();
    let folder = TempDir::new().unwrap();
    let script = r#"case "$2" in
        *'"mark"'*) echo 'error: worker: the job is not readable: unknown variant' >&2; exit 1 ;;
        *) exec "$real" "$@" ;;
    esac"#;
    let program = worker(folder.path(), &here.program, script);
    // Only `valgrind --version` is run.
    let valgrind = valgrind_that("exit 9");
    let path = std::env::join_paths([valgrind.path(), Path::new("/usr/bin"), Path::new("/bin")]);
    let path = path.unwrap();
    let (output, report) =
        Counted::against(&here, Path::new(&program)).run(Some(Path::new(&path)), &[]);
    assert_exit(
        &output,
        4,
        "instructions not comparable: its worker does not mark phases",
    );
    let report = report.unwrap();
    assert!(outcomes(&report).is_empty());
    let told = "NOT COMPARABLE: its worker does not mark phases for valgrind";
    assert!(stdout(&output).contains(told), "{}", stdout(&output));
}

#[test]
fn an_interrupt_ends_the_counting_worker() {
    let here = Installed::new();
    let run = Counted::against(&here, &here.program);
    let folder = TempDir::new().unwrap();
    let (pid, out) = (folder.path().join("pid"), folder.path().join("out"));
    let valgrind = valgrind_that(&format!("echo $$ > '{}'; exec sleep 1000", pid.display()));
    let path = std::env::join_paths([valgrind.path(), Path::new("/usr/bin"), Path::new("/bin")]);
    let temporary = ng_stress();
    let temporary = temporary.get_envs().find(|(name, _)| *name == "TMPDIR");
    let started = Command::new(env!("CARGO_BIN_EXE_ng-stress"))
        .env("TMPDIR", temporary.unwrap().1.unwrap())
        .env("PATH", path.unwrap())
        .args(run.arguments(&out, &[]))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut conductor = started.unwrap();
    while !fs::read_to_string(&pid).is_ok_and(|pid| pid.ends_with('\n')) {
        assert!(
            conductor.try_wait().unwrap().is_none(),
            "it ended by itself"
        );
        yield_now();
    }
    let number = conductor.id().to_string();
    let killed = Command::new("kill").args(["-INT", &number]).status();
    assert!(killed.unwrap().success());
    let output = conductor.wait_with_output().unwrap();
    assert_exit(&output, 130, "interrupted: the report holds");
    let report = read_report(&out);
    assert_holds_schema(&report);
    assert_eq!(report["run"]["interrupted"], true);
    let worker = fs::read_to_string(&pid).unwrap();
    assert!(
        !Path::new("/proc").join(worker.trim()).exists(),
        "it still runs"
    );
    assert_eq!(fs::read_dir(run.data.path()).unwrap().count(), 0);
}

#[test]
fn options_that_make_no_sense_together_are_usage() {
    let here = Installed::new();
    let valgrind = valgrind_that("exit 9");
    let path = valgrind.path().to_str().unwrap();
    let against = [
        "--against",
        "HEAD",
        "--against-program",
        "/nowhere",
        "--gate-instructions",
        "1",
    ];
    for (arguments, told) in [
        (vec!["run", "--gate-instructions", "1"], "--against <REV>"),
        (
            vec!["run", "--baseline", "a", "--gate-instructions", "1"],
            "--against <REV>",
        ),
        (
            vec!["run", "--against", "HEAD", "--gate-instructions", "0"],
            "above 0 and up to 1000",
        ),
        (
            vec!["run", "create", "--plant", "create:2i"],
            "only with --gate-instructions",
        ),
        (
            [&["run", "create", "--plant", "create:2"], &against[..]].concat(),
            "nothing is timed; 2i",
        ),
        ([&["claims"], &against[..]].concat(), "not with claims"),
    ] {
        let output = here.command_with(&[("PATH", path)], &arguments);
        assert_exit(&output, 2, told);
    }
}

#[test]
fn the_schema_has_every_outcome() {
    let schema = schema();
    let listed = &schema["$defs"]["counted_phase"]["allOf"][1]["properties"]["outcome"]["enum"];
    let listed: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    assert_eq!(listed, CountOutcome::ALL.map(CountOutcome::name));
}
