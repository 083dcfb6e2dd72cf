//! Why two cells have no ratio where a reader expects one.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::{CellReport, ComparisonKind, NotCompared, PhaseKey, PhaseReport, Profile, Role};

/// A missing ratio, named by its denominator as the ratio would be.
pub(super) fn entry(
    kind: ComparisonKind,
    cell: &CellReport,
    phase: Option<&str>,
    against: &str,
    reason: String,
) -> NotCompared {
    NotCompared {
        kind,
        key: PhaseKey::new(&cell.key, phase),
        against: against.to_owned(),
        reason,
    }
}

/// Why there is no ratio of `slow` over `fast`, in `phase` if given.
pub(super) fn why(slow: &CellReport, fast: &CellReport, phase: Option<&str>) -> String {
    why_worthless(&[slow, fast])
        .or_else(|| phase.and_then(|phase| why_missing([slow, fast], phase)))
        .unwrap_or_else(|| "no round after round 0 has both".to_owned())
}

/// The verdict that rules a cell out, with the cell's own reason if it has one.
fn why_worthless(cells: &[&CellReport]) -> Option<String> {
    let verdict = not_comparable(cells)?;
    let mut worthless = cells.iter().filter(|cell| !cell.verdict.is_comparable());
    let reason = worthless.next().and_then(|cell| cell.reason.as_ref());
    Some(match reason {
        Some(reason) => format!("{verdict}: {reason}"),
        None => verdict,
    })
}

fn why_missing(cells: [&CellReport; 2], phase: &str) -> Option<String> {
    let lacks = |cell: &&CellReport| !cell.phases.iter().any(|found| is_called(found, phase));
    let cell = cells.into_iter().find(lacks)?;
    let whose = match cell.role {
        Role::Main => format!(
            "the {} cell of variant {}",
            cell.key.profile.name(),
            cell.key.variant
        ),
        Role::Aa => "the A/A copy".to_owned(),
        Role::Against => "the other revision".to_owned(),
    };
    Some(format!("{whose} has no phase {phase}"))
}

fn is_called(phase: &PhaseReport, name: &str) -> bool {
    phase.name == name
}

/// The cells whose other side was not requested: the other build, or one thread.
pub(super) fn alone(cells: &[CellReport]) -> Vec<NotCompared> {
    let main = || cells.iter().filter(|cell| cell.role == Role::Main);
    let builds = main().filter_map(|cell| {
        let other = match cell.key.profile {
            Profile::Dev => Profile::Release,
            Profile::Release => Profile::Dev,
        };
        let has_other =
            main().any(|found| found.key.profile == other && found.key.is_same_work(&cell.key));
        let name = other.name();
        let kind = ComparisonKind::DevVsRelease;
        let reason = format!("{name} was not measured");
        (!has_other).then(|| entry(kind, cell, None, name, reason))
    });
    let threads = main()
        .filter(|cell| cell.key.threads > 1)
        .filter_map(|cell| {
            let is_one = |found: &CellReport| {
                let same = found.key.scenario == cell.key.scenario
                    && found.key.variant == cell.key.variant;
                same && found.key.threads == 1
                    && found.key.size == cell.key.size
                    && found.key.profile == cell.key.profile
            };
            let kind = ComparisonKind::Threads;
            let reason = "it was not measured on 1 thread".to_owned();
            (!main().any(is_one)).then(|| entry(kind, cell, None, "1 thread", reason))
        });
    builds.chain(threads).collect()
}

/// Why figures of these cells must not be compared, if they must not.
pub(super) fn not_comparable(cells: &[&CellReport]) -> Option<String> {
    let cell = cells.iter().find(|cell| !cell.verdict.is_comparable())?;
    Some(format!(
        "the {} cell of variant {} is {}",
        cell.key.profile.name(),
        cell.key.variant,
        cell.verdict.name()
    ))
}

/// A figure that differs between the two proofs. One revision may prove more than the
/// other; what both prove must agree.
pub(super) fn different_work(
    now: &BTreeMap<String, Value>,
    then: &BTreeMap<String, Value>,
) -> Option<String> {
    let (name, now, then) = now.iter().find_map(|(name, now)| {
        let then = then.get(name).filter(|then| *then != now)?;
        Some((name, now, then))
    })?;
    Some(format!(
        "not the same work: its proof has {name} {then}, this one {now}"
    ))
}
