//! Small datasets for the tests of this crate.

use std::ops::Range;
use std::path::Path;

use ng_store::disk::Dir;
use ng_store::disk::sim::{SimDir, SimFs};
use ng_store::file::{Draft, Identity, Stamp, Writer};
use ng_token::Token;

use crate::manifest::{Entry, Taken, Verb};
use crate::place::shard_name;
use crate::shard::{Finished, NewShard, ShardOptions};
use crate::{CreateOptions, Dataset, DatasetError, FileId, Snapshot};

/// The name of a simulated dataset in errors.
pub(crate) const SIMULATED: &str = "tokens.ngd";

pub(crate) fn create_simulated(fs: &SimFs) -> Dataset<SimDir> {
    Dataset::create_in(fs.dir(), Path::new(SIMULATED), &CreateOptions::new()).unwrap()
}

pub(crate) fn open_simulated(fs: &SimFs) -> Result<Dataset<SimDir>, DatasetError> {
    Dataset::open_in(fs.dir(), Path::new(SIMULATED))
}

pub(crate) fn tokens(ids: Range<u32>) -> Vec<Token> {
    ids.map(Token::new).collect()
}

/// Writes a shard that no generation names so far.
pub(crate) fn new_shard<R: Dir>(dataset: &Dataset<R>, ids: Range<u32>) -> Finished<R> {
    try_new_shard(dataset, ids).unwrap()
}

fn try_new_shard<R: Dir>(
    dataset: &Dataset<R>,
    ids: Range<u32>,
) -> Result<Finished<R>, DatasetError> {
    let mut shard = NewShard::begin(dataset.place(), ShardOptions::default())?;
    shard.append(&tokens(ids))?;
    shard.finish(dataset.place())
}

/// Appends a shard in a generation of its own.
pub(crate) fn add_shard<R: Dir>(
    dataset: &Dataset<R>,
    ids: Range<u32>,
) -> Result<FileId, DatasetError> {
    let new = try_new_shard(dataset, ids)?;
    dataset.place().change(Verb::Append, |_, next| {
        next.entries.push(new.entry.clone());
        Ok(true)
    })?;
    Ok(new.entry.file)
}

/// Replaces all rows of a sealed shard by those of a new one.
pub(crate) fn replace_shard<R: Dir>(
    dataset: &Dataset<R>,
    old: FileId,
    ids: Range<u32>,
) -> Result<FileId, DatasetError> {
    let new = try_new_shard(dataset, ids)?;
    let place = dataset.place();
    place.change(Verb::Update, |newest, next| {
        let taken = newest.entries_of(old).filter_map(|entry| {
            let rows = entry.rows.from..entry.rows.to?;
            Some(Taken {
                file: old,
                rows,
                sealed: None,
            })
        });
        let taken: Vec<Taken> = taken.collect();
        let replaced = next.replace(&taken, vec![new.entry.clone()]);
        replaced.map_err(|what| place.conflict(newest.generation, what))?;
        Ok(true)
    })?;
    Ok(new.entry.file)
}

/// Begins an open tail with some tokens, and returns its writer.
pub(crate) fn add_tail<R: Dir>(dataset: &Dataset<R>, ids: Range<u32>) -> (FileId, Writer<R::File>) {
    let (place, identity) = (dataset.place(), Identity::fresh());
    let file = FileId(identity.file_id);
    let (dir, path) = (place.shards().unwrap(), place.shard_path(file));
    let options = ng_store::CreateOptions::new();
    let draft = Draft::begin(dir, &shard_name(file), &path, &options, identity).unwrap();
    let mut writer = draft.publish().unwrap();
    let open = |_: &_, next: &mut crate::Manifest| {
        next.entries.push(Entry::open(file, 0));
        Ok(true)
    };
    place.change(Verb::Append, open).unwrap();
    append(&mut writer, ids);
    (file, writer)
}

pub(crate) fn append<D: ng_store::disk::Disk>(writer: &mut Writer<D>, ids: Range<u32>) {
    writer.append(&tokens(ids)).unwrap();
    writer.commit(Stamp::default()).unwrap();
}

/// Reads all ids of a snapshot.
pub(crate) fn ids<R: Dir>(snapshot: &Snapshot<R>) -> Result<Vec<u32>, DatasetError> {
    let mut ids = Vec::new();
    snapshot.for_each::<DatasetError>(0..snapshot.len(), |_, tokens| {
        ids.extend(tokens.iter().map(|token| token.id().raw()));
        Ok(())
    })?;
    Ok(ids)
}
