//! The gate held to its promises, on simulated machines: how often it accuses
//! nobody, and how often it sees what is there.
//!
//! Each count is printed, and added to the file that `NG_COUNTS` names.

use std::env;
use std::fs::File;
use std::io::Write;

use super::gate::{against, baseline, gate, gated};
use super::noise::{Machine, QUIET, STORMY, Weather};
use super::sim::{Sim, followed, report};
use crate::model::{GateReport, Outcome, Role};
use crate::stats::{paired_rounds, unpaired_rounds};

const RUNS: usize = 200;
/// One in twenty.
const FEW: usize = RUNS / 20;
/// Nineteen in twenty.
const MOST: usize = RUNS - FEW;
/// One in twenty, and three standard errors of as many runs: what is exactly one in
/// twenty is above it once in a thousand.
const FEW_BY_CHANCE: usize = FEW + 9;
const PHASES: usize = 6;

fn count(name: &str, count: usize) {
    let name = format!("gate, {RUNS} simulated runs: {name}");
    println!("{name}: {count}");
    if let Some(path) = env::var_os("NG_COUNTS") {
        let mut file = File::options()
            .append(true)
            .create(true)
            .open(path)
            .unwrap();
        writeln!(file, "{name}\t{count}").unwrap();
    }
}

/// What a gate of 5 % says of runs on machines of their own, where the first phase
/// takes `factor` times as long as that of the other side.
struct Trials {
    paired: Vec<GateReport>,
    unpaired: Vec<GateReport>,
}

impl Trials {
    fn new(weather: Weather, factor: f64, rounds: [usize; 2], seed: u64) -> Self {
        let mut factors = [1.0; PHASES];
        factors[0] = factor;
        let [paired, unpaired] = rounds;
        let trial = |index: usize| {
            let mut machine = Machine::new(weather, seed + index as u64);
            let run = machine.run(&factors, paired);
            let beside = gated(&run, &against(gate(5.0)));
            let (then, now) = (
                machine.run(&[1.0; PHASES], unpaired),
                machine.run(&factors, unpaired),
            );
            let then = report(&own(then));
            (beside, gated(&own(now), &baseline(then, gate(5.0))))
        };
        let (paired, unpaired) = (0..RUNS).map(trial).unzip();
        Self { paired, unpaired }
    }
}

/// The cells without those of another revision.
fn own(cells: Vec<Sim>) -> Vec<Sim> {
    let mut cells = cells;
    cells.retain(|cell| cell.role() != Role::Against);
    cells
}

fn with(reports: &[GateReport], held: impl Fn(&GateReport) -> bool) -> usize {
    reports.iter().filter(|report| held(report)).count()
}

fn called_different(report: &GateReport) -> bool {
    report.count(Outcome::Regressed) + report.count(Outcome::Improved) > 0
}

/// Whether any phase differs from the other side at all, whatever the gate allows.
fn told_apart(report: &GateReport) -> bool {
    report
        .outcomes
        .iter()
        .any(|found| found.p_adjusted.is_some_and(|p| p < 0.05))
}

#[test]
fn noisy_runs_of_one_program_are_not_called_different() {
    let rounds = [paired_rounds(PHASES), unpaired_rounds(PHASES, 8)];
    let rounds = rounds.map(|rounds| rounds as usize);
    let trials = Trials::new(STORMY, 1.0, rounds, 0x5eed_1000);
    for (how, reports) in [("paired", &trials.paired), ("unpaired", &trials.unpaired)] {
        let all = reports.iter().all(|report| report.tests == PHASES);
        assert!(all, "{how}: six phases are tested");
        let different = with(reports, called_different);
        count(&format!("false alarms, {how}"), different);
        assert!(different <= FEW, "{how}: {different}");
        let apart = with(reports, told_apart);
        count(&format!("differences whatever the gate, {how}"), apart);
        assert!(apart <= FEW_BY_CHANCE, "{how}: {apart}");
        let invalid = with(reports, |report| report.count(Outcome::Invalid) > 0);
        count(&format!("A/A failures, {how}"), invalid);
        assert!(invalid <= FEW_BY_CHANCE, "{how}: {invalid}");
    }
}

#[test]
fn a_slowdown_of_5_per_cent_is_told_from_none() {
    let trials = Trials::new(QUIET, 1.05, [12; 2], 0x5eed_2000);
    for (how, reports) in [("paired", &trials.paired), ("unpaired", &trials.unpaired)] {
        let apart = with(reports, |report| {
            let slow = &report.outcomes[0];
            let above = slow.ci95.is_some_and(|ci95| ci95.0[0] > 1.0);
            above && slow.p_adjusted.is_some_and(|p| p < 0.05)
        });
        count(&format!("5 % slower seen, {how}"), apart);
        assert!(apart >= MOST, "{how}: {apart}");
    }
}

#[test]
fn a_slowdown_of_10_per_cent_does_not_pass_a_gate_of_5() {
    let trials = Trials::new(QUIET, 1.10, [12; 2], 0x5eed_3000);
    for (how, reports) in [("paired", &trials.paired), ("unpaired", &trials.unpaired)] {
        let closed = with(reports, |report| {
            report.outcomes[0].outcome == Outcome::Regressed
        });
        count(&format!("10 % slower stopped, {how}"), closed);
        assert!(closed >= MOST, "{how}: {closed}");
        let others = with(reports, |report| report.count(Outcome::Regressed) > 1);
        assert!(
            others <= FEW,
            "{how}: {others} accuse another phase as well"
        );
    }
}

/// The machine of the second run is an eighth slower, and so are its limits.
#[test]
fn a_slower_machine_is_not_taken_for_a_slower_program() {
    let trial = |index: usize| {
        let mut machine = Machine::new(QUIET, 0x5eed_4000 + index as u64);
        let then = report(&own(machine.bounded_run(&[1.0; PHASES], 12)));
        machine.pace = 1.125;
        let now = own(machine.bounded_run(&[1.0; PHASES], 12));
        gated(&now, &baseline(then, gate(5.0)))
    };
    let reports: Vec<GateReport> = (0..RUNS).map(trial).collect();
    let different = with(&reports, called_different);
    count("false alarms, slower machine", different);
    assert!(different <= FEW, "{different}");
}

/// Runs with one budget under both rules: a single look at the end, and blocks that stop
/// once decided and leave their rounds to others.
struct Budgets {
    fixed: Vec<GateReport>,
    sequential: Vec<Spent>,
}

/// The gate under the sequential rule, and the total rounds of all blocks.
struct Spent {
    gate: GateReport,
    rounds: usize,
}

impl Budgets {
    /// Simulates runs that have time for `rounds` rounds of all phases.
    fn new(weather: [Weather; 2], factor: f64, rounds: usize, seed: u64) -> Self {
        let trial = |index: usize| {
            let run = mixed(weather, factor, 2 * rounds, seed + index as u64);
            let cut: Vec<Sim> = run.iter().map(|sim| sim.clone().first(rounds)).collect();
            let versus = against(gate(5.0));
            let (report, spent) = followed(&run, rounds, &versus);
            let gate = report.gate.unwrap();
            let spent = Spent {
                gate,
                rounds: spent,
            };
            (gated(&cut, &versus), spent)
        };
        let (fixed, sequential) = (0..RUNS).map(trial).unzip();
        Self { fixed, sequential }
    }

    fn gates(&self) -> Vec<GateReport> {
        self.sequential
            .iter()
            .map(|spent| spent.gate.clone())
            .collect()
    }

    /// Returns the phases with an outcome other than noise, per mille: under the fixed rule,
    /// and with looks.
    fn decided(&self) -> [usize; 2] {
        let gates = self.gates();
        [&self.fixed, &gates].map(|reports| {
            let open = |report: &GateReport| report.count(Outcome::Noise);
            let noise: usize = reports.iter().map(open).sum();
            1000 - noise * 1000 / (RUNS * PHASES)
        })
    }

    fn mean_rounds(&self) -> usize {
        let all: usize = self.sequential.iter().map(|spent| spent.rounds).sum();
        all / (RUNS * PHASES)
    }
}

/// Simulates a run whose phases all take `factor` times as long, half of them in each
/// weather.
fn mixed(weather: [Weather; 2], factor: f64, rounds: usize, seed: u64) -> Vec<Sim> {
    let halves = weather
        .iter()
        .zip([0, PHASES / 2])
        .flat_map(|(weather, first)| {
            let mut machine = Machine::new(*weather, seed + first as u64 * 0x1_0000);
            machine.run_from(first, &[factor; PHASES / 2], rounds)
        });
    halves.collect()
}

/// The gate as it is used, with looks, in every weather.
#[test]
fn looks_raise_no_more_false_alarms_than_one_look() {
    let windy = Weather {
        noise: 0.08,
        ..STORMY
    };
    for (name, weather, seed) in [
        ("stormy", STORMY, 0x5eed_5000),
        ("quiet", QUIET, 0x5eed_6000),
        ("windy", windy, 0x5eed_7000),
    ] {
        let runs = Budgets::new([weather; 2], 1.0, 30, seed);
        let gates = runs.gates();
        let different = with(&gates, called_different);
        count(&format!("false alarms with looks, {name}"), different);
        assert_eq!(different, 0, "{name}");
        let apart = with(&gates, told_apart);
        count(
            &format!("differences whatever the gate with looks, {name}"),
            apart,
        );
        assert!(apart <= FEW_BY_CHANCE, "{name}: {apart}");
        let invalid = with(&gates, |report| report.count(Outcome::Invalid) > 0);
        count(&format!("A/A failures with looks, {name}"), invalid);
        assert!(invalid <= FEW_BY_CHANCE, "{name}: {invalid}");
    }
}

/// Intervals of phases that stopped once decided exclude the true ratio no more often than
/// their level says.
#[test]
fn intervals_of_a_run_with_looks_keep_their_coverage() {
    for (factor, noise, seed) in [(1.0, 0.03, 0x5eed_8000), (1.1, 0.06, 0x5eed_9000)] {
        let weather = Weather { noise, ..QUIET };
        let gates = Budgets::new([weather; 2], factor, 30, seed).gates();
        let phases = gates.iter().flat_map(|report| &report.outcomes);
        let missed = phases.filter(|found| {
            let [low, high] = found.ci95.unwrap().0;
            factor < low || high < factor
        });
        let missed = missed.count();
        count(
            &format!("intervals of 1200 that miss {factor} with looks"),
            missed,
        );
        // One in twenty, and three standard errors of as many phases.
        assert!(missed <= 60 + 23, "{factor}: {missed}");
    }
}

/// If all phases are equally noisy, none leaves its rounds to others, and looks cost some
/// power; quiet phases give theirs to noisy ones.
#[test]
fn looks_decide_more_under_uneven_noise_and_take_fewer_rounds_under_low_noise() {
    for (noise, least, most_rounds, seed) in [
        ([0.02, 0.02], [990, 990], 15, 0x5eed_a000),
        ([0.05, 0.05], [850, 900], 30, 0x5eed_b000),
        ([0.10, 0.10], [150, 100], 30, 0x5eed_c000),
        ([0.02, 0.07], [750, 900], 30, 0x5eed_d000),
    ] {
        let weather = noise.map(|noise| Weather { noise, ..QUIET });
        let runs = Budgets::new(weather, 1.1, 30, seed);
        let [few, many] = noise.map(|noise| (noise * 100.0).round());
        let at = format!("at {few} and {many} % noise");
        let decided = runs.decided();
        for (rule, decided) in ["one look", "looks"].into_iter().zip(decided) {
            count(
                &format!("per mille decided of 10 % slower {at}, {rule}"),
                decided,
            );
        }
        let rounds = runs.mean_rounds();
        count(&format!("mean rounds of 30 {at}, looks"), rounds);
        assert!(rounds <= most_rounds, "{at}: {rounds}");
        for (decided, least) in decided.into_iter().zip(least) {
            assert!(decided >= least, "{at}: {decided}, expected {least}");
        }
    }
}
