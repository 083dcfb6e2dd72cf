use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ng_arrow::arrow_array::{RecordBatch, RecordBatchReader};
use ng_arrow::arrow_schema::{ArrowError, SchemaRef};
use ng_arrow::{Layout, batch_with, schema};
use ng_parallel::{Shard, Shards, map_shards};

use super::selected::Selected;
use crate::error::Error;
use crate::query::Question;
use crate::work::{place_of_last_panic, workers};

/// How many rows a batch has, at most.
const ROWS: usize = 1 << 16;

/// The tokens that a question matches as record batches, each made when it is asked for.
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

    fn fetch(&mut self) -> Result<Option<RecordBatch>, Error> {
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

impl Iterator for Batches {
    type Item = Result<RecordBatch, ArrowError>;

    /// Others call it by a C function, which a panic must not leave.
    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let fetched = catch_unwind(AssertUnwindSafe(|| self.fetch()));
        let told = match fetched {
            Ok(Ok(Some(batch))) => return Some(Ok(batch)),
            Ok(Ok(None)) => None,
            Ok(Err(error)) => Some(error.text().to_owned()),
            Err(_) => Some(format!("panicked at {}", place_of_last_panic())),
        };
        self.is_over = true;
        told.map(|told| Err(ArrowError::ComputeError(told)))
    }
}

impl RecordBatchReader for Batches {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}
