//! The instruction counts of both sides.

use ng_plot::Field;

use crate::model::{CountOutcome, InstructionsReport, Report, SkippedPhase};
use crate::report::sections::part::{Detail, Part, Rows, Section};

const BLIND: &str = "counting does not see waiting, and so caches, memory, the layout of code and \
    data, and mispredicted branches; nor the kernel's work. Valgrind has no AVX-512, so the AVX2 \
    kernels are counted instead";

/// Returns the section, if instructions were counted.
pub(crate) fn section(report: &Report) -> Option<Section> {
    let part = part(report.instructions.as_ref()?);
    Some(Section::of("instructions", part))
}

fn part(found: &InstructionsReport) -> Part {
    // The short form leaves out `same`.
    let table = Rows::new(&found.outcomes)
        .struck(|found| found.outcome == CountOutcome::Invalid)
        .shown_from(|found| match found.outcome {
            CountOutcome::Same => Detail::Full,
            _ => Detail::Short,
        })
        .words("outcome", |found| found.outcome.name().to_owned())
        .keyed(|found| (&found.key.cell, found.key.phase_name()))
        .column("instructions", |found| count(found.instructions))
        .column("of the other side", |found| count(found.against))
        .column("change", |found| Field::maybe(found.ratio, change))
        .column("spread", |found| count(found.spread))
        .words("why", |found| found.reason.clone().unwrap_or_default())
        .table();
    let title = format!("Instructions, gate {} %", found.percent);
    Part::new(title, lines(found), table)
}

fn lines(found: &InstructionsReport) -> Vec<String> {
    if let Some(reason) = &found.not_comparable {
        return vec![format!("NOT COMPARABLE: {reason}")];
    }
    let mut lines = vec![
        format!("phases: {}", found.summary()),
        format!(
            "instructions of each phase alone, counted twice on each side at a small size by {}. more, fewer: \
             beyond the gate for any pair of counts; spread: difference between the two counts of a side; \
             noise: spread too large to decide",
            found.counted_by
        ),
        BLIND.to_owned(),
    ];
    lines.extend(skipped(found));
    lines
}

/// Returns a line for each reason, with the cells and phases it applies to.
fn skipped(found: &InstructionsReport) -> Vec<String> {
    let mut by_reason: Vec<(&str, Vec<String>)> = Vec::new();
    for SkippedPhase { key, reason } in &found.skipped {
        let key = key.to_string();
        match by_reason.iter_mut().find(|(known, _)| known == reason) {
            Some((_, keys)) => keys.push(key),
            None => by_reason.push((reason, vec![key])),
        }
    }
    let line =
        |(reason, keys): (&str, Vec<String>)| format!("not counted: {reason}: {}", keys.join(", "));
    by_reason.into_iter().map(line).collect()
}

fn count(count: Option<u64>) -> Field {
    Field::maybe(count.map(|count| count as f64), |count| {
        (count as u64).to_string()
    })
}

fn change(ratio: f64) -> String {
    format!("{:+.2} %", (ratio - 1.0) * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CountedPhase, PhaseKey};

    fn key(phase: &str) -> PhaseKey {
        let mut key = crate::report::tests::key("push");
        key.threads = 1;
        key.size.items = 100_000;
        PhaseKey::new(&key, Some(phase))
    }

    fn counted() -> InstructionsReport {
        let found = |phase: &str, outcome, instructions: u64| CountedPhase {
            key: key(phase),
            outcome,
            instructions: Some(instructions),
            against: Some(1_000_000),
            spread: Some(3),
            ratio: Some(instructions as f64 / 1_000_000.0),
            reason: None,
        };
        let skipped = |phase: &str| SkippedPhase {
            key: key(phase),
            reason: "it is random".to_owned(),
        };
        InstructionsReport {
            percent: 1.0,
            counted_by: "valgrind-3.19.0".to_owned(),
            alone: true,
            outcomes: vec![
                found("fill", CountOutcome::Same, 1_000_001),
                found("read", CountOutcome::More, 1_020_000),
                CountedPhase {
                    instructions: None,
                    against: None,
                    spread: None,
                    ratio: None,
                    reason: Some("worker killed by signal 9".to_owned()),
                    ..found("scan", CountOutcome::Failed, 0)
                },
            ],
            skipped: vec![skipped("a"), skipped("b")],
            not_comparable: None,
        }
    }

    #[test]
    fn a_row_shows_both_counts_change_spread_and_reason() {
        let part = part(&counted());
        assert_eq!(part.title, "Instructions, gate 1 %");
        assert_eq!(
            part.lines[0],
            "phases: 1 more, 1 failed, 1 same; 2 not counted"
        );
        assert!(part.lines[1].contains("by valgrind-3.19.0"));
        assert!(part.lines[2].contains("AVX-512"), "blind spots are listed");
        let line = "not counted: it is random: create/push x1 n=100000 a (release), \
            create/push x1 n=100000 b (release)";
        assert_eq!(part.lines[3], line);
        let rows = part.words(Detail::Full).expect("a table").rows;
        let expected = [
            "more", "create", "read", "100k", "release", "push", "1", "1020000", "1000000",
            "+2.00 %", "3", "",
        ];
        assert_eq!(rows[1], expected);
        assert_eq!(rows[2][11], "worker killed by signal 9");
    }

    #[test]
    fn same_phases_are_left_out_on_a_terminal() {
        let part = part(&counted());
        let rows = part.words(Detail::Short).expect("a table").rows;
        let phases: Vec<&str> = rows.iter().map(|row| row[2].as_str()).collect();
        assert_eq!(phases, ["read", "scan"]);
    }

    #[test]
    fn a_revision_that_cannot_be_counted_has_only_a_reason() {
        let found = InstructionsReport {
            not_comparable: Some("it is older".to_owned()),
            ..counted()
        };
        assert_eq!(lines(&found), ["NOT COMPARABLE: it is older"]);
    }
}
