//! Histograms, and the tokens at the ends of a column.

use ng_query::ng_token::{Axis, Space};
use ng_query::{Bins, Column, End, Histogram, QueryError};

use super::{Asked, Question, Questions, Selected, first_of};
use crate::columns::{stored, value};
use crate::reply::Reply;

pub(crate) fn questions() -> Questions {
    let mut questions: Questions =
        vec![Box::new(Histograms(None)), Box::new(Histograms(Some(0.4)))];
    questions.push(Box::new(Histograms2d));
    for column in stored() {
        for end in [End::Greatest, End::Least] {
            questions.push(Box::new(Top(column, end)));
        }
    }
    questions
}

/// Of every column in one pass: all values, or those within a part of the range.
struct Histograms(Option<f64>);

const BINS: usize = 37;

impl Histograms {
    /// The range within a column.
    fn range(&self, column: Column) -> Option<(f64, f64)> {
        let (low, high) = match column {
            Column::Coordinate(space, _) => (space.min().into(), space.max().into()),
            Column::Timestamp => (1.7e9, 1.7e9 + 100.0),
            Column::Id => (0.0, f64::from(u32::MAX)),
            Column::LocalId => (0.0, f64::from(1 << 24)),
            Column::Flags => (0.0, 65_535.0),
            Column::Radius => (0.0, 2.55),
            Column::Domain | Column::EntityType | Column::FlagsEntityType => (0.0, 15.0),
            _ => (-1.0, 1.0),
        };
        self.0.map(|part| (low * part, high * part))
    }
}

impl Question for Histograms {
    fn operation(&self) -> &'static str {
        "histogram"
    }

    fn detail(&self) -> String {
        format!("of all columns, {:?}", self.0)
    }

    fn ask(&self, asked: &Asked<'_>, reply: &mut Reply) -> Result<(), QueryError> {
        let of = |column| match self.range(column) {
            Some((low, high)) => (column, Bins::new(BINS).range(low, high)),
            None => (column, Bins::new(BINS)),
        };
        let columns: Vec<_> = stored().map(of).collect();
        let all = asked.query.histograms(&columns)?.value;
        // A single one is asked alone.
        let last = columns.len() - 1;
        let (column, bins) = &columns[last];
        assert_eq!(asked.query.histogram(*column, bins)?.value, all[last]);
        all.iter().for_each(|found| tell(reply, found.as_ref()));
        Ok(())
    }

    fn look(&self, selected: &Selected<'_>, reply: &mut Reply) {
        for column in stored() {
            let values: Vec<_> = selected
                .each()
                .map(|(_, token)| value(column, token))
                .collect();
            look_at(reply, &values, self.range(column));
        }
    }
}

fn tell(reply: &mut Reply, found: Option<&Histogram>) {
    reply.exact(found.is_some());
    if let Some(found) = found {
        reply.number(found.low);
        reply.number(found.high);
        found.counts.iter().for_each(|count| reply.exact(*count));
        for count in [found.below, found.above, found.nan] {
            reply.exact(count);
        }
    }
}

fn look_at(reply: &mut Reply, values: &[Option<f64>], range: Option<(f64, f64)>) {
    // Infinite values lie outside the range of the finite ones, even if there are none.
    let finite = |value: f64| value.clamp(f32::MIN.into(), f32::MAX.into());
    let numbers = || values.iter().flatten().copied().map(finite);
    let ends = || Some((numbers().reduce(f64::min)?, numbers().reduce(f64::max)?));
    let range = range.or_else(ends);
    reply.exact(range.is_some());
    let Some((low, high)) = range else { return };
    let (mut counts, mut below, mut above, mut nan) = (vec![0_u64; BINS], 0_u64, 0_u64, 0_u64);
    for value in values {
        match *value {
            None => nan += 1,
            Some(value) if value < low => below += 1,
            Some(value) if value > high => above += 1,
            Some(value) => {
                let bin = (value - low) / (high - low) * BINS as f64;
                counts[(bin as usize).min(BINS - 1)] += 1;
            }
        }
    }
    reply.number(low);
    reply.number(high);
    counts.iter().for_each(|count| reply.exact(*count));
    for count in [below, above, nan] {
        reply.exact(count);
    }
}

/// The planes of every space, and two unrelated columns, in one pass.
struct Histograms2d;

impl Histograms2d {
    fn pairs() -> Vec<[Column; 2]> {
        let planes = [[Axis::X, Axis::Y], [Axis::X, Axis::Z], [Axis::Y, Axis::Z]];
        let of = |space| planes.map(|plane| plane.map(|axis| Column::Coordinate(space, axis)));
        let mut pairs: Vec<_> = Space::ALL.into_iter().flat_map(of).collect();
        pairs.push([Column::Timestamp, Column::Weight]);
        pairs
    }
}

impl Question for Histograms2d {
    fn operation(&self) -> &'static str {
        "histogram_2d"
    }

    fn ask(&self, asked: &Asked<'_>, reply: &mut Reply) -> Result<(), QueryError> {
        let within = Histograms(Some(0.4));
        let of = |column| {
            let (low, high) = within.range(column).unwrap();
            (column, Bins::new(BINS).range(low, high))
        };
        let pairs: Vec<_> = Self::pairs().into_iter().map(|pair| pair.map(of)).collect();
        for found in asked.query.histograms_2d(&pairs)?.value {
            let found = found.unwrap();
            found.counts.iter().for_each(|count| reply.exact(*count));
            reply.exact(found.outside);
            reply.exact(found.nan);
        }
        Ok(())
    }

    fn look(&self, selected: &Selected<'_>, reply: &mut Reply) {
        let within = Histograms(Some(0.4));
        for pair in Self::pairs() {
            let (mut counts, mut outside, mut nan) = (vec![0_u64; BINS * BINS], 0_u64, 0_u64);
            for (_, token) in selected.each() {
                let bins = pair.map(|column| {
                    let (low, high) = within.range(column).unwrap();
                    value(column, token).map(|value| {
                        let bin = (value - low) / (high - low) * BINS as f64;
                        (low..=high)
                            .contains(&value)
                            .then(|| (bin as usize).min(BINS - 1))
                    })
                });
                match bins {
                    [Some(Some(one)), Some(Some(other))] => counts[one + BINS * other] += 1,
                    [Some(_), Some(_)] => outside += 1,
                    _ => nan += 1,
                }
            }
            counts.iter().for_each(|count| reply.exact(*count));
            reply.exact(outside);
            reply.exact(nan);
        }
    }
}

struct Top(Column, End);

const K: usize = 60;

impl Question for Top {
    fn operation(&self) -> &'static str {
        "top"
    }

    fn detail(&self) -> String {
        format!("{:?} of {}", self.1, self.0)
    }

    fn ask(&self, asked: &Asked<'_>, reply: &mut Reply) -> Result<(), QueryError> {
        for ranked in asked.query.top(K, self.0, self.1)?.value.ranked {
            reply.place(ranked.position);
            reply.measured(ranked.value);
        }
        Ok(())
    }

    fn look(&self, selected: &Selected<'_>, reply: &mut Reply) {
        let ranked = selected.each().filter_map(|(position, token)| {
            let value = value(self.0, token)?;
            Some((if self.1 == End::Least { value } else { -value }, position))
        });
        let first = first_of(ranked.collect(), K, |left: &(f64, u64), right| {
            left.partial_cmp(right).unwrap()
        });
        for (value, position) in first {
            reply.place(position);
            reply.value(Some(if self.1 == End::Least { value } else { -value }));
        }
    }
}
