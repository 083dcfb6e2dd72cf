//! Runs on a simulated machine: noise, drift, stalls and two modes, from a seed.

use std::f64::consts::TAU;

use super::sim::{PLAIN_NS, Sim};
use crate::model::Limit;
use crate::stats::rng::SplitMix64;

/// What disturbs a machine.
#[derive(Clone, Copy)]
pub(super) struct Weather {
    /// Standard deviation of a sample, as a share of it.
    pub(super) noise: f64,
    /// How far the machine wanders over a run, up or down.
    pub(super) drift: f64,
    /// How often a worker is stalled, for a third of its time on average.
    pub(super) stalls: f64,
    /// How often a worker has a layout that is 8 % slower.
    pub(super) slow_mode: f64,
}

pub(super) const QUIET: Weather = Weather {
    noise: 0.02,
    drift: 0.0,
    stalls: 0.0,
    slow_mode: 0.0,
};
pub(super) const STORMY: Weather = Weather {
    noise: 0.03,
    drift: 0.1,
    stalls: 0.1,
    slow_mode: 0.3,
};
const SLOW_MODE: f64 = 1.08;
const STALL: f64 = 0.3;

/// A machine in some weather.
pub(super) struct Machine {
    rng: SplitMix64,
    weather: Weather,
    /// The factor on all times, limits included.
    pub(super) pace: f64,
}

impl Machine {
    pub(super) fn new(weather: Weather, seed: u64) -> Self {
        Self {
            rng: SplitMix64::new(seed),
            weather,
            pace: 1.0,
        }
    }

    /// A run of one cell a factor, each with its three copies. The cell and its A/A
    /// copy take `factor` times as long as the other revision's.
    pub(super) fn run(&mut self, factors: &[f64], rounds: usize) -> Vec<Sim> {
        self.run_from(0, factors, rounds)
    }

    /// Returns the same, with cells numbered from `first` on.
    pub(super) fn run_from(&mut self, first: usize, factors: &[f64], rounds: usize) -> Vec<Sim> {
        let cells = factors.iter().enumerate().flat_map(|(index, factor)| {
            let block = first + index;
            let name = format!("v{block}");
            let levels = self.levels(rounds);
            [*factor, *factor, 1.0].map(|factor| {
                let times = self.times(&levels, factor);
                let cell = Sim::cell("create").variant(&name).block(block);
                cell.phase("fill", &times)
            })
        });
        let mut cells: Vec<Sim> = cells.collect();
        for copies in cells.chunks_mut(3) {
            copies[1] = copies[1].clone().aa();
            copies[2] = copies[2].clone().against();
        }
        cells
    }

    /// The same with a limit that bounds all work, read beside it.
    pub(super) fn bounded_run(&mut self, factors: &[f64], rounds: usize) -> Vec<Sim> {
        let cells = self.run(factors, rounds);
        let levels = self.levels(rounds);
        let readings: Vec<f64> = levels
            .iter()
            .map(|level| level * self.pace * self.disturbed() * 10.0)
            .collect();
        let amount = PLAIN_NS / 10;
        cells
            .into_iter()
            .map(|cell| {
                cell.bound(Limit::Read, amount)
                    .limit_readings(Limit::Read, &readings)
            })
            .collect()
    }

    /// The pace of a block in each round: a random walk.
    fn levels(&mut self, rounds: usize) -> Vec<f64> {
        let slope = self.weather.drift * (2.0 * self.uniform() - 1.0);
        let middle = (rounds - 1) as f64 / 2.0;
        (0..rounds)
            .map(|round| {
                // Around the middle, so that no run as a whole is slower.
                let walked = slope * (round as f64 - middle) / rounds as f64;
                (walked + 0.2 * self.weather.drift * self.normal()).exp()
            })
            .collect()
    }

    fn times(&mut self, levels: &[f64], factor: f64) -> Vec<u64> {
        let usual = PLAIN_NS as f64 * factor * self.pace;
        levels
            .iter()
            .map(|level| (usual * level * self.disturbed()) as u64)
            .collect()
    }

    /// The factor on one worker's times.
    fn disturbed(&mut self) -> f64 {
        let mode = if self.uniform() < self.weather.slow_mode {
            SLOW_MODE
        } else {
            1.0
        };
        let stall = if self.uniform() < self.weather.stalls {
            1.0 - STALL * self.uniform().ln()
        } else {
            1.0
        };
        mode * stall * (self.weather.noise * self.normal()).exp()
    }

    fn uniform(&mut self) -> f64 {
        // 53 bits, moved by half a step off zero.
        ((self.rng.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Box and Muller, 1958.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (TAU * self.uniform()).cos()
    }
}
