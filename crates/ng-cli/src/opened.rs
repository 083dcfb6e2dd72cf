//! What tokens are taken from: a token file, or a dataset.

use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::Result;
use ng_dataset::{Dataset, Snapshot};
use ng_store::CachePolicy;
use ng_token::Token;

use crate::ending::Misplaced;
use crate::found::Found;
use crate::say::Say;
use crate::source::Source;

pub(crate) enum Opened {
    File(Source),
    Dataset(OfDataset),
}

/// A generation of a dataset.
pub(crate) struct OfDataset {
    pub(crate) snapshot: Snapshot,
    pub(crate) path: PathBuf,
}

impl Opened {
    /// Opens a token file, or a generation of a dataset: by default the newest.
    pub(crate) fn at(path: &Path, generation: Option<u64>) -> Result<Self> {
        if Dataset::is_at(path) {
            return OfDataset::open(path, generation).map(Self::Dataset);
        }
        let source = Source::open(path)?;
        match generation {
            None => Ok(Self::File(source)),
            Some(_) => Err(Misplaced::expects_dataset(path, "--generation").into()),
        }
    }

    /// Reads a token file by a policy.
    pub(crate) fn with_cache(self, cache: CachePolicy) -> Self {
        match self {
            Self::File(source) => Self::File(Source {
                reader: source.reader.with_cache(cache),
                ..source
            }),
            source => source,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::File(source) => &source.path,
            Self::Dataset(source) => &source.path,
        }
    }

    /// Returns the number of tokens.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::File(source) => source.reader.len(),
            Self::Dataset(source) => source.snapshot.len(),
        }
    }

    /// Checks everything but the blocks, see [`Source::look`].
    pub(crate) fn look(&self) -> Result<Found> {
        match self {
            Self::File(source) => source.look(),
            Self::Dataset(source) => Ok(source.found()),
        }
    }

    /// Reports what [`look`](Self::look) found, before any token is given.
    pub(crate) fn warn(&self, found: &Found, say: Say) {
        match self {
            Self::File(source) => source.warn(found, say),
            Self::Dataset(source) => source.warn(found, say),
        }
    }

    /// Passes on the tokens of a range, verified and in order.
    pub(crate) fn for_each(
        &self,
        range: Range<u64>,
        mut take: impl FnMut(&[Token]) -> Result<()>,
    ) -> Result<()> {
        match self {
            Self::File(source) => source.reader.for_each(range, take),
            Self::Dataset(source) => source.snapshot.for_each(range, |_, tokens| take(tokens)),
        }
    }
}

impl OfDataset {
    pub(crate) fn open(path: &Path, generation: Option<u64>) -> Result<Self> {
        let dataset = Dataset::open(path)?;
        let snapshot = match generation {
            Some(generation) => dataset.snapshot_of(generation)?,
            None => dataset.snapshot()?,
        };
        Ok(Self {
            snapshot,
            path: path.to_owned(),
        })
    }

    /// Reports what was found, before any token is given.
    pub(crate) fn warn(&self, found: &Found, say: Say) {
        found.warn(&self.path, say);
    }

    /// The damage that readers can live with.
    pub(crate) fn found(&self) -> Found {
        Found::of_dataset(self.snapshot.findings())
    }
}
