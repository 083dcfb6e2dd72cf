//! The queries, and each answer as a number.

use anyhow::{Context, Result, bail};
use ng_query::{Column, End, Filter, GroupBy, Key, Measure, Points, Query, Squared};
use ng_token::TokenId;

use super::oracle::{self, NEAREST, TOP};

/// A query that is repeated. Binding its filter is timed.
pub(super) struct Asked<'q>(Query<'q>);

impl<'q> Asked<'q> {
    pub(super) fn new(query: Query<'q>) -> Self {
        Self(query)
    }

    pub(super) fn count(&self, filter: Filter) -> Result<u64> {
        Ok(self.0.clone().filter(&filter).count()?.value)
    }

    /// Of squared distances in steps, or in units that are steps.
    pub(super) fn nearest(&self, points: &Points) -> Result<u64> {
        let found = self.0.nearest(points, NEAREST)?.value;
        let neighbours = found.iter().flat_map(|found| &found.neighbours);
        let squares = neighbours.map(|neighbour| match neighbour.squared {
            Squared::Steps(squared) => squared,
            // Whole numbers except for rounding errors, far below a half.
            Squared::Units(squared) => squared.round() as u64,
            _ => u64::MAX,
        });
        Ok(oracle::digest(squares))
    }

    pub(super) fn by_type(&self) -> Result<u64> {
        let measures = [Measure::Count, Measure::Mean(Column::Weight)];
        let groups = self.0.aggregate(&[GroupBy::EntityType], &measures)?.value;
        let mut numbers = Vec::new();
        for group in groups.groups {
            let ([Key::EntityType(of)], [count, mean]) = (&group.key[..], &group.values[..]) else {
                bail!("{group:?}, expected an entity type, a count and a mean");
            };
            let [count, mean] = [count, mean].map(|value| value.number().unwrap_or(f64::NAN));
            numbers.extend([of.bits().into(), count as u64, mean.to_bits()]);
        }
        Ok(oracle::digest(numbers))
    }

    pub(super) fn top(&self) -> Result<u64> {
        let ranked = self.0.top(TOP, Column::Weight, End::Greatest)?.value.ranked;
        Ok(oracle::digest(ranked.iter().map(|ranked| ranked.position)))
    }

    pub(super) fn find(&self, ids: &[TokenId]) -> Result<u64> {
        let found = self.0.find(ids)?.value;
        let positions = found.iter().map(|found| found.positions.first().copied());
        let positions: Option<Vec<u64>> = positions.collect();
        Ok(oracle::digest(
            positions.context("an id that is there was not found")?,
        ))
    }
}
