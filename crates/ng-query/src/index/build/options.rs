use ng_arrow::Column;
use ng_token::Space;

use crate::index::{IndexError, IndexInfo};

/// What an index shall have besides its zones.
///
/// What the index of before has is kept up as well, unless [`only`](Self::only).
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    pub(super) columns: Vec<Column>,
    pub(super) boxes: Vec<Space>,
    pub(super) ids: bool,
    pub(super) only: bool,
    pub(super) rebuild: bool,
}

impl BuildOptions {
    /// Asks for zones, and for what there is already.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds columns; any but the position.
    #[must_use]
    pub fn columns(mut self, columns: impl IntoIterator<Item = Column>) -> Self {
        self.columns.extend(columns);
        self
    }

    /// Adds the boxes of the pages in spaces. They help where tokens that are near each
    /// other in the space are near each other in the file.
    #[must_use]
    pub fn boxes(mut self, spaces: impl IntoIterator<Item = Space>) -> Self {
        self.boxes.extend(spaces);
        self
    }

    /// Adds all ids, sorted, with their positions: 12 bytes a token.
    #[must_use]
    pub fn ids(mut self, ids: bool) -> Self {
        self.ids = ids;
        self
    }

    /// Drops what is not asked for here.
    #[must_use]
    pub fn only(mut self, only: bool) -> Self {
        self.only = only;
        self
    }

    /// Makes all of it anew, whatever there is: the way out of an index that is rotten.
    #[must_use]
    pub fn rebuild(mut self, rebuild: bool) -> Self {
        self.rebuild = rebuild;
        self
    }

    pub(super) fn check(&self) -> Result<(), IndexError> {
        match self.columns.contains(&Column::Position) {
            true => Err(IndexError::NotStored {
                column: Column::Position,
            }),
            false => Ok(()),
        }
    }
}

/// What an index has after a build, and what the build did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BuildReport {
    /// What the index has; of its warnings, why what there was before was made anew.
    pub index: IndexInfo,
    /// How many blocks were read; none if there was nothing to do.
    pub read_blocks: u64,
}
