//! Tails that dead writers left.

use std::io::{self, ErrorKind};
use std::thread::sleep;
use std::time::Duration;

use ng_query::sealed::FileId;
use ng_store::disk::{Dir, Disk};
use ng_store::file::Writer;

use super::seal::seal;
use super::tail::Tail;
use crate::place::{Place, shard_name};
use crate::{Dataset, DatasetError, Manifest};

/// Longer than a question holds a lock.
const MOMENT: Duration = Duration::from_millis(20);

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
            if lock(place, file, Disk::try_lock_shared)?.is_some() {
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
    let Some(disk) = lock_to_close(place, file)? else {
        return Ok(false);
    };
    // Who seals a tail holds its lock until that is published. So this decides, and only a tail
    // may be opened to append: that repeats its last commit under another number.
    if !is_open(place, file)? {
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

/// Takes the lock of a tail; `None` if a writer has it, or its file has gone.
fn lock_to_close<R: Dir>(place: &Place<R>, file: FileId) -> Result<Option<R::File>, DatasetError> {
    if let Some(disk) = lock(place, file, Disk::try_lock)? {
        return Ok(Some(disk));
    }
    // Who asks for the tails without a writer holds each for a moment.
    sleep(MOMENT);
    lock(place, file, Disk::try_lock)
}

/// Takes a lock of a tail; `None` if it is taken, or the tail was ended and its file removed.
fn lock<R: Dir>(
    place: &Place<R>,
    file: FileId,
    try_lock: fn(&R::File) -> io::Result<()>,
) -> Result<Option<R::File>, DatasetError> {
    let path = place.shard_path(file);
    let disk = match place.shards()?.open(&shard_name(file), true) {
        Err(error) if error.kind() == ErrorKind::NotFound && !is_open(place, file)? => {
            return Ok(None);
        }
        opened => opened.map_err(DatasetError::io(&path, "open"))?,
    };
    match try_lock(&disk) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        locked => locked
            .map(|()| Some(disk))
            .map_err(DatasetError::io(path, "lock")),
    }
}

fn is_open<R: Dir>(place: &Place<R>, file: FileId) -> Result<bool, DatasetError> {
    Ok(open_files(&*place.newest()?).any(|open| open == file))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{CreateOptions, WriterOptions};

    #[test]
    fn a_tail_that_was_ended_and_removed_meanwhile_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::create(folder.path(), &CreateOptions::new()).unwrap();
        let writer = dataset.writer(&WriterOptions::new()).unwrap();
        let file = writer.tail();
        writer.close().unwrap();
        let place = dataset.place();
        let path = place.shard_path(file);
        if path.exists() {
            fs::remove_file(path).unwrap();
        }
        assert!(!close(place, file).unwrap());
    }

    #[test]
    fn a_tail_that_is_named_but_lost_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::create(folder.path(), &CreateOptions::new()).unwrap();
        let writer = dataset.writer(&WriterOptions::new()).unwrap();
        fs::remove_file(dataset.place().shard_path(writer.tail())).unwrap();
        drop(writer);
        assert!(dataset.close_tails().is_err());
        assert!(dataset.tails().is_err());
    }

    #[test]
    fn who_asks_for_the_tails_keeps_nobody_from_closing_one() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::create(folder.path(), &CreateOptions::new()).unwrap();
        let writer = dataset.writer(&WriterOptions::new()).unwrap();
        let file = writer.tail();
        drop(writer);
        let place = dataset.place();
        let asked = lock(place, file, Disk::try_lock_shared).unwrap().unwrap();
        assert_eq!(dataset.tails().unwrap(), [file]);
        let asking = std::thread::spawn(move || {
            sleep(MOMENT / 4);
            drop(asked);
        });
        assert_eq!(dataset.close_tails().unwrap(), [file]);
        asking.join().unwrap();
    }
}
