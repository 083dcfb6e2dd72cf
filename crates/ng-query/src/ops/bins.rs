use ng_arrow::Column;

use crate::bound::{Bound, Condition};
use crate::pool::Pool;
use crate::{Answer, Measure, Query, QueryError, QuestionError, Stats};

/// More bins than this are refused: 16 MiB, and 8 MiB for each thread with its own.
pub(super) const MOST_BINS: usize = 1 << 20;

/// If the threads together would need more bins than this, they share one set.
const MOST_OWN_BINS: usize = 1 << 22;

/// Adjacent bins of the same width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bins {
    count: usize,
    range: Option<(f64, f64)>,
}

impl Bins {
    /// This many bins, from the least value to the greatest.
    #[must_use]
    pub const fn new(count: usize) -> Self {
        Self { count, range: None }
    }

    /// From one value to another, in the units of the column, both inclusive.
    #[must_use]
    pub const fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    pub(super) fn check(&self, column: Column) -> Result<(), QuestionError> {
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

/// The range of a column's bins, in its units, both ends inclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ruler {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) bins: usize,
}

/// The bin of a value.
pub(super) enum Bin {
    Below,
    Within(usize),
    Above,
}

impl Ruler {
    pub(super) fn bin(&self, value: f64) -> Bin {
        if value < self.low {
            return Bin::Below;
        }
        if value > self.high {
            return Bin::Above;
        }
        let share = (value - self.low) / (self.high - self.low);
        // NaN, of a range of one value, becomes 0.
        Bin::Within(((share * self.bins as f64) as usize).min(self.bins - 1))
    }
}

/// A pool of bins for each worker, or one for all if that would be too many.
pub(super) fn pool_for<T>(bins: usize, threads: usize) -> Pool<T> {
    match bins.saturating_mul(threads) <= MOST_OWN_BINS {
        true => Pool::new(),
        false => Pool::of_one(),
    }
}

/// The least and the greatest value of each column, if it has any.
type Extremes = Vec<Option<(f64, f64)>>;

impl Query<'_> {
    /// The bins of each column; `None` if it has no value to decide them.
    pub(super) fn rulers(
        &self,
        columns: &[(Column, Bins)],
    ) -> Result<Answer<Vec<Option<Ruler>>>, QueryError> {
        let open = columns.iter().filter(|(_, bins)| bins.range.is_none());
        let Answer { value, stats } =
            self.extremes(&open.map(|(column, _)| *column).collect::<Vec<_>>())?;
        let mut found = value.into_iter();
        let rulers = columns.iter().map(|(_, bins)| {
            let (low, high) = bins.range.or_else(|| found.next().flatten())?;
            Some(Ruler {
                low,
                high,
                bins: bins.count,
            })
        });
        let value = rulers.collect();
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

    /// The least and the greatest finite weight: no other column has infinities.
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
