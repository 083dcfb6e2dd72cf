//! Standard output and standard error, whatever they are.

use std::fs;
use std::io::pipe;
use std::process::Command;

use crate::harness::{COUNT, Place, Ran, command, damage, json, load, ng};

#[test]
fn completions_and_help_are_written_for_every_shell_and_verb() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = ng(&[&"completions", &shell]).ok();
        assert!(
            script.contains("ng") && script.contains("verify"),
            "{shell}"
        );
    }
    for verb in [
        "create", "append", "info", "verify", "repair", "head", "copy",
    ] {
        let help = ng(&[&verb, &"--help"]).ok();
        assert!(help.contains("Usage") && help.contains("--json"), "{verb}");
    }
}

#[test]
fn outputs_that_cannot_be_written_are_no_panic() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    for arguments in [
        &["info"][..],
        &["verify"],
        &["head"],
        &["copy", "-", "--raw"],
    ] {
        let run = || {
            let mut command = command(&[&arguments[0], &path]);
            command.args(&arguments[1..]);
            command
        };
        let ran: Ran = run().stdout(full()).output().unwrap().into();
        ran.failed(&["standard output: No space left"]);
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let ran: Ran = run().stdout(writer).output().unwrap().into();
        assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{arguments:?}");
        let status = run().stdout(full()).stderr(full()).status().unwrap();
        assert_eq!(status.code(), Some(1), "{arguments:?}");
    }
    // Whoever does it again would have it twice.
    let made = place.named("b.ngt");
    let mut create = command(&[&"create", &made, &"--tokens", &"10", &"--json"]);
    let ran: Ran = create.stdout(full()).output().unwrap().into();
    assert_eq!(ran.code, Some(1));
    assert_eq!(json(&ran.stderr)["kind"], "report_not_written");
    assert_eq!(load(&made).len(), 10);
}

#[test]
fn damage_fails_also_when_nobody_reads_of_it() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    damage(&path, 1);
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let ran: Ran = command(&[&"verify", &path])
        .stdout(writer)
        .output()
        .unwrap()
        .into();
    assert_eq!(ran.code, Some(1), "{ran:?}");
}

/// `script` runs a program on a terminal of its own.
#[test]
fn a_bar_is_drawn_on_a_terminal_and_only_there() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 20 * 4096);
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("skipped: there is no program `script`");
        return;
    }
    let on_terminal = |extra: &str| {
        let line = format!(
            "{} verify {} {extra}",
            env!("CARGO_BIN_EXE_ng"),
            path.display()
        );
        let output = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .env("TERM", "xterm")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(on_terminal("").contains("verifying"));
    for extra in ["--json", "--quiet"] {
        let told = on_terminal(extra);
        assert!(!told.contains("verifying"), "{told}");
    }
    // `ok` checks that standard error is empty, a pipe as it is.
    ng(&[&"verify", &path]).ok();
}
