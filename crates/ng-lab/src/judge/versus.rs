//! Compares a judged run with what the user named: another revision measured in the
//! same rounds, or a kept report.

use crate::conductor::{Baseline, Gate, Reference, Versus};
use crate::judge::baseline;
use crate::judge::comparable::{check_limits, check_machine};
use crate::judge::compare::stop_where_one_failed;
use crate::judge::gate::{Held, evaluate};
use crate::model::{ComparisonKind, NotComparable, ReferenceReport, Report, Role, Verdict};

/// Adds the comparison with the other side to a report, and the gate's outcomes, or
/// why they cannot be compared.
pub(crate) fn hold(report: &mut Report, versus: &Versus) {
    let Some(reference) = &versus.reference else {
        return;
    };
    report.reference = Some(described(reference));
    let held = match reference {
        // Nothing was timed.
        _ if versus.counts_alone() => Ok(()),
        Reference::Against(against) => hold_against(report, &against.name, versus.gate),
        Reference::Baseline(baseline) => hold_baseline(report, baseline, versus.gate),
    };
    if let (Err(reason), Some(reference)) = (held, &mut report.reference) {
        reference.not_comparable = Some(reason.to_string());
    }
}

/// Compares a kept report with another, as if it had been measured with that baseline.
///
/// # Errors
/// [`NotComparable`]: machine, compiler or limits differ, or no phase is in both.
pub fn compare_reports(
    report: &mut Report,
    baseline: &Baseline,
    gate: Option<Gate>,
) -> Result<(), NotComparable> {
    let of_run = |kind| ![ComparisonKind::Against, ComparisonKind::Baseline].contains(&kind);
    report.comparisons.retain(|found| of_run(found.kind));
    report.not_compared.retain(|lack| of_run(lack.kind));
    report.gate = None;
    report.instructions = None;
    report.reference = Some(described(&Reference::Baseline(baseline.clone())));
    check_machine(
        &report.host,
        &report.build,
        report.data.as_ref(),
        &baseline.report,
    )?;
    hold_baseline(report, baseline, gate)
}

fn described(reference: &Reference) -> ReferenceReport {
    match reference {
        Reference::Against(against) => ReferenceReport {
            kind: ComparisonKind::Against,
            name: against.name.clone(),
            commit: against.commit.clone(),
            started: None,
            not_comparable: None,
        },
        Reference::Baseline(baseline) => ReferenceReport {
            kind: ComparisonKind::Baseline,
            name: baseline.name.clone(),
            commit: baseline.report.build.commit.clone(),
            started: Some(baseline.report.run.started.clone()),
            not_comparable: None,
        },
    }
}

/// The comparisons already exist: the other revision was in the plan.
fn hold_against(report: &mut Report, name: &str, gate: Option<Gate>) -> Result<(), NotComparable> {
    for comparison in of_kind(report, ComparisonKind::Against) {
        name.clone_into(&mut comparison.against);
    }
    for lack in &mut report.not_compared {
        if lack.kind == ComparisonKind::Against {
            name.clone_into(&mut lack.against);
        }
    }
    if of_kind(report, ComparisonKind::Against).next().is_none() {
        let mut others = report
            .cells
            .iter()
            .filter(|cell| cell.role == Role::Against);
        let reason = others.find_map(|cell| cell.reason.clone());
        return Err(NotComparable::NothingInCommon(reason.unwrap_or_default()));
    }
    report.gate = gate.map(|gate| {
        let held = Held {
            kind: ComparisonKind::Against,
            now: report,
            then: None,
        };
        evaluate(&held, gate)
    });
    Ok(())
}

fn of_kind(
    report: &mut Report,
    kind: ComparisonKind,
) -> impl Iterator<Item = &mut crate::model::Comparison> {
    let all = report.comparisons.iter_mut();
    all.filter(move |comparison| comparison.kind == kind)
}

fn hold_baseline(
    report: &mut Report,
    then: &Baseline,
    gate: Option<Gate>,
) -> Result<(), NotComparable> {
    check_limits(&report.limits, &then.report.limits)?;
    let mut found = baseline::compare(report, &then.report, &then.name);
    if found.comparisons.is_empty() {
        return Err(NotComparable::NothingInCommon(measured(&then.report)));
    }
    for copies in [&report.comparisons, &then.report.comparisons] {
        stop_where_one_failed(&mut found.comparisons, copies);
    }
    report.comparisons.extend(found.comparisons);
    report.not_compared.extend(found.not_compared);
    report.gate = gate.map(|gate| {
        let held = Held {
            kind: ComparisonKind::Baseline,
            now: report,
            then: Some(&then.report),
        };
        evaluate(&held, gate)
    });
    Ok(())
}

/// What a report contains, to help a user who named the wrong one.
fn measured(report: &Report) -> String {
    let mut names: Vec<String> = report
        .cells
        .iter()
        .filter(|cell| cell.verdict != Verdict::Skipped)
        .map(|cell| {
            let name = cell.key.profile.name();
            format!("{} n={} ({name})", cell.key.scenario, cell.items())
        })
        .collect();
    names.dedup();
    format!("it has {}", names.join(", "))
}
