use std::fs;
use std::path::Path;

use ng_parallel::Workers;
use ng_query::Zone;
use ng_query::index::{self, BuildOptions, build, index_folder};
use ng_query::sealed::FileId;
use ng_store::disk::Dir;
use ng_store::{BlockReader, Commit};

use super::{for_each_row, open_file};
use crate::DatasetError;
use crate::place::Place;

/// Writes the zones of a shard's blocks beside it, and returns that of all its tokens; `None` if
/// there are none, or a block is damaged.
pub(crate) fn index<R: Dir>(place: &Place<R>, file: FileId) -> Result<Option<Zone>, DatasetError> {
    let reader = open_file(place, file)?;
    if let Some(index) = place.index() {
        let (indexed, zone) = index(&place.shard_path(file))?;
        // If the folder was moved since it was opened, its path may be that of a copy.
        if indexed == reader.commit() {
            return Ok(zone);
        }
    }
    let mut whole: Option<Zone> = None;
    for_each_row::<_, DatasetError>(&reader, 0..reader.len(), |tokens| {
        let zone = Zone::of(tokens);
        match &mut whole {
            Some(whole) => whole.merge(&zone),
            none => *none = Some(zone),
        }
        Ok(())
    })?;
    Ok(whole)
}

/// Does so for a file of the operating system, and tells which commit it has found.
///
/// The zones of blocks are derived data, and not synced.
pub(crate) fn index_real(path: &Path) -> Result<(Commit, Option<Zone>), DatasetError> {
    let reader = BlockReader::open(path)?;
    let options = BuildOptions::new().sync(false);
    let report = build(&Workers::new(1)?, &reader, &options, |_, _| ())?;
    Ok((reader.commit(), report.zone))
}

/// Removes the index of a shard. A file or a link by its name is removed as what it is.
pub(crate) fn remove_index(path: &Path) -> Result<(), DatasetError> {
    let folder = index_folder(path);
    let is_none = fs::symlink_metadata(&folder).is_ok_and(|found| !found.is_dir());
    match is_none {
        true => fs::remove_file(&folder).map_err(DatasetError::io(folder, "remove")),
        false => Ok(index::remove(path).map(drop)?),
    }
}
