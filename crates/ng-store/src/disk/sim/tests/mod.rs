//! What the simulation promises to its users.

#![allow(
    clippy::unwrap_used,
    reason = "clippy sees no test in the helpers of tests"
)]

mod atomicity;
mod crash;
mod entries;
mod fault;
mod folders;
mod length;
mod space;

use std::collections::BTreeSet;

use super::{Atomicity, Choose, Exhaustive, SimDir, SimFile, SimFs};
use crate::disk::{Dir, Disk};

const SECTOR: usize = super::SECTOR_BYTES as usize;

/// A file system with one file, `a`, whose entry is durable.
fn one_file() -> (SimFs, SimFile) {
    let fs = SimFs::new();
    let file = fs.dir().create_exclusive("a").unwrap();
    fs.dir().sync().unwrap();
    (fs, file)
}

/// The same, holding sectors of `old` that are durable.
fn with_old_sectors(count: usize) -> (SimFs, SimFile) {
    let (fs, file) = one_file();
    write(&file, &sectors(b'o', count), 0);
    file.sync().unwrap();
    (fs, file)
}

fn sectors(byte: u8, count: usize) -> Vec<u8> {
    vec![byte; count * SECTOR]
}

fn write(file: &SimFile, bytes: &[u8], offset: u64) {
    assert_eq!(file.write_at(bytes, offset).unwrap(), bytes.len());
}

fn content_of(file: &SimFile) -> Vec<u8> {
    let mut bytes = vec![0xEE; file.len().unwrap() as usize];
    let count = file.read_at(&mut bytes, 0).unwrap();
    assert_eq!(count, bytes.len());
    bytes
}

fn content(fs: &SimFs, name: &str) -> Vec<u8> {
    content_of(&open(fs, name))
}

fn open(fs: &SimFs, name: &str) -> SimFile {
    fs.dir().open(name, true).unwrap()
}

/// One letter per sector: its first byte, `.` for zero.
fn letters(bytes: &[u8]) -> String {
    let letter = |sector: &[u8]| {
        let same = sector.iter().all(|byte| *byte == sector[0]);
        match (same, sector[0]) {
            (true, 0) => '.',
            (true, byte) => char::from(byte),
            _ => '?',
        }
    };
    bytes.chunks(SECTOR).map(letter).collect()
}

/// What is seen in every combination of what a power cut may do.
fn seen<T: Ord>(fs: &SimFs, look: impl Fn(&SimFs) -> T) -> BTreeSet<T> {
    let mut choices = Exhaustive::new();
    let mut seen = BTreeSet::new();
    while choices.advance() {
        seen.insert(look(&crash(fs, &mut choices)));
    }
    seen
}

/// How many combinations there are.
fn combinations(fs: &SimFs) -> usize {
    let mut choices = Exhaustive::new();
    let mut count = 0;
    while choices.advance() {
        drop(crash(fs, &mut choices));
        count += 1;
    }
    count
}

/// The letters of `a` in every such combination.
fn seen_letters(fs: &SimFs) -> BTreeSet<String> {
    seen(fs, |after| letters(&content(after, "a")))
}

fn crash(fs: &SimFs, choices: &mut impl Choose) -> SimFs {
    fs.crash(choices, Atomicity::Sector)
}

fn set<const N: usize>(words: [&str; N]) -> BTreeSet<String> {
    words.into_iter().map(str::to_owned).collect()
}

fn dir(fs: &SimFs) -> SimDir {
    fs.dir()
}
