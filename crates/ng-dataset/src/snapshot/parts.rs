//! A snapshot as the source of queries: each shard is a part, opened when it is needed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ng_query::index::{Index, IndexWarning};
use ng_query::{OpenPart, Parts, QueryError, Source, Zone};
use ng_store::ProcessMark;
use ng_store::disk::RealDir;

use super::Snapshot;
use super::mapped::{map, map_index};
use crate::DatasetError;

/// How many shards stay open for the next question; each has a file, and what its index has in
/// memory.
const KEPT: usize = 16;

/// How many warnings of indexes are remembered.
const WARNINGS: usize = 64;

/// How the shards of a snapshot are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Access {
    /// Mapped, and nothing is verified; otherwise block by block, each verified.
    pub(super) is_mapped: bool,
    /// Whether indexes are left alone.
    pub(super) ignores_indexes: bool,
}

/// The shards that were opened last, and what was wrong with their indexes.
///
/// A forked child leaves it alone: what another thread had locked stays locked there.
#[derive(Debug)]
pub(super) struct Opened {
    process: ProcessMark,
    parts: Mutex<VecDeque<(usize, Arc<OpenPart>)>>,
    warnings: Mutex<Vec<IndexWarning>>,
}

impl Snapshot {
    /// Returns the source of a [`Query`](ng_query::Query) over all its tokens.
    ///
    /// ```
    /// use ng_dataset::{CreateOptions, Dataset};
    /// use ng_dataset::ng_query::Query;
    /// use ng_dataset::ng_parallel::Workers;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let dataset = Dataset::create(folder.path().join("tokens.ngd"), &CreateOptions::new())?;
    /// let snapshot = dataset.snapshot()?;
    /// let count = Query::new(snapshot.source(), &Workers::new(2)?).count()?;
    /// assert_eq!(count.value, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn source(&self) -> Source<'_> {
        Source::Parts(self)
    }

    /// Opens a shard as the part of a query, with its index if it has one.
    ///
    /// # Errors
    ///
    /// [`DatasetError`].
    ///
    /// # Panics
    ///
    /// If there is no such shard.
    pub fn part(&self, shard: usize) -> Result<Arc<OpenPart>, DatasetError> {
        if let Some(part) = self.opened.kept(shard) {
            return Ok(part);
        }
        let part = Arc::new(self.new_part(shard)?);
        self.opened.keep(shard, &part);
        Ok(part)
    }

    fn new_part(&self, number: usize) -> Result<OpenPart, DatasetError> {
        let shard = &self.shards[number];
        let reader = self.open_shard(number)?;
        let is_whole = shard.rows() == (0..reader.len());
        let is_indexed = is_whole && !self.access.ignores_indexes;
        match self.access.is_mapped {
            true => {
                let snapshot = map(&reader, shard.rows())?;
                let is_same = is_indexed && *snapshot.commit() == reader.commit();
                let index = is_same.then(|| map_index(&reader)).flatten();
                part(OpenPart::of_snapshot(snapshot, index))
            }
            false if is_whole => {
                let index = is_indexed.then(|| Index::load(&reader)).flatten();
                part(OpenPart::of_reader(reader, index))
            }
            false => Ok(OpenPart::of_reader_rows(reader, shard.rows())),
        }
    }

    /// Has queries read and verify the blocks of the shards that they open: what a snapshot does
    /// unless it is [`mapped`](Self::mapped).
    #[must_use]
    pub fn verified(mut self) -> Self {
        self.access.is_mapped = false;
        self.opened = Default::default();
        self
    }

    /// Has queries ignore the indexes of shards; what the generation knows of whole shards is still
    /// used.
    #[must_use]
    pub fn without_indexes(mut self) -> Self {
        self.access.ignores_indexes = true;
        self.opened = Default::default();
        self
    }

    /// Has queries open all shards anew, when they need them: their indexes may be others by now.
    #[must_use]
    pub fn reopened(mut self) -> Self {
        self.opened = Default::default();
        self
    }

    /// Tells whether queries map the shards that they open.
    #[must_use]
    pub fn is_mapped(&self) -> bool {
        self.access.is_mapped
    }

    /// Returns why indexes of shards were put aside so far; the records answered instead.
    #[must_use]
    pub fn index_warnings(&self) -> Vec<IndexWarning> {
        self.opened.all_warnings()
    }
}

fn part(opened: Result<OpenPart, ng_query::QuestionError>) -> Result<OpenPart, DatasetError> {
    opened.map_err(|error| QueryError::from(error).into())
}

impl Default for Opened {
    fn default() -> Self {
        Self {
            process: ProcessMark::of_this_process(),
            parts: Mutex::default(),
            warnings: Mutex::default(),
        }
    }
}

impl Opened {
    fn lock<'a, T>(&self, mutex: &'a Mutex<T>) -> Option<MutexGuard<'a, T>> {
        let is_here = self.process.is_this_process();
        is_here.then(|| mutex.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn all_warnings(&self) -> Vec<IndexWarning> {
        let Some(parts) = self.lock(&self.parts) else {
            return Vec::new();
        };
        parts.iter().for_each(|(_, part)| self.remember(part));
        self.lock(&self.warnings)
            .map_or_else(Vec::new, |warnings| warnings.clone())
    }

    pub(super) fn kept(&self, shard: usize) -> Option<Arc<OpenPart>> {
        let parts = self.lock(&self.parts)?;
        let kept = parts.iter().find(|(number, _)| *number == shard);
        kept.map(|(_, part)| part.clone())
    }

    pub(super) fn keep(&self, shard: usize, part: &Arc<OpenPart>) {
        let Some(mut parts) = self.lock(&self.parts) else {
            return;
        };
        parts.push_back((shard, part.clone()));
        if parts.len() > KEPT
            && let Some((_, last)) = parts.pop_front()
        {
            self.remember(&last);
        }
    }

    fn remember(&self, part: &OpenPart) {
        let Some(mut warnings) = self.lock(&self.warnings) else {
            return;
        };
        for warning in part.index().into_iter().flat_map(Index::warnings) {
            // Its writer indexes a tail beyond the commit that is shown.
            let is_ahead = matches!(warning, IndexWarning::Beyond { .. });
            let told = warning.to_string();
            let is_known = warnings.iter().any(|known| known.to_string() == told);
            if !is_ahead && !is_known && warnings.len() < WARNINGS {
                warnings.push(warning);
            }
        }
    }
}

impl Parts for Snapshot<RealDir> {
    fn part_count(&self) -> usize {
        self.shards.len()
    }

    fn part_tokens(&self, part: usize) -> u64 {
        self.shards[part].len()
    }

    fn part_zone(&self, part: usize) -> Option<&Zone> {
        self.shards[part].zone()
    }

    fn open_part(&self, part: usize) -> Result<Arc<OpenPart>, QueryError> {
        self.part(part).map_err(|error| QueryError::Part {
            part,
            source: Box::new(error),
        })
    }
}
