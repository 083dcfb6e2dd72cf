//! Standard output and standard error, whatever they are.

use std::fs;
use std::io::pipe;

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
        "create", "append", "info", "verify", "repair", "head", "query", "describe", "copy",
        "export", "trim", "index",
    ] {
        let help = ng(&[&verb, &"--help"]).ok();
        for told in [
            "Usage",
            "--json",
            "\nExamples:\n  ng ",
            "\nExit codes:\n  0 ",
        ] {
            assert!(help.contains(told), "no {told:?} of {verb}");
        }
        let replaces = ["create", "repair", "query", "copy", "export"].contains(&verb);
        let link = "for a symbolic link, its target";
        assert_eq!(help.contains(link), replaces, "{verb}");
        let zero = "0    shown, even if damage is found";
        assert_eq!(help.contains(zero), verb == "info", "{verb}");
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
        &["export", "-", "--format", "csv"],
        &["export", "-", "--format", "parquet"],
        &["query", "-q", "--count"],
        &["query", "-q", "--format", "csv"],
        &["query", "-q", "--format", "parquet"],
        // The end of the file is the first that does not fit.
        &["query", "-q", "--format", "parquet", "--limit", "10"],
        &["describe", "-q"],
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
    // Doing it again would append twice.
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

/// One stream each: results and problems. Quiet leaves out the first.
#[test]
fn what_was_done_and_what_is_wrong_are_told_apart() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let (raw, out) = (place.raw("raw", 1), place.named("out"));
    // One copy of the older slot, as a power cut may leave it; then a block.
    crate::harness::flip(&path, 0x1000 + 40);
    let slot = "commit slot 0: copy 0 damaged";
    damage(&path, 1);
    let block = "block 1 (tokens 4096..8192)";
    for (arguments, code, done, found) in [
        (&["info", "FILE"][..], 0, "max tokens", &[slot][..]),
        (&["verify", "FILE"], 1, "", &[block, slot]),
        (
            &["repair", "FILE", "OUT"],
            1,
            "tokens saved",
            &["lost: ", block, slot],
        ),
        (
            &["copy", "FILE", "OUT", "--range", "0..9"],
            0,
            "copied",
            &[slot],
        ),
        (
            &["append", "FILE", "--from", "RAW"],
            0,
            "1 token appended",
            &[slot],
        ),
    ] {
        for extra in [&[][..], &["--quiet"]] {
            let original = std::fs::read(&path).unwrap();
            let arguments = arguments.iter().chain(extra).map(|&word| match word {
                "FILE" => path.clone(),
                "OUT" => out.clone(),
                "RAW" => raw.clone(),
                word => word.into(),
            });
            let ran: Ran = command(&[]).args(arguments).output().unwrap().into();
            assert_eq!(ran.code, Some(code), "{ran:?}");
            for told in found {
                assert!(ran.stderr.contains(told), "no {told:?} in {ran:?}");
                assert!(!ran.stdout.contains(told), "{told:?} in {ran:?}");
            }
            let is_told = extra.is_empty() || done == "max tokens";
            assert_eq!(
                ran.stdout.is_empty(),
                !is_told || done.is_empty(),
                "{ran:?}"
            );
            assert!(!is_told || ran.stdout.contains(done), "{ran:?}");
            let _ = std::fs::remove_file(&out);
            std::fs::write(&path, original).unwrap();
        }
    }
}

/// A name that would clear the screen and forge a line.
#[test]
fn control_characters_in_paths_are_escaped() {
    let place = Place::new();
    let name = "\x1b[2Ja.ngt: sound\n\u{202e}b.ngt";
    let shown = "\\u{1b}[2Ja.ngt: sound\\n\\u{202e}b.ngt";
    let path = place.tokens(name, COUNT);
    let (raw, out) = (place.raw("\x07raw", 10), place.named("\x07out"));
    crate::harness::flip(&path, 0x1000 + 40);
    for arguments in [
        &["info", "FILE"][..],
        &["verify", "FILE"],
        &["head", "FILE", "--from", "1M"],
        &["copy", "FILE", "OUT"],
        &["copy", "FILE", "OUT"],
        &["repair", "FILE", "OUT", "--replace"],
        &["append", "FILE", "--from", "RAW"],
        &["append", "FILE", "--from", "RAW", "--expect", "5"],
        &["append", "RAW", "--from", "FILE"],
        &["create", "FILE", "--tokens", "5"],
        &["create", "FILE", "--tokens", "5", "--replace"],
    ] {
        let words = arguments.iter().map(|&word| match word {
            "FILE" => path.clone(),
            "OUT" => out.clone(),
            "RAW" => raw.clone(),
            word => word.into(),
        });
        let ran: Ran = command(&[]).args(words).output().unwrap().into();
        let told = ran.stdout.clone() + &ran.stderr;
        let is_plain = |told: char| !told.is_control() || told == '\n';
        assert!(told.chars().all(is_plain), "{arguments:?}: {ran:?}");
        let is_named = told.contains(shown) || told.contains("\\u{7}");
        assert!(is_named, "{arguments:?}: {ran:?}");
        assert!(!told.contains('\u{202e}'), "{arguments:?}: {ran:?}");
    }
    let told = json(&ng(&[&"verify", &path, &"--json"]).ok());
    assert!(told["path"].as_str().unwrap().ends_with(name));
}
