//! A history of writers, changes and readers, all at a time, which must be that of some order.
//!
//! Each read is of some published generation, with a prefix of each writer's tokens: every token is
//! there once and in its writer's order; what was acknowledged before the read began is in it; no
//! reader sees less than it saw before; a change is seen whole or not at all, and not before it
//! began.

use std::env;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ng_dataset::{CreateOptions, Dataset};

use crate::actor::{Actor, number};
use crate::amount;
use crate::tokens::{CHANGED, Seen};

const WRITERS: usize = 8;
const READERS: usize = 4;

/// How long it lasts, unless `NG_HISTORY_TIME` says otherwise, in milliseconds.
const TIME_MS: u64 = 2500;

/// The most tokens of each writer in a second: all of them are read again and again.
const TOKENS_A_SECOND: u64 = 30_000;

/// What the processes have said so far.
#[derive(Default)]
struct Told {
    /// Of each writer, how many tokens are acknowledged.
    acknowledged: [AtomicU64; WRITERS],
    /// The last change that began, and the last that was done.
    begun: AtomicU64,
    done: AtomicU64,
}

/// The same at one moment.
#[derive(Clone, Debug, Default)]
struct Known {
    acknowledged: Vec<u64>,
    done: u64,
}

impl Told {
    fn hear(&self, writer: usize, line: &str) {
        let (word, count) = line.split_once(' ').unwrap_or((line, "0"));
        let count = number(count);
        match word {
            "ack" => self.acknowledged[writer].store(count, Ordering::SeqCst),
            "begin" => self.begun.store(count, Ordering::SeqCst),
            "done" => self.done.store(count, Ordering::SeqCst),
            _ => {}
        }
    }

    fn known(&self) -> Known {
        let load = |count: &AtomicU64| count.load(Ordering::SeqCst);
        Known {
            acknowledged: self.acknowledged.iter().map(load).collect(),
            done: load(&self.done),
        }
    }
}

pub(crate) fn test() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.ngd");
    let dataset = Dataset::create(&path, &CreateOptions::new()).unwrap();
    let ms = time_ms();
    let most = TOKENS_A_SECOND * ms / 1000;
    let told = Told::default();
    let is_over = AtomicBool::new(false);
    let reads = AtomicU64::new(0);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS)
            .map(|_| scope.spawn(|| read(&path, &told, &is_over, &reads)))
            .collect();
        let word = path.to_str().unwrap();
        let of_time = |role: &str| start(role, word, &["1", &ms.to_string()]);
        let mut others = vec![of_time("update")];
        for role in ["compact", "collect"] {
            others.push(start(role, word, &[&ms.to_string()]));
        }
        let mut listeners = Vec::new();
        for own in 0..WRITERS {
            let numbers = [
                own.to_string(),
                "0".into(),
                most.to_string(),
                own.to_string(),
            ];
            let words = numbers.each_ref().map(String::as_str);
            let actor = start("append", word, &words);
            listeners.push(scope.spawn({
                let told = &told;
                move || listen(actor, |line| told.hear(own, line))
            }));
        }
        for actor in others {
            let told = &told;
            listeners.push(scope.spawn(move || listen(actor, |line| told.hear(0, line))));
        }
        for listener in listeners {
            listener.join().unwrap();
        }
        is_over.store(true, Ordering::SeqCst);
        for reader in readers {
            reader.join().unwrap();
        }
    });
    let seen = Seen::in_dataset(&dataset, WRITERS).unwrap();
    assert_eq!(seen.out_of_order, None);
    assert_eq!(seen.counts, [most; WRITERS]);
    amount::count("dataset history: reads", reads.into_inner());
    amount::count("dataset history: tokens", seen.counts.iter().sum());
    amount::count("dataset history: changes", told.done.into_inner());
    amount::count(
        "dataset history: generations",
        dataset.snapshot().unwrap().manifest().generation,
    );
}

fn time_ms() -> u64 {
    match env::var("NG_HISTORY_TIME") {
        Ok(ms) => ms
            .parse()
            .expect("NG_HISTORY_TIME is a number of milliseconds"),
        Err(_) => TIME_MS,
    }
}

fn start(role: &str, path: &str, words: &[&str]) -> Actor {
    Actor::start(role, &[&[path], words].concat())
}

fn listen(mut actor: Actor, hear: impl Fn(&str)) {
    while let Some(line) = actor.line() {
        hear(&line);
    }
    assert!(actor.end().success());
}

/// Reads all tokens of one snapshot after the other.
fn read(path: &Path, told: &Told, is_over: &AtomicBool, reads: &AtomicU64) {
    let dataset = Dataset::open(path).unwrap();
    let mut reader = Reader::default();
    let start = Instant::now();
    while !is_over.load(Ordering::SeqCst) {
        let known = told.known();
        let seen = Seen::in_dataset(&dataset, WRITERS).unwrap();
        let begun = told.begun.load(Ordering::SeqCst);
        if let Err(violation) = reader.check(&known, &seen, begun) {
            panic!(
                "after {:?}: {violation}: {known:?}, {seen:?}",
                start.elapsed()
            );
        }
        reads.fetch_add(1, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(1));
    }
}

/// What a reader saw last.
#[derive(Default)]
struct Reader {
    counts: Vec<u64>,
    change: u64,
}

impl Reader {
    /// Checks a read: `known` is what was known before it began, `begun` the last change that had
    /// begun when it ended.
    fn check(&mut self, known: &Known, seen: &Seen, begun: u64) -> Result<(), String> {
        if let Some(out_of_order) = &seen.out_of_order {
            return Err(out_of_order.clone());
        }
        for (writer, count) in seen.counts.iter().enumerate() {
            let before = self.counts.get(writer).copied().unwrap_or(0);
            let acknowledged = known.acknowledged.get(writer).copied().unwrap_or(0);
            if *count < before.max(acknowledged) {
                return Err(format!(
                    "{count} tokens of writer {writer}, expected {before} seen and \
                     {acknowledged} acknowledged before"
                ));
            }
        }
        self.counts.clone_from(&seen.counts);
        self.check_change(known, seen, begun)
    }

    fn check_change(&mut self, known: &Known, seen: &Seen, begun: u64) -> Result<(), String> {
        let Some((low, high)) = seen.weights else {
            return Ok(());
        };
        if self.counts[0] < CHANGED {
            // Rows that came after a change have no weight yet.
            return Ok(());
        }
        let is_new = |weight: f32| weight == 0.0;
        if low != high && !is_new(low) {
            return Err(format!("weights {low} to {high} of one change"));
        }
        let change = high as u64;
        let least = self.change.max(match is_new(low) {
            true => 0,
            false => known.done.min(change),
        });
        if change < least || change > begun {
            return Err(format!("change {change}, expected {least} to {begun}"));
        }
        self.change = change;
        Ok(())
    }
}

pub(crate) fn finds_planted_violations() {
    let known = Known {
        acknowledged: vec![5, 0],
        done: 3,
    };
    let seen = |counts: [u64; 2], weights| Seen {
        counts: counts.to_vec(),
        weights: Some(weights),
        out_of_order: None,
    };
    let check = |reader: &mut Reader, seen: &Seen, begun| reader.check(&known, seen, begun);
    let sound = seen([2000, 7], (3.0, 3.0));
    let mut reader = Reader::default();
    assert_eq!(check(&mut reader, &sound, 3), Ok(()));
    assert_eq!(check(&mut reader, &seen([2001, 7], (4.0, 4.0)), 4), Ok(()));
    let violations = [
        ("lost", seen([2000, 7], (4.0, 4.0)), 4),
        ("not acknowledged", seen([4, 7], (4.0, 4.0)), 4),
        ("half a change", seen([2001, 7], (4.0, 5.0)), 5),
        ("taken back", seen([2001, 7], (3.0, 3.0)), 4),
        ("before it began", seen([2001, 7], (5.0, 5.0)), 4),
        (
            "twice",
            Seen {
                out_of_order: Some("position 7".into()),
                ..seen([2001, 7], (4.0, 4.0))
            },
            4,
        ),
    ];
    for (what, seen, begun) in violations {
        let mut reader = Reader {
            counts: vec![2001, 7],
            change: 4,
        };
        assert!(check(&mut reader, &seen, begun).is_err(), "{what}");
    }
}
