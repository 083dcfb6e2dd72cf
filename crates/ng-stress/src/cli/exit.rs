//! The exit code of a report.
//!
//! The first that applies: 130 interrupted, 1 an error or a failed cell, 3 a regression,
//! 4 not comparable, 5 an invalid measurement, 0.

use std::process::ExitCode;

use ng_lab::model::{CellReport, CountOutcome, NotComparable, Outcome, Report, Role, Verdict};

const REGRESSION: u8 = 3;
const NOT_COMPARABLE: u8 = 4;
const INVALID: u8 = 5;
const INTERRUPTED: u8 = 130;

pub(super) fn of_report(report: &Report) -> ExitCode {
    if report.run.interrupted {
        interrupted()
    } else if report.run.stopped_by.is_some() || any_failed(report) {
        ExitCode::FAILURE
    } else if let Some(code) = of_comparison(report) {
        ExitCode::from(code)
    } else if any(report, Verdict::Invalid) {
        ExitCode::from(INVALID)
    } else {
        ExitCode::SUCCESS
    }
}

/// The exit code of the comparison with the other side; none if all is well.
pub(super) fn of_comparison(report: &Report) -> Option<u8> {
    // The code that applies first is the smallest.
    [of_times(report), of_counts(report)]
        .into_iter()
        .flatten()
        .min()
}

fn of_counts(report: &Report) -> Option<u8> {
    let counts = report.instructions.as_ref()?;
    let has = |outcome| counts.count(outcome) > 0;
    if has(CountOutcome::More) {
        Some(REGRESSION)
    } else if counts.not_comparable.is_some() || counts.outcomes.is_empty() {
        Some(NOT_COMPARABLE)
    } else {
        has(CountOutcome::Invalid).then_some(INVALID)
    }
}

fn of_times(report: &Report) -> Option<u8> {
    let reference = report.reference.as_ref()?;
    if reference.not_comparable.is_some() {
        return Some(NOT_COMPARABLE);
    }
    let gate = report.gate.as_ref()?;
    let has = |outcome| gate.count(outcome) > 0;
    if has(Outcome::Regressed) {
        Some(REGRESSION)
    } else if has(Outcome::Insufficient) || gate.outcomes.is_empty() {
        Some(NOT_COMPARABLE)
    } else {
        has(Outcome::Invalid).then_some(INVALID)
    }
}

pub(super) fn of_error(error: &anyhow::Error) -> ExitCode {
    let not_comparable = error
        .chain()
        .any(|cause| cause.downcast_ref::<NotComparable>().is_some());
    if not_comparable {
        ExitCode::from(NOT_COMPARABLE)
    } else {
        ExitCode::FAILURE
    }
}

pub(super) fn interrupted() -> ExitCode {
    ExitCode::from(INTERRUPTED)
}

/// Why a report should not become a baseline, if it should not.
pub(super) fn unfit_as_baseline(report: &Report) -> Option<&'static str> {
    let regressed = of_comparison(report) == Some(REGRESSION);
    [
        (report.run.interrupted, "the run was interrupted"),
        (report.run.stopped_by.is_some(), "the run ended early"),
        (any_failed(report), "a cell failed"),
        (
            regressed,
            "it takes more time or instructions than the other side",
        ),
    ]
    .into_iter()
    .find_map(|(unfit, reason)| unfit.then_some(reason))
}

fn any_failed(report: &Report) -> bool {
    let counts = report.instructions.iter();
    any(report, Verdict::Failed)
        || counts
            .map(|it| it.count(CountOutcome::Failed))
            .sum::<usize>()
            > 0
}

/// Whether a cell of this program has the verdict; the other revision's cells are covered
/// by the comparison.
fn any(report: &Report, verdict: Verdict) -> bool {
    let own = |cell: &&CellReport| cell.role != Role::Against;
    let mut cells = report.cells.iter().filter(own);
    cells.any(|cell| cell.verdict == verdict)
}
