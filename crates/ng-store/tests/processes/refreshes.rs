//! Readers that refresh while another process writes.

use std::path::Path;
use std::thread;

use ng_store::{CreateOptions, MmapStore, TokenSink, TokenStore};
use tempfile::TempDir;

use crate::actor::{Actor, listen, numbers, say};
use crate::amount;
use crate::course::{Course, Sizes};
use crate::fixture::{create, open, open_append};
use crate::folders::{in_memory, named, on_disk, word};

/// The commits at scale 1.
const COMMITS: u64 = 2_000;

/// One commit in this many is made on disk, where a sync takes time; the others in memory,
/// where reader and writer collide far more often.
const DISK_SHARE: u64 = 20;

const READERS: usize = 4;

/// For how many tokens the file is made.
const TOKENS_MAX: u64 = 1 << 23;

const SEED: u64 = 5;

/// How often something new is shown before everything is checked again.
const CHECK_ALL: u64 = 512;

/// After this many commits in a row the writer yields.
const BREATH: u64 = 8;

/// How many commits one line reports.
const TOLD: u64 = 1_000;

pub(crate) fn test() {
    let commits = COMMITS * amount::scale();
    let on_disk_commits = commits / DISK_SHARE;
    watch(&on_disk(), on_disk_commits);
    watch(&in_memory(), commits - on_disk_commits);
}

/// Lets one process make this many commits while others refresh.
fn watch(folder: &TempDir, commits: u64) {
    let path = named(folder, "a.ngt");
    let options = CreateOptions::new().max_tokens(TOKENS_MAX);
    drop(create(&path, &options).unwrap());
    let arguments = [word(&path), &commits.to_string()];
    let mut readers: Vec<Actor> = (0..READERS)
        .map(|_| Actor::start("read", &arguments))
        .collect();
    for reader in &mut readers {
        assert_eq!(reader.line().as_deref(), Some("ready"));
    }
    let mut writer = Actor::start("write", &arguments);
    while let Some(line) = writer.line() {
        let [made] = numbers(&line);
        amount::count("refreshed commits", made);
    }
    assert!(writer.end().success());
    for mut reader in readers {
        reader.tell("written");
        let line = reader.line().expect("a reader that failed says why");
        let [shown, checked] = numbers(&line);
        amount::count("refreshes that showed something", shown);
        amount::count("refreshes: tokens checked", checked);
        assert!(reader.end().success());
    }
}

/// The writer.
pub(crate) fn write(path: &Path, commits: u64) {
    let mut course = Course::new(SEED, Sizes::Small);
    let mut store = open_append(path).unwrap();
    for commit in 1..=commits {
        let range = course.end(commit - 1)..course.end(commit);
        store.append(course.tokens(range)).unwrap();
        store.commit_tagged(commit).unwrap();
        // Otherwise memory is so fast that readers see only a few of many commits.
        if commit % BREATH == 0 {
            thread::yield_now();
        }
        if commit % TOLD == 0 {
            say(&TOLD.to_string());
        }
    }
    say(&(commits % TOLD).to_string());
}

/// A reader, which ends when it has seen the last commit.
pub(crate) fn read(path: &Path, last: u64) {
    let mut store = open(path).unwrap();
    say("ready");
    let mut eyes = Eyes::new();
    while eyes.commit < last {
        if store.refresh().unwrap() {
            eyes.look(&store);
        }
    }
    eyes.look_at_all(&store);
    listen();
    say(&format!("{} {}", eyes.shown, eyes.checked));
}

/// What a reader has seen.
struct Eyes {
    course: Course,
    /// The newest one, by its tag.
    commit: u64,
    shown: u64,
    checked: u64,
}

impl Eyes {
    fn new() -> Self {
        Self {
            course: Course::new(SEED, Sizes::Small),
            commit: 0,
            shown: 0,
            checked: 0,
        }
    }

    /// Checks new tokens, and now and then all of them.
    fn look(&mut self, store: &MmapStore) {
        let before = self.commit;
        self.commit = store.info().tag;
        // The writer's opening repeats the empty file's commit.
        let is_next = self.commit > before || self.commit == 0;
        assert!(is_next, "{} after {before}", self.commit);
        assert_eq!(store.len() as u64, self.course.end(self.commit));
        self.shown += 1;
        match self.shown % CHECK_ALL {
            0 => self.look_at_all(store),
            _ => self.look_from(store, before),
        }
    }

    fn look_at_all(&mut self, store: &MmapStore) {
        self.look_from(store, 0);
    }

    /// Checks the tokens that came after a commit.
    fn look_from(&mut self, store: &MmapStore, commit: u64) {
        let start = self.course.end(commit);
        let new = &store.tokens()[start as usize..];
        self.course.check(new, start);
        self.checked += new.len() as u64;
    }
}
