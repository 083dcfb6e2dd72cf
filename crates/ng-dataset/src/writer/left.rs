//! Tails that dead writers left.

use std::io::ErrorKind;

use ng_query::sealed::FileId;
use ng_store::disk::{Dir, Disk};
use ng_store::file::Writer;

use super::seal::seal;
use super::tail::Tail;
use crate::place::{Place, shard_name};
use crate::{Dataset, DatasetError, Manifest};

impl<R: Dir> Dataset<R> {
    /// Returns the open tails that no writer holds: it was dropped without being closed, or its
    /// process has died.
    ///
    /// # Errors
    ///
    /// [`DatasetError`].
    pub fn tails(&self) -> Result<Vec<FileId>, DatasetError> {
        let place = self.place();
        let mut left = Vec::new();
        for file in open_files(&*place.newest()?) {
            if lock(place, file)?.is_some() {
                left.push(file);
            }
        }
        Ok(left)
    }

    /// Seals the open tails that no writer holds, and returns their files. What was committed in
    /// them stays; an empty one goes. A tail whose writer lives is left alone.
    ///
    /// # Errors
    ///
    /// The first error; the other tails are sealed all the same. A damaged tail stays open.
    pub fn close_tails(&self) -> Result<Vec<FileId>, DatasetError> {
        let place = self.place();
        let files: Vec<FileId> = open_files(&*place.newest()?).collect();
        let (mut closed, mut failed) = (Vec::new(), None);
        for file in files {
            match close(place, file) {
                Ok(true) => closed.push(file),
                Ok(false) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(closed),
        }
    }
}

fn open_files(manifest: &Manifest) -> impl Iterator<Item = FileId> {
    let open = manifest.entries.iter().filter(|entry| entry.is_open());
    open.map(|entry| entry.file)
}

/// Seals a tail, unless a writer holds it, or it was sealed meanwhile.
fn close<R: Dir>(place: &Place<R>, file: FileId) -> Result<bool, DatasetError> {
    let Some(disk) = lock(place, file)? else {
        return Ok(false);
    };
    // Who seals a tail holds its lock until that is published. So this decides, and only a tail
    // may be opened to append: that repeats its last commit under another number.
    if !open_files(&*place.newest()?).any(|open| open == file) {
        return Ok(false);
    }
    let writer = Writer::open(&place.shards()?, disk, place.shard_path(file))?;
    let mut tail = Tail {
        file,
        writer: Box::new(writer),
    };
    seal(place, &mut tail, None, &[])?;
    Ok(true)
}

/// Takes the lock of a tail; `None` if a writer has it.
fn lock<R: Dir>(place: &Place<R>, file: FileId) -> Result<Option<R::File>, DatasetError> {
    let path = place.shard_path(file);
    let disk = place.shards()?.open(&shard_name(file), true);
    let disk = disk.map_err(DatasetError::io(&path, "open"))?;
    match disk.try_lock() {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        locked => locked
            .map(|()| Some(disk))
            .map_err(DatasetError::io(path, "lock")),
    }
}
