//! Files that no manifest names.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ng_query::index::IndexError;
use ng_query::sealed::FileId;
use ng_store::BlockReader;
use ng_store::disk::Dir;
use ng_store::file::remove_leftovers;

use super::Collector;
use crate::DatasetError;
use crate::place::{Removal, SHARDS, shard_name, shard_of};
use crate::shard::remove_index;
use crate::upkeep::named::BATCH;
use crate::upkeep::real;

/// A shard that no manifest is known to name, locked.
struct Candidate<R: Dir> {
    file: FileId,
    path: PathBuf,
    /// Holds the lock while open.
    held: R::File,
}

impl<R: Dir> Collector<'_, R> {
    /// Removes the files that no manifest names.
    pub(super) fn remove_files(&mut self) -> Result<(), DatasetError> {
        let shards = self.place.shards()?;
        let folder = self.place.path().join(SHARDS);
        let names = shards.names();
        let names = names.map_err(DatasetError::io(&folder, "list"))?;
        let unnamed: Vec<FileId> = names
            .iter()
            .filter_map(|name| shard_of(name))
            .filter(|file| !self.named.has(*file))
            .collect();
        let (dropped, orphans): (Vec<_>, Vec<_>) = unnamed
            .into_iter()
            .partition(|file| self.dropped.contains(file));
        // Since they were listed: a change that begins later has none of them.
        let removed = match !orphans.is_empty() && self.place.is_changing()? {
            true => {
                self.report.locked_files += orphans.len() as u64;
                dropped
            }
            false => [dropped, orphans].concat(),
        };
        for batch in removed.chunks(BATCH) {
            self.remove_batch(&shards, batch)?;
        }
        if self.options.dry_run {
            return Ok(());
        }
        remove_leftovers(self.place.root());
        remove_leftovers(&shards);
        if self.place.is_real() {
            // What sorts that were killed left; the next sort would do it, too.
            let _ = ng_query::order::remove_abandoned(self.place.path());
        }
        match removed.is_empty() {
            true => Ok(()),
            false => shards
                .sync()
                .map_err(DatasetError::io(folder, "sync the folder")),
        }
    }

    fn remove_batch(&mut self, shards: &R, batch: &[FileId]) -> Result<(), DatasetError> {
        let mut candidates = Vec::with_capacity(batch.len());
        for &file in batch {
            candidates.extend(self.candidate(shards, file)?);
        }
        if candidates.is_empty() {
            return Ok(());
        }
        // Whoever had one of the locks until now has published what names it.
        self.look_through()?;
        for candidate in candidates {
            if !self.named.has(candidate.file) {
                self.remove_shard(shards, &candidate)?;
            }
        }
        Ok(())
    }

    /// Locks a shard, if nobody else has it and it is old enough.
    fn candidate(
        &mut self,
        shards: &R,
        file: FileId,
    ) -> Result<Option<Candidate<R>>, DatasetError> {
        let (name, path) = (shard_name(file), self.place.shard_path(file));
        let held = match Removal::of(shards, &name, &path)? {
            Removal::Gone => return Ok(None),
            Removal::InUse => {
                self.report.locked_files += 1;
                return Ok(None);
            }
            Removal::Ours(held) => held,
        };
        let candidate = Candidate { file, path, held };
        if self.dropped.contains(&file) {
            return Ok(Some(candidate));
        }
        let Some(age) = if_there(self.age_of_shard(shards, &name, &candidate.path))? else {
            return Ok(None);
        };
        match self.options.is_old(age) {
            true => Ok(Some(candidate)),
            false => {
                self.report.young_files += 1;
                Ok(None)
            }
        }
    }

    fn remove_shard(&mut self, shards: &R, candidate: &Candidate<R>) -> Result<(), DatasetError> {
        let removed = match self.options.dry_run {
            true => self.bytes_of(&candidate.held, &candidate.path),
            false => self.remove(shards, candidate),
        };
        let Some(bytes) = if_there(removed)? else {
            return Ok(());
        };
        self.report.freed_bytes += bytes;
        self.report.removed_shards += 1;
        self.report.removed_orphans += u64::from(!self.dropped.contains(&candidate.file));
        Ok(())
    }

    /// Removes a shard with its index, and returns how many bytes it took.
    fn remove(&self, shards: &R, candidate: &Candidate<R>) -> Result<u64, DatasetError> {
        let Candidate { file, path, held } = candidate;
        let bytes = self.bytes_of(held, path)?;
        // Before its file, after which nobody would look for it.
        if self.place.is_real() {
            remove_index(path)?;
        }
        let removed = shards.unlink(&shard_name(*file));
        removed.map_err(DatasetError::io(path, "remove"))?;
        Ok(bytes)
    }

    /// How old a shard is: since it was written last or, on a disk that does not say, since it was
    /// created. `None` if it does not say that either.
    fn age_of_shard(
        &self,
        shards: &R,
        name: &str,
        path: &Path,
    ) -> Result<Option<Duration>, DatasetError> {
        if self.place.is_real() {
            return real::age(path)
                .map(Some)
                .map_err(DatasetError::io(path, "inspect"));
        }
        let disk = shards.open(name, false);
        let disk = disk.map_err(DatasetError::io(path, "open"))?;
        let reader = BlockReader::of_truncated_disk(disk, path);
        Ok(reader.ok().map(|reader| since(reader.info().created_ns)))
    }
}

/// `None` if a file is no longer there: its creator, who has given it up, has let its lock go and
/// removes it as well.
fn if_there<T>(done: Result<T, DatasetError>) -> Result<Option<T>, DatasetError> {
    match done {
        Err(
            DatasetError::Io { source, .. } | DatasetError::Index(IndexError::Io { source, .. }),
        ) if source.kind() == ErrorKind::NotFound => Ok(None),
        done => done.map(Some),
    }
}

fn since(then_ns: u64) -> Duration {
    Duration::from_nanos(ng_store::now_ns().saturating_sub(then_ns))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::raise::raise;
    use super::super::{CollectOptions, Collector};
    use super::*;
    use crate::testing::new_shard;
    use crate::{CreateOptions, Dataset};

    #[test]
    fn a_file_that_its_creator_removes_at_the_same_time_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::create(folder.path(), &CreateOptions::new()).unwrap();
        let (place, options) = (dataset.place(), CollectOptions::new().older(Duration::ZERO));
        let limits = raise(place, &options).unwrap();
        let mut collector = Collector::new(place, &options, &limits);
        let shards = place.shards().unwrap();
        let file = new_shard(&dataset, 0..10).entry.file;
        let candidate = collector.candidate(&shards, file).unwrap().unwrap();
        fs::remove_file(&candidate.path).unwrap();
        collector.remove_shard(&shards, &candidate).unwrap();
        assert_eq!(
            (
                collector.report.removed_shards,
                collector.report.freed_bytes
            ),
            (0, 0)
        );
    }
}
