//! A snapshot on any disk as the source of queries.

use std::sync::Arc;
use std::{fmt, io};

use ng_query::index::{Index, IndexWarning};
use ng_query::sealed::FileId;
use ng_query::{OpenPart, Parts, QueryError, Source, Zone};
use ng_store::BlockPass;
use ng_store::disk::Dir;

use super::Snapshot;
use super::parts::Opened;
use crate::DatasetError;

/// Opens the zones of a whole shard, if there are any.
pub type IndexOf = dyn Fn(FileId, &BlockPass<'static>) -> io::Result<Option<Index>> + Send + Sync;

/// A snapshot on any disk, whose shards are read block by block, each verified: what
/// [`Snapshot::source`] is for the disk of the system.
pub struct Passes<R: Dir> {
    snapshot: Snapshot<R>,
    index: Option<Arc<IndexOf>>,
    opened: Arc<Opened>,
}

impl<R: Dir> Snapshot<R> {
    /// Makes it the source of queries; `index` opens the zones of a whole shard.
    #[must_use]
    pub fn passes(&self, index: Option<Arc<IndexOf>>) -> Passes<R> {
        Passes {
            snapshot: self.clone(),
            index,
            opened: Arc::default(),
        }
    }
}

impl<R: Dir> Passes<R> {
    /// Returns the snapshot.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot<R> {
        &self.snapshot
    }

    /// Returns why parts of indexes were put aside so far.
    #[must_use]
    pub fn index_warnings(&self) -> Vec<IndexWarning> {
        self.opened.all_warnings()
    }

    fn new_part(&self, number: usize) -> Result<OpenPart, DatasetError>
    where
        R::File: 'static,
    {
        let rows = self.snapshot.shards[number].rows();
        let reader = self.snapshot.open_shard(number)?;
        let (is_whole, pass) = (rows == (0..reader.len()), reader.pass());
        let file = self.snapshot.shards[number].file();
        let index = match &self.index {
            Some(index) if is_whole => index(file, &pass).map_err(DatasetError::io(
                reader.path(),
                "read the zones of the shard",
            ))?,
            _ => None,
        };
        let part = OpenPart::of_pass(pass, rows, index);
        part.map_err(|error| QueryError::from(error).into())
    }
}

impl<R: Dir + Send + Sync> Passes<R>
where
    R::File: 'static,
{
    /// Returns it as the source of a query.
    #[must_use]
    pub fn source(&self) -> Source<'_> {
        Source::Parts(self)
    }
}

impl<R: Dir> fmt::Debug for Passes<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Passes").field(&self.snapshot).finish()
    }
}

impl<R: Dir + Send + Sync> Parts for Passes<R>
where
    R::File: 'static,
{
    fn part_count(&self) -> usize {
        self.snapshot.shards.len()
    }

    fn part_tokens(&self, part: usize) -> u64 {
        self.snapshot.shards[part].len()
    }

    fn part_zone(&self, part: usize) -> Option<&Zone> {
        self.snapshot.shards[part].zone()
    }

    fn open_part(&self, part: usize) -> Result<Arc<OpenPart>, QueryError> {
        if let Some(kept) = self.opened.kept(part) {
            return Ok(kept);
        }
        let opened = self.new_part(part).map_err(|error| QueryError::Part {
            part,
            source: Box::new(error),
        })?;
        let opened = Arc::new(opened);
        self.opened.keep(part, &opened);
        Ok(opened)
    }
}
