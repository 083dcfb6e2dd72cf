use std::io::Read;
use std::str;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::columns::TextColumns;
use super::lines::Lines;
use super::record::Record;
use crate::{Column, Form, LineError, ReadError};

/// Records of cells, the first with the names.
pub(super) struct Csv {
    lines: Lines,
    record: Record,
    columns: TextColumns,
}

impl Csv {
    pub(super) fn open(input: Box<dyn Read + Send>, form: Option<Form>) -> Result<Self, ReadError> {
        let mut lines = Lines::new(input);
        let mut record = Record::default();
        let mut columns = Vec::new();
        if let Some(line) = record.read(&mut lines)? {
            for cell in record.cells() {
                columns.push(column(cell, line)?);
            }
        }
        Ok(Self {
            lines,
            record,
            columns: TextColumns::new(columns, form)?,
        })
    }

    pub(super) fn schema(&self) -> SchemaRef {
        self.columns.schema()
    }

    pub(super) fn next(&mut self) -> Result<Option<RecordBatch>, ReadError> {
        let expected = self.columns.columns.len();
        while let Some(line) = self.record.read(&mut self.lines)? {
            let cells = self.record.cells();
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
