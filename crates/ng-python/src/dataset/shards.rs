use std::ops::Range;
use std::sync::{Arc, OnceLock};

use ng_dataset::{Ask, Snapshot, Task};
use ng_parallel::Workers;
use ng_query::index::IndexWarning;
use ng_query::{Filter, Source};
use ng_token::Token;

use super::view::{Generation, View};
use crate::error::{Error, INTERNAL};
use crate::memory::Memory;
use crate::shown::{Shown, read_by};

/// The tokens of a dataset at a moment.
pub(crate) struct ShardSet {
    view: View,
    len: usize,
    loaded: OnceLock<Arc<Memory>>,
}

impl ShardSet {
    pub(crate) fn new(view: View) -> Self {
        let len = view.source().len();
        Self {
            len: usize::try_from(len).unwrap_or(usize::MAX),
            view,
            loaded: OnceLock::new(),
        }
    }

    /// The newest generation, if it differs.
    pub(super) fn newer(&self) -> Result<Option<Self>, Error> {
        Ok(self.view.newer()?.map(Self::new))
    }

    /// The snapshot, if its files are the system's.
    pub(super) fn local(&self) -> Result<&Snapshot, Error> {
        match &self.view {
            View::Local(snapshot) => Ok(snapshot),
            _ => Err(Error::new(INTERNAL, "no dataset of the file system")),
        }
    }

    /// What the generation says that is shown.
    pub(super) fn generation(&self) -> Result<&dyn Generation, Error> {
        let shown = self.view.shown();
        shown.ok_or_else(|| Error::new(INTERNAL, "a task has no generation"))
    }

    /// The tasks of a question, of at most so many bytes of tokens each.
    pub(crate) fn tasks(
        &self,
        place: &str,
        ask: &Ask,
        filter: Option<&Filter>,
        most_bytes: u64,
    ) -> Option<Vec<Task>> {
        match &self.view {
            View::Local(snapshot) => Some(snapshot.tasks(place, ask, filter, most_bytes)),
            View::Remote(passes, _) => {
                Some(passes.snapshot().tasks(place, ask, filter, most_bytes))
            }
            View::Piece(_) => None,
        }
    }

    /// The same tokens, with all shards to be opened anew.
    pub(super) fn reopened(&self) -> Result<Self, Error> {
        Ok(Self::new(View::Local(self.local()?.clone().reopened())))
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_mapped(&self) -> bool {
        matches!(&self.view, View::Local(snapshot) if snapshot.is_mapped())
    }

    /// Whether Python may be called to read, by any thread: nobody who waits for one may hold the
    /// GIL.
    pub(crate) fn is_read_by_python(&self) -> bool {
        !matches!(self.view, View::Local(_))
    }

    /// All tokens, if they were wanted before.
    pub(crate) fn loaded(&self) -> Option<&Arc<Memory>> {
        self.loaded.get()
    }

    pub(crate) fn source(&self) -> Source<'_> {
        self.view.source()
    }

    /// What was put aside of the indexes of shards.
    pub(crate) fn warnings(&self) -> Vec<IndexWarning> {
        self.view.warnings()
    }

    /// The same tokens for a query that ignores indexes, or verifies what is mapped.
    pub(crate) fn asked(self: &Arc<Self>, index: bool, verified: bool) -> Arc<Self> {
        let verifies = verified && self.is_mapped();
        if index && !verifies {
            return Arc::clone(self);
        }
        let view = match &self.view {
            View::Local(snapshot) => {
                let snapshot = snapshot.clone();
                let snapshot = if verifies {
                    snapshot.verified()
                } else {
                    snapshot
                };
                View::Local(if index {
                    snapshot
                } else {
                    snapshot.without_indexes()
                })
            }
            View::Remote(passes, root) => {
                View::Remote(passes.snapshot().passes(None), root.clone())
            }
            // It was opened as it was asked for.
            View::Piece(_) => return Arc::clone(self),
        };
        Arc::new(Self::new(view))
    }

    /// Some of the tokens, ready to be looked at: all of them are read once, some of them each
    /// time, and those of one mapped shard not at all.
    pub(crate) fn at_hand(
        self: &Arc<Self>,
        workers: &Workers,
        range: Range<usize>,
    ) -> Result<Shown, Error> {
        if range.len() < self.len || self.loaded.get().is_some() {
            return self.passing(workers, range);
        }
        if let Some(map) = self.within_a_map(&range)? {
            return Ok(map);
        }
        let memory = Arc::new(Memory::of(self.read(workers, range)?));
        let first = self.loaded.get_or_init(|| memory);
        Ok(Shown::of_memory(Arc::clone(first)))
    }

    /// Does what [`at_hand`](Self::at_hand) does, but keeps no tokens for later.
    pub(crate) fn passing(&self, workers: &Workers, range: Range<usize>) -> Result<Shown, Error> {
        if let Some(memory) = self.loaded.get() {
            return Ok(Shown::Memory(Arc::clone(memory), range));
        }
        if let Some(map) = self.within_a_map(&range)? {
            return Ok(map);
        }
        let some = self.read(workers, range)?;
        Ok(Shown::of_memory(Arc::new(Memory::of(some))))
    }

    /// The tokens of a range that is within one mapped shard.
    fn within_a_map(&self, range: &Range<usize>) -> Result<Option<Shown>, Error> {
        let View::Local(snapshot) = &self.view else {
            return Ok(None);
        };
        let located = snapshot.locate(range.start as u64);
        let Some((number, _)) = located.filter(|_| snapshot.is_mapped() && !range.is_empty())
        else {
            return Ok(None);
        };
        let positions = snapshot.shards()[number].positions();
        if positions.end < range.end as u64 {
            return Ok(None);
        }
        let start = positions.start as usize;
        let part = snapshot.part(number)?;
        Ok(match part.source() {
            Source::Snapshot(map) => Some(Shown::Map(
                map.slice(range.start - start..range.end - start),
            )),
            _ => None,
        })
    }

    fn read(&self, workers: &Workers, range: Range<usize>) -> Result<ng_store::VecStore, Error> {
        read_by(workers, range, |some, tokens| {
            self.for_each(some, |verified| tokens.extend_from_slice(verified))
        })
    }

    /// Calls `look` with the tokens at some positions, in order, on this thread.
    pub(crate) fn for_each(
        &self,
        some: Range<u64>,
        mut look: impl FnMut(&[Token]),
    ) -> Result<(), Error> {
        self.source().for_each(some, |tokens| {
            look(tokens);
            Ok::<_, Error>(())
        })
    }

    /// Copies one token, which must be within.
    pub(crate) fn token(&self, position: usize) -> Result<Token, Error> {
        if let Some(memory) = self.loaded.get() {
            return Ok(memory.token(position));
        }
        let found = self.source().tokens_at(&[position as u64])?;
        let token = found.value.first().copied();
        token.ok_or_else(|| Error::new(INTERNAL, "a position without a token"))
    }
}
