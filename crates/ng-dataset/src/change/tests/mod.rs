//! What changes do, against a `Vec<Token>`, beside others, and on disks that fail.

mod faults;
mod model;
mod others;
mod shards;

use std::ops::Range;

use ng_parallel::Workers;
use ng_query::{Assignments, Filter};
use ng_store::disk::Dir;
use ng_store::disk::sim::{SimDir, SimFs};
use ng_store::file::{Stamp, Writer};
use ng_synth::Synth;
use ng_token::Token;

use crate::manifest::{Entry, Rows};
use crate::shard::{NewShard, ShardOptions, index, sealed};
use crate::testing::{add_tail, append, create_simulated};
use crate::{Dataset, DatasetError, FileId, Snapshot, Verb};

fn workers() -> Workers {
    Workers::new(1).unwrap()
}

fn filter(text: &str) -> Filter {
    text.parse().unwrap()
}

fn set(text: &str) -> Assignments {
    text.parse().unwrap()
}

/// Varied tokens with ascending ids.
fn varied(ids: Range<u32>) -> Vec<Token> {
    let synth = Synth::uniform(15);
    ids.map(|id| synth.token(id.into()).with_id(id)).collect()
}

/// Appends a shard, of which some rows count.
fn add<R: Dir>(dataset: &Dataset<R>, tokens: &[Token], rows: Range<u64>) -> FileId {
    add_with(dataset, tokens, rows, ShardOptions::default())
}

fn add_with<R: Dir>(
    dataset: &Dataset<R>,
    tokens: &[Token],
    rows: Range<u64>,
    options: ShardOptions,
) -> FileId {
    let mut shard = NewShard::begin(dataset.place(), options).unwrap();
    shard.append(tokens).unwrap();
    let new = shard.finish(dataset.place()).unwrap();
    let mut entry = new.entry.clone();
    entry.rows = Rows {
        from: rows.start,
        to: Some(rows.end),
    };
    let push = |_: &_, next: &mut crate::Manifest| {
        next.entries.push(entry.clone());
        Ok(true)
    };
    dataset.place().change(Verb::Append, push).unwrap();
    new.entry.file
}

/// Seals a tail.
fn seal<R: Dir>(dataset: &Dataset<R>, file: FileId, mut writer: Writer<R::File>) {
    writer.commit(Stamp::default()).unwrap();
    let zone = index(dataset.place(), file).unwrap();
    let sealed = sealed(&writer, zone, 1, None).unwrap();
    let end = writer.committed_tokens();
    let seal = |_: &_, next: &mut crate::Manifest| {
        let is_it = |entry: &&mut Entry| entry.file == file && entry.is_open();
        let entry = next.entries.iter_mut().find(is_it).unwrap();
        entry.rows.to = Some(end);
        entry.sealed = Some(sealed.clone());
        Ok(true)
    };
    dataset.place().change(Verb::Append, seal).unwrap();
}

/// Drops a file from the newest generation, as a verb.
fn drop_file<R: Dir>(dataset: &Dataset<R>, file: FileId, verb: Verb) {
    let remove = |_: &_, next: &mut crate::Manifest| {
        next.entries.retain(|entry| entry.file != file);
        Ok(true)
    };
    dataset.place().change(verb, remove).unwrap();
}

fn read<R: Dir>(snapshot: &Snapshot<R>) -> Vec<Token> {
    let mut all = Vec::new();
    let read = snapshot.for_each::<DatasetError>(0..snapshot.len(), |_, tokens| {
        all.extend_from_slice(tokens);
        Ok(())
    });
    read.unwrap();
    all
}

fn tokens_of<R: Dir>(dataset: &Dataset<R>) -> Vec<Token> {
    read(&dataset.snapshot().unwrap())
}

/// The names in the folder of shards, in order.
fn files<R: Dir>(dataset: &Dataset<R>) -> Vec<String> {
    let mut names = dataset.place().shards().unwrap().names().unwrap();
    names.sort_unstable();
    names
}

/// Three shards with ids of their own, of which the second has rows that do not count, and an open
/// tail.
struct Four {
    fs: SimFs,
    dataset: Dataset<SimDir>,
    files: [FileId; 4],
    writer: Writer<ng_store::disk::sim::SimFile>,
}

impl Four {
    fn new() -> Self {
        let fs = SimFs::new();
        let dataset = create_simulated(&fs);
        let first = add(&dataset, &varied(0..500), 0..500);
        let second = add(&dataset, &varied(1000..6000), 100..4900);
        let third = add(&dataset, &varied(6000..6010), 0..10);
        let (tail, mut writer) = add_tail(&dataset, 0..0);
        writer.append(&varied(7000..7300)).unwrap();
        append(&mut writer, 0..0);
        Self {
            fs,
            dataset,
            files: [first, second, third, tail],
            writer,
        }
    }
}
