//! Changes and repairs of many shards by processes that may open few files.

use std::fs;
use std::path::Path;
use std::process::Command;

use ng_dataset::{CreateOptions, Dataset, Verb, WriterOptions};

use crate::actor::{Actor, command};
use crate::tokens::{Seen, token};

/// How many files a process may have open, how many shards there are, and how many tokens in each
/// stay.
const OPEN_FILES: u64 = 40;
const SHARDS: u64 = 48;
pub(crate) const LENGTH: u64 = 5000;

/// The tokens of new shards that are cut.
pub(crate) const CUT: u64 = 4096;

/// The last token of each shard, which does not stay.
pub(crate) const LAST: &str = "timestamp = 1";

pub(crate) fn few_are_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.ngd");
    let dataset = Dataset::create(&path, &CreateOptions::new()).unwrap();
    let mut writer = dataset.writer(&WriterOptions::new()).unwrap();
    for shard in 0..SHARDS {
        let numbers = shard * LENGTH..(shard + 1) * LENGTH;
        let tokens = numbers.map(|at| token(0, at)).chain([token(1, shard)]);
        writer.append(&tokens.collect::<Vec<_>>()).unwrap();
        writer.roll().unwrap();
    }
    writer.close().unwrap();
    let rows = SHARDS * LENGTH;
    for (verb, shards, rows) in [
        (Verb::Update, SHARDS, rows + SHARDS),
        (Verb::Delete, SHARDS, rows),
        (Verb::Upsert, SHARDS, rows),
        (Verb::Reshard, rows.div_ceil(CUT), rows),
        (Verb::Sort, rows.div_ceil(CUT), rows),
    ] {
        let actor = Actor::of(limited(&verb.to_string(), &path, OPEN_FILES));
        assert!(actor.end().success(), "{verb}");
        let snapshot = dataset.snapshot().unwrap();
        assert_eq!(snapshot.manifest().verb, verb);
        let new = snapshot.shards().len() as u64;
        assert_eq!((new, snapshot.len()), (shards, rows), "{verb}");
        assert!(new > OPEN_FILES);
    }
    let seen = Seen::in_dataset(&dataset, 1).unwrap();
    assert_eq!((seen.out_of_order, seen.counts), (None, vec![rows]));
}

/// More orphans than a process may have open, as a reshard leaves that was killed: the repair that
/// was to recover them had two files open for each.
pub(crate) fn recover_many_orphans() {
    const ORPHANS: u64 = 120;
    const OPEN_FILES: u64 = 160;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.ngd");
    let dataset = Dataset::create(&path, &CreateOptions::new()).unwrap();
    let mut writer = dataset.writer(&WriterOptions::new()).unwrap();
    for shard in 0..ORPHANS {
        writer.append(&[token(0, shard)]).unwrap();
        writer.roll().unwrap();
    }
    writer.close().unwrap();
    for generation in dataset.generations().unwrap().into_iter().skip(1) {
        fs::remove_file(path.join(format!("manifest-{generation:012}.json"))).unwrap();
    }
    let actor = Actor::of(limited("repair", &path, OPEN_FILES));
    assert!(actor.end().success());
    let snapshot = dataset.snapshot().unwrap();
    assert_eq!(
        (snapshot.shards().len() as u64, snapshot.len()),
        (ORPHANS, ORPHANS)
    );
}

/// The command of an actor that makes a change, and may have some files open.
fn limited(verb: &str, path: &Path, open_files: u64) -> Command {
    let actor = command("change", &[path.to_str().unwrap(), verb]);
    let mut limited = Command::new("sh");
    limited
        .args([
            "-c",
            &format!("ulimit -n {open_files} && exec \"$0\" \"$@\""),
        ])
        .arg(actor.get_program())
        .args(actor.get_args());
    limited
}
