use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bytemuck::AnyBitPattern;
use ng_arrow::Column;
use ng_store::disk::Disk;
use ng_store::{BlockReader, Commit};
use ng_token::Space;

use super::folder::index_folder;
use super::ids::{IdPiece, SortedIds};
use super::open::Opening;
use super::segment::{PageBoxes, Segment};
use super::sheet::{Kind, Rotten};
use super::warnings::Warnings;
use super::{IndexWarning, SEGMENT_BLOCKS, columns};
use crate::boxes::{BoxRows, Boxes, Tree, Trees};
use crate::map::Look;
use crate::zone::Zone;

/// The part of a file's index that can be believed of one commit.
///
/// It covers the first [`covered_blocks`](Self::covered_blocks) of the file. For those each answer
/// is right, or `None`: where there is no such column, where the block was damaged when it was
/// indexed, or where the hash fails, which is a warning.
#[derive(Debug)]
pub struct Index {
    pub(super) commit: Commit,
    pub(super) folder: PathBuf,
    pub(super) covered: u64,
    /// One for each covered block, or none at all.
    pub(super) zones: Vec<Zone>,
    /// Ascending.
    pub(super) damaged: Vec<u64>,
    /// One for each believed segment.
    pub(super) segments: Vec<Segment>,
    pub(super) columns: Vec<Column>,
    pub(super) spaces: Vec<Space>,
    pub(super) ids: Option<SortedIds>,
    pub(super) size_bytes: u64,
    pub(super) warnings: Warnings,
    pub(super) trees: Trees,
}

impl Index {
    /// Opens the index beside the file of `reader`, as [`open`](Self::open) does, but reads
    /// everything believed into memory. So it needs no promise: the answers stay right whatever
    /// happens to the files.
    pub fn load(reader: &BlockReader) -> Option<Self> {
        Self::look(reader, &Look::Read)
    }

    /// Opens the zones of an index whose folder is not beside the file: a copy of the manifest and
    /// the zones of that of a file on any disk. Columns, ids and boxes are left alone.
    pub fn load_zones_from<D: Disk>(folder: &Path, reader: &BlockReader<D>) -> Option<Self> {
        let opening = Opening {
            folder,
            look: &Look::Read,
            is_whole: false,
        };
        opening.open(reader)
    }

    pub(crate) fn look(reader: &BlockReader, look: &Look) -> Option<Self> {
        let folder = index_folder(reader.path());
        let opening = Opening {
            folder: &folder,
            look,
            is_whole: true,
        };
        let opened = opening.open(reader)?;
        if !opened.misses_file() {
            return Some(opened);
        }
        // A builder may have removed the files of the manifest just read.
        opening.open(reader)
    }

    /// Returns the commit it was opened for; it answers for no other.
    pub fn commit(&self) -> &Commit {
        &self.commit
    }

    /// Returns how many blocks are covered, from the first one on.
    pub fn covered_blocks(&self) -> u64 {
        self.covered
    }

    /// Returns the zone of a block.
    #[inline]
    pub fn zone(&self, block: u64) -> Option<&Zone> {
        let zone = self.zones.get(usize::try_from(block).ok()?)?;
        (!self.is_damaged(block)).then_some(zone)
    }

    /// Returns the covered blocks that were damaged when they were indexed, ascending. Nothing is
    /// known about them.
    pub fn damaged_blocks(&self) -> &[u64] {
        &self.damaged
    }

    /// Returns the columns that every covered segment has.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Returns the spaces of which there are page boxes in every covered segment.
    pub fn boxes(&self) -> &[Space] {
        &self.spaces
    }

    /// Returns the 4096 values of a column in a block, as stored, at an address that is a multiple
    /// of 64. The first use hashes them.
    #[inline]
    pub fn column(&self, column: Column, block: u64) -> Option<&[u8]> {
        let (segment, place) = self.segment(block)?;
        let piece = self.segments[segment].column(column, place)?;
        self.believed(piece, segment, Kind::Columns)
    }

    /// Returns the 4096 values of a column in a block as numbers: `u32` for `id`, `local_id` and
    /// `timestamp`, `u16` for `flags`, `f32` for `weight`, `i16` for coordinates, and `u8` for the
    /// others.
    ///
    /// # Panics
    ///
    /// If the column has numbers of another size.
    #[inline]
    pub fn values<T: AnyBitPattern>(&self, column: Column, block: u64) -> Option<&[T]> {
        let width = columns::values_of(column).map(|values| values.width() as usize);
        assert_eq!(Some(size_of::<T>()), width, "bytes of a value of {column}");
        self.column(column, block).map(bytemuck::cast_slice)
    }

    /// Returns the boxes of the 64 pages of a block.
    pub fn page_boxes(&self, space: Space, block: u64) -> Option<PageBoxes<'_>> {
        let (segment, place) = self.segment(block)?;
        let boxes = self.segments[segment].boxes(space, place)?;
        self.believed(boxes, segment, Kind::Boxes)
    }

    /// Returns the sorted ids.
    pub fn ids(&self) -> Option<&SortedIds> {
        self.ids.as_ref()
    }

    /// Returns a piece of the sorted ids.
    pub fn id_piece(&self, piece: u64) -> Option<IdPiece<'_>> {
        let ids = self.ids.as_ref().filter(|ids| piece < ids.pieces())?;
        self.believed(ids.piece(piece), 0, Kind::Ids)
    }

    /// Tells whether the sorted ids include those of a block; damaged blocks have none.
    pub(crate) fn has_ids_of(&self, block: u64) -> bool {
        block < self.covered && !self.is_damaged(block)
    }

    /// Returns the positions of an id in the covered blocks, ascending, without those in damaged
    /// blocks.
    pub fn positions(&self, id: u32) -> Option<Vec<u64>> {
        let mut positions = Vec::new();
        self.for_each_position(id, |position| positions.push(position))?;
        Some(positions)
    }

    /// Calls `each` with those positions; `None` if there are no sorted ids, or rotten ones.
    pub(crate) fn for_each_position(&self, id: u32, each: impl FnMut(u64)) -> Option<()> {
        let found = self.ids.as_ref()?.find(id, each);
        self.believed(found, 0, Kind::Ids)
    }

    /// Returns the bytes of the sorted ids in which some ids, ascending, are looked up.
    pub(crate) fn sorted_bytes_of(&self, ids: &[u32]) -> u64 {
        self.ids.as_ref().map_or(0, |sorted| sorted.bytes_of(ids))
    }

    /// Returns the total bytes of the index's files.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Returns the folder of the index.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns what was put aside so far.
    pub fn warnings(&self) -> Vec<IndexWarning> {
        self.warnings.told()
    }

    fn is_damaged(&self, block: u64) -> bool {
        !self.damaged.is_empty() && self.damaged.binary_search(&block).is_ok()
    }

    /// The segment of a known block, and the block's index in it.
    #[inline]
    fn segment(&self, block: u64) -> Option<(usize, u64)> {
        let is_known = block < self.covered && !self.is_damaged(block);
        is_known.then_some(((block / SEGMENT_BLOCKS) as usize, block % SEGMENT_BLOCKS))
    }

    #[inline]
    fn believed<T>(&self, found: Result<T, Rotten>, segment: usize, kind: Kind) -> Option<T> {
        found
            .map_err(|rotten| self.warnings.rotten(rotten, segment, kind))
            .ok()
    }

    fn misses_file(&self) -> bool {
        let is_missing = |warning: &IndexWarning| match warning {
            IndexWarning::Unreadable { source, .. } => source.kind() == ErrorKind::NotFound,
            _ => false,
        };
        self.warnings.told().iter().any(is_missing)
    }
}

impl Boxes for Index {
    fn tree(&self, space: Space) -> &Tree {
        let of_block = |block| Some(self.zone(block)?.cuboid(space));
        let make = || Tree::new(self.zones.len() as u64, of_block);
        self.trees.get(space, make)
    }

    fn pages(&self, space: Space, block: u64) -> Option<BoxRows<'_>> {
        let boxes = self.page_boxes(space, block)?;
        Some(BoxRows {
            low: boxes.min,
            high: boxes.max,
        })
    }
}
