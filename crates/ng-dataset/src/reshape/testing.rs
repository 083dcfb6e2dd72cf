//! Datasets for the tests of every room.

use std::ops::Range;
use std::path::Path;

use ng_query::Zone;
use ng_query::sealed::FileId;
use ng_store::disk::Dir;
use ng_store::disk::sim::SimDir;
use ng_store::{BLOCK_TOKENS, now_ns};
use ng_token::{Space, Token};

use crate::manifest::{Entry, Manifest};
use crate::place::SHARDS;
use crate::shard::{Finished, NewShard, ShardOptions};
use crate::snapshot::Snapshot;
use crate::{CreateOptions, Dataset, DatasetError, Verb};

/// An empty dataset on a simulated disk.
pub(crate) fn simulated(root: SimDir) -> Dataset<SimDir> {
    Dataset::create_in(root, Path::new("d.ngd"), &CreateOptions::new()).unwrap()
}

/// Tokens with few values of each kind, told apart by `seed` and their place.
pub(crate) fn tokens(count: usize, seed: u64) -> Vec<Token> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let token = |place: usize| {
        let bits = next();
        Token::new((bits >> 32) as u32 & 0xf3ff_ffff)
            .with_coordinate(
                Space::Physical,
                [bits, bits >> 8, bits >> 16].map(|bits| bits as i16 >> 4),
            )
            .with_coordinate(
                Space::Motor,
                [place as i16, (place >> 16) as i16, seed as i16],
            )
            .with_weight((bits >> 3 & 7) as f32 - 3.5)
            .with_timestamp(1_700_000_000 + (bits >> 24 & 0xff) as u32)
    };
    (0..count).map(token).collect()
}

/// Publishes a generation.
pub(crate) fn publish<R: Dir>(
    dataset: &Dataset<R>,
    verb: Verb,
    mut edit: impl FnMut(&mut Manifest),
) {
    let published = dataset.place().change(verb, |_, next| {
        edit(next);
        Ok(true)
    });
    published.unwrap().unwrap();
}

/// Writes a shard that no generation names yet.
pub(crate) fn new_shard<R: Dir>(
    dataset: &Dataset<R>,
    tokens: &[Token],
    options: ShardOptions,
) -> Finished<R> {
    let mut shard = NewShard::begin(dataset.place(), options).unwrap();
    shard.append(tokens).unwrap();
    shard.finish(dataset.place()).unwrap()
}

/// Adds a sealed shard at the end.
pub(crate) fn add_shard<R: Dir>(dataset: &Dataset<R>, tokens: &[Token]) -> FileId {
    add_rows(dataset, tokens, 0..tokens.len() as u64)
}

/// Adds some rows of a new sealed file at the end.
pub(crate) fn add_rows<R: Dir>(dataset: &Dataset<R>, tokens: &[Token], rows: Range<u64>) -> FileId {
    let shard = new_shard(dataset, tokens, ShardOptions::default());
    let sealed = shard.entry.sealed.clone().unwrap();
    let entry = Entry::sealed(shard.entry.file, rows, sealed);
    publish(dataset, Verb::Append, |next| {
        next.entries.push(entry.clone());
    });
    entry.file
}

/// Adds an open tail at the end, and returns what it is once it is sealed.
pub(crate) fn add_tail<R: Dir>(dataset: &Dataset<R>, tokens: &[Token]) -> Finished<R> {
    let tail = new_shard(dataset, tokens, ShardOptions::default());
    publish(dataset, Verb::Append, |next| {
        next.entries.push(Entry::open(tail.entry.file, 0));
    });
    tail
}

/// All tokens of a snapshot, in order.
pub(crate) fn rows_of<R: Dir>(snapshot: &Snapshot<R>) -> Vec<Token> {
    let mut rows = Vec::new();
    let read = snapshot.for_each(0..snapshot.len(), |_, tokens| {
        rows.extend_from_slice(tokens);
        Ok::<_, DatasetError>(())
    });
    read.unwrap();
    rows
}

/// The tokens of one shard of a snapshot.
pub(crate) fn rows_of_shard<R: Dir>(snapshot: &Snapshot<R>, shard: usize) -> Vec<Token> {
    let mut rows = Vec::new();
    let positions = snapshot.shards()[shard].positions();
    let read = snapshot.for_each(positions, |_, tokens| {
        rows.extend_from_slice(tokens);
        Ok::<_, DatasetError>(())
    });
    read.unwrap();
    rows
}

/// The zone that a shard of tokens has.
pub(crate) fn zone_of(tokens: &[Token]) -> Option<Zone> {
    let zones = tokens.chunks(BLOCK_TOKENS).map(Zone::of);
    zones.reduce(|mut whole, zone| {
        whole.merge(&zone);
        whole
    })
}

/// Checks that the files of shards are those that the newest generation names, or its snapshot's.
pub(crate) fn assert_no_leftovers<R: Dir>(dataset: &Dataset<R>) {
    let newest = dataset.place().newest().unwrap();
    let mut named: Vec<String> = dataset
        .generations()
        .unwrap()
        .into_iter()
        .flat_map(|generation| {
            dataset
                .place()
                .generation(generation)
                .unwrap()
                .entries
                .clone()
        })
        .map(|entry| crate::place::shard_name(entry.file))
        .collect();
    named.sort();
    named.dedup();
    let mut names = dataset.place().shards().unwrap().names().unwrap();
    names.sort();
    assert_eq!(
        names, named,
        "in {SHARDS}, generation {}",
        newest.generation
    );
}

/// A time that lies before all of a test.
pub(crate) fn long_ago() -> u64 {
    now_ns() - 1_000_000_000_000
}
