use std::ops::ControlFlow;

use ng_arrow::Column;
use ng_store::BLOCK_TOKENS;

use crate::bound::{Bound, Condition};
use crate::ordered::{Keys, NAN_KEY, key_bits, keys_of, number_of};
use crate::pool::Pool;
use crate::scan::Stage;
use crate::{Answer, Measure, Query, QueryError, QuestionError, Stats};

/// More bins than this are refused: 16 MiB, and 8 MiB for each thread that has its own.
const MOST_BINS: usize = 1 << 20;

/// Where all threads together would have more bins than this, they share them.
const MOST_OWN_BINS: usize = 1 << 22;

/// Bins of the same width, side by side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bins {
    count: usize,
    range: Option<(f64, f64)>,
}

impl Bins {
    /// So many bins, from the least value to the greatest one.
    #[must_use]
    pub const fn new(count: usize) -> Self {
        Self { count, range: None }
    }

    /// From one value to another, both in the units of the column and both within.
    #[must_use]
    pub const fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    fn check(&self, column: Column) -> Result<(), QuestionError> {
        if self.count == 0 || self.count > MOST_BINS {
            return Err(QuestionError::Bins {
                count: self.count,
                most: MOST_BINS,
            });
        }
        if column == Column::Position {
            return Err(QuestionError::NotStored { column });
        }
        match self.range {
            Some((low, high)) if !(low <= high && (high - low).is_finite()) => {
                Err(QuestionError::BinRange { low, high })
            }
            _ => Ok(()),
        }
    }
}

/// The least and the greatest value of each column, if it has one.
type Extremes = Vec<Option<(f64, f64)>>;

/// How many values are in each bin.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Histogram {
    /// The column.
    pub column: Column,
    /// Where the first bin begins, in units.
    pub low: f64,
    /// Where the last bin ends, in units; that value is within.
    pub high: f64,
    /// How many values each bin has. A value v is in bin `floor((v - low) / (high - low) *
    /// bins)`, computed in `f64`, or in the last one if there is no such bin.
    pub counts: Vec<u64>,
    /// How many values are less than `low`.
    pub below: u64,
    /// How many values are greater than `high`.
    pub above: u64,
    /// How many are NaN.
    pub nan: u64,
}

impl Query<'_> {
    /// Counts the values of a column by bins.
    ///
    /// Without a range it takes a first pass for the least and the greatest finite value, and
    /// a second one where a weight is infinite. `None` where no range is given and no finite
    /// value is selected. For any number of threads there are 48 MiB of bins at most.
    ///
    /// # Errors
    ///
    /// [`QueryError::Question`] for no bins or more than 2^20, a range that ends before it
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
        let Answer { value, stats } = self.empty_histograms(columns)?;
        let empty: Vec<Histogram> = value.iter().flatten().cloned().collect();
        if empty.is_empty() {
            return Ok(Answer { value, stats });
        }
        let loads: Vec<Column> = empty.iter().map(|histogram| histogram.column).collect();
        let scan = self.scan();
        let bins: usize = empty.iter().map(|histogram| histogram.counts.len()).sum();
        let pool = match bins.saturating_mul(scan.workers.threads()) <= MOST_OWN_BINS {
            true => Pool::new(),
            false => Pool::of_one(),
        };
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

    /// Where the bins of each column are; `None` where there is no value to tell it by.
    fn empty_histograms(
        &self,
        columns: &[(Column, Bins)],
    ) -> Result<Answer<Vec<Option<Histogram>>>, QueryError> {
        let open = columns.iter().filter(|(_, bins)| bins.range.is_none());
        let Answer { value, stats } =
            self.extremes(&open.map(|(column, _)| *column).collect::<Vec<_>>())?;
        let mut found = value.into_iter();
        let histograms = columns.iter().map(|(column, bins)| {
            let (low, high) = bins.range.or_else(|| found.next().flatten())?;
            Some(Histogram {
                column: *column,
                low,
                high,
                counts: vec![0; bins.count],
                below: 0,
                above: 0,
                nan: 0,
            })
        });
        let value = histograms.collect();
        Ok(Answer { value, stats })
    }

    /// The least and the greatest finite value of each column.
    fn extremes(&self, columns: &[Column]) -> Result<Answer<Extremes>, QueryError> {
        if columns.is_empty() {
            return Ok(Answer {
                value: Vec::new(),
                stats: Stats::default(),
            });
        }
        let ends = |column: &Column| [Measure::Min(*column), Measure::Max(*column)];
        let mut measures: Vec<Measure> = Vec::new();
        for measure in columns.iter().flat_map(ends) {
            if !measures.contains(&measure) {
                measures.push(measure);
            }
        }
        let Answer { value, mut stats } = self.aggregate(&[], &measures)?;
        let values = value.groups.first().map_or(&[][..], |group| &group.values);
        let of = |measure| {
            let place = measures.iter().position(|known| *known == measure)?;
            values.get(place)?.number()
        };
        let range =
            |column: &Column| Some((of(Measure::Min(*column))?, of(Measure::Max(*column))?));
        let mut value: Extremes = columns.iter().map(range).collect();
        let is_infinite = |(low, high): &(f64, f64)| low.is_infinite() || high.is_infinite();
        if value.iter().flatten().any(is_infinite) {
            let finite = self.finite_weights()?;
            stats.add_pass(&finite.stats);
            let ranges = value
                .iter_mut()
                .filter(|range| range.as_ref().is_some_and(is_infinite));
            ranges.for_each(|range| *range = finite.value);
        }
        Ok(Answer { value, stats })
    }

    /// The least and the greatest weight that is finite: no other column has infinities.
    fn finite_weights(&self) -> Result<Answer<Option<(f64, f64)>>, QueryError> {
        let weight = Column::Weight;
        let is_finite = Bound::Is(Condition::Weight(f32::MIN..=f32::MAX));
        let measures = [Measure::Min(weight), Measure::Max(weight)];
        let Answer { value, stats } = self.and(is_finite).aggregate(&[], &measures)?;
        let values = value
            .groups
            .first()
            .map(|group| [0, 1].map(|end| group.values[end].number()));
        let value = values.and_then(|[low, high]| low.zip(high));
        Ok(Answer { value, stats })
    }
}

/// Adds up what the workers counted.
fn merged(mut whole: Vec<Option<Histogram>>, workers: Vec<Vec<Counter>>) -> Vec<Option<Histogram>> {
    for counters in workers {
        for (histogram, counter) in whole.iter_mut().flatten().zip(counters) {
            histogram.merge(&counter.into_histogram());
        }
    }
    whole
}

/// Where a value belongs.
enum Bin {
    Below,
    Within(usize),
    Above,
}

impl Histogram {
    fn bin(&self, value: f64) -> Bin {
        if value < self.low {
            return Bin::Below;
        }
        if value > self.high {
            return Bin::Above;
        }
        let last = self.counts.len() - 1;
        let share = (value - self.low) / (self.high - self.low);
        // NaN, of a range of one value, becomes 0.
        Bin::Within(((share * self.counts.len() as f64) as usize).min(last))
    }

    fn add(&mut self, value: f64, times: u64) {
        match self.bin(value) {
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
    /// Of a column whose keys have 16 bits at most, how often each occurs.
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
