use ng_arrow::Column;
use ng_token::Space;

use crate::Zone;
use crate::index::folder::Durability;
use crate::index::{IndexError, IndexInfo};

/// What an index has besides its zones.
///
/// The parts of an existing index are kept up as well, unless [`only`](Self::only) is set.
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    pub(super) columns: Vec<Column>,
    pub(super) boxes: Vec<Space>,
    pub(super) ids: bool,
    pub(super) only: bool,
    pub(super) rebuild: bool,
    pub(super) durability: Durability,
}

impl BuildOptions {
    /// Asks for zones, and for the parts that exist already.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds columns; any but the position.
    #[must_use]
    pub fn columns(mut self, columns: impl IntoIterator<Item = Column>) -> Self {
        self.columns.extend(columns);
        self
    }

    /// Adds the page boxes of spaces. They help where tokens that are near each other in the space
    /// are near each other in the file.
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

    /// Drops existing parts that are not asked for here.
    #[must_use]
    pub fn only(mut self, only: bool) -> Self {
        self.only = only;
        self
    }

    /// Makes everything anew, whatever exists: the way to repair a rotten index.
    #[must_use]
    pub fn rebuild(mut self, rebuild: bool) -> Self {
        self.rebuild = rebuild;
        self
    }

    /// Waits for the disk, which is the default, or leaves it to the system when the index is
    /// written. After a power cut an index that was not waited for may be missing, or spoiled: its
    /// hashes show it, and it is made anew.
    #[must_use]
    pub fn sync(mut self, sync: bool) -> Self {
        self.durability = match sync {
            true => Durability::Synced,
            false => Durability::Unsynced,
        };
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
    /// What the index has; its warnings say why old parts were made anew.
    pub index: IndexInfo,
    /// How many blocks were read; 0 if there was nothing to do.
    pub read_blocks: u64,
    /// What is known of all tokens of the file, including those of a partial last block; `None` if
    /// there are none, or a block is damaged.
    pub zone: Option<Zone>,
}
