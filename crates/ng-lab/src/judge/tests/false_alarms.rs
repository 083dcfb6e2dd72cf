//! The two flags that rest on noisy times, on a simulated machine: how often they
//! accuse honest work, and how often they see work that was deleted.

use super::alone;
use super::sim::{ITEMS, Sim};
use crate::model::{Flag, Limit};
use crate::stats::rng::SplitMix64;
use crate::worker::growth::best_times;
use crate::worker::protocol::FractionReading;
use crate::worker::run::PhaseReading;

/// Simulated phases of each kind.
const PHASES: usize = 20_000;

/// What makes a run longer by one and a half to four times.
#[derive(Clone, Copy)]
struct Weather {
    /// How often a single run, of the whole or of the fraction, is hit.
    gusts: f64,
    /// How often all runs at the fraction of one worker are, and its whole is not.
    spells: f64,
}

const GUSTS: Weather = Weather {
    gusts: 0.2,
    spells: 0.0,
};
const SPELLS: Weather = Weather {
    gusts: 0.2,
    spells: 0.05,
};

/// A phase without noise, in nanoseconds.
#[derive(Clone, Copy)]
struct Work {
    whole_ns: f64,
    fraction_ns: f64,
}

impl Work {
    /// Of four milliseconds, and so many times less at the fraction.
    fn growing(times: f64) -> Self {
        Self {
            whole_ns: 4e6,
            fraction_ns: 4e6 / times,
        }
    }

    fn constant(ns: f64) -> Self {
        Self {
            whole_ns: ns,
            fraction_ns: ns,
        }
    }
}

struct Machine {
    weather: Weather,
    rng: SplitMix64,
}

impl Machine {
    fn new(weather: Weather, seed: u64) -> Self {
        let rng = SplitMix64::new(seed);
        Self { weather, rng }
    }

    fn uniform(&mut self) -> f64 {
        self.rng.below(1 << 53) as f64 / (1_u64 << 53) as f64
    }

    /// One and a half to four with that chance, else 1.
    fn slower(&mut self, chance: f64) -> f64 {
        if self.uniform() < chance {
            1.5 + 2.5 * self.uniform()
        } else {
            1.0
        }
    }

    /// With 2 % of ordinary noise, which only adds, too.
    fn run(&mut self, ns: f64) -> u64 {
        let noise = 1.0 + 0.02 * self.uniform();
        (ns * noise * self.slower(self.weather.gusts)) as u64
    }

    /// The whole and the best at the fraction, as a worker of the phase tells them.
    fn worker(&mut self, work: Work, phase: &PhaseReading) -> [u64; 2] {
        let whole = PhaseReading {
            elapsed_ns: self.run(work.whole_ns),
            ..phase.clone()
        };
        let spell = self.slower(self.weather.spells);
        let again = || Ok::<_, ()>(vec![self.run(work.fraction_ns * spell)]);
        let best = best_times(std::slice::from_ref(&whole), again).unwrap();
        [whole.elapsed_ns, best[0]]
    }

    /// The best of as many repetitions as a probe of first touches has.
    fn probe(&mut self) -> f64 {
        [(); 2]
            .map(|()| self.run(1e6))
            .into_iter()
            .min()
            .unwrap_or(0) as f64
            / 1e6
    }

    /// Whether a run calls a phase impossibly fast that does what its limit does, in
    /// so many times its time.
    fn calls_impossible(&mut self, times: f64, rounds: usize) -> bool {
        let phase_times: Vec<u64> = (0..rounds).map(|_| self.run(4e6 * times)).collect();
        // Round 0 has a reading too, and the fixture numbers readings from 1.
        let readings: Vec<f64> = (0..=rounds).map(|_| self.probe()).collect();
        let cell = Sim::cell("create")
            .phase("fill", &phase_times)
            .bound(Limit::Read, 4_000_000)
            .limit_readings(Limit::Read, &readings);
        alone(&cell).flags.contains(&Flag::ImpossibleFast)
    }

    /// Whether a run of so many rounds after round 0 calls the phase elided.
    fn accuses(&mut self, work: Work, rounds: usize) -> bool {
        let mut cell = Sim::cell("create").phase("fill", &vec![0; rounds]);
        let phase = cell.first_phase();
        for round in 0..=rounds {
            let [whole_ns, fraction_ns] = self.worker(work, &phase);
            cell = cell.round(round, |reading| {
                reading.phases[0].elapsed_ns = whole_ns;
                reading.fraction = Some(FractionReading {
                    items: ITEMS / 8,
                    elapsed_ns: vec![fraction_ns],
                });
            });
        }
        alone(&cell).flags.contains(&Flag::Elided)
    }
}

/// Holds how many of the simulated phases are accused between two numbers.
#[track_caller]
fn accused(claim: &str, [least, most]: [usize; 2], accuses: impl FnMut(usize) -> bool) {
    let accused = (0..PHASES).map(accuses).filter(|accused| *accused).count();
    println!("{claim}: {accused} of {PHASES} phases");
    assert!(
        (least..=most).contains(&accused),
        "{claim}: {accused}, expected {least} to {most}"
    );
}

#[track_caller]
fn check(claim: &str, weather: Weather, work: Work, rounds: usize, allowed: [usize; 2]) {
    let mut machine = Machine::new(weather, 0x9100 + rounds as u64);
    let claim = format!("elided, {claim}, {rounds} rounds");
    accused(&claim, allowed, |_| machine.accuses(work, rounds));
}

/// A quick run has about 120 phases: with one alarm in 20 000, it is one run in 170.
#[test]
fn honest_work_is_not_called_elided_on_a_gusty_machine() {
    for rounds in [1, 2, 12] {
        check("eight times", GUSTS, Work::growing(8.0), rounds, [0, 0]);
        check(
            "four and a half times",
            GUSTS,
            Work::growing(4.5),
            rounds,
            [0, 1],
        );
        check("three times", GUSTS, Work::growing(3.0), rounds, [0, 1]);
    }
}

#[test]
fn a_spell_that_hits_all_runs_at_the_fraction_is_outvoted_by_another_round() {
    for (rounds, most) in [(1, 100), (2, 20), (12, 0)] {
        let work = Work::growing(4.5);
        check(
            "four and a half times, in spells",
            SPELLS,
            work,
            rounds,
            [0, most],
        );
    }
}

#[test]
fn deleted_work_is_called_elided_after_one_round() {
    for rounds in [1, 2, 6] {
        check("30 ns", GUSTS, Work::constant(30.0), rounds, [PHASES; 2]);
    }
    // Both runs of the whole must be hit by a factor of two for it to go free.
    let most = PHASES * 96 / 100;
    check("1 ms", GUSTS, Work::constant(1e6), 1, [most, PHASES]);
    check("1 ms", GUSTS, Work::constant(1e6), 6, [PHASES - 2, PHASES]);
}

#[test]
fn work_at_its_limit_is_seldom_called_impossible_and_deleted_work_always() {
    for (rounds, most) in [(1, 20), (2, 2), (6, 0), (12, 0)] {
        let mut machine = Machine::new(GUSTS, 0x9200 + rounds as u64);
        let claim = format!("impossible_fast, at the limit, {rounds} rounds");
        accused(&claim, [0, most], |_| machine.calls_impossible(1.0, rounds));
        let claim = format!("impossible_fast, a thousandth of it, {rounds} rounds");
        let all = [PHASES; 2];
        accused(&claim, all, |_| machine.calls_impossible(0.001, rounds));
    }
}
