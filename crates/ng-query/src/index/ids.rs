//! All ids of the covered tokens, sorted, with their positions.

use std::ops::Range;

use super::BLOCK;
use super::sheet::{ColumnSpec, Rotten, Sheet, Values};

/// The bytes of an id and its position.
const ROW_BYTES: u64 = 12;

/// The columns of the file.
pub(super) fn specs() -> Vec<ColumnSpec> {
    vec![
        ColumnSpec::new("id", Values::U32),
        ColumnSpec::new("position", Values::U64),
    ]
}

/// A piece of the sorted ids, up to 4096 of them, and their positions. Equal ids are ordered by
/// position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdPiece<'a> {
    /// The ids, ascending.
    pub ids: &'a [u32],
    /// The position of each in the file.
    pub positions: &'a [u64],
}

/// The sorted ids of an index.
///
/// Positions from [`end`](Self::end) on may occur in them, and are not believed: they belong to a
/// commit that was taken back, or to a later one. Damaged blocks have no ids here.
#[derive(Debug)]
pub struct SortedIds {
    sheet: Sheet,
    /// The first id of each piece.
    firsts: Vec<u32>,
    end: u64,
}

impl SortedIds {
    /// `None` where the first ids do not ascend.
    pub(super) fn new(sheet: Sheet, firsts: &[u64], covered_blocks: u64) -> Option<Self> {
        let firsts = firsts.iter().map(|first| u32::try_from(*first).ok());
        let firsts = firsts.collect::<Option<Vec<_>>>()?;
        let end = covered_blocks * BLOCK;
        firsts.is_sorted().then_some(Self { sheet, firsts, end })
    }

    /// Returns how many ids there are.
    pub fn len(&self) -> u64 {
        self.sheet.rows()
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the position from which on none is believed.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Returns how many pieces there are.
    pub fn pieces(&self) -> u64 {
        self.sheet.pieces()
    }

    pub(super) fn piece(&self, piece: u64) -> Result<IdPiece<'_>, Rotten> {
        Ok(IdPiece {
            ids: bytemuck::cast_slice(self.sheet.piece(0, piece)?),
            positions: bytemuck::cast_slice(self.sheet.piece(1, piece)?),
        })
    }

    /// Calls `each` with the positions of an id, ascending. Looks at one piece, unless the id
    /// occurs more often than that.
    pub(super) fn find(&self, id: u32, mut each: impl FnMut(u64)) -> Result<(), Rotten> {
        for piece in self.pieces_of(id) {
            let piece = self.piece(piece as u64)?;
            let start = piece.ids.partition_point(|other| *other < id);
            let count = piece.ids[start..].partition_point(|other| *other == id);
            let found = &piece.positions[start..start + count];
            let found = found.iter().copied();
            found
                .filter(|position| *position < self.end)
                .for_each(&mut each);
        }
        Ok(())
    }

    /// Returns the bytes of the pieces in which some ids, ascending, are looked up.
    pub(super) fn bytes_of(&self, ids: &[u32]) -> u64 {
        let (mut bytes, mut seen) = (0, 0);
        for id in ids {
            let pieces = self.pieces_of(*id);
            for piece in pieces.start.max(seen)..pieces.end {
                let rows = self.len() - (piece as u64 * BLOCK).min(self.len());
                bytes += ROW_BYTES * rows.min(BLOCK);
                seen = piece + 1;
            }
        }
        bytes
    }

    /// The pieces that may contain an id.
    fn pieces_of(&self, id: u32) -> Range<usize> {
        // Equal ids may begin in the piece before the first one that begins with them.
        let first = self.firsts.partition_point(|first| *first < id);
        first.saturating_sub(1)..self.firsts.partition_point(|first| *first <= id)
    }
}
