//! What a cell is worth, and why.

use super::alone;
use super::sim::{PLAIN, PLAIN_NS, Sim};
use crate::model::{Flag, Verdict};

fn fill() -> Sim {
    Sim::cell("create").phase("fill", &PLAIN)
}

fn suspect(sim: Sim) -> Sim {
    sim.warm(|reading| reading.spin_ns[1] *= 2)
}

fn invalid(sim: Sim) -> Sim {
    sim.warm(|reading| reading.memory.as_mut().unwrap().swapped_bytes = 1)
}

#[test]
fn the_worst_finding_decides_the_verdict() {
    for (cell, verdict, reason) in [
        (fill(), Verdict::Valid, None),
        (suspect(fill()), Verdict::Suspect, None),
        (invalid(suspect(fill())), Verdict::Invalid, None),
        (
            invalid(fill()).failed(3, "killed"),
            Verdict::Failed,
            Some("round 3: killed"),
        ),
        (
            invalid(fill()).failed(3, "killed").skipped("too large"),
            Verdict::Skipped,
            Some("too large"),
        ),
    ] {
        let report = alone(&cell);
        assert_eq!(report.verdict, verdict);
        assert_eq!(report.reason.as_deref(), reason, "{verdict:?}");
    }
}

#[test]
fn a_failed_cell_keeps_its_findings_and_the_other_rounds() {
    let report = alone(&invalid(fill()).failed(3, "killed").failed(5, "late"));
    assert_eq!(report.verdict, Verdict::Failed);
    assert_eq!(report.reason.as_deref(), Some("round 3: killed"));
    assert_eq!(report.flags, [Flag::Swapped, Flag::TooFewRounds]);
    assert_eq!(report.phases[0].samples_ns, [PLAIN_NS; 4]);
}

#[test]
fn a_cell_that_failed_in_the_cold_round_has_failed() {
    let report = alone(&fill().failed(0, "killed"));
    assert_eq!(report.verdict, Verdict::Failed);
    assert_eq!(report.reason.as_deref(), Some("round 0: killed"));
    assert_eq!(report.phases[0].cold_ns, None);
    assert_eq!(report.phases[0].samples_ns, PLAIN);
}

#[test]
fn a_cell_that_failed_in_every_round_has_no_phases() {
    let failed = (0..=6).fold(fill(), |sim, round| sim.failed(round, "killed"));
    let report = alone(&failed);
    assert_eq!(report.verdict, Verdict::Failed);
    assert!(report.phases.is_empty() && report.memory.is_none());
}

#[test]
fn a_skipped_cell_has_no_flags() {
    let report = alone(&Sim::cell("create").skipped("too large"));
    assert_eq!(report.verdict, Verdict::Skipped);
    assert!(report.phases.is_empty() && report.findings.is_empty());
}

#[test]
fn a_cell_not_reached_before_the_end_is_skipped_with_that_reason() {
    let report = alone(&fill().interrupted_after(0));
    assert_eq!(report.verdict, Verdict::Skipped);
    let reason = "the run was interrupted before this cell";
    assert_eq!(report.reason.as_deref(), Some(reason));
    assert!(report.findings.is_empty());
}

#[test]
fn a_run_that_ended_in_round_3_keeps_two_samples() {
    let report = alone(&fill().interrupted_after(3));
    assert_eq!(report.verdict, Verdict::Suspect);
    assert_eq!(report.flags, [Flag::TooFewRounds]);
    assert_eq!(report.phases[0].samples_ns, [PLAIN_NS; 2]);
}
