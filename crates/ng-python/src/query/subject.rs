use std::path::{Path, PathBuf};
use std::sync::Arc;

use ng_store::{BlockReader, Snapshot};

use crate::error::Error;
use crate::known::Known;
use crate::shown::{Shown, Verified};
use crate::tokens::Origin;

impl Origin {
    /// The path of the file that the tokens are of.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        match self {
            Self::Vector(_) => None,
            Self::File(file) => Some(file.path().to_owned()),
            Self::Pinned(_, path) => path.as_deref().cloned(),
        }
    }
}

/// The tokens that are asked, as they are at a moment.
pub(crate) struct Subject {
    shown: Shown,
    /// Where they end, if the file has more by now.
    end: Option<u64>,
}

impl Subject {
    /// What is shown, to be read and verified if that is wished and it is of a file.
    pub(super) fn of(origin: &Origin, verified: bool) -> Result<Self, Error> {
        let shown = origin.shown()?;
        match (&shown, origin.path()) {
            (Shown::Map(snapshot), Some(path)) if verified => Self::of_file(snapshot, &path),
            _ => Ok(Self { shown, end: None }),
        }
    }

    /// The tokens of a snapshot, out of the file that it is of. That may have grown.
    fn of_file(snapshot: &Snapshot, path: &Path) -> Result<Self, Error> {
        let reader = BlockReader::open(path)?;
        Known::opened(snapshot.commit()).expect_in(&reader)?;
        let file = Shown::of_file(Arc::new(Verified::new(reader)));
        let some = snapshot.start()..snapshot.start() + snapshot.len();
        Ok(match (some.start, file.len() > some.end) {
            (0, true) => Self {
                shown: file,
                end: Some(some.end as u64),
            },
            (0, false) => Self {
                shown: file,
                end: None,
            },
            _ => Self {
                shown: file.slice(some),
                end: None,
            },
        })
    }

    /// All tokens of what is shown.
    pub(crate) fn at_hand(shown: Shown) -> Self {
        Self { shown, end: None }
    }

    pub(crate) fn shown(&self) -> &Shown {
        &self.shown
    }

    pub(crate) fn end(&self) -> Option<u64> {
        self.end
    }

    /// How many tokens there are.
    pub(crate) fn len(&self) -> usize {
        self.end.map_or(self.shown.len(), |end| end as usize)
    }
}
