//! The command line: refusals and exit codes.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use ng_lab::Scenario;
use ng_stress::scenarios::{REGISTRY, defaults};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{
    PROFILE, assert_holds_schema, data_folder, install, ng_stress, read_report, run_into,
};
#[cfg(target_os = "linux")]
use crate::harness::{signal, wait_for};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs with `arguments` into a folder that must not be made.
fn refused(arguments: &[&str]) -> (Output, String) {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let output = run_into(&out, arguments);
    assert!(!out.exists(), "{arguments:?} left a folder");
    let stderr = text(&output.stderr);
    (output, stderr)
}

#[test]
fn bad_options_are_refused_with_option_value_and_what_is_allowed() {
    let tokens = "expected a whole number from 1 to 64G";
    let threads = "expected a whole number from 1 to 1024";
    for (arguments, option, value, allowed) in [
        (&["--tokens", "0"][..], "--tokens", "'0'", tokens),
        (&["--tokens", "-1"], "--tokens", "'-1'", tokens),
        (&["--tokens", "1.5"], "--tokens", "'1.5'", tokens),
        (&["--tokens", "abc"], "--tokens", "'abc'", tokens),
        (&["--tokens", "99999G"], "--tokens", "'99999G'", tokens),
        (&["--tokens", "1M,0"], "--tokens", "'0'", tokens),
        (&["--threads", "0"], "--threads", "'0'", threads),
        (&["--threads", "1025"], "--threads", "'1025'", threads),
        (&["--rounds", "0"], "--rounds", "'0'", "1..=1000"),
        (&["--time", "soon"], "--time", "'soon'", "such as 90s or 5m"),
        (&["--seed", "-3"], "--seed", "'-3'", "invalid digit"),
        (
            &["--profiles", "fast"],
            "--profiles",
            "'fast'",
            "dev, release",
        ),
        (
            &["destroy"],
            "[SCENARIOS]",
            "'destroy'",
            "create, allocation, parallel",
        ),
        (&["--dir"], "--dir", "<PATH>", "value is required"),
    ] {
        let (output, stderr) = refused(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        for part in [option, value, allowed] {
            assert!(
                stderr.contains(part),
                "{arguments:?}: no {part} in {stderr}"
            );
        }
    }
}

#[test]
fn contradicting_efforts_are_refused() {
    let (output, stderr) = refused(&["--quick", "--rounds", "9"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr.contains("--quick") && stderr.contains("--rounds"),
        "{stderr}"
    );
}

#[test]
fn more_tokens_than_memory_end_before_measuring() {
    let (output, stderr) = refused(&["--tokens", "64G"]);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("nothing can be measured here: needs "),
        "{stderr}"
    );
    assert!(stderr.contains("MiB available"), "{stderr}");
}

#[test]
fn an_output_folder_that_cannot_be_written_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    let output = run_into(&file.join("out"), &["create", "--tokens", "1000"]);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    let option = format!("--out {}: expected a folder", file.join("out").display());
    assert!(stderr.contains(&option), "{stderr}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}

/// A write beyond the limit on the size of files raises a signal that would silently
/// end the conductor and its workers.
#[test]
#[cfg(target_os = "linux")]
fn a_limit_on_the_size_of_files_is_an_error() {
    let out = tempfile::tempdir().expect("temporary folder");
    let output = Command::new("sh")
        .args(["-c", "ulimit -f 0; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_ng-stress"))
        .args(["run", "create", "--tokens", "1k", "--rounds", "1"])
        .args(["--profiles", PROFILE, "--out"])
        .arg(out.path())
        .env("TMPDIR", out.path())
        .output()
        .expect("sh starts");
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("File too large"), "{told}");
}

#[test]
fn a_data_folder_that_cannot_be_used_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    for dir in [file.clone(), file.join("below")] {
        let out = folder.path().join("out");
        let mut run = ng_stress();
        run.args([
            "run",
            "persist",
            "--tokens",
            "1000",
            "--profiles",
            PROFILE,
            "--dir",
        ])
        .arg(&dir)
        .arg("--out")
        .arg(&out);
        let output = run.output().unwrap();
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        let option = format!("--dir {}: expected a folder", dir.display());
        assert!(stderr.contains(&option), "{stderr}");
        assert!(!out.join("results.jsonl").exists());
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn more_tokens_than_disk_end_before_measuring() {
    let (output, stderr) = refused(&["larger-than-memory", "--tokens", "64G"]);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("nothing can be measured here: needs "),
        "{stderr}"
    );
    assert!(stderr.contains(" MiB of disk plus "), "{stderr}");
}

#[test]
fn a_missing_build_is_named_with_what_to_do() {
    let other = if PROFILE == "dev" { "release" } else { "dev" };
    let folder = TempDir::new().unwrap();
    // A copy of the program elsewhere has no other build beside it.
    let copy = folder.path().join("ng-stress");
    install(Path::new(env!("CARGO_BIN_EXE_ng-stress")), &copy);
    let output = Command::new(&copy)
        .args(["run", "--profiles", other])
        .output()
        .unwrap();
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains(&format!("no {other} build of this program")),
        "{stderr}"
    );
    assert!(stderr.contains("cargo xtask stress"), "{stderr}");
}

#[test]
fn the_list_names_every_scenario_and_variant() {
    let output = ng_stress().arg("list").output().unwrap();
    let stdout = text(&output.stdout);
    for name in REGISTRY.map(Scenario::name) {
        assert!(stdout.lines().any(|line| line.starts_with(name)), "{name}");
    }
    assert!(stdout.contains("- store-2m-host-cold"));
    let starred = stdout.lines().filter(|line| line.contains(" * "));
    assert_eq!(starred.count(), defaults().len(), "{stdout}");
}

/// The table on the screen is short; the long ones are in the report.
#[test]
fn a_run_ends_with_a_row_for_each_scenario_and_has_the_rest_in_its_report() {
    let out = TempDir::new().unwrap();
    let asked = ["footprint", "access", "--tokens", "1000", "--rounds", "1"];
    let output = run_into(out.path(), &asked);
    let short = text(&output.stdout);
    let (run, glance) = short.split_once("== At a glance ==").unwrap();
    assert_eq!(run.matches("== ").count(), 1, "{short}");
    for row in [" footprint ", " access "] {
        let rows = glance.lines().filter(|line| line.starts_with(row));
        assert_eq!(rows.count(), 1, "{row} in {glance}");
    }
    assert!(glance.contains("(no interval)"), "{glance}");
    let page = std::fs::read_to_string(out.path().join("report.md")).unwrap();
    assert!(page.starts_with("# Measurement of tokens\n\n## At a glance\n"));
    assert!(page.contains("## Limits"));
    let folder = out.path().to_str().unwrap();
    let again = |arguments: &[&str]| {
        let output = ng_stress()
            .args(["report", folder])
            .args(arguments)
            .output();
        text(&output.unwrap().stdout)
    };
    assert_eq!(again(&[]), short);
    let long = again(&["--details"]);
    assert!(
        long.contains("== Limits ==") && long.ends_with(glance),
        "{long}"
    );
    let asked = [&asked[..], &["--details"]].concat();
    let detailed = text(&run_into(out.path(), &asked).stdout);
    assert!(detailed.contains("== Limits =="), "{detailed}");
    assert!(detailed.contains("== At a glance =="), "{detailed}");
}

#[test]
fn completions_and_help_are_written_for_every_shell_and_verb() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = ng_stress().args(["completions", shell]).output().unwrap();
        assert!(
            output.status.success() && text(&output.stdout).contains("ng-stress"),
            "{shell}"
        );
    }
    for verb in ["run", "soak", "claims", "list", "doctor", "completions"] {
        let output = ng_stress().args([verb, "--help"]).output().unwrap();
        assert!(
            output.status.success() && text(&output.stdout).contains("Usage"),
            "{verb}"
        );
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_doctor_checks_load_steal_pages_and_clock() {
    let output = ng_stress().arg("doctor").output().unwrap();
    assert!(output.status.success());
    let stdout = text(&output.stdout);
    for what in [
        "load average",
        "steal",
        "huge pages",
        "clock read",
        "first touch",
    ] {
        assert!(stdout.contains(what), "{what}: {stdout}");
    }
}

#[test]
fn a_job_of_another_protocol_is_refused() {
    let job = r#"{"protocol":2,"reply_fd":1,"task":{"page_faults":{"bytes":4096}}}"#;
    for (job, expected) in [(job, "protocol 2, expected 1"), ("{}", "unreadable job")] {
        let output = ng_stress().args(["__worker", job]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(
            text(&output.stderr).contains(expected),
            "{}",
            text(&output.stderr)
        );
    }
}

/// A full device, and a reader that has closed its end.
#[test]
#[cfg(target_os = "linux")]
fn outputs_that_cannot_be_written_do_not_panic() {
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    for arguments in [&["list"][..], &["doctor"], &["completions", "bash"]] {
        let output = ng_stress().args(arguments).stdout(full()).output().unwrap();
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.starts_with("error: standard output: "), "{stderr}");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = ng_stress().args(arguments).stdout(writer).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
    }
    let out = TempDir::new().unwrap();
    let mut run = ng_stress();
    run.args(["run", "footprint", "--tokens", "1000", "--rounds", "1"])
        .args(["--profiles", PROFILE, "--out"])
        .arg(out.path())
        .stderr(full());
    let code = run.output().unwrap().status.code();
    assert!(matches!(code, Some(0 | 5)), "{code:?}");
    assert_holds_schema(&read_report(out.path()));
}

#[test]
#[cfg(unix)]
fn arguments_that_are_not_unicode_do_not_panic() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let odd = OsStr::from_bytes(b"odd-\xff");
    for verb in ["run", "list"] {
        let output = ng_stress().arg(verb).arg(odd).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(2),
            "{verb}: {}",
            text(&output.stderr)
        );
    }
    let folder = TempDir::new().unwrap();
    let out = folder.path().join(odd);
    let output = run_into(&out, &["footprint", "--tokens", "1000", "--rounds", "1"]);
    assert!(matches!(output.status.code(), Some(0 | 5)));
    assert_holds_schema(&read_report(&out));
}

#[test]
fn options_can_be_checked_without_measuring() {
    let (output, stderr) = refused(&["--check", "--tokens", "0"]);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    let (output, stderr) = refused(&["--check", "--tokens", "1M"]);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
}

/// A run of minutes.
#[cfg(target_os = "linux")]
fn long_run(out: &Path) -> std::process::Child {
    ng_stress()
        .args(["run", "create", "--tokens", "1M", "--rounds", "1000"])
        .args(["--profiles", PROFILE, "--out"])
        .arg(out)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Lines in the log of results.
#[cfg(target_os = "linux")]
fn results(out: &Path) -> usize {
    fs::read_to_string(out.join("results.jsonl")).map_or(0, |text| text.lines().count())
}

#[test]
#[cfg(target_os = "linux")]
fn ctrl_c_keeps_what_was_measured_and_exits_130() {
    for name in ["INT", "TERM"] {
        let out = TempDir::new().unwrap();
        let run = long_run(out.path());
        wait_for("result", || (results(out.path()) >= 3).then_some(()));
        signal(run.id(), name);
        let output = run.wait_with_output().unwrap();
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{stderr}");
        assert!(stderr.contains("interrupted: the report holds"), "{stderr}");
        let report = read_report(out.path());
        assert_holds_schema(&report);
        assert_eq!(report["run"]["interrupted"], true);
        let measured = |cell: &&Value| !cell["phases"].as_array().unwrap().is_empty();
        let cells = report["cells"].as_array().unwrap();
        assert!(cells.iter().any(|cell| measured(&cell)));
        let markdown = fs::read_to_string(out.path().join("report.md")).unwrap();
        assert!(markdown.contains("INTERRUPTED"));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_killed_worker_is_one_failed_cell_and_the_run_goes_on() {
    let out = TempDir::new().unwrap();
    let run = ng_stress()
        .args(["run", "combined", "--tokens", "2M", "--rounds", "2"])
        .args(["--profiles", PROFILE, "--out"])
        .arg(out.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let worker = wait_for("worker of a cell", || cell_worker_of(run.id()));
    signal(worker, "KILL");
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let report = read_report(out.path());
    assert_holds_schema(&report);
    let cells = report["cells"].as_array().unwrap();
    let (failed, others): (Vec<&Value>, Vec<&Value>) =
        cells.iter().partition(|cell| cell["verdict"] == "failed");
    assert_eq!(failed.len(), 1);
    let reason = failed[0]["reason"].as_str().unwrap();
    assert!(reason.contains("worker killed by signal 9"), "{reason}");
    assert!(others.iter().all(|cell| cell["reason"].is_null()));
    assert_eq!(report["run"]["rounds"], 2);
}

/// A run of minutes over files.
#[cfg(target_os = "linux")]
fn long_run_on_files(out: &Path, dir: &Path) -> std::process::Child {
    ng_stress()
        .args([
            "run", "persist", "crash", "--tokens", "200k", "--rounds", "1000",
        ])
        .args(["--profiles", PROFILE, "--out"])
        .arg(out)
        .arg("--dir")
        .arg(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[cfg(target_os = "linux")]
fn names_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect()
}

#[test]
#[cfg(target_os = "linux")]
fn data_files_are_gone_after_ctrl_c_and_after_the_run_that_follows_a_kill() {
    let (out, dir) = (TempDir::new().unwrap(), data_folder());
    let run = long_run_on_files(out.path(), dir.path());
    wait_for("result", || (results(out.path()) >= 3).then_some(()));
    signal(run.id(), "INT");
    assert_eq!(run.wait_with_output().unwrap().status.code(), Some(130));
    assert_eq!(names_in(dir.path()), [""; 0]);

    let mut run = long_run_on_files(out.path(), dir.path());
    let writes = || {
        let runs = names_in(dir.path());
        let worker = dir.path().join(runs.first()?).join("worker");
        (!names_in(&worker).is_empty()).then(|| runs[0].clone())
    };
    let left = wait_for("worker's files", writes);
    run.kill().unwrap();
    run.wait().unwrap();
    assert_eq!(names_in(dir.path()), [left]);

    let mut next = ng_stress();
    next.args(["run", "reopen", "--tokens", "1000", "--rounds", "1"])
        .args(["--profiles", PROFILE, "--out"])
        .arg(out.path())
        .arg("--dir")
        .arg(dir.path());
    let output = next.output().unwrap();
    let code = output.status.code();
    assert!(matches!(code, Some(0 | 5)), "{}", text(&output.stderr));
    assert_eq!(names_in(dir.path()), [""; 0]);
}

/// A writer must not go on without its worker.
#[test]
fn a_writer_ends_with_its_parent() {
    use std::io::{BufRead, BufReader};

    let dir = data_folder();
    let mut writer = ng_stress()
        .arg("__writer")
        .arg(dir.path().join("tokens"))
        .args(["5", "1000"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(writer.stdout.take().unwrap());
    // The last commit is acknowledged; the writer waits.
    let last = lines
        .lines()
        .map(Result::unwrap)
        .find(|line| line == "1000");
    assert!(last.is_some());
    assert!(writer.try_wait().unwrap().is_none());
    drop(writer.stdin.take());
    assert!(writer.wait().unwrap().success());
    let output = ng_stress().args(["__writer", "x"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("expected file, first, count"));
}

/// A child of `conductor` that measures a cell, found by its argument.
#[cfg(target_os = "linux")]
fn cell_worker_of(conductor: u32) -> Option<u32> {
    let children = format!("/proc/{conductor}/task/{conductor}/children");
    let children = fs::read_to_string(children).ok()?;
    children.split_ascii_whitespace().find_map(|child| {
        let command = fs::read_to_string(format!("/proc/{child}/cmdline")).ok()?;
        command.contains(r#""cell""#).then(|| child.parse().ok())?
    })
}
