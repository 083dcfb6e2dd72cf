//! The judge on invented records: for every flag a planted case, and a clean twin just
//! across the threshold.

mod comparable;
mod comparisons;
mod false_alarms;
mod figures;
mod gate;
mod machine;
mod noise;
mod not_compared;
mod pairs;
mod proofs;
mod scaling;
mod sim;
mod verdicts;
mod work;

use crate::model::{CellReport, Flag, Verdict};
use sim::{Sim, judged};

/// Judges a run of this cell alone.
fn alone(cell: &Sim) -> CellReport {
    judged(std::slice::from_ref(cell)).cells.remove(0)
}

/// Each row is a claim, a cell with only `flag`, hence `verdict`, and a twin without
/// flags.
#[track_caller]
fn check(flag: Flag, verdict: Verdict, cases: &[(&str, Sim, Sim)]) {
    for (claim, planted, clean) in cases {
        let (planted, clean) = (alone(planted), alone(clean));
        assert_eq!(planted.flags, [flag], "{claim}: {:?}", planted.findings);
        assert_eq!(planted.verdict, verdict, "{claim}");
        assert_eq!(clean.flags, [], "clean twin, {claim}: {:?}", clean.findings);
        assert_eq!(clean.verdict, Verdict::Valid, "clean twin, {claim}");
    }
}

#[track_caller]
fn assert_about(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-9 * expected.abs().max(1.0),
        "{found}, expected {expected}"
    );
}
