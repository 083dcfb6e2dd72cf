use ng_store::BlockReader;
use ng_store::disk::Dir;
use ng_token::Token;

use crate::DatasetError;
use crate::manifest::Taken;
use crate::place::Place;
use crate::shard::{Finished, NewShard, ShardOptions, for_each_row};

/// A shard on its way: nothing is written before one of its rows changes.
pub(super) struct Rewrite<'p, R: Dir> {
    place: &'p Place<R>,
    reader: &'p BlockReader<R::File>,
    taken: Taken,
    /// The new shard's; `None` in a dry run.
    options: Option<ShardOptions>,
    new: Option<NewShard<R>>,
    is_touched: bool,
    /// How many rows there were so far, and how many of them are left.
    rows: u64,
    left: u64,
    /// How many rows were read twice.
    again: u64,
}

/// What became of a shard.
pub(super) struct Rewritten<R: Dir> {
    pub(super) taken: Taken,
    /// The new shard; `None` in a dry run, too.
    pub(super) new: Option<Finished<R>>,
    /// How many rows are left; `None` if nothing changed.
    pub(super) left: Option<u64>,
    pub(super) again: u64,
}

impl<'p, R: Dir> Rewrite<'p, R> {
    pub(super) fn new(
        place: &'p Place<R>,
        reader: &'p BlockReader<R::File>,
        taken: Taken,
        options: Option<ShardOptions>,
    ) -> Self {
        Self {
            place,
            reader,
            taken,
            options,
            new: None,
            is_touched: false,
            rows: 0,
            left: 0,
            again: 0,
        }
    }

    /// Takes what is left of the next rows.
    pub(super) fn take(
        &mut self,
        rows: u64,
        left: &[Token],
        is_change: bool,
    ) -> Result<(), DatasetError> {
        if is_change && !self.is_touched {
            self.is_touched = true;
            self.copy_so_far()?;
        }
        self.rows += rows;
        self.left += left.len() as u64;
        match self.is_touched {
            true => self.append(left),
            false => Ok(()),
        }
    }

    /// Reads what did not change once more, to write it.
    fn copy_so_far(&mut self) -> Result<(), DatasetError> {
        if self.options.is_none() || self.rows == 0 {
            return Ok(());
        }
        self.again = self.rows;
        let start = self.taken.rows.start;
        for_each_row(self.reader, start..start + self.rows, |tokens| {
            self.append(tokens)
        })
    }

    fn append(&mut self, tokens: &[Token]) -> Result<(), DatasetError> {
        let Some(options) = &self.options else {
            return Ok(());
        };
        if tokens.is_empty() {
            return Ok(());
        }
        let new = match self.new.take() {
            Some(new) => new,
            None => NewShard::begin(self.place, options.clone())?,
        };
        self.new.insert(new).append(tokens)
    }

    /// Makes the new shard durable.
    pub(super) fn finish(self) -> Result<Rewritten<R>, DatasetError> {
        Ok(Rewritten {
            taken: self.taken,
            new: self.new.map(|new| new.finish(self.place)).transpose()?,
            left: self.is_touched.then_some(self.left),
            again: self.again,
        })
    }
}
