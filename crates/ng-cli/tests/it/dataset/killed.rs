//! The verbs that write, killed at any moment: the old generation or the new one, whole.
//!
//! `NG_KILLS` is how often each is killed, `NG_KILL_TOKENS` how many tokens are changed.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use ng_dataset::{Dataset, DatasetError};
use ng_synth::Synth;
use ng_token::{Token, as_bytes};

use super::{dataset, shards};
use crate::amount::{count, scale};
use crate::harness::{Place, command, json, names, ng, signal, wait_for};

fn amount(name: &str, default: u64) -> u64 {
    let given = env::var(name).ok();
    given.map_or(default, |text| text.parse().expect("a number"))
}

fn kills() -> u64 {
    amount(
        "NG_KILLS",
        if cfg!(debug_assertions) { 6 } else { 20 } * scale(),
    )
}

fn token_count() -> u64 {
    amount("NG_KILL_TOKENS", 200_000)
}

/// A number of all tokens in their order: another content has another, but for one in 2^64.
fn digest(path: &Path) -> (u64, u64) {
    let snapshot = Dataset::open(path).unwrap().snapshot().unwrap();
    assert!(snapshot.findings().is_empty(), "{:?}", snapshot.findings());
    let mut digest: u64 = 0;
    let all = 0..snapshot.len();
    let read = snapshot.for_each::<DatasetError>(all, |_, tokens| {
        for word in as_bytes(tokens).chunks_exact(8) {
            let word = u64::from_le_bytes(word.try_into().unwrap());
            digest = (digest ^ word)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(29);
        }
        Ok(())
    });
    read.unwrap();
    (snapshot.len(), digest)
}

/// A dataset of varied tokens in ten shards.
fn ten_shards(place: &Place, tokens: u64) -> std::path::PathBuf {
    let (file, path) = (place.named("a.ngt"), place.named("a.ngd"));
    let many = tokens.to_string();
    ng(&[
        &"create",
        &file,
        &"--tokens",
        &many,
        &"--like",
        &"clustered",
        &"-q",
    ])
    .ok();
    let roll = tokens.div_ceil(10).to_string();
    dataset(&[&"create", &path, &"--from", &file, &"--roll", &roll, &"-q"]).ok();
    fs::remove_file(file).unwrap();
    path
}

fn started(arguments: &[&dyn AsRef<OsStr>]) -> Child {
    command(&[&[&"dataset" as &dyn AsRef<OsStr>], arguments].concat())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Removes what killed runs left, and checks that nothing else goes.
#[track_caller]
fn check_that_the_rest_goes(path: &Path) {
    let before = digest(path);
    dataset(&[&"gc", &path, &"--older", &"0s"]).ok();
    let files = names(&path.join("shards"));
    let shard_files = files.iter().filter(|name| name.ends_with(".ngt"));
    assert_eq!(shard_files.count(), shards(path).len(), "{files:?}");
    assert!(
        !files.iter().any(|name| name.starts_with(".ng-")),
        "{files:?}"
    );
    assert_eq!(digest(path), before);
}

/// Kills a verb that changes between two contents, `NG_KILLS` times.
fn check_kills(name: &str, verbs: [&[&str]; 2]) {
    let place = Place::new();
    let path = ten_shards(&place, token_count());
    let arguments = |turn: usize| {
        let mut arguments: Vec<&dyn AsRef<OsStr>> = vec![&verbs[turn][0], &path];
        arguments.extend(
            verbs[turn][1..]
                .iter()
                .map(|word| word as &dyn AsRef<OsStr>),
        );
        arguments
    };
    // Both contents, and how long it takes.
    dataset(&arguments(0)).ok();
    let first = digest(&path);
    let began = Instant::now();
    dataset(&arguments(1)).ok();
    let whole = began.elapsed();
    let contents = [first, digest(&path)];
    let mut now = 1;
    let (mut killed, mut made) = (0, 0);
    for turn in 0..kills() {
        let next = 1 - now;
        let mut child = started(&arguments(next));
        // Early moments alternate with late ones.
        let moment = turn * 7 % kills();
        thread::sleep(whole.mul_f64((moment as f64 + 0.5) / kills() as f64));
        child.kill().unwrap();
        killed += u64::from(!child.wait().unwrap().success());
        let found = digest(&path);
        assert!(
            contents.contains(&found),
            "{name}: turn {turn}: neither the old generation nor the new one"
        );
        if contents[0] != contents[1] && found == contents[next] {
            made += 1;
            now = next;
        }
        if turn % 10 == 9 {
            check_that_the_rest_goes(&path);
        }
    }
    assert!(killed > 0, "{name}: none was killed");
    dataset(&arguments(1 - now)).ok();
    assert_eq!(digest(&path), contents[1 - now]);
    check_that_the_rest_goes(&path);
    count(&format!("dataset: kills: {name}"), killed);
    count(&format!("dataset: kills: {name}: that had published"), made);
}

#[test]
fn an_update_that_is_killed_is_done_or_not() {
    let set = |set| ["update", "--where", "weight > 0.9", "--set", set];
    check_kills("update", [&set("user_0 = true"), &set("user_0 = false")]);
}

#[test]
fn a_sort_that_is_killed_is_done_or_not() {
    let by = |order| ["sort", "--by", order, "--tokens", "32768"];
    check_kills("sort", [&by("id"), &by("time")]);
}

#[test]
fn shards_that_are_cut_anew_keep_their_tokens_when_that_is_killed() {
    check_kills(
        "reshard",
        [
            &["reshard", "--shards", "3"],
            &["reshard", "--shards", "10"],
        ],
    );
}

/// What readers have seen is there after the writer was killed, and all of it in order.
#[test]
fn what_a_killed_writer_had_committed_is_there() {
    let place = Place::new();
    let path = place.named("a.ngd");
    dataset(&[&"create", &path]).ok();
    let synth = Synth::clustered(3);
    let some: Arc<Vec<Token>> = Arc::new((0..50_000).map(|index| synth.token(index)).collect());
    let turns = kills();
    for turn in 0..turns {
        let there = shards(&path).iter().map(|it| it.0).sum::<u64>() as usize;
        let mut child = command(&[&"dataset", &"append", &path, &"--roll", &"8192"])
            .args(["--commit-every", "1500", "-q"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let tokens = some.clone();
        // The pipe breaks when its reader is killed.
        let pump = thread::spawn(move || {
            let mut next = there;
            while stdin
                .write_all(as_bytes(&tokens[next % 50_000..][..1]))
                .is_ok()
            {
                next += 1;
            }
        });
        let dataset = Dataset::open(&path).unwrap();
        let seen = wait_for("commits", || {
            let seen = dataset.snapshot().unwrap().len();
            (seen as usize > there + 3000).then_some(seen)
        });
        thread::sleep(Duration::from_millis(turn * 13 % 50));
        let seen = seen.max(dataset.snapshot().unwrap().len());
        child.kill().unwrap();
        child.wait().unwrap();
        pump.join().unwrap();
        let snapshot = dataset.snapshot().unwrap();
        assert!(snapshot.len() >= seen, "{} of {seen}", snapshot.len());
        let mut next = 0;
        let read = snapshot.for_each::<DatasetError>(0..snapshot.len(), |_, tokens| {
            for token in tokens {
                assert!(*token == some[next % 50_000], "token {next}, turn {turn}");
                next += 1;
            }
            Ok(())
        });
        read.unwrap();
    }
    let told = dataset(&[&"append", &path, &"/dev/null", &"--json"]).ok();
    assert_eq!(json(&told)["closed_tails"], 1);
    assert!(shards(&path).iter().all(|(_, is_open)| !is_open));
    check_that_the_rest_goes(&path);
    count("dataset: kills: append", turns);
}

/// How often a change is interrupted that was done before the signal.
const ATTEMPTS: usize = 20;

#[test]
fn a_change_that_is_interrupted_leaves_the_generation_of_before() {
    let place = Place::new();
    let path = ten_shards(&place, 400_000);
    let before = digest(&path);
    for verb in [
        &[
            "update",
            "--where",
            "weight > 0.5",
            "--set",
            "dirty = not dirty",
        ][..],
        &["sort", "--by", "id"],
        &["reshard", "--shards", "3"],
    ] {
        let is_interrupted = || {
            let generation = Dataset::open(&path).unwrap().generations().unwrap();
            let files = names(&path.join("shards"));
            let mut arguments: Vec<&dyn AsRef<OsStr>> = vec![&verb[0], &path];
            arguments.extend(verb[1..].iter().map(|word| word as &dyn AsRef<OsStr>));
            let mut child = started(&arguments);
            wait_for("new shard", || {
                (names(&path.join("shards")) != files).then_some(())
            });
            signal(child.id(), "INT");
            match child.wait().unwrap().code() {
                Some(130) => {
                    let newest = Dataset::open(&path).unwrap().generations().unwrap();
                    assert_eq!(newest, generation, "{verb:?}");
                    assert_eq!(names(&path.join("shards")), files, "{verb:?}: left");
                    true
                }
                Some(0) => false,
                other => panic!("{verb:?}: {other:?}"),
            }
        };
        let ended = (0..ATTEMPTS).any(|_| is_interrupted());
        assert!(ended, "{verb:?} went on {ATTEMPTS} times");
    }
    assert_eq!(digest(&path).0, before.0);
}
