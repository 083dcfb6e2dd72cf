//! What to do about an error, if that is known.

use std::path::Path;

use anyhow::Error;
use ng_arrow::{Expected, ReadError};
use ng_dataset::{Dataset, DatasetError, ManifestFlaw};
use ng_query::QueryError;
use ng_query::order::SortError;
use ng_store::{CreateError, OpenError, ReadError as BlockError, RepairError, WriteError};
use ng_token::Invalid;

use crate::args::Command;
use crate::ending::InputError;
use crate::found::{RECOVER, REPAIR_DATASET};

pub(crate) fn hint(error: &Error, command: &Command) -> Option<&'static str> {
    if is_taken(error) && !command.replaces() {
        return Some("--replace replaces it");
    }
    let opened = error.downcast_ref().or_else(|| behind_repair(error));
    let hint = opened.and_then(|error| of_open(error, command));
    let read = error.downcast_ref().or_else(|| behind_query(error));
    let read = read.or_else(|| behind_dataset(error));
    hint.or_else(|| read.and_then(of_read))
        .or_else(|| error.downcast_ref().and_then(of_dataset))
        .or_else(|| error.downcast_ref().and_then(of_write))
        .or_else(|| error.downcast_ref().and_then(of_input))
        .or_else(|| error.downcast_ref().and_then(of_sort))
}

fn of_open(error: &OpenError, command: &Command) -> Option<&'static str> {
    const SALVAGE: &str = "`ng repair FILE NEW --salvage` saves what has its hash";
    match error {
        OpenError::SlotLost { .. } => Some(RECOVER),
        OpenError::NotAFile { path, .. } if Dataset::is_at(path) => {
            Some("it is a dataset, which `ng dataset` works with")
        }
        OpenError::TailDamaged {
            restorable: false, ..
        } => Some(match command {
            Command::Append(args) if !args.damaged_tail => {
                "`--damaged-tail` closes that block and appends behind it, `ng repair FILE NEW` \
                 saves the rest"
            }
            _ => "`ng repair FILE NEW` saves the rest",
        }),
        OpenError::Truncated { have, .. } if *have >= HEAD_BYTES && !command.repairs() => {
            Some(SAVE_REST)
        }
        // Readers accept a copy of the header.
        OpenError::HeaderDamaged { .. } if command.appends() => Some(SAVE_REST),
        OpenError::NoCommit { .. } | OpenError::HeaderDamaged { .. } if !command.salvages() => {
            Some(SALVAGE)
        }
        // Nothing else shows that it was one.
        OpenError::NotATokenFile { .. } if command.repairs() && !command.salvages() => {
            Some("if it was one, `--salvage` looks for what is left of it")
        }
        _ => None,
    }
}

/// Nothing can be saved of a file shorter than this.
const HEAD_BYTES: u64 = 0x10000;

const SAVE_REST: &str = "`ng repair FILE NEW` saves what is left";

fn of_read(error: &BlockError) -> Option<&'static str> {
    match error {
        BlockError::BadBlock { path, .. } | BlockError::Truncated { path, .. }
            if is_shard(path) =>
        {
            Some(REPAIR_DATASET)
        }
        BlockError::BadBlock { .. } => {
            Some("`ng verify FILE` names all that is bad, `ng repair FILE NEW` saves the rest")
        }
        BlockError::Truncated { .. } => Some(SAVE_REST),
        _ => None,
    }
}

fn of_dataset(error: &DatasetError) -> Option<&'static str> {
    match error {
        DatasetError::Manifest {
            flaw: ManifestFlaw::Dataset { .. },
            ..
        } => Some("it is from another folder: move it away"),
        DatasetError::Manifest { .. }
        | DatasetError::ShardShort { .. }
        | DatasetError::ShardMissing { .. }
        | DatasetError::OtherShard { .. } => Some(REPAIR_DATASET),
        DatasetError::KeptManifest { .. } => {
            Some("`ng dataset gc PATH --older 0s`, with --keep-from above it, lets it go")
        }
        DatasetError::GenerationGone { .. } => {
            Some("`ng dataset log PATH` lists those that are kept")
        }
        _ => None,
    }
}

/// Tells whether a file is a shard of a dataset.
fn is_shard(path: &Path) -> bool {
    let dataset = path.parent().and_then(Path::parent);
    dataset.is_some_and(Dataset::is_at)
}

fn of_write(error: &WriteError) -> Option<&'static str> {
    let is_overtaken = matches!(error, WriteError::Overtaken { .. });
    is_overtaken.then_some("`ng verify FILE` tells what is sound of it")
}

fn of_input(error: &InputError) -> Option<&'static str> {
    match error {
        // NeuroGraph gives it to every token whose id has an entity type.
        InputError::Record {
            cause: Invalid::EntityTypeMismatch { .. },
            ..
        } => Some("`--validate=upstream` allows it, as NeuroGraph does"),
        InputError::Table { source, .. } => of_table(source),
        _ => None,
    }
}

fn of_table(error: &ReadError) -> Option<&'static str> {
    match error {
        ReadError::Value {
            expected: Expected::Point,
            ..
        } => Some("`--units` takes them for units, `--raw` for stored steps"),
        // The libraries name the compression by the feature they were built without.
        ReadError::Parquet(_) | ReadError::Arrow(_) if error.to_string().contains("feature") => {
            Some("Arrow is read uncompressed, Parquet with the compression snappy or none")
        }
        _ => None,
    }
}

fn of_sort(error: &SortError) -> Option<&'static str> {
    match error {
        SortError::NoRoom { .. } => Some("`--temp DIR` puts them on another disk"),
        _ => None,
    }
}

fn behind_query(error: &Error) -> Option<&BlockError> {
    match error.downcast_ref()? {
        QueryError::Read(error) => Some(error),
        _ => None,
    }
}

fn behind_dataset(error: &Error) -> Option<&BlockError> {
    match error.downcast_ref()? {
        DatasetError::Read(error) | DatasetError::Query(QueryError::Read(error)) => Some(error),
        _ => None,
    }
}

fn behind_repair(error: &Error) -> Option<&OpenError> {
    match error.downcast_ref()? {
        RepairError::Open(error) => Some(error),
        _ => None,
    }
}

/// Tells whether the name of a new file is taken.
fn is_taken(error: &Error) -> bool {
    let created = error.downcast_ref();
    let repaired = error.downcast_ref().and_then(|error| match error {
        RepairError::Create(error) => Some(error),
        _ => None,
    });
    matches!(created.or(repaired), Some(CreateError::Exists { .. }))
}
