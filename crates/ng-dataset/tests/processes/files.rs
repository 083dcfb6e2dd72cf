//! Changes of many shards by processes that may open few files.

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
        let actor = Actor::of(limited(&verb.to_string(), path.to_str().unwrap()));
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

/// The command of an actor that makes a change, and may open few files.
fn limited(verb: &str, path: &str) -> Command {
    let actor = command("change", &[path, verb]);
    let mut limited = Command::new("sh");
    limited
        .args([
            "-c",
            &format!("ulimit -n {OPEN_FILES} && exec \"$0\" \"$@\""),
        ])
        .arg(actor.get_program())
        .args(actor.get_args());
    limited
}
