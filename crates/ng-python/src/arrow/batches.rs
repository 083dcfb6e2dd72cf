use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ng_arrow::arrow_array::{RecordBatch, RecordBatchReader};
use ng_arrow::arrow_schema::{ArrowError, Schema, SchemaRef};
use ng_arrow::{Layout, batch_with, schema};
use ng_parallel::{Shard, Shards, map_shards};
use pyo3::Python;

use super::selected::Selected;
use crate::error::Error;
use crate::query::Question;
use crate::room;
use crate::work::{place_of_last_panic, workers};

/// The most rows of a batch.
const ROWS: usize = 1 << 16;

/// The tokens that a query matches as record batches, each made when it is asked for.
pub(super) struct Batches {
    schema: SchemaRef,
    layout: Layout,
    selected: Selected,
    threads: Option<usize>,
    waiting: VecDeque<RecordBatch>,
    is_over: bool,
}

impl Batches {
    pub(super) fn of(question: Question, layout: Layout) -> Result<Self, Error> {
        Ok(Self {
            schema: schema(&layout.columns, layout.form),
            layout,
            threads: question.threads(),
            selected: Selected::of(question)?,
            waiting: VecDeque::new(),
            is_over: false,
        })
    }

    /// The next batch; none after the last one, an error or a panic.
    pub(super) fn fetch(&mut self) -> Result<Option<RecordBatch>, Error> {
        if self.is_over {
            return Ok(None);
        }
        self.is_over = true;
        let batch = self.make()?;
        self.is_over = batch.is_none();
        Ok(batch)
    }

    fn make(&mut self) -> Result<Option<RecordBatch>, Error> {
        let workers = workers(self.threads)?;
        let Self {
            schema,
            layout,
            selected,
            waiting,
            ..
        } = self;
        loop {
            if let Some(batch) = waiting.pop_front() {
                return Ok(Some(batch));
            }
            let goes_on = selected.next(&workers, |tokens, positions| {
                // Arrow's builders cannot fail for lack of memory.
                room::check(bytes_of(schema, tokens.len()))?;
                let Layout { columns, form, .. } = &*layout;
                let batches = Shards::with_shard_tokens(tokens.len(), ROWS);
                waiting.extend(map_shards(&workers, batches, |Shard { range, .. }| {
                    let places = positions.part(range.start, range.len());
                    batch_with(&tokens[range], places, columns, *form, schema)
                })?);
                Ok(())
            })?;
            if !goes_on {
                return Ok(None);
            }
        }
    }
}

/// About how many bytes a number of rows takes.
pub(super) fn bytes_of(schema: &Schema, rows: usize) -> usize {
    let widths = schema.fields().iter();
    let widths = widths.map(|field| field.data_type().primitive_width().unwrap_or(1));
    rows * widths.sum::<usize>()
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, ArrowError>;

    /// Foreign consumers call it through a C function, which a panic must not cross and which has
    /// only text for an error.
    fn next(&mut self) -> Option<Self::Item> {
        let reads_by_python = self.selected.is_read_by_python();
        let mut fetch = || catch_unwind(AssertUnwindSafe(|| self.fetch()));
        let fetched = match reads_by_python {
            // Who asks may hold the GIL, which the threads that read would wait for.
            true => Python::attach(|py| py.detach(fetch)),
            false => fetch(),
        };
        let text = match fetched {
            Ok(Ok(batch)) => return batch.map(Ok),
            Ok(Err(error)) => error.text().to_owned(),
            Err(_) => format!("panicked at {}", place_of_last_panic()),
        };
        Some(Err(ArrowError::ComputeError(text)))
    }
}

impl RecordBatchReader for Batches {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}
