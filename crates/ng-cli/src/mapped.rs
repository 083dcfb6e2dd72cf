use std::path::Path;

use ng_query::index::{Index, IndexWarning};
use ng_store::{BlockReader, Commit, MmapStore, OpenError, Snapshot};

use crate::say::Say;

/// Maps the commit of a file that was opened for reading before; `None` if there is another one by
/// now.
pub(crate) fn map(path: &Path, commit: &Commit) -> Result<Option<Snapshot>, OpenError> {
    // SAFETY: `open` asks that (1) nobody truncates the file or overwrites committed tokens while
    // it is mapped. This program does not, for as long as it runs; the help of the verb asks it of
    // the user.
    let store = unsafe { MmapStore::open(path) }?;
    let snapshot = store.snapshot();
    Ok((snapshot.commit() == commit).then_some(snapshot))
}

/// Has queries map the shards of a dataset.
pub(crate) fn map_dataset(snapshot: ng_dataset::Snapshot) -> ng_dataset::Snapshot {
    // SAFETY: `mapped` asks that (1) nobody truncates a shard, overwrites committed tokens in it
    // or changes the files of its index. This program does not, for as long as it runs; the help
    // of the verb asks it of the user.
    unsafe { snapshot.mapped() }
}

/// Opens the index beside a file, if there is one.
pub(crate) fn open_index(reader: &BlockReader) -> Option<Index> {
    // SAFETY: `open` asks that (1) nobody changes the files of the index while they are
    // mapped. Builders never do; the help of the verb asks it of the user.
    unsafe { Index::open(reader) }
}

/// What of an index was put aside.
pub(crate) fn told_warnings(warnings: impl Iterator<Item = IndexWarning>) -> Vec<String> {
    let told = |warning: IndexWarning| match warning.is_rot() {
        true => format!("{warning} (`ng index FILE --rebuild` makes it anew)"),
        false => warning.to_string(),
    };
    warnings.map(told).collect()
}

/// Reports it.
pub(crate) fn warn_of_index(warnings: &[String], say: Say) {
    let lines = warnings.iter();
    let lines = lines.map(|told| format!("warning: {told}; the records answered"));
    say.warn(&lines.collect::<Vec<_>>());
}
