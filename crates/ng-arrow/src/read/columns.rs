use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;

use crate::text::{Cell, is_missing};
use crate::{Column, Form, ReadError, schema};

/// The columns of a text, filled row by row.
pub(super) struct TextColumns {
    pub(super) columns: Vec<Column>,
    cells: Vec<Cell>,
    form: Option<Form>,
    /// The stored columns, without the position.
    schema: SchemaRef,
    rows: u64,
    waiting: usize,
}

/// How many rows a batch has.
const BATCH_ROWS: usize = 4096;

impl TextColumns {
    pub(super) fn new(columns: Vec<Column>, form: Option<Form>) -> Result<Self, ReadError> {
        for (place, &column) in columns.iter().enumerate() {
            if columns[..place].contains(&column) {
                return Err(ReadError::Twice { column });
            }
        }
        let stored = columns.iter().copied();
        let stored: Vec<Column> = stored
            .filter(|column| *column != Column::Position)
            .collect();
        Ok(Self {
            cells: columns.iter().copied().map(Cell::of_column).collect(),
            columns,
            form,
            schema: schema(&stored, Form::Raw),
            rows: 0,
            waiting: 0,
        })
    }

    pub(super) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Takes a cell of the current row, on the given `line`.
    pub(super) fn push(&mut self, place: usize, text: &[u8], line: u64) -> Result<(), ReadError> {
        let (column, row) = (self.columns[place], self.rows);
        if column == Column::Position {
            return Ok(());
        }
        let text = text.trim_ascii();
        if is_missing(text) {
            let line = Some(line);
            return Err(ReadError::Null { row, line, column });
        }
        let pushed = self.cells[place].push(column, text, self.form);
        pushed.map_err(|(value, expected)| ReadError::Value {
            row,
            line: Some(line),
            column,
            value,
            expected,
        })
    }

    /// Ends a row, and tells whether there are enough for a batch.
    pub(super) fn end_row(&mut self) -> bool {
        self.rows += 1;
        self.waiting += 1;
        self.waiting == BATCH_ROWS
    }

    /// Takes the rows so far, if there are any.
    pub(super) fn take(&mut self) -> Result<Option<RecordBatch>, ReadError> {
        if self.waiting == 0 {
            return Ok(None);
        }
        let stored = self.columns.iter().zip(&mut self.cells);
        let stored = stored.filter(|(column, _)| **column != Column::Position);
        let arrays = stored.map(|(_, cell)| cell.take()).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.waiting));
        self.waiting = 0;
        let batch = RecordBatch::try_new_with_options(self.schema(), arrays, &options);
        batch.map(Some).map_err(ReadError::Arrow)
    }
}
