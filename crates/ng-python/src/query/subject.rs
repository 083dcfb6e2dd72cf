use std::path::{Path, PathBuf};
use std::sync::Arc;

use ng_store::{BLOCK_TOKENS, BlockReader, Snapshot};

use crate::error::{CHANGED, Error, Value};
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
        expect_same(&reader, snapshot, path)?;
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

/// Refuses a file that does not begin with the commit of a snapshot.
fn expect_same(reader: &BlockReader, snapshot: &Snapshot, path: &Path) -> Result<(), Error> {
    let (shown, found) = (snapshot.commit(), reader.commit());
    let is_same = found.file_id == shown.file_id
        && found.tokens >= shown.tokens
        && reader.table_chains(&[shown.tokens / BLOCK_TOKENS as u64])? == [shown.table_chain];
    match is_same {
        true => Ok(()),
        false => {
            let text = format!(
                "{}: {} tokens of another commit, expected to begin with the {} that are shown",
                path.display(),
                found.tokens,
                shown.tokens
            );
            let error = Error::new(CHANGED, text).at(path);
            let expected = format!("{} or more, of the same commit", shown.tokens);
            Err(error.of("tokens", Value::Whole(found.tokens.into()), expected))
        }
    }
}
