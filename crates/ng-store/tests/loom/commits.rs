//! Readers while commits are made: nothing early, nothing lost.

use crate::model::{Scene, appender, commit, follower, read, shown, spawn};

/// The tokens before, and those of each commit.
const FIRST: usize = 10;
const EACH: usize = 3;

/// Makes some commits while a reader opens the file several times: each open must show a
/// complete commit, never older than the one before.
fn check(name: &str, first: usize, commits: usize, opens: usize, preemptions: usize) {
    let scene = Scene::new(&[first], commits * EACH);
    scene.check(name, preemptions, move |scene| {
        let file = scene.file();
        let mut writer = appender(&file);
        let opened = writer.generation();
        let mut generation = opened;
        let last = opened + commits as u64;
        let writing = spawn(move || {
            for _ in 0..commits {
                commit(&mut writer, EACH);
            }
        });
        for _ in 0..opens {
            let seen = read(&file);
            assert!(
                (generation..=last).contains(&seen.generation),
                "generation {} after {generation}: {:?}",
                seen.generation,
                seen.findings
            );
            generation = seen.generation;
            let made = generation - opened;
            assert_eq!(seen.tokens, first as u64 + made * EACH as u64);
        }
        writing.join().unwrap();
        let seen = read(&file);
        assert_eq!((seen.generation, seen.findings), (last, vec![]));
    });
}

#[test]
fn a_commit_under_way_is_seen_whole_or_not_at_all_and_never_taken_back() {
    check("one commit, two readers in a row", FIRST, 1, 2, 1);
}

#[test]
fn a_block_that_becomes_full_is_read_with_its_entry() {
    check("a block becomes full", 4094, 1, 1, 2);
}

/// Of three reads the last one counted, with the faults that all of them showed: a reader
/// torn in its third read showed the commit before the one seen in the first two, without a
/// finding.
#[test]
fn a_reader_that_two_commits_overtake_sees_what_was_acknowledged_or_later() {
    check("two commits overtake a reader", FIRST, 2, 1, 1);
}

/// Refreshes an open reader during a commit. It shows the commit entirely or not at all,
/// and never goes back.
fn follow(name: &str, refreshes: usize, sync: bool) {
    let scene = Scene::new(&[FIRST], EACH);
    scene.check(name, 1, move |scene| {
        let file = scene.file();
        let mut reader = follower(&file);
        let mut writer = appender(&file);
        let mut generation = shown(&reader).generation;
        let last = writer.generation() + 1;
        let writing = spawn(move || commit(&mut writer, EACH));
        let mut refresh = move || {
            let is_new = match sync {
                true => reader.refresh(),
                false => reader.refresh_unsynced(),
            };
            let is_new = is_new.unwrap();
            let seen = shown(&reader);
            assert_eq!(seen.generation > generation, is_new);
            assert!((generation..=last).contains(&seen.generation));
            generation = seen.generation;
            generation
        };
        for _ in 0..refreshes {
            refresh();
        }
        writing.join().unwrap();
        assert_eq!(refresh(), last);
    });
}

#[test]
fn a_reader_that_syncs_goes_from_commit_to_commit() {
    follow("a reader refreshes during a commit", 1, true);
}

#[test]
fn a_reader_that_does_not_sync_goes_from_commit_to_commit() {
    follow("a reader refreshes unsynced during a commit", 2, false);
}
