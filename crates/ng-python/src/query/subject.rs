use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use ng_store::{BlockReader, Snapshot};

use super::question::How;
use crate::error::Error;
use crate::known::Known;
use crate::memory::Slice;
use crate::shown::{Shown, Verified};
use crate::tokens::Origin;

/// The tokens that are queried, as of a moment.
pub(crate) struct Subject {
    shown: Shown,
    /// Which of them, if the file has more by now, or a task is about some of them.
    some: Option<Range<u64>>,
    /// Prevents writable views of a vector.
    _unwritten: Option<Slice>,
}

impl Subject {
    /// What is shown, to be read and verified if `verified` and from a mapped file.
    pub(super) fn of(origin: &Origin, how: &How) -> Result<Self, Error> {
        let shown = origin.shown()?;
        match (&shown, origin.path()) {
            (Shown::Map(snapshot), Some(path)) if how.verified => Self::of_file(snapshot, &path),
            _ => Self::of_shown(shown, how),
        }
    }

    /// All tokens of what is shown, while nobody writes to them.
    pub(super) fn of_shown(shown: Shown, how: &How) -> Result<Self, Error> {
        let shown = match shown {
            Shown::Shards(shards, range) => {
                Shown::Shards(shards.asked(how.index, how.verified), range)
            }
            other => other,
        };
        Ok(Self {
            _unwritten: shown.unwritten()?,
            shown,
            some: None,
        })
    }

    /// Those of a task.
    pub(super) fn within(self, some: Option<Range<u64>>) -> Self {
        match some {
            Some(some) => Self {
                some: Some(some),
                ..self
            },
            None => self,
        }
    }

    /// The tokens of a snapshot, from its file, which may have grown.
    fn of_file(snapshot: &Snapshot, path: &Path) -> Result<Self, Error> {
        let reader = BlockReader::open(path)?;
        Known::opened(snapshot.commit()).expect_in(&reader)?;
        let file = Shown::of_file(Arc::new(Verified::new(reader)));
        let some = snapshot.start()..snapshot.start() + snapshot.len();
        Ok(match (some.start, file.len() > some.end) {
            (0, true) => Self {
                some: Some(0..some.end as u64),
                ..Self::at_hand(file)
            },
            (0, false) => Self::at_hand(file),
            _ => Self::at_hand(file.slice(some)),
        })
    }

    /// All tokens of what is shown.
    pub(crate) fn at_hand(shown: Shown) -> Self {
        Self {
            shown,
            some: None,
            _unwritten: None,
        }
    }

    pub(crate) fn shown(&self) -> &Shown {
        &self.shown
    }

    pub(crate) fn some(&self) -> Option<Range<u64>> {
        self.some.clone()
    }

    /// The positions of the tokens in what is shown.
    pub(crate) fn positions(&self) -> Range<usize> {
        match &self.some {
            Some(some) => some.start as usize..some.end as usize,
            None => 0..self.shown.len(),
        }
    }

    /// The number of tokens.
    pub(crate) fn len(&self) -> usize {
        self.positions().len()
    }
}
