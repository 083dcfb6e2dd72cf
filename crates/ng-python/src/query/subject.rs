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
    /// Where they end, if the file has more by now.
    end: Option<u64>,
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
            end: None,
        })
    }

    /// The tokens of a snapshot, from its file, which may have grown.
    fn of_file(snapshot: &Snapshot, path: &Path) -> Result<Self, Error> {
        let reader = BlockReader::open(path)?;
        Known::opened(snapshot.commit()).expect_in(&reader)?;
        let file = Shown::of_file(Arc::new(Verified::new(reader)));
        let some = snapshot.start()..snapshot.start() + snapshot.len();
        Ok(match (some.start, file.len() > some.end) {
            (0, true) => Self {
                end: Some(some.end as u64),
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
            end: None,
            _unwritten: None,
        }
    }

    pub(crate) fn shown(&self) -> &Shown {
        &self.shown
    }

    pub(crate) fn end(&self) -> Option<u64> {
        self.end
    }

    /// The number of tokens.
    pub(crate) fn len(&self) -> usize {
        self.end.map_or(self.shown.len(), |end| end as usize)
    }
}
