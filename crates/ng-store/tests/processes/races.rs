//! Eight processes race to append to one file, under three names.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;
use std::{hint, thread};

use ng_store::ng_token::Token;
use ng_store::{MmapStore, OpenError, TokenSink, TokenStore};
use tempfile::TempDir;

use crate::actor::{Actor, listen, numbers, say};
use crate::amount;
use crate::fixture::{create, open, open_append, small, verify};
use crate::folders::{in_memory, named, on_disk, word};
use crate::workload::Random;

/// The rounds at scale 1. In each a holder of the file is killed, and another
/// process gets it.
const ROUNDS: u64 = 50;

const PROCESSES: usize = 8;

/// The file, a symbolic link to it, and a hard link.
const NAMES: [&str; 3] = ["a.ngt", "symbolic.ngt", "hard.ngt"];

/// The tokens of each commit, stamped with its process.
const BATCH: usize = 8;

/// A holder that is not killed earlier makes this many commits, and then waits.
const COMMITS_MAX: u64 = 100;

/// Longer than any process waits, unless the lock is never free again.
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) fn test() {
    let rounds = ROUNDS * amount::scale();
    for (folder, rounds) in [(on_disk(), rounds / 2), (in_memory(), rounds.div_ceil(2))] {
        let mut race = Race::new(&folder);
        for _ in 0..rounds {
            race.round();
            amount::count("lock races: holders killed", 1);
        }
        race.end();
    }
}

/// A process that wants the file, by its number.
struct Racer {
    number: u32,
    actor: Actor,
}

/// A process's line, or its end.
type Said = (u32, Option<String>);

struct Race<'a> {
    folder: &'a TempDir,
    racers: Vec<Racer>,
    started: u32,
    speaking: Sender<Said>,
    hearing: Receiver<Said>,
    /// Lines received but not needed yet.
    waiting: VecDeque<Said>,
    random: Random,
    reader: MmapStore,
    /// The commits at which the file may be found.
    allowed: RangeInclusive<u64>,
}

/// A process that has the file, and what it found.
struct Holder {
    number: u32,
    commit: u64,
}

impl<'a> Race<'a> {
    fn new(folder: &'a TempDir) -> Self {
        let [path, symbolic, hard] = NAMES.map(|name| named(folder, name));
        drop(create(&path, &small()).unwrap());
        std::os::unix::fs::symlink(&path, symbolic).unwrap();
        std::fs::hard_link(&path, hard).unwrap();
        let (speaking, hearing) = mpsc::channel();
        let mut race = Self {
            folder,
            racers: Vec::new(),
            started: 0,
            speaking,
            hearing,
            waiting: VecDeque::new(),
            random: Random::new(1),
            reader: open(&path).unwrap(),
            allowed: 0..=0,
        };
        for _ in 0..PROCESSES {
            race.start_racer();
        }
        race
    }

    fn start_racer(&mut self) {
        let number = self.started;
        self.started += 1;
        let path = named(self.folder, NAMES[number as usize % NAMES.len()]);
        let mut actor = Actor::start("race", &[word(&path), &number.to_string()]);
        let lines = actor.take_lines();
        let speaking = self.speaking.clone();
        thread::spawn(move || {
            // A receiver that is gone has failed already.
            for line in lines {
                let _ = speaking.send((number, line.ok()));
            }
            let _ = speaking.send((number, None));
        });
        self.racers.push(Racer { number, actor });
    }

    /// Lets a process get the file and commit, then kills it.
    fn round(&mut self) {
        let holder = self.holder();
        let mut last = holder.commit;
        for _ in 0..self.random.below(4) {
            let line = self.line_of(holder.number).expect("it is alive");
            [last] = numbers(&line);
        }
        for _ in 0..self.random.below(100_000) {
            hint::spin_loop();
        }
        self.kill(holder.number);
        while let Some(line) = self.line_of(holder.number) {
            [last] = numbers(&line);
        }
        // It may have committed without reporting it.
        self.allowed = last..=last + 1;
        self.check(&holder);
        self.start_racer();
    }

    /// Waits for the process that gets the file.
    fn holder(&mut self) -> Holder {
        let (number, line) = self.hear(|_| true);
        let line = line.unwrap_or_else(|| panic!("process {number} ended"));
        let held = line.strip_prefix("held ");
        let held = held.unwrap_or_else(|| panic!("process {number} without the file: {line}"));
        let [commit, count, refused] = numbers(held);
        assert!(
            self.allowed.contains(&commit),
            "process {number} found commit {commit}, expected {:?}",
            self.allowed
        );
        assert_eq!(count, commit * BATCH as u64);
        amount::count("lock races: refused as locked", refused);
        Holder { number, commit }
    }

    /// Waits for the next line of one process, and keeps the others' lines. While it has
    /// the file, no other process may print anything.
    fn line_of(&mut self, number: u32) -> Option<String> {
        self.hear(|speaker| speaker == number).1
    }

    fn hear(&mut self, wanted: impl Fn(u32) -> bool) -> Said {
        if let Some(at) = self.waiting.iter().position(|said| wanted(said.0)) {
            return self.waiting.remove(at).unwrap();
        }
        loop {
            let said = self.hearing.recv_timeout(PATIENCE).unwrap();
            if wanted(said.0) {
                return said;
            }
            self.waiting.push_back(said);
        }
    }

    fn kill(&mut self, number: u32) {
        self.waiting.extend(self.hearing.try_iter());
        let other = self.waiting.iter().find(|said| said.0 != number);
        assert_eq!(other, None, "besides process {number}");
        let at = self.racers.iter().position(|racer| racer.number == number);
        self.racers.swap_remove(at.unwrap()).actor.kill();
    }

    /// Every commit since `holder` got the file is its own.
    fn check(&mut self, holder: &Holder) {
        self.reader.refresh().unwrap();
        let end = *self.allowed.start() as usize * BATCH;
        let tokens = &self.reader.tokens()[..end];
        for (index, token) in tokens
            .iter()
            .enumerate()
            .skip(holder.commit as usize * BATCH)
        {
            let commit = (index / BATCH) as u32 + 1;
            assert!(*token == stamped(holder.number, commit), "token {index}");
        }
    }

    fn end(mut self) {
        let holder = self.holder();
        self.kill(holder.number);
        drop(self.racers);
        assert!(verify(named(self.folder, NAMES[0])).unwrap().is_clean());
    }
}

fn stamped(number: u32, commit: u32) -> Token {
    Token::new(number).with_timestamp(commit)
}

/// The actor: tries until it gets the file, and then commits until it is killed. The
/// tags count the commits.
pub(crate) fn race(path: &Path, number: u32) {
    let mut refused = 0;
    let mut store = loop {
        match open_append(path) {
            Ok(store) => break store,
            Err(OpenError::Locked { .. }) => refused += 1,
            Err(error) => panic!("{error}"),
        }
        thread::yield_now();
    };
    let mut commit = store.info().tag;
    say(&format!("held {commit} {} {refused}", store.len()));
    for _ in 0..COMMITS_MAX {
        commit += 1;
        let token = stamped(number, commit as u32);
        store.append(&[token; BATCH]).unwrap();
        store.commit_tagged(commit).unwrap();
        say(&commit.to_string());
    }
    listen();
}
