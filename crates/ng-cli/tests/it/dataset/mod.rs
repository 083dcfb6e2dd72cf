//! `ng dataset`, over folders of token files.

mod append;
mod care;
mod change;
mod create;
mod follow;
mod full_disk;
mod killed;
mod query;
mod reshape;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use ng_dataset::{Dataset, DatasetError};
use ng_synth::Synth;
use ng_token::Token;

use crate::harness::{Place, Ran, ng};

/// Runs a verb of `ng dataset`.
fn dataset(arguments: &[&dyn AsRef<OsStr>]) -> Ran {
    ng(&[&[&"dataset" as &dyn AsRef<OsStr>], arguments].concat())
}

/// All tokens, verified, in their order.
fn load(path: &Path) -> Vec<Token> {
    let snapshot = Dataset::open(path).unwrap().snapshot().unwrap();
    assert!(snapshot.findings().is_empty(), "{:?}", snapshot.findings());
    let mut tokens = Vec::new();
    let all = 0..snapshot.len();
    let read = snapshot.for_each::<DatasetError>(all, |_, some| {
        tokens.extend_from_slice(some);
        Ok(())
    });
    read.unwrap();
    tokens
}

/// How many tokens each shard has, and whether it is open.
fn shards(path: &Path) -> Vec<(u64, bool)> {
    let snapshot = Dataset::open(path).unwrap().snapshot().unwrap();
    let shards = snapshot.shards().iter();
    shards.map(|shard| (shard.len(), shard.is_open())).collect()
}

/// Varied tokens with unique ids.
fn varied(count: u64) -> Vec<Token> {
    let synth = Synth::clustered(3);
    (0..count).map(|index| synth.token(index)).collect()
}

/// A dataset of tokens in shards of a number of blocks.
fn made_of(place: &Place, name: &str, tokens: &[Token], roll: &str) -> PathBuf {
    let (path, raw) = (place.named(name), place.named("made.raw"));
    std::fs::write(&raw, ng_token::as_bytes(tokens)).unwrap();
    dataset(&[&"create", &path, &"--from", &raw, &"--roll", &roll]).ok();
    std::fs::remove_file(&raw).unwrap();
    path
}
