use ng_parallel::Workers;
use ng_query::order::{Order, OrderPart};
use ng_query::{Assignments, Column, Filter, Matcher};
use ng_store::disk::{Dir, Followed};
use ng_token::{Axis, Token};

use super::{ChangeOptions, ChangeReport, Edit, Tally, now_s};
use crate::{Dataset, DatasetError, Verb};

impl<R: Dir> Dataset<R>
where
    R::File: Followed + 'static,
{
    /// Assigns to the rows that a filter selects, in one new generation. Nothing is published if
    /// the bytes of no row change.
    ///
    /// The rows are those of the newest generation, and of open tails what is committed: what is
    /// appended later is not looked at, and stays. `valid` in the filter means now, and positions
    /// are those of [`snapshot`](Self::snapshot). Only shards with a row that changes are written
    /// anew, and shards that their zones rule out are not opened. A new shard keeps the time of its
    /// commit, by which retention counts, and its order unless a column of it is assigned.
    ///
    /// One change at a time is at work. Writers append and roll meanwhile, and retention drops old
    /// shards: what was changed in those is gone as if it had been dropped later.
    ///
    /// # Errors
    ///
    /// Nothing is published, and no file is left:
    /// - [`DatasetError::Assign`] if a column cannot store a result;
    /// - [`DatasetError::Locked`] if another change is at work;
    /// - [`DatasetError::Conflict`] if another change replaced rows all the same, a repair corrected
    ///   what is known of their shard, or the newest generation is not the
    ///   [base](ChangeOptions::base);
    /// - [`DatasetError::Read`] if a block of a shard that may have selected rows is damaged: it is
    ///   to be repaired first;
    /// - [`DatasetError::Parallel`] if the workers' stop flag is set;
    /// - the others of [`DatasetError`]: a disk may be full.
    ///
    /// [`DatasetError::OutcomeUnknown`] says that it may be published.
    pub fn update(
        &self,
        workers: &Workers,
        filter: &Filter,
        set: &Assignments,
        options: &ChangeOptions,
    ) -> Result<ChangeReport, DatasetError> {
        let edit = Update {
            matcher: Matcher::new(filter, now_s()),
            indices: Vec::new(),
            assigned: Some(set),
            change: |tokens: &mut [Token], indices: &[usize], first_position| {
                let indices = indices.iter().copied();
                Ok::<_, DatasetError>(set.apply_at(tokens, indices, first_position)?)
            },
        };
        self.change(Verb::Update, workers, options, edit)
    }

    /// Changes the rows that a filter selects by a closure, as [`update`](Self::update) does by
    /// assignments.
    ///
    /// It gets the selected tokens of a block, never none and at most 4,096, with the position of
    /// each, in the order of positions, on the calling thread. It is called in a dry run, too. New
    /// shards have no order.
    ///
    /// # Errors
    ///
    /// Those of [`update`](Self::update), and what the closure returns: nothing is published then,
    /// nor if it panics.
    pub fn update_with<E: From<DatasetError>>(
        &self,
        workers: &Workers,
        filter: &Filter,
        options: &ChangeOptions,
        mut change: impl FnMut(&mut [Token], &[u64]) -> Result<(), E>,
    ) -> Result<ChangeReport, E> {
        let (mut selected, mut positions) = (Vec::new(), Vec::new());
        let edit = Update {
            matcher: Matcher::new(filter, now_s()),
            indices: Vec::new(),
            assigned: None,
            change: |tokens: &mut [Token], indices: &[usize], first_position: u64| {
                selected.clear();
                selected.extend(indices.iter().map(|&index| tokens[index]));
                positions.clear();
                positions.extend(indices.iter().map(|&index| first_position + index as u64));
                change(&mut selected, &positions)?;
                Ok(scatter(&selected, indices, tokens))
            },
        };
        self.change(Verb::Update, workers, options, edit)
    }
}

/// Puts tokens back to their places; returns how many are not the same bytes as before.
fn scatter(selected: &[Token], indices: &[usize], tokens: &mut [Token]) -> u64 {
    let mut changed = 0;
    for (&index, token) in indices.iter().zip(selected) {
        changed += u64::from(tokens[index] != *token);
        tokens[index] = *token;
    }
    changed
}

struct Update<'a, F> {
    matcher: Matcher,
    indices: Vec<usize>,
    /// `None` if nobody knows what changes.
    assigned: Option<&'a Assignments>,
    /// Changes tokens at some indices, given the position of the first of all; returns how many
    /// changed.
    change: F,
}

impl<F, E> Edit for Update<'_, F>
where
    F: FnMut(&mut [Token], &[usize], u64) -> Result<u64, E>,
    E: From<DatasetError>,
{
    type Error = E;

    const KEEPS_COUNT: bool = true;

    fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    fn edit(&mut self, tokens: &mut Vec<Token>, first_position: u64) -> Result<Tally, E> {
        let indices = &mut self.indices;
        let selected = self.matcher.select(tokens, first_position, indices);
        selected.map_err(DatasetError::from)?;
        if indices.is_empty() {
            return Ok(Tally::default());
        }
        Ok(Tally {
            matched: indices.len() as u64,
            changed: (self.change)(tokens, indices, first_position)?,
            deleted: 0,
        })
    }

    fn keeps_order(&self, order: &str) -> bool {
        let (Some(assigned), Ok(order)) = (self.assigned, order.parse::<Order>()) else {
            return false;
        };
        let columns = order.parts().iter().flat_map(|part| columns_of(*part));
        columns.into_iter().all(|column| !assigned.changes(column))
    }
}

/// The columns that a part of an order looks at.
fn columns_of(part: OrderPart) -> Vec<Column> {
    match part {
        OrderPart::Space(space) => {
            let axes = Axis::ALL.into_iter();
            axes.map(|axis| Column::Coordinate(space, axis)).collect()
        }
        OrderPart::Column(column) => vec![column],
        // Of a kind that this does not know.
        _ => Column::ALL.to_vec(),
    }
}
