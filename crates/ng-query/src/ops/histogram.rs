use std::ops::ControlFlow;

use ng_arrow::Column;
use ng_store::BLOCK_TOKENS;

use super::bins::{Bin, Bins, Ruler, pool_for};
use crate::ordered::{Keys, NAN_KEY, key_bits, keys_of, number_of};
use crate::scan::Stage;
use crate::{Answer, Query, QueryError};

/// How many values are in each bin.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Histogram {
    /// The column.
    pub column: Column,
    /// Where the first bin begins, in units.
    pub low: f64,
    /// Where the last bin ends, in units; inclusive.
    pub high: f64,
    /// The number of values in each bin. A value v is in bin `floor((v - low) / (high - low) *
    /// bins)`, computed in `f64`, or in the last bin if that is beyond it.
    pub counts: Vec<u64>,
    /// How many values are less than `low`.
    pub below: u64,
    /// How many values are greater than `high`.
    pub above: u64,
    /// How many values are NaN.
    pub nan: u64,
}

impl Query<'_> {
    /// Counts the values of a column in bins.
    ///
    /// Without a range it takes a first pass for the least and the greatest finite value, and a
    /// second one if a weight is infinite. `None` if no range is given and no finite value is
    /// selected. The bins take at most 48 MiB for any number of threads.
    ///
    /// # Errors
    ///
    /// [`QueryError::Question`] for no bins or more than 2^20, for a range that ends before it
    /// begins or is not finite, and for positions; and the others of [`QueryError`].
    pub fn histogram(
        &self,
        column: Column,
        bins: &Bins,
    ) -> Result<Answer<Option<Histogram>>, QueryError> {
        let mut answer = self.histograms(&[(column, *bins)])?;
        Ok(Answer {
            value: answer.value.pop().flatten(),
            stats: answer.stats,
        })
    }

    /// Does what [`histogram`](Self::histogram) does for several columns, in as many passes
    /// as for one.
    ///
    /// # Errors
    ///
    /// Those of [`histogram`](Self::histogram).
    pub fn histograms(
        &self,
        columns: &[(Column, Bins)],
    ) -> Result<Answer<Vec<Option<Histogram>>>, QueryError> {
        for (column, bins) in columns {
            bins.check(*column)?;
        }
        let Answer { value, stats } = self.rulers(columns)?;
        let rulers = columns.iter().zip(value);
        let value: Vec<Option<Histogram>> = rulers
            .map(|((column, _), ruler)| Some(Histogram::empty(*column, ruler?)))
            .collect();
        let empty: Vec<Histogram> = value.iter().flatten().cloned().collect();
        if empty.is_empty() {
            return Ok(Answer { value, stats });
        }
        let loads: Vec<Column> = empty.iter().map(|histogram| histogram.column).collect();
        let scan = self.scan();
        let bins: usize = empty.iter().map(|histogram| histogram.counts.len()).sum();
        let pool = pool_for(bins, scan.workers.threads());
        let mut both = scan.run(
            || (),
            |(), stage| {
                stage.load(&loads)?;
                let new = || empty.iter().cloned().map(Counter::new).collect::<Vec<_>>();
                pool.with(new, |counters| {
                    counters.iter_mut().for_each(|counter| counter.add(stage));
                });
                Ok(())
            },
            |()| Ok::<_, QueryError>(ControlFlow::Continue(())),
        )?;
        both.add_pass(&stats);
        Ok(Answer {
            value: merged(value, pool.into_inner()),
            stats: both,
        })
    }
}

/// Adds up the counts of the workers.
fn merged(mut whole: Vec<Option<Histogram>>, workers: Vec<Vec<Counter>>) -> Vec<Option<Histogram>> {
    for counters in workers {
        for (histogram, counter) in whole.iter_mut().flatten().zip(counters) {
            histogram.merge(&counter.into_histogram());
        }
    }
    whole
}

impl Histogram {
    fn empty(column: Column, ruler: Ruler) -> Self {
        Self {
            column,
            low: ruler.low,
            high: ruler.high,
            counts: vec![0; ruler.bins],
            below: 0,
            above: 0,
            nan: 0,
        }
    }

    fn ruler(&self) -> Ruler {
        Ruler {
            low: self.low,
            high: self.high,
            bins: self.counts.len(),
        }
    }

    fn add(&mut self, value: f64, times: u64) {
        match self.ruler().bin(value) {
            Bin::Below => self.below += times,
            Bin::Above => self.above += times,
            Bin::Within(bin) => self.counts[bin] += times,
        }
    }

    fn merge(&mut self, other: &Self) {
        for (count, other) in self.counts.iter_mut().zip(&other.counts) {
            *count += other;
        }
        self.below += other.below;
        self.above += other.above;
        self.nan += other.nan;
    }
}

/// What one worker counts.
struct Counter {
    histogram: Histogram,
    keys: Box<Keys>,
    /// For a column whose keys have at most 16 bits, how often each occurs.
    by_key: Vec<u64>,
}

impl Counter {
    fn new(histogram: Histogram) -> Self {
        let bits = key_bits(histogram.column);
        Self {
            by_key: if bits <= 16 {
                vec![0; 1 << bits]
            } else {
                Vec::new()
            },
            keys: Box::new([0; BLOCK_TOKENS]),
            histogram,
        }
    }

    fn add(&mut self, stage: &Stage<'_>) {
        let column = self.histogram.column;
        keys_of(&stage.lanes, column, &mut self.keys);
        let keys = &self.keys;
        if !self.by_key.is_empty() {
            let by_key = &mut self.by_key;
            stage.for_each_selected(|place| by_key[keys[place] as usize] += 1);
            return;
        }
        let histogram = &mut self.histogram;
        stage.for_each_selected(|place| match keys[place] {
            NAN_KEY if column == Column::Weight => histogram.nan += 1,
            key => histogram.add(number_of(column, key), 1),
        });
    }

    fn into_histogram(mut self) -> Histogram {
        for (key, &times) in self
            .by_key
            .iter()
            .enumerate()
            .filter(|(_, times)| **times > 0)
        {
            let value = number_of(self.histogram.column, key as u32);
            self.histogram.add(value, times);
        }
        self.histogram
    }
}
