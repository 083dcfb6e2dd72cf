use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::layout::{ColumnSpec, Layout, Validity};
use crate::index::IndexError;
use crate::index::folder::Durability;
use crate::index::manifest::{ColumnPlace, SheetEntry};

/// Writes an Arrow file whose pieces come from many threads, in any order.
#[derive(Debug)]
pub(in crate::index) struct SheetWriter {
    file: File,
    path: PathBuf,
    layout: Layout,
    durability: Durability,
}

impl SheetWriter {
    /// Creates a file with room for a number of rows.
    pub(in crate::index) fn create(
        folder: &Path,
        name: &str,
        columns: Vec<ColumnSpec>,
        room: u64,
        durability: Durability,
    ) -> Result<Self, IndexError> {
        let path = folder.join(name);
        let file = OpenOptions::new().create_new(true).write(true).open(&path);
        Ok(Self {
            file: file.map_err(IndexError::io(&path, "create"))?,
            path,
            layout: Layout::new(columns, room),
            durability,
        })
    }

    /// Returns the bytes of a value of a column.
    pub(in crate::index) fn width(&self, column: usize) -> u64 {
        self.layout.columns()[column].values.width()
    }

    /// Writes values of a column, beginning at a row.
    pub(in crate::index) fn write(
        &self,
        column: usize,
        row: u64,
        bytes: &[u8],
    ) -> Result<(), IndexError> {
        self.write_at(
            bytes,
            self.layout.offsets()[column] + row * self.width(column),
        )
    }

    /// Writes the metadata around `rows` rows, of which the ranges `nulls` are null, and makes the
    /// file durable if that is wanted.
    pub(in crate::index) fn finish(
        self,
        rows: u64,
        nulls: &[std::ops::Range<u64>],
    ) -> Result<SheetEntry, IndexError> {
        let bits = bitmap(rows, nulls);
        let validity = (!nulls.is_empty()).then(|| Validity {
            bits: &bits,
            null_count: nulls.iter().map(|range| range.end - range.start).sum(),
        });
        if let Some(validity) = &validity {
            for column in 0..self.layout.columns().len() {
                let offset = self.layout.validity_offset(column, validity.bits);
                self.write_at(validity.bits, offset)?;
            }
        }
        let (head, tail) = self.layout.around(rows, validity.as_ref());
        let tail_offset = self.layout.tail_offset(validity.as_ref());
        self.write_at(&head, 0)?;
        self.write_at(&tail, tail_offset)?;
        self.sync()?;
        Ok(self.entry(rows, tail_offset + tail.len() as u64))
    }

    /// Makes durable what was written so far, if that is wanted.
    pub(in crate::index) fn sync(&self) -> Result<(), IndexError> {
        let synced = self.durability.sync(&self.file);
        synced.map_err(IndexError::io(&self.path, "sync"))
    }

    fn entry(&self, rows: u64, size_bytes: u64) -> SheetEntry {
        let place = |(column, offset): (&ColumnSpec, &u64)| ColumnPlace {
            name: column.name.clone().into_owned(),
            offset: *offset,
        };
        let name = self.path.file_name().unwrap_or_default();
        let columns = self.layout.columns().iter().zip(self.layout.offsets());
        SheetEntry {
            file: name.to_string_lossy().into_owned(),
            size_bytes,
            rows,
            columns: columns.map(place).collect(),
        }
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> Result<(), IndexError> {
        let written = self.file.write_all_at(bytes, offset);
        written.map_err(IndexError::io(&self.path, "write"))
    }
}

/// A bit a row, set except for the nulls.
fn bitmap(rows: u64, nulls: &[std::ops::Range<u64>]) -> Vec<u8> {
    if nulls.is_empty() {
        return Vec::new();
    }
    let mut bits = vec![u8::MAX; rows.div_ceil(8) as usize];
    for row in nulls.iter().cloned().flatten() {
        bits[(row / 8) as usize] &= !(1 << (row % 8));
    }
    bits
}
