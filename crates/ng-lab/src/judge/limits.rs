//! Limits as they are reported, and as cells are compared with them.

use std::collections::BTreeMap;

use crate::conductor::{LimitSample, PlannedCell, Readings};
use crate::model::{Bound, Interval95, LimitKey, LimitReport};
use crate::stats;

/// A bound of a phase, with its readings.
pub(super) struct BoundReadings<'r> {
    bound: Bound,
    block: usize,
    samples: &'r [LimitSample],
    best_ns_per_unit: f64,
}

impl<'r> BoundReadings<'r> {
    /// The readings of a bound of the cell `planned`, if it was probed over the planned
    /// bytes and in the same memory.
    pub(super) fn find(
        readings: &'r Readings,
        bound: Bound,
        planned: &PlannedCell,
    ) -> Option<Self> {
        let key = LimitKey {
            bytes: planned.limit_bytes,
            threads: bound.threads,
            memory_limit_bytes: planned.memory_limit_bytes,
            limit: bound.limit,
        };
        let samples = readings.limits.get(&key)?;
        Some(Self {
            bound,
            block: planned.block,
            samples,
            best_ns_per_unit: best(readings, key),
        })
    }

    /// The least possible time of the phase by the best reading, in nanoseconds.
    pub(super) fn least_ns(&self) -> f64 {
        self.best_ns_per_unit * self.bound.amount as f64
    }

    /// The median over the rounds of the limit's time over the phase's.
    pub(super) fn share(&self, samples: &[(u32, u64)]) -> Option<f64> {
        let shares: Vec<f64> = samples
            .iter()
            .filter_map(|(round, elapsed_ns)| {
                let ns = self.reading_of(*round)?;
                Some(ns * self.bound.amount as f64 / (*elapsed_ns).max(1) as f64)
            })
            .collect();
        stats::median(&shares)
    }

    /// The reading beside the cell, or else the median of that round's readings.
    fn reading_of(&self, round: u32) -> Option<f64> {
        let beside = |found: &&LimitSample| found.block == Some(self.block);
        let of_round = self.samples.iter().filter(|found| found.round == round);
        of_round
            .clone()
            .find(beside)
            .map(|found| found.ns_per_unit)
            .or_else(|| {
                let all: Vec<f64> = of_round.map(|found| found.ns_per_unit).collect();
                stats::median(&all)
            })
    }
}

/// The best reading of a limit on as many threads or fewer. More threads can do what
/// fewer can, and other load slows a probe on all processors first.
fn best(readings: &Readings, key: LimitKey) -> f64 {
    let is_of = |found: &LimitKey| {
        let of_fewer = LimitKey {
            threads: found.threads,
            ..key
        };
        *found == of_fewer && found.threads <= key.threads
    };
    let found = readings.limits.iter().filter(|(found, _)| is_of(found));
    let readings = found.flat_map(|(_, readings)| readings);
    let all = readings.map(|reading| reading.ns_per_unit);
    all.fold(f64::INFINITY, f64::min)
}

/// One figure per round: readings within a round are not independent replicates.
fn by_round(readings: &[LimitSample]) -> BTreeMap<u32, f64> {
    let mut rounds: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for reading in readings {
        let round = rounds.entry(reading.round).or_default();
        round.push(reading.ns_per_unit);
    }
    rounds
        .into_iter()
        .filter_map(|(round, all)| Some((round, stats::median(&all)?)))
        .collect()
}

pub(super) fn report(readings: &Readings) -> Vec<LimitReport> {
    readings
        .limits
        .iter()
        .map(|(key, readings)| {
            let mut rounds = by_round(readings);
            let cold_ns_per_unit = rounds.remove(&0);
            let warm: Vec<f64> = rounds.into_values().collect();
            LimitReport {
                key: *key,
                unit: key.limit.unit().to_owned(),
                samples_ns_per_unit: warm.clone(),
                cold_ns_per_unit,
                median_ns_per_unit: stats::median(&warm),
                ci95_ns_per_unit: stats::median_interval_95(&warm).map(Interval95::from),
            }
        })
        .collect()
}
