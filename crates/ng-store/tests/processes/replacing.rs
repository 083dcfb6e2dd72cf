//! Processes that replace a file, and others that append to it.
//!
//! `file/lock.rs` has the same race in every interleaving; here the kernel decides.

use std::path::Path;
use std::thread;

use ng_store::{CreateError, MmapStore, OpenError, TokenSink, TokenStore};

use crate::actor::{Actor, numbers, say};
use crate::amount;
use crate::fixture::{create, open, open_append, small, tokens, verify};
use crate::folders::{in_memory, named, names, word};

/// How often each process has the file at scale 1.
const ROUNDS: u64 = 50;

pub(crate) fn test() {
    let folder = in_memory();
    let path = named(&folder, "a.ngt");
    drop(create(&path, &small()).unwrap());
    let rounds = (ROUNDS * amount::scale()).to_string();
    let roles = ["replace", "reopen", "replace", "reopen"];
    let actors = roles.map(|role| (role, Actor::start(role, &[word(&path), &rounds])));
    for (role, mut actor) in actors {
        let line = actor.line().expect("an actor that failed says why");
        assert!(actor.end().success());
        let [done, locked, replaced] = numbers(&line);
        amount::count(&format!("replacing races: {role}"), done);
        amount::count("replacing races: refused as locked", locked);
        amount::count("replacing races: refused as replaced", replaced);
    }
    assert_eq!(names(folder.path()), ["a.ngt"]);
    assert!(verify(&path).unwrap().is_clean());
}

/// How often an actor had the file, and was refused.
#[derive(Default)]
struct Outcomes {
    done: u64,
    locked: u64,
    replaced: u64,
}

impl Outcomes {
    fn say(&self) {
        say(&format!("{} {} {}", self.done, self.locked, self.replaced));
    }
}

/// The actor that replaces the file by a new one.
pub(crate) fn replace(path: &Path, rounds: u64) {
    let mut outcomes = Outcomes::default();
    while outcomes.done < rounds {
        match create(path, &small().replace(true)) {
            Ok(store) => {
                append(path, store, 0);
                outcomes.done += 1;
            }
            Err(CreateError::Locked { .. }) => outcomes.locked += 1,
            Err(CreateError::Replaced { .. }) => outcomes.replaced += 1,
            Err(error) => panic!("{error}"),
        }
        thread::yield_now();
    }
    outcomes.say();
}

/// The actor that appends to the current file.
pub(crate) fn reopen(path: &Path, rounds: u64) {
    let mut outcomes = Outcomes::default();
    while outcomes.done < rounds {
        match open_append(path) {
            Ok(store) => {
                let count = store.len();
                append(path, store, count);
                outcomes.done += 1;
            }
            Err(OpenError::Locked { .. }) => outcomes.locked += 1,
            Err(OpenError::Replaced { .. }) => outcomes.replaced += 1,
            Err(error) => panic!("{error}"),
        }
        thread::yield_now();
    }
    outcomes.say();
}

/// Appends, and checks that reading the path shows exactly that: no other process wrote the
/// file, and no other file has its name.
fn append(path: &Path, mut store: MmapStore, count: usize) {
    assert_eq!(store.tokens(), tokens(count));
    let generation = store.info().generation;
    store.append(&tokens(count + 3)[count..]).unwrap();
    store.commit().unwrap();
    let seen = open(path).unwrap();
    assert_eq!(seen.info().file_id, store.info().file_id);
    assert_eq!(seen.info().generation, generation + 1);
    assert_eq!(seen.tokens(), tokens(count + 3));
}
