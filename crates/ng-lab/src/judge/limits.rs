//! Limits as they are reported, and as cells are held against them.

use crate::conductor::{LimitKey, Record};
use crate::report::{Interval95, LimitReport};
use crate::run::Bound;
use crate::stats;

/// A bound of a phase, with the readings that belong to it.
pub(super) struct BoundReadings<'r> {
    bound: Bound,
    readings: &'r [(u32, f64)],
}

impl<'r> BoundReadings<'r> {
    /// The readings of `bound` at `bytes`, if it was probed there.
    pub(super) fn find(record: &'r Record, bound: Bound, bytes: u64) -> Option<Self> {
        let key = LimitKey {
            bytes,
            threads: bound.threads,
            limit: bound.limit,
        };
        let readings = record.limits.get(&key)?;
        Some(Self { bound, readings })
    }

    /// The least time that the phase could have taken by the best reading, in nanoseconds.
    pub(super) fn least_ns(&self) -> f64 {
        let best = self.readings.iter().map(|(_, ns)| *ns);
        best.fold(f64::INFINITY, f64::min) * self.bound.amount as f64
    }

    /// The limit's time over the phase's time, each round with its own reading; the median.
    pub(super) fn share(&self, samples: &[(u32, u64)]) -> Option<f64> {
        let shares: Vec<f64> = samples
            .iter()
            .filter_map(|(round, elapsed_ns)| {
                let (_, ns) = self.readings.iter().find(|(found, _)| found == round)?;
                Some(ns * self.bound.amount as f64 / (*elapsed_ns).max(1) as f64)
            })
            .collect();
        stats::median(&shares)
    }
}

pub(super) fn report(record: &Record) -> Vec<LimitReport> {
    record
        .limits
        .iter()
        .map(|(key, readings)| {
            let warm: Vec<f64> = readings
                .iter()
                .filter(|(round, _)| *round > 0)
                .map(|(_, ns)| *ns)
                .collect();
            LimitReport {
                name: key.limit,
                unit: key.limit.unit().to_owned(),
                bytes: key.bytes,
                threads: key.threads,
                samples_ns_per_unit: warm.clone(),
                cold_ns_per_unit: readings
                    .iter()
                    .find(|(round, _)| *round == 0)
                    .map(|(_, ns)| *ns),
                median_ns_per_unit: stats::median(&warm),
                ci95_ns_per_unit: stats::median_interval_95(&warm).map(Interval95::from),
            }
        })
        .collect()
}
