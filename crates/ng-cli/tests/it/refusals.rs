//! What is refused, with which message, and that it leaves nothing behind.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use ng_store::FileWriter;

use crate::harness::{
    COUNT, Place, Ran, command, data_offset, json, keys, load, ng, on_terminal, this_process,
    tokens,
};

/// The verbs that read a token file, `FILE`, with a new file, `OUT`, and existing records, `RAW`.
const READERS: [&[&str]; 9] = [
    &["info", "FILE"],
    &["verify", "FILE"],
    &["head", "FILE"],
    &["copy", "FILE", "OUT"],
    &["copy", "FILE", "OUT", "--raw"],
    &["export", "FILE", "OUT", "--format", "csv"],
    &["append", "FILE", "--from", "RAW"],
    &["trim", "FILE"],
    &["repair", "FILE", "OUT"],
];

/// A file that is not a sound token file, and the message.
struct Bad {
    path: PathBuf,
    told: &'static str,
    kind: &'static str,
}

fn bad_files(place: &Place) -> Vec<Bad> {
    let bad = |name: &str, told, kind| Bad {
        path: place.named(name),
        told,
        kind,
    };
    fs::create_dir(place.named("folder")).unwrap();
    let fifo = Command::new("mkfifo").arg(place.named("fifo")).status();
    assert!(fifo.unwrap().success());
    fs::write(place.named("text"), "no tokens here ".repeat(10_000)).unwrap();
    fs::write(place.named("empty"), "").unwrap();
    let cut = place.tokens("cut", COUNT);
    fs::File::options()
        .write(true)
        .open(cut)
        .unwrap()
        .set_len(5_000)
        .unwrap();
    fs::write(place.named("zeros"), vec![0; 1 << 20]).unwrap();
    vec![
        bad("missing", "cannot open: No such file", "not_found"),
        bad(
            "folder",
            "is a folder, expected a regular file",
            "not_a_file",
        ),
        bad(
            "fifo",
            "is a special file, expected a regular file",
            "not_a_file",
        ),
        bad(
            "text",
            "not a token file: magic [6e, 6f, 20",
            "not_a_token_file",
        ),
        bad(
            "zeros",
            "not a token file: magic [00, 00, 00",
            "not_a_token_file",
        ),
        bad("empty", "0 bytes long, expected 65536 or more", "truncated"),
        bad(
            "cut",
            "5000 bytes long, expected 65536 or more",
            "truncated",
        ),
    ]
}

/// Runs a verb of [`READERS`].
fn read(place: &Place, verb: &[&str], file: &Path, extra: &[&str]) -> Ran {
    let arguments = verb.iter().map(|&word| match word {
        "FILE" => file.to_owned(),
        "OUT" => place.named("out"),
        "RAW" => place.named("raw"),
        word => word.into(),
    });
    let mut command = command(&[]);
    command.args(arguments).args(extra).output().unwrap().into()
}

#[test]
fn what_is_no_token_file_is_refused_by_every_verb() {
    let place = Place::new();
    place.raw("raw", 10);
    let bad_files = bad_files(&place);
    let names = place.names();
    for bad in &bad_files {
        for verb in READERS {
            let path = bad.path.display().to_string();
            read(&place, verb, &bad.path, &[]).failed(&[&path, bad.told]);
            let ran = read(&place, verb, &bad.path, &["--json"]);
            let causes = ran.stderr.matches("os error").count();
            assert!(causes <= 1, "a cause is shown twice: {ran:?}");
            let hints = ran.stderr.matches("`ng repair FILE NEW`").count();
            assert_eq!(hints, 0, "there is nothing to save: {ran:?}");
            assert_eq!((ran.code, &*ran.stdout), (Some(1), ""), "{verb:?} {ran:?}");
            let told = json(&ran.stderr);
            assert_eq!(keys(&told), ["error", "kind"]);
            assert_eq!(told["kind"], bad.kind, "{verb:?} {path}");
            assert!(told["error"].as_str().unwrap().contains(bad.told));
        }
    }
    assert_eq!(place.names(), names);
}

#[test]
fn a_file_that_lost_its_end_is_refused_by_all_but_repair() {
    let place = Place::new();
    place.raw("raw", 10);
    let path = place.tokens("a.ngt", COUNT);
    let need = data_offset(&path) + 64 * COUNT as u64;
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_len(need - 1).unwrap();
    let told = format!("{} bytes long, expected {need} or more", need - 1);
    for verb in &READERS[..8] {
        read(&place, verb, &path, &[]).failed(&["a.ngt", &told]);
    }
    // Only its last token is damaged, and it lost a zero.
    let words = read(&place, READERS[8], &path, &[]).found(0);
    assert!(
        words.contains("warning: ") && words.contains("the file is now"),
        "{words}"
    );
    assert!(load(&place.named("out")) == tokens(0..COUNT));
}

#[test]
fn nothing_replaces_a_file_that_somebody_appends_to() {
    let place = Place::new();
    let path = place.tokens("a.ngt", COUNT);
    let source = place.tokens("b.ngt", 5);
    let raw = place.raw("raw", 5);
    let _held = FileWriter::open_append(&path).unwrap();
    for arguments in [
        &[&"create" as &dyn AsRef<OsStr>, &path, &"--tokens", &"5"][..],
        &[&"create", &path, &"--from", &raw],
        &[&"copy", &source, &path],
        &[&"copy", &source, &path, &"--raw"],
        &[&"repair", &source, &path],
    ] {
        let mut command = command(arguments);
        let ran: Ran = command.arg("--replace").output().unwrap().into();
        ran.failed(&["a.ngt: locked by an appender", &this_process()]);
    }
    assert_eq!(place.names(), ["a.ngt", "b.ngt", "raw"]);
    assert!(load(&path) == tokens(0..COUNT), "readers are let in");
    ng(&[&"verify", &path]).ok();
}

#[test]
fn a_folder_or_a_pipe_is_never_replaced() {
    let place = Place::new();
    let source = place.tokens("b.ngt", 5);
    let (folder, fifo) = (place.named("folder"), place.named("fifo"));
    fs::create_dir(&folder).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    for (path, told) in [(&folder, "is a folder"), (&fifo, "is a special file")] {
        for arguments in [
            &[&"create" as &dyn AsRef<OsStr>, path, &"--tokens", &"5"][..],
            &[&"copy", &source, path],
            &[&"copy", &source, path, &"--raw"],
            &[&"repair", &source, path],
        ] {
            let mut command = command(arguments);
            let ran: Ran = command.arg("--replace").output().unwrap().into();
            ran.failed(&[told, "expected a regular file"]);
        }
    }
    assert_eq!(place.names(), ["b.ngt", "fifo", "folder"]);
}

#[test]
fn records_that_cannot_be_read_are_named() {
    let place = Place::new();
    let path = place.tokens("a.ngt", 5);
    let out = place.named("out");
    for (from, told) in [
        (place.named("missing"), "missing: cannot read: No such file"),
        (
            place.path().to_owned(),
            "is a folder, expected a file or a pipe",
        ),
        ("/proc/self/mem".into(), "cannot read: Input/output error"),
    ] {
        ng(&[&"create", &out, &"--from", &from]).failed(&[told]);
        ng(&[&"append", &path, &"--from", &from]).failed(&[told]);
    }
    assert_eq!(place.names(), ["a.ngt"]);
    assert_eq!(load(&path), tokens(0..5));
}

#[test]
fn a_folder_that_is_missing_or_read_only_is_named() {
    let place = Place::new();
    let path = place.named("missing/a.ngt");
    ng(&[&"create", &path, &"--tokens", &"5"]).failed(&["missing/a.ngt", "No such file"]);
    let folder = place.named("folder");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, PermissionsExt::from_mode(0o555)).unwrap();
    if fs::write(folder.join("probe"), "").is_ok() {
        eprintln!("skipped: root writes into folders that are read-only");
        return;
    }
    let path = folder.join("a.ngt");
    ng(&[&"create", &path, &"--tokens", &"5"]).failed(&["a.ngt", "Permission denied"]);
}

#[test]
fn usage_errors_name_the_option_the_value_and_what_is_allowed() {
    let count = "expected a whole number, such as 1000, 10k, 1M or 1G";
    let threads = "expected a whole number from 1 to 1024";
    let range = "expected A..B with A up to B";
    for (arguments, parts) in [
        (&["create", "x"][..], &["--tokens <N>|--from <INPUT>"][..]),
        (
            &["create", "x", "--tokens", "1", "--from", "y"],
            &["--tokens", "--from"],
        ),
        (
            &["verify", "x", "--cache", "all"],
            &["--cache", "'all'", "auto, keep, bypass"],
        ),
        (
            &["create", "x", "--tokens", "-1"],
            &["--tokens", "'-1'", count],
        ),
        (
            &["create", "x", "--tokens", "1.5M"],
            &["--tokens", "'1.5M'", count],
        ),
        (
            &["create", "x", "--tokens", "99999999999G"],
            &["--tokens", count],
        ),
        (
            &["create", "x", "--tokens", "1", "--max-tokens", "0"],
            &["--max-tokens", "'0'", "from 1 on"],
        ),
        (
            &["create", "x", "--tokens", "1", "--tag", "-1"],
            &["--tag", "'-1'"],
        ),
        (
            &["create", "x", "--tokens", "1", "--validate"],
            &["--validate", "--tokens"],
        ),
        (
            &["create", "x", "--tokens", "1", "--validate=upstream"],
            &["--validate", "--tokens"],
        ),
        (
            &["create", "x", "--from", "y", "--validate=downstream"],
            &["--validate", "'downstream'", "strict, upstream"],
        ),
        (
            &["append", "x", "--from", "y", "--validate="],
            &["--validate", "strict, upstream"],
        ),
        // The rules follow `=`, so that a path is never taken for them.
        (
            &["append", "x", "--from", "y", "--validate", "upstream"],
            &["unexpected argument 'upstream'"],
        ),
        (
            &["create", "x", "--from", "y", "--ids", "local"],
            &["--ids", "--from"],
        ),
        (
            &["create", "x", "--from", "y", "--like", "uniform"],
            &["--like", "--from"],
        ),
        (
            &[
                "create", "x", "--tokens", "1", "--like", "uniform", "--ids", "raw",
            ],
            &["--like", "--ids"],
        ),
        (
            &["create", "x", "--tokens", "1", "--seed", "7"],
            &["--like <KIND>"],
        ),
        (
            &["create", "x", "--tokens", "1", "--like", "round"],
            &["--like", "'round'", "uniform, clustered"],
        ),
        (
            &[
                "create", "x", "--tokens", "1", "--like", "uniform", "--seed", "-1",
            ],
            &["--seed", "'-1'"],
        ),
        (
            &["create", "x", "--tokens", "1", "--ids", "global"],
            &["--ids", "'global'", "local, raw"],
        ),
        (
            &["create", "x", "--from", "y", "--threads", "2"],
            &["--threads", "--from"],
        ),
        (
            &["verify", "x", "--threads", "0"],
            &["--threads", "'0'", threads],
        ),
        (
            &["verify", "x", "--threads", "1025"],
            &["--threads", "'1025'", threads],
        ),
        (&["head", "x", "-n", "ten"], &["'ten'", count]),
        (&["head", "x", "--from", "-3"], &["--from", "'-3'", count]),
        (
            &["copy", "x", "y", "--range", "5"],
            &["--range", "'5'", range],
        ),
        (
            &["copy", "x", "y", "--range", "9..5"],
            &["--range", "'9..5'", range],
        ),
        (&["copy", "x", "-"], &["`-` as DESTINATION needs --raw"]),
        (&["repair", "x"], &["<OUT>"]),
        (&["append", "x"], &["--from <INPUT>"]),
        (&["completions", "tcsh"], &["'tcsh'", "bash"]),
        (&["destroy"], &["'destroy'"]),
        (&[], &["Usage"]),
    ] {
        let place = Place::new();
        let mut command = command(&[]);
        let command = command.args(arguments).current_dir(place.path());
        let ran: Ran = command.output().unwrap().into();
        assert_eq!(ran.code, Some(2), "{arguments:?} {ran:?}");
        for part in parts {
            assert!(ran.stderr.contains(part), "no {part:?} in {ran:?}");
        }
        assert!(place.names().is_empty());
        if arguments.is_empty() {
            continue;
        }
        let ran: Ran = command.arg("--json").output().unwrap().into();
        assert_eq!((ran.code, &*ran.stdout), (Some(2), ""), "{ran:?}");
        let told = json(&ran.stderr);
        assert_eq!(keys(&told), ["error", "kind"]);
        assert_eq!(told["kind"], "usage");
        let error = told["error"].as_str().unwrap();
        let is_usage = error.contains("Usage") || error.contains("--help");
        assert!(!is_usage && !error.starts_with("error"), "{error}");
        for part in parts {
            assert!(error.contains(part), "no {part:?} in {error}");
        }
    }
}

#[test]
fn help_and_version_are_words_also_where_json_is_asked_for() {
    for arguments in [&["--json", "--help"][..], &["verify", "--json", "--help"]] {
        let ran: Ran = command(&[]).args(arguments).output().unwrap().into();
        assert!(ran.ok().contains("\nUsage: ng"), "{arguments:?}");
    }
    assert!(ng(&[&"--json", &"--version"]).ok().starts_with("ng "));
}

/// `--json` behind `--` is a path.
#[test]
fn usage_errors_are_words_where_no_json_is_asked_for() {
    for arguments in [&["verify", "--", "x", "--json"][..], &["verify"]] {
        let ran: Ran = command(&[]).args(arguments).output().unwrap().into();
        assert_eq!(ran.code, Some(2));
        assert!(ran.stderr.starts_with("error: "), "{ran:?}");
        assert!(ran.stderr.contains("\nUsage: ng verify"), "{ran:?}");
    }
}

#[test]
fn usage_errors_repeat_no_control_characters_on_a_terminal() {
    let odd = "\x1b[2J\x07y";
    for arguments in [format!("verify x '{odd}'"), format!("'{odd}'")] {
        let line = format!("\"$NG\" {arguments}");
        let Some(mut child) = on_terminal(&line, Path::new(".")) else {
            return;
        };
        let mut told = String::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut told)
            .unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(2), "{told:?}");
        assert!(told.contains("Usage: ng"), "{told:?}");
        assert!(
            !told.contains("\x1b[2J") && !told.contains('\x07'),
            "{told:?}"
        );
    }
}

#[test]
fn arguments_that_are_no_unicode_are_no_panic() {
    let place = Place::new();
    let odd = place.path().join(OsStr::from_bytes(b"odd-\xff"));
    ng(&[&"create", &odd, &"--tokens", &"5"]).failed(&["no usable file name"]);
    let good = place.tokens("a.ngt", 5);
    fs::rename(&good, &odd).unwrap();
    ng(&[&"verify", &odd]).ok();
    json(&ng(&[&"info", &odd, &"--json"]).ok());
    let odd_verb = OsStr::from_bytes(b"\xff");
    assert_eq!(ng(&[&odd_verb]).code, Some(2));
}
