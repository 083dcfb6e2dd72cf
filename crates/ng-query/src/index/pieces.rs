//! The hashes of all pieces, in a binary file of their own: a manifest with a hash for each block
//! and column would take longer to read than the answer.

use std::ops::Range;

use super::manifest::{Manifest, SegmentEntry, SheetEntry};
use super::sheet::Kind;

const MAGIC: &[u8; 8] = b"NGPIECES";

/// Magic, file id, and the count of numbers that follow.
const HEAD_BYTES: usize = 32;

/// The numbers of the file, and what they belong to: for each segment those of its columns, then
/// those of its boxes, column by column in the order of the blocks; then those of the sorted ids,
/// and the first id of each of their pieces.
#[derive(Debug)]
pub(super) struct Pieces {
    numbers: Vec<u64>,
    segments: Vec<[Range<usize>; 2]>,
    ids: Range<usize>,
}

/// Returns the bytes of the file.
pub(super) fn to_bytes(file_id: [u8; 16], numbers: &[u64]) -> Vec<u8> {
    let mut bytes = [&MAGIC[..], &file_id, &(numbers.len() as u64).to_le_bytes()].concat();
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    bytes
}

impl Pieces {
    /// Reads the numbers of a file whose hash was checked; `None` if their count does not match the
    /// manifest's pieces.
    pub(super) fn parse(bytes: &[u8], manifest: &Manifest) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(HEAD_BYTES)?;
        let (words, []) = rest.as_chunks() else {
            return None;
        };
        let is_ours = head[..8] == *MAGIC && head[8..24] == manifest.file_id.0;
        let count = u64::from_le_bytes(head[24..].try_into().ok()?);
        let mut end = 0;
        let mut take = |count: usize| {
            let start = end;
            end += count;
            start..end
        };
        let of_segment = |segment: &SegmentEntry| {
            let mut of = |sheet| {
                take(
                    segment
                        .sheet(sheet)
                        .map_or(0, |sheet| sheet.columns.len() * segment.blocks as usize),
                )
            };
            [of(Kind::Columns), of(Kind::Boxes)]
        };
        let segments = manifest.segments.iter().map(of_segment).collect();
        let ids = take(manifest.ids.as_ref().map_or(0, |ids| 3 * id_pieces(ids)));
        let numbers: Vec<_> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
        let is_whole = is_ours && count == numbers.len() as u64 && end == numbers.len();
        is_whole.then_some(Self {
            numbers,
            segments,
            ids,
        })
    }

    /// Returns the hashes of a segment's sheet, column by column.
    pub(super) fn of_segment(&self, segment: usize, kind: Kind) -> &[u64] {
        let [columns, boxes] = self.segments[segment].clone();
        match kind {
            Kind::Boxes => &self.numbers[boxes],
            Kind::Columns | Kind::Ids => &self.numbers[columns],
        }
    }

    /// Returns the hashes of the sorted ids, then those of their positions, then the first
    /// id of each piece.
    pub(super) fn of_ids(&self) -> [&[u64]; 3] {
        let numbers = &self.numbers[self.ids.clone()];
        let (ids, rest) = numbers.split_at(numbers.len() / 3);
        let (positions, firsts) = rest.split_at(ids.len());
        [ids, positions, firsts]
    }
}

fn id_pieces(ids: &SheetEntry) -> usize {
    ids.rows.div_ceil(Kind::Ids.piece_rows()) as usize
}
