use std::io::Read;
use std::str;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use csv_core::{ReadRecordResult, Reader};

use super::columns::TextColumns;
use super::lines::Lines;
use crate::{Column, Form, LineError, ReadError};

/// Lines of cells with commas between them, quoted or not, the first one of names. A cell
/// does not go over the end of a line.
pub(super) struct Csv {
    lines: Lines,
    split: Split,
    columns: TextColumns,
}

impl Csv {
    pub(super) fn open(input: Box<dyn Read + Send>, form: Option<Form>) -> Result<Self, ReadError> {
        let mut lines = Lines::new(input);
        let mut split = Split::new();
        let mut columns = Vec::new();
        if let Some((line, text)) = lines.next()? {
            for cell in split.cells(text, line)? {
                columns.push(column(cell, line)?);
            }
        }
        Ok(Self {
            lines,
            split,
            columns: TextColumns::new(columns, form)?,
        })
    }

    pub(super) fn schema(&self) -> SchemaRef {
        self.columns.schema()
    }

    pub(super) fn next(&mut self) -> Result<Option<RecordBatch>, ReadError> {
        let expected = self.columns.columns.len();
        while let Some((line, text)) = self.lines.next()? {
            let cells = self.split.cells(text, line)?;
            let found = cells.len();
            if found != expected {
                let cause = LineError::Cells { found, expected };
                return Err(ReadError::Line { line, cause });
            }
            for (place, cell) in cells.enumerate() {
                self.columns.push(place, cell, line)?;
            }
            if self.columns.end_row() {
                break;
            }
        }
        self.columns.take()
    }
}

fn column(name: &[u8], line: u64) -> Result<Column, ReadError> {
    let name = str::from_utf8(name.trim_ascii()).map_err(|_| ReadError::Line {
        line,
        cause: LineError::Name,
    })?;
    Ok(name.parse()?)
}

/// How many cells a line may have: one with every column has fewer.
const CELLS: usize = 1024;

/// Splits a line into its cells.
struct Split {
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Split {
    fn new() -> Self {
        Self {
            reader: Reader::new(),
            text: Vec::new(),
            ends: vec![0; CELLS],
        }
    }

    fn cells(
        &mut self,
        line: &[u8],
        number: u64,
    ) -> Result<impl ExactSizeIterator<Item = &[u8]>, ReadError> {
        // Without its quotes a line is no longer than with them.
        self.text.resize(line.len().max(1), 0);
        self.reader.reset();
        let (result, _, written, ends) =
            self.reader
                .read_record(line, &mut self.text, &mut self.ends);
        let ends = match result {
            ReadRecordResult::InputEmpty => {
                let (text, rest) = (&mut self.text[written..], &mut self.ends[ends..]);
                let (_, _, _, more) = self.reader.read_record(&[], text, rest);
                ends + more
            }
            ReadRecordResult::Record => ends,
            _ => {
                let (found, expected) = (CELLS, Column::ALL.len());
                let cause = LineError::Cells { found, expected };
                return Err(ReadError::Line {
                    line: number,
                    cause,
                });
            }
        };
        let ends = &self.ends[..ends];
        let text = &self.text;
        let starts =
            (0..ends.len()).map(|cell| cell.checked_sub(1).map_or(0, |before| ends[before]));
        Ok(starts.zip(ends).map(|(start, end)| &text[start..*end]))
    }
}
