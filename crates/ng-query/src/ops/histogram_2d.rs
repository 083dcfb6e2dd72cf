use std::ops::ControlFlow;

use ng_arrow::Column;
use ng_store::BLOCK_TOKENS;

use super::bins::{Bin, Bins, MOST_BINS, Ruler, pool_for};
use crate::ordered::{Keys, NAN_KEY, key_bits, keys_of, number_of};
use crate::scan::Stage;
use crate::{Answer, Query, QueryError, QuestionError};

/// The number of tokens in each cell of the bins of two columns.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Histogram2d {
    /// The two columns.
    pub columns: [Column; 2],
    /// Where the first bin of each begins, in units.
    pub low: [f64; 2],
    /// Where the last bin of each ends, in units; inclusive.
    pub high: [f64; 2],
    /// The number of bins of each.
    pub bins: [usize; 2],
    /// The number of tokens in each cell: that of bin `a` of the first column and bin `b` of the
    /// second is at `a + bins[0] * b`. Values fall into bins as in a
    /// [`Histogram`](crate::Histogram).
    pub counts: Vec<u64>,
    /// How many tokens have a value outside the range of a column, and none that is NaN.
    pub outside: u64,
    /// How many tokens have a value that is NaN.
    pub nan: u64,
}

impl Query<'_> {
    /// Counts tokens by the bins of two columns at once, for several pairs of columns in as many
    /// passes as [`histograms`](Self::histograms) takes.
    ///
    /// `None` for a pair if one of its columns has neither a range nor a finite value.
    ///
    /// # Errors
    ///
    /// Those of [`histogram`](Self::histogram), for each column; [`QueryError::Question`] also for
    /// a pair with more than 2^20 cells.
    pub fn histograms_2d(
        &self,
        pairs: &[[(Column, Bins); 2]],
    ) -> Result<Answer<Vec<Option<Histogram2d>>>, QueryError> {
        pairs.iter().try_for_each(check)?;
        let Answer { value, stats } = self.rulers(pairs.as_flattened())?;
        let mut scales = Scales::default();
        let pairs = pairs.iter().zip(value.chunks_exact(2));
        let pairs: Vec<Option<Pair>> = pairs
            .map(|([(one, _), (other, _)], rulers)| {
                let ends = [(*one, rulers[0]?), (*other, rulers[1]?)];
                Some(ends.map(|(column, ruler)| scales.place(column, ruler)))
            })
            .collect();
        let known: Vec<Pair> = pairs.iter().flatten().copied().collect();
        if known.is_empty() {
            let value = vec![None; pairs.len()];
            return Ok(Answer { value, stats });
        }
        let mut counted = self.count_cells(&scales, &known)?;
        counted.stats.add_pass(&stats);
        let mut found = counted.value.into_iter();
        let value = pairs.iter().map(|pair| pair.and_then(|_| found.next()));
        Ok(Answer {
            value: value.collect(),
            stats: counted.stats,
        })
    }

    fn count_cells(
        &self,
        scales: &Scales,
        pairs: &[Pair],
    ) -> Result<Answer<Vec<Histogram2d>>, QueryError> {
        let scan = self.scan();
        let cells = pairs.iter().map(|pair| scales.cells(*pair)).sum();
        let pool = pool_for(cells, scan.workers.threads());
        let columns = scales.columns();
        let stats = scan.run(
            || (),
            |(), stage| {
                stage.load(&columns)?;
                let new = || Counter::new(scales, pairs);
                pool.with(new, |counter| counter.add(stage, scales));
                Ok(())
            },
            |()| Ok::<_, QueryError>(ControlFlow::Continue(())),
        )?;
        let mut whole = Counter::new(scales, pairs);
        pool.into_inner().iter().for_each(|it| whole.merge(it));
        let value = whole.histograms;
        Ok(Answer { value, stats })
    }
}

fn check(pair: &[(Column, Bins); 2]) -> Result<(), QuestionError> {
    for (column, bins) in pair {
        bins.check(*column)?;
    }
    match pair[0].1.count().saturating_mul(pair[1].1.count()) {
        count if count > MOST_BINS => Err(QuestionError::Bins {
            count,
            most: MOST_BINS,
        }),
        _ => Ok(()),
    }
}

/// The scales of a pair.
type Pair = [usize; 2];

/// Stands in for the bin number of a value without a bin.
const OUTSIDE: u32 = u32::MAX - 1;
const NAN: u32 = u32::MAX;

/// The columns with their bins, each once: a column of a space is in two of its planes.
#[derive(Default)]
struct Scales(Vec<Scale>);

struct Scale {
    column: Column,
    ruler: Ruler,
    /// The bin of each key, for a column whose keys have at most 16 bits.
    by_key: Vec<u32>,
}

impl Scales {
    fn place(&mut self, column: Column, ruler: Ruler) -> usize {
        let is_same = |scale: &Scale| scale.column == column && scale.ruler == ruler;
        self.0.iter().position(is_same).unwrap_or_else(|| {
            self.0.push(Scale::new(column, ruler));
            self.0.len() - 1
        })
    }

    fn cells(&self, pair: Pair) -> usize {
        pair.map(|place| self.0[place].ruler.bins).iter().product()
    }

    fn columns(&self) -> Vec<Column> {
        self.0.iter().map(|scale| scale.column).collect()
    }
}

impl Scale {
    fn new(column: Column, ruler: Ruler) -> Self {
        let mut scale = Self {
            column,
            ruler,
            by_key: Vec::new(),
        };
        if key_bits(column) <= 16 {
            let keys = 0..1_u32 << key_bits(column);
            scale.by_key = keys.map(|key| scale.bin(key)).collect();
        }
        scale
    }

    fn bin(&self, key: u32) -> u32 {
        if self.column == Column::Weight && key == NAN_KEY {
            return NAN;
        }
        match self.ruler.bin(number_of(self.column, key)) {
            Bin::Within(bin) => bin as u32,
            Bin::Below | Bin::Above => OUTSIDE,
        }
    }

    /// The bins of a block's values, which are loaded.
    fn bins(&self, stage: &Stage<'_>, keys: &mut Keys, bins: &mut Keys) {
        keys_of(&stage.lanes, self.column, keys);
        let both = bins.iter_mut().zip(keys.iter()).take(stage.len());
        match self.by_key.is_empty() {
            true => both.for_each(|(bin, key)| *bin = self.bin(*key)),
            false => both.for_each(|(bin, key)| *bin = self.by_key[*key as usize]),
        }
    }
}

/// What one worker counts.
struct Counter {
    histograms: Vec<Histogram2d>,
    pairs: Vec<Pair>,
    keys: Box<Keys>,
    /// For each scale.
    bins: Vec<Box<Keys>>,
}

impl Counter {
    fn new(scales: &Scales, pairs: &[Pair]) -> Self {
        let empty = |pair: &Pair| {
            let of = pair.map(|place| &scales.0[place]);
            Histogram2d {
                columns: of.map(|scale| scale.column),
                low: of.map(|scale| scale.ruler.low),
                high: of.map(|scale| scale.ruler.high),
                bins: of.map(|scale| scale.ruler.bins),
                counts: vec![0; scales.cells(*pair)],
                outside: 0,
                nan: 0,
            }
        };
        Self {
            histograms: pairs.iter().map(empty).collect(),
            pairs: pairs.to_vec(),
            keys: Box::new([0; BLOCK_TOKENS]),
            bins: scales
                .0
                .iter()
                .map(|_| Box::new([0; BLOCK_TOKENS]))
                .collect(),
        }
    }

    fn add(&mut self, stage: &Stage<'_>, scales: &Scales) {
        for (scale, bins) in scales.0.iter().zip(&mut self.bins) {
            scale.bins(stage, &mut self.keys, bins);
        }
        for (histogram, pair) in self.histograms.iter_mut().zip(&self.pairs) {
            let [one, other] = pair.map(|place| &self.bins[place]);
            stage.for_each_selected(|place| histogram.add(one[place], other[place]));
        }
    }

    fn merge(&mut self, other: &Self) {
        for (histogram, other) in self.histograms.iter_mut().zip(&other.histograms) {
            histogram.merge(other);
        }
    }
}

impl Histogram2d {
    fn add(&mut self, one: u32, other: u32) {
        match one.max(other) {
            NAN => self.nan += 1,
            OUTSIDE => self.outside += 1,
            _ => self.counts[one as usize + self.bins[0] * other as usize] += 1,
        }
    }

    fn merge(&mut self, other: &Self) {
        for (count, other) in self.counts.iter_mut().zip(&other.counts) {
            *count += other;
        }
        self.outside += other.outside;
        self.nan += other.nan;
    }
}
