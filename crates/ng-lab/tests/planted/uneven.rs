//! A run whose cells have different numbers of rounds, its files, and its use as a baseline.

use std::env;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::hint::black_box;
use std::time::Duration;

use ng_lab::judge::compare_reports;
use ng_lab::model::{CellReport, Comparison, ComparisonKind, GateReport, Outcome, Report};
use ng_lab::rng::SplitMix64;
use ng_lab::{
    Against, Baseline, Cell, Failure, Gate, Reference, Request, Rounds, Run, load_report,
};
use tempfile::TempDir;

use crate::checks::{measure, request};

const ROUNDS: u32 = 16;
const GATE: Gate = Gate {
    // A factor of four: equal work is well within, wild work is not.
    percent: 300.0,
    adds_rounds: false,
};

/// Runs a generator for a fixed number of steps, or for a random one that varies by up to
/// a factor of 2^17, too noisy for a few rounds to decide.
pub(crate) fn steps(cell: &Cell, run: &mut Run) -> Result<(), Failure> {
    let count: u64 = match cell.variant.name.as_str() {
        "steady" => 2_000_000,
        _ => 200 << (RandomState::new().hash_one("steps") % 18),
    };
    let mut rng = SplitMix64::new(7);
    run.phase("steps", cell.items).constant().time(|| {
        for _ in 0..count {
            black_box(rng.next_u64());
        }
    });
    run.prove_equal("items", cell.items, cell.items)
}

/// This program against itself.
fn against_itself() -> Request {
    let mut request = request("uneven", 1000, &[1], ROUNDS);
    let hour = Duration::from_secs(3600);
    request.rounds = Rounds::Within {
        budget: hour,
        at_least: ROUNDS,
        patience: hour,
        at_most: ROUNDS,
    };
    request.versus.gate = Some(GATE);
    request.versus.reference = Some(Reference::Against(Against {
        name: "itself".to_owned(),
        commit: String::new(),
        program: env::current_exe().expect("path of this test"),
    }));
    request
}

fn of<'r>(report: &'r Report, variant: &str) -> Vec<&'r CellReport> {
    let cells = report.cells.iter();
    cells.filter(|cell| cell.key.variant == variant).collect()
}

fn rounds_of(cell: &CellReport) -> usize {
    assert_eq!(cell.runs.len(), cell.phases[0].samples_ns.len() + 1);
    cell.phases[0].samples_ns.len()
}

fn beside<'r>(report: &'r Report, variant: &str) -> &'r Comparison {
    let mut all = report.comparisons.iter();
    let found = all
        .find(|found| found.kind == ComparisonKind::Against && found.key.cell.variant == variant);
    found.expect("a comparison")
}

pub(crate) fn a_decided_cell_stops_and_the_others_go_on() {
    let out = TempDir::new().expect("temporary folder");
    let report = measure(&against_itself(), out.path()).expect("a report");
    let looks: Vec<u32> = report.run.looks.iter().map(|look| look.rounds).collect();
    assert_eq!(looks, [8, 12, 16]);
    assert_eq!(report.run.rounds, ROUNDS);
    // A cell, its A/A copy and the other revision's stop together.
    for (variant, rounds) in [("steady", 8), ("wild", 16)] {
        let cells = of(&report, variant);
        let found: Vec<usize> = cells.iter().map(|cell| rounds_of(cell)).collect();
        assert_eq!(found, [rounds; 3], "{variant}");
        assert_eq!(beside(&report, variant).pairs, rounds, "{variant}");
    }
    assert_outcomes(report.gate.as_ref().expect("a gate"));
    assert_files_agree(&report, out.path());
    assert_is_a_baseline(&report);
}

fn assert_outcomes(gate: &GateReport) {
    let of = |variant: &str| {
        let mut all = gate.outcomes.iter();
        all.find(|found| found.key.cell.variant == variant)
    };
    let [steady, wild] = ["steady", "wild"].map(|variant| of(variant).expect("an outcome"));
    assert_eq!((steady.outcome, steady.pairs), (Outcome::Same, Some(8)));
    assert_eq!(steady.decided_round, Some(8));
    assert!(steady.decided_s.is_some());
    assert_eq!((wild.outcome, wild.pairs), (Outcome::Noise, Some(16)));
    // Of work so wild the program may differ from itself, by chance.
    let reason = wild.reason.as_deref().expect("a reason");
    let doubt = reason.strip_suffix("; the budget ended after 16 pairs");
    let by_chance = "A/A differs, as one in so many does by chance";
    assert!(
        matches!(doubt, Some("too wide to say")) || doubt == Some(by_chance),
        "{reason}"
    );
}

/// The table has every sample, and the kept report is the same.
fn assert_files_agree(report: &Report, out: &std::path::Path) {
    let read = |name: &str| fs::read_to_string(out.join(name)).expect("a file of the run");
    let samples = read("samples.csv").lines().count() - 1;
    assert_eq!(samples, 3 * (8 + 1) + 3 * (16 + 1));
    assert!(read("report.html").contains("up to 16 rounds after the cold one"));
    let kept = load_report(&out.join("report.json")).expect("a report");
    assert_eq!(kept.gate, report.gate);
    assert_eq!(kept.run.looks, report.run.looks);
}

/// Compared with itself as a baseline, each phase has its own number of samples.
fn assert_is_a_baseline(report: &Report) {
    let mut now = report.clone();
    let baseline = Baseline {
        name: "then".to_owned(),
        report: Box::new(report.clone()),
    };
    compare_reports(&mut now, &baseline, Some(GATE)).expect("a comparison");
    let found = now.comparisons.iter();
    let found = found.filter(|found| found.kind == ComparisonKind::Baseline);
    let samples: Vec<[usize; 2]> = found.map(|found| found.samples).collect();
    assert_eq!(samples, [[8; 2], [16; 2]]);
    assert!(
        now.gate.expect("a gate").outcomes[0]
            .decided_round
            .is_none()
    );
}
