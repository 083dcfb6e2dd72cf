use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use ng_dataset::{Dataset, WriterOptions};
use ng_token::{Token, as_bytes};

use super::{dataset, load, made_of};
use crate::harness::{
    COUNT, Place, Ran, command, json, keys, ng, peak_bytes, signal, tokens, wait_for,
};

fn following(path: &Path, rest: &[&str]) -> Child {
    command(&[&"dataset", &"follow", &path])
        .args(rest)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// How it ended, and what it wrote.
fn end(child: Child) -> (Ran, Vec<Token>) {
    let output = child.wait_with_output().unwrap();
    let bytes = output.stdout.chunks_exact(64);
    let found = bytes
        .map(|bytes| Token::from_bytes(bytes.try_into().unwrap()))
        .collect();
    (output.into(), found)
}

fn cursor(stderr: &str) -> String {
    let (_, cursor) = stderr.trim_end().split_once("; cursor ").unwrap();
    cursor.to_owned()
}

#[test]
fn a_follower_gets_what_is_there_and_a_cursor_to_go_on_from() {
    let place = Place::new();
    let path = made_of(&place, "a.ngd", &tokens(0..COUNT), "4096");
    let (ran, found) = end(following(&path, &["--until-closed"]));
    let told = ran.found(0);
    assert!(told.contains("12388 tokens followed; cursor "), "{told}");
    assert!(found == tokens(0..COUNT));
    dataset(&[&"append", &path, &place.raw("raw", 9)]).ok();
    let (ran, found) = end(following(
        &path,
        &["--from", &cursor(&told), "--until-closed"],
    ));
    assert!(ran.found(0).contains("9 tokens followed"));
    assert!(found == tokens(0..9));
    let (ran, found) = end(following(&path, &["--from", "now", "--timeout", "10ms"]));
    assert!(ran.found(0).contains("0 tokens followed"));
    assert!(found.is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn the_cursor_of_a_follower_that_cannot_write_is_before_what_is_not_written() {
    let place = Place::new();
    let path = made_of(&place, "a.ngd", &tokens(0..COUNT), "4096");
    for format in ["raw", "jsonl"] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let follow = command(&[&"dataset", &"follow", &path, &"--until-closed"])
            .args(["--format", format])
            .stdout(full)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (ran, _) = end(follow);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let told = ran.stderr.lines().next().unwrap();
        let (ran, found) = end(following(
            &path,
            &["--from", &cursor(told), "--until-closed"],
        ));
        ran.found(0);
        assert!(found == tokens(0..COUNT), "{format}: {told}");
    }
}

#[test]
fn lines_can_be_read_back() {
    let place = Place::new();
    let path = made_of(&place, "a.ngd", &tokens(0..100), "4096");
    for name in ["out.csv", "out.jsonl"] {
        let (_, format) = name.split_once('.').unwrap();
        let (ran, _) = end(following(&path, &["--until-closed", "--format", format]));
        let (out, back) = (place.named(name), place.named("back.ngt"));
        fs::write(&out, ran.stdout).unwrap();
        ng(&[&"create", &back, &"--from", &out, &"--replace"]).ok();
        assert!(crate::harness::load(&back) == tokens(0..100), "{name}");
    }
    let (ran, _) = end(following(&path, &["--timeout", "1ms", "--json"]));
    let told = json(&ran.stderr);
    assert_eq!(
        keys(&told),
        [
            "cursor",
            "damaged_tokens",
            "ended",
            "gap_tokens",
            "path",
            "tokens"
        ]
    );
    assert_eq!(
        (&told["tokens"], &told["ended"]),
        (&json("100"), &json("\"timeout\""))
    );
    assert_eq!(ran.stdout.lines().count(), 100);
}

/// One pipes records in, which are cut into shards of which few are kept; one reads them.
#[test]
fn a_stream_goes_through_a_dataset_whose_disk_stays_flat() {
    let place = Place::new();
    let script = "\"$NG\" copy source.ngt - --raw -q | \"$NG\" dataset append a.ngd --roll 40k \
                  --commit-every 8192 --retain 50 shards -q & \
                  \"$NG\" dataset follow a.ngd --until-closed > out; code=$?; wait; exit $code";
    dataset(&[&"create", &place.named("a.ngd")]).ok();
    let source = place.named("source.ngt");
    ng(&[&"create", &source, &"--tokens", &"1M", &"-q"]).ok();
    let output = Command::new("sh")
        .args(["-c", script])
        .env("NG", env!("CARGO_BIN_EXE_ng"))
        .current_dir(place.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let expected = crate::harness::load(&source);
    assert!(fs::read(place.named("out")).unwrap() == as_bytes(&expected));
    assert!(load(&place.named("a.ngd")) == expected);
}

#[test]
fn damage_is_told_and_what_is_behind_it_is_read() {
    let place = Place::new();
    let path = made_of(&place, "a.ngd", &tokens(0..3 * 4096), "12288");
    let snapshot = Dataset::open(&path).unwrap().snapshot().unwrap();
    let file = snapshot.shards()[0].file();
    let shard = path.join(format!("shards/{file}.ngt"));
    let mut bytes = fs::read(&shard).unwrap();
    let token = as_bytes(&tokens(5000..5001)).to_vec();
    let at = bytes.windows(64).position(|at| at == token).unwrap();
    bytes[at + 40] ^= 1;
    fs::write(&shard, bytes).unwrap();
    let (ran, found) = end(following(&path, &["--until-closed"]));
    let told = ran.found(1);
    assert!(told.contains("damage: 4096 tokens of shard "), "{told}");
    assert!(
        told.contains("8192 tokens followed, 4096 damaged; cursor "),
        "{told}"
    );
    let mut sound = tokens(0..4096);
    sound.extend(tokens(8192..3 * 4096));
    assert!(found == sound);
}

#[test]
fn the_tail_of_a_dead_writer_is_read_and_not_waited_for() {
    let place = Place::new();
    let path = made_of(&place, "a.ngd", &tokens(0..100), "4096");
    let mut writer = Dataset::open(&path)
        .unwrap()
        .writer(&WriterOptions::new())
        .unwrap();
    writer.append(&tokens(100..110)).unwrap();
    writer.commit().unwrap();
    // As a kill does, it leaves its tail open.
    drop(writer);
    let (ran, found) = end(following(
        &path,
        &[
            "--until-closed",
            "--timeout",
            "60s",
            "--json",
            "--format",
            "raw",
        ],
    ));
    assert_eq!(json(&ran.stderr)["ended"], json("\"closed\""));
    assert!(found == tokens(0..110));
}

/// A slow reader learns what it has missed.
#[test]
fn what_retention_removed_is_told_and_what_is_left_is_read() {
    let place = Place::new();
    let path = made_of(&place, "a.ngd", &tokens(0..4096), "4096");
    let (ran, _) = end(following(&path, &["--until-closed"]));
    let start = cursor(&ran.stderr);
    let raw = place.raw("raw", 4 * 4096 + 100);
    let retain = ["--roll", "4096", "--retain", "2", "shards"];
    let ran: Ran = command(&[&"dataset", &"append", &path, &raw])
        .args(retain)
        .output()
        .unwrap()
        .into();
    ran.ok();
    assert!(load(&path) == tokens(3 * 4096..4 * 4096 + 100));
    let shards = fs::read_dir(path.join("shards")).unwrap();
    let files = shards.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().ends_with(".ngt")
    });
    assert_eq!(files.count(), 2, "the files go, too");
    let (ran, found) = end(following(&path, &["--from", &start, "--until-closed"]));
    let told = ran.found(1);
    assert!(
        told.contains("warning: ") && told.contains("12288 tokens went by, removed"),
        "{told}"
    );
    assert!(
        told.contains("4196 tokens followed, 12288 went by"),
        "{told}"
    );
    assert!(found == tokens(3 * 4096..4 * 4096 + 100));
}

#[test]
fn a_follower_ends_by_ctrl_c_and_tells_where_it_was() {
    let place = Place::new();
    let path = made_of(&place, "a.ngd", &tokens(0..10), "4096");
    let mut child = following(&path, &[]);
    let mut stdout = child.stdout.take().unwrap();
    let mut some = [0; 640];
    stdout.read_exact(&mut some).unwrap();
    signal(child.id(), "INT");
    let (ran, _) = end(child);
    assert_eq!(ran.code, Some(130), "{ran:?}");
    assert!(
        ran.stderr.contains("10 tokens followed; cursor "),
        "{ran:?}"
    );
    assert!(ran.stderr.ends_with("error: interrupted\n"), "{ran:?}");
}

/// One that nobody reads would be stuck in its write for ever.
#[test]
fn a_follower_whose_reader_does_not_read_ends_by_ctrl_c_too() {
    let place = Place::new();
    let path = made_of(&place, "a.ngd", &tokens(0..20 * 4096), "100k");
    let mut child = following(&path, &[]);
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    signal(child.id(), "INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    drop(stdout);
    let mut child = following(&path, &[]);
    child.stdout.take().unwrap().read_exact(&mut [0]).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "its reader has gone: {output:?}"
    );
}

#[test]
fn memory_does_not_grow_with_the_stream() {
    let place = Place::new();
    let path = made_of(&place, "a.ngd", &[], "4096");
    let mut writer = command(&[&"dataset", &"append", &path, &"--roll", &"65536"])
        .args(["--retain", "3 shards", "-q"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut follower = following(&path, &["-q"]);
    let mut stdin = writer.stdin.take().unwrap();
    let mut stdout = follower.stdout.take().unwrap();
    let some = tokens(0..65_536);
    let mut found = vec![0; size_of_val(&some[..])];
    for _ in 0..10 {
        stdin.write_all(as_bytes(&some)).unwrap();
        stdout.read_exact(&mut found).unwrap();
        assert!(found == as_bytes(&some));
    }
    const MOST: u64 = 64 << 20;
    for process in [&writer, &follower] {
        let peak = peak_bytes(process.id());
        assert!(peak < MOST, "{peak} bytes");
    }
    drop(stdin);
    assert!(writer.wait().unwrap().success());
    signal(follower.id(), "INT");
    assert_eq!(follower.wait().unwrap().code(), Some(130));
    wait_for("few shards", || {
        (super::shards(&path).len() == 3).then_some(())
    });
}

#[test]
fn places_that_are_none_are_refused() {
    let place = Place::new();
    let path = made_of(&place, "a.ngd", &tokens(0..10), "4096");
    let other = made_of(&place, "b.ngd", &tokens(0..10), "4096");
    for (rest, told) in [
        (["--from", "end"], "expected `start`, `now` or the cursor"),
        (["--timeout", "soon"], "expected a time such as 10s"),
        (["--format", "parquet"], "possible values: raw, jsonl, csv"),
    ] {
        let (ran, _) = end(following(&path, &rest));
        let stderr = ran.found(2);
        assert!(stderr.contains(told), "{stderr}");
    }
    let (ran, _) = end(following(&other, &["--until-closed"]));
    let (ran, _) = end(following(&path, &["--from", &cursor(&ran.stderr)]));
    ran.failed(&["a.ngd"]);
}
