use std::ops::Range;

use super::layout::{ColumnSpec, Values};
use super::marks::Marks;
use crate::index::hash::{column_seed, xxh3};
use crate::index::manifest::SheetEntry;
use crate::map::FileBytes;

/// What a sheet holds, and so how its pieces are cut and hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::index) enum Kind {
    /// Values of tokens, 4096 a piece.
    Columns,
    /// Boxes of pages, 64 a piece.
    Boxes,
    /// Sorted ids, 4096 a piece.
    Ids,
}

impl Kind {
    /// Returns the name of the kind, which begins the names of its files.
    pub(in crate::index) fn name(self) -> &'static str {
        match self {
            Self::Columns => "columns",
            Self::Boxes => "boxes",
            Self::Ids => "ids",
        }
    }

    /// Returns the rows of a whole piece.
    pub(in crate::index) fn piece_rows(self) -> u64 {
        match self {
            Self::Columns | Self::Ids => crate::index::BLOCK,
            Self::Boxes => crate::index::BLOCK_PAGES,
        }
    }
}

/// The pieces of an Arrow file in place.
#[derive(Debug)]
pub(in crate::index) struct Sheet {
    bytes: FileBytes,
    rows: u64,
    kind: Kind,
    /// The number of the first piece, counted in the token file.
    first_piece: u64,
    columns: Vec<SheetColumn>,
}

#[derive(Debug)]
struct SheetColumn {
    offset: usize,
    values: Values,
    seed: u64,
    hashes: Box<[u64]>,
    marks: Marks,
}

/// A piece that does not have its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::index) struct Rotten {
    /// The index of the column in the sheet.
    pub(in crate::index) column: usize,
    /// The number of the piece, counted in the token file.
    pub(in crate::index) piece: u64,
    /// Its hash and the expected one; `None` if it was reported before and not hashed again.
    pub(in crate::index) hashes: Option<[u64; 2]>,
}

impl Sheet {
    /// Makes a sheet of a file whose length matches its entry, its columns, and the hashes of their
    /// pieces.
    pub(in crate::index) fn new(
        bytes: FileBytes,
        kind: Kind,
        entry: &SheetEntry,
        first_piece: u64,
        columns: Vec<(ColumnSpec, &[u64])>,
        file_id: [u8; 16],
    ) -> Self {
        let places = columns.into_iter().zip(&entry.columns);
        let column = |((spec, hashes), place): ((ColumnSpec, &[u64]), _)| {
            let place: &crate::index::manifest::ColumnPlace = place;
            SheetColumn {
                offset: place.offset as usize,
                values: spec.values,
                seed: column_seed(file_id, kind.name(), &spec.name),
                marks: Marks::new(hashes.len()),
                hashes: hashes.into(),
            }
        };
        Self {
            bytes,
            rows: entry.rows,
            kind,
            first_piece,
            columns: places.map(column).collect(),
        }
    }

    pub(in crate::index) fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns how many pieces each column has.
    pub(in crate::index) fn pieces(&self) -> u64 {
        self.rows.div_ceil(self.kind.piece_rows())
    }

    /// Returns a piece of a column, which the first use hashes.
    #[inline]
    pub(in crate::index) fn piece(&self, column: usize, piece: u64) -> Result<&[u8], Rotten> {
        let slot = &self.columns[column];
        let bytes = &self.bytes[self.range(slot, piece)];
        match slot.marks.get(piece as usize) {
            Some(true) => Ok(bytes),
            Some(false) => Err(Rotten {
                column,
                piece: self.first_piece + piece,
                hashes: None,
            }),
            None => self.check(column, piece, bytes),
        }
    }

    #[cold]
    fn check<'a>(&self, column: usize, piece: u64, bytes: &'a [u8]) -> Result<&'a [u8], Rotten> {
        let slot = &self.columns[column];
        let number = self.first_piece + piece;
        let found = xxh3(slot.seed.wrapping_add(number), bytes);
        let expected = slot.hashes[piece as usize];
        slot.marks.set(piece as usize, found == expected);
        match found == expected {
            true => Ok(bytes),
            false => Err(Rotten {
                column,
                piece: number,
                hashes: Some([found, expected]),
            }),
        }
    }

    fn range(&self, column: &SheetColumn, piece: u64) -> Range<usize> {
        let rows = self.kind.piece_rows();
        let start = (piece * rows).min(self.rows);
        let end = (start + rows).min(self.rows);
        let at = |row: u64| column.offset + (row * column.values.width()) as usize;
        at(start)..at(end)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use super::*;
    use crate::index::ids;
    use crate::index::manifest::ColumnPlace;

    /// A rotten piece was hashed on each use.
    #[test]
    fn a_rotten_piece_is_hashed_once() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[7; 64 + 16]).unwrap();
        file.rewind().unwrap();
        let place = |(name, offset): (&str, u64)| ColumnPlace {
            name: name.to_owned(),
            offset,
        };
        let entry = SheetEntry {
            file: String::new(),
            size_bytes: 80,
            rows: 2,
            columns: [("id", 0), ("position", 64)].map(place).into(),
        };
        let seed = column_seed([1; 16], "ids", "position");
        let hashes = [[1], [xxh3(seed, &[7; 16])]];
        let columns = ids::specs()
            .into_iter()
            .zip(&hashes)
            .map(|(spec, hashes)| (spec, &hashes[..]));
        let bytes = FileBytes::read(&mut file, 80).unwrap();
        let sheet = Sheet::new(bytes, Kind::Ids, &entry, 0, columns.collect(), [1; 16]);
        let first = sheet.piece(0, 0).unwrap_err();
        assert_eq!(first.hashes.map(|[_, expected]| expected), Some(1));
        for _ in 0..3 {
            assert_eq!(sheet.piece(0, 0).unwrap_err().hashes, None);
            assert_eq!(sheet.piece(1, 0), Ok(&[7; 16][..]));
        }
    }
}
