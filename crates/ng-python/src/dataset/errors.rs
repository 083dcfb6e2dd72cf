use std::path::Path;

use ng_dataset::{DatasetError, FileId};

use crate::error::{Class, Error, LOCKED, NOT_DURABLE, READ_ONLY, Value, errno};

const DATASET: Class = Class::Own("DatasetError");
const NOT_A_DATASET: Class = Class::Own("NotADataset");
const DAMAGED_MANIFEST: Class = Class::Own("DamagedManifest");
const GENERATION_GONE: Class = Class::Own("GenerationGone");
const CONFLICT: Class = Class::Own("Conflict");
const OTHER_SHARD: Class = Class::Own("OtherShard");
const OTHER_DATASET: Class = Class::Own("OtherDataset");

impl From<DatasetError> for Error {
    fn from(error: DatasetError) -> Self {
        use DatasetError as E;
        let text = error.to_string();
        match error {
            E::Io {
                path,
                operation,
                source,
            } => Self::of_system(&format!("cannot {operation}: {source}"), &source).at(&path),
            E::File(error) => error.into(),
            E::Create(error) => error.into(),
            E::Open(error) => error.into(),
            E::Read(error) => error.into(),
            E::Write(error) => error.into(),
            E::Repair(error) => error.into(),
            E::Sort(error) => error.into(),
            E::Verify(error) => error.into(),
            E::Query(error) => error.into(),
            E::Index(error) => error.into(),
            E::Workers(error) => error.into(),
            E::Parallel(error) => error.into(),
            other => of_dataset(text, other),
        }
    }
}

/// The errors that are a dataset's own.
fn of_dataset(text: String, error: DatasetError) -> Error {
    use DatasetError as E;
    match error {
        E::NotADataset { path } => Error::new(NOT_A_DATASET, text).at(&path),
        E::Exists { path } => {
            Error::new(Class::Exists, "exists, expected a new or an empty folder")
                .at(&path)
                .errno(errno::EXISTS)
        }
        E::Manifest { path, .. } | E::KeptManifest { path, .. } | E::LastNumber { path, .. } => {
            Error::new(DAMAGED_MANIFEST, text).at(&path)
        }
        E::GenerationGone {
            path,
            generation,
            oldest,
            newest,
        } => Error::new(GENERATION_GONE, text).at(&path).of(
            "generation",
            Value::Whole(generation.into()),
            format_args!("{oldest} to {newest}"),
        ),
        E::Locked { path, holder } => {
            let by = holder.map_or(String::new(), |process| format!(", process {process}"));
            Error::new(LOCKED, format!("locked by another change{by}"))
                .at(&path)
                .errno(errno::AGAIN)
        }
        E::Conflict {
            path, generation, ..
        } => Error::new(CONFLICT, text).at(&path).of(
            "generation",
            Value::Whole(generation.into()),
            "the one that the change began from",
        ),
        E::OutcomeUnknown { cause, .. } => {
            let errno = cause.source.raw_os_error().unwrap_or(errno::IO);
            Error::new(NOT_DURABLE, text).at(&cause.path).errno(errno)
        }
        E::NoRoom { .. } => Error::new(Class::Os, text).errno(errno::NO_SPACE),
        E::OtherDataset {
            path,
            found,
            expected,
        } => Error::new(OTHER_DATASET, text).at(&path).of(
            "id",
            Value::Text(found.to_string()),
            expected,
        ),
        E::Assign(_) => Error::new(Class::Value, text),
        E::ShardMissing { path, .. } => Error::new(OTHER_SHARD, text).at(&path),
        E::ShardShort {
            path,
            found,
            expected,
        } => Error::new(OTHER_SHARD, text).at(&path).of(
            "rows",
            Value::Whole(found.into()),
            format_args!("{expected} or more"),
        ),
        E::OtherShard {
            path,
            what,
            found,
            expected,
        } => Error::new(OTHER_SHARD, text)
            .at(&path)
            .of(what, Value::Text(found), expected),
        _ => Error::new(DATASET, text),
    }
}

/// A dataset that can only be read.
pub(super) fn read_only(path: &Path) -> Error {
    let text = format!(
        "{}: on an object store, which is only read, expected a folder of the file system",
        path.display()
    );
    Error::new(READ_ONLY, text).at(path)
}

/// A path that names another dataset than the one that was pickled.
pub(super) fn other_dataset(path: &Path, found: FileId, expected: FileId) -> Error {
    let text = format!(
        "{}: dataset {found}, expected {expected}: not the dataset that was pickled",
        path.display()
    );
    let value = Value::Text(found.to_string());
    Error::new(OTHER_DATASET, text)
        .at(path)
        .of("id", value, expected)
}
