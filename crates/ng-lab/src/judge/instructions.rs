//! Judges instruction counts: which phases take more than on the other side.
//!
//! Each side is counted twice, and the spread of its counts is added on either side of
//! them. The interval of the ratio then runs from this side's lower end over the other's
//! higher one to its higher end over the other's lower one. A phase is *more* if the whole interval is
//! above the gate, *fewer* if it is below one over the gate, *same* if it is within both,
//! otherwise *noise*.

use crate::conductor::{CellCounts, CountedCell, Counts};
use crate::judge::not_compared::different_work;
use crate::model::{
    CellKey, CountOutcome, CountedPhase, InstructionsReport, PhaseKey, Role, SkippedPhase,
};

const TOO_FAR_APART: &str = "the two counts of one program are too far apart";

/// The two counts of one program.
type Twice = [CellCounts; 2];

/// Judges counts by a gate of `percent`; `items` is the name of the items.
pub(crate) fn judge_counts(counts: &Counts, percent: f64, items: &str) -> InstructionsReport {
    let mut report = InstructionsReport {
        percent,
        counted_by: counts.counted_by.clone(),
        alone: false,
        outcomes: Vec::new(),
        skipped: Vec::new(),
        not_comparable: counts.not_comparable.as_ref().map(ToString::to_string),
    };
    for copies in counts
        .cells
        .chunk_by(|a, b| a.planned.block == b.planned.block)
    {
        Judge {
            allowed: 1.0 + percent / 100.0,
            key: copies[0].planned.key(items),
            report: &mut report,
        }
        .cell(copies);
    }
    report
}

struct Judge<'r> {
    /// The ratio allowed by the gate.
    allowed: f64,
    key: CellKey,
    report: &'r mut InstructionsReport,
}

impl Judge<'_> {
    fn cell(mut self, copies: &[CountedCell]) {
        let skipped = copies.iter().find_map(|copy| copy.planned.skipped.as_ref());
        if let Some(reason) = skipped {
            return self.skip(None, reason);
        }
        let of = |role| copies.iter().find(|copy| copy.planned.role == role);
        // The run was stopped between the two sides.
        let (Some(main), Some(against)) = (of(Role::Main), of(Role::Against)) else {
            return;
        };
        match (&main.counted, &against.counted) {
            (Err(reason), _) => self.without_counts(CountOutcome::Failed, None, reason),
            (_, Err(reason)) if against.answered => self.skip(None, reason),
            (_, Err(reason)) => {
                let reason = format!("the other side failed: {reason}");
                self.without_counts(CountOutcome::Invalid, None, &reason);
            }
            (Ok(main), Ok(against)) => self.phases(main, against),
        }
    }

    fn phases(&mut self, main: &Twice, against: &Twice) {
        let other_work = different_work(&main[0].proof, &against[0].proof);
        for phase in names(main, against) {
            match (of(main, phase), of(against, phase), &other_work) {
                (Found::Never, ..) => self.skip(Some(phase), "only the other side has it"),
                (_, Found::Never, _) => self.skip(Some(phase), "the other side has no such phase"),
                (_, _, Some(reason)) => self.invalid(phase, reason),
                (Found::Twice(main), Found::Twice(against), _) => {
                    self.judge(phase, main, against);
                }
                (Found::Once, ..) => self.invalid(phase, "only one of this side's two runs has it"),
                (_, Found::Once, _) => {
                    self.invalid(phase, "only one of the other side's two runs has it");
                }
            }
        }
    }

    fn judge(&mut self, phase: &str, main: [u64; 2], against: [u64; 2]) {
        let outcome = outcome(self.allowed, main, against);
        let too_far = outcome == CountOutcome::Noise;
        self.report.outcomes.push(CountedPhase {
            key: PhaseKey::new(&self.key, Some(phase)),
            outcome,
            instructions: Some(main[0]),
            against: Some(against[0]),
            spread: Some((main[1] - main[0]).max(against[1] - against[0])),
            ratio: (against[0] > 0).then(|| main[0] as f64 / against[0] as f64),
            reason: too_far.then(|| TOO_FAR_APART.to_owned()),
        });
    }

    fn invalid(&mut self, phase: &str, reason: &str) {
        self.without_counts(CountOutcome::Invalid, Some(phase), reason);
    }

    fn without_counts(&mut self, outcome: CountOutcome, phase: Option<&str>, reason: &str) {
        self.report.outcomes.push(CountedPhase {
            key: PhaseKey::new(&self.key, phase),
            outcome,
            instructions: None,
            spread: None,
            against: None,
            ratio: None,
            reason: Some(reason.to_owned()),
        });
    }

    fn skip(&mut self, phase: Option<&str>, reason: &str) {
        self.report.skipped.push(SkippedPhase {
            key: PhaseKey::new(&self.key, phase),
            reason: reason.to_owned(),
        });
    }
}

/// The counts of a phase in the two runs of one side.
enum Found {
    Never,
    Once,
    /// The lower one first.
    Twice([u64; 2]),
}

fn of(twice: &Twice, phase: &str) -> Found {
    let count = |counts: &CellCounts| {
        let mut all = counts.phases.iter();
        let found = all.find(|(name, _)| name == phase);
        found.map(|(_, count)| *count)
    };
    match [count(&twice[0]), count(&twice[1])] {
        [Some(first), Some(second)] => Found::Twice([first.min(second), first.max(second)]),
        [None, None] => Found::Never,
        _ => Found::Once,
    }
}

/// The phases of all four runs, each once.
fn names<'c>(main: &'c Twice, against: &'c Twice) -> Vec<&'c str> {
    let runs = main.iter().chain(against);
    let mut names = Vec::new();
    for (name, _) in runs.flat_map(|counts| &counts.phases) {
        if !names.contains(&name.as_str()) {
            names.push(name.as_str());
        }
    }
    names
}

/// Adds the spread of two counts on either side of them: of counts that vary, one in three
/// lies outside two others.
fn widened([low, high]: [u64; 2]) -> [u64; 2] {
    let spread = high - low;
    [low.saturating_sub(spread), high.saturating_add(spread)]
}

/// Applies the rule to the two counts of each side, the lower first.
fn outcome(allowed: f64, main: [u64; 2], against: [u64; 2]) -> CountOutcome {
    // A count of 0 has no ratio; 1 is close enough.
    let ratio = |this: u64, other: u64| this.max(1) as f64 / other.max(1) as f64;
    let [main, against] = [main, against].map(widened);
    let (low, high) = (ratio(main[0], against[1]), ratio(main[1], against[0]));
    if low > allowed {
        CountOutcome::More
    } else if high < 1.0 / allowed {
        CountOutcome::Fewer
    } else if low >= 1.0 / allowed && high <= allowed {
        CountOutcome::Same
    } else {
        CountOutcome::Noise
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conductor::PlannedCell;
    use crate::model::{NotComparable, Profile};
    use crate::worker::scenario::{Cell, Variant};

    #[test]
    fn a_change_counts_if_it_exceeds_the_gate_and_the_spread() {
        use CountOutcome::{Fewer, More, Noise, Same};
        for (main, against, expected) in [
            ([1000, 1000], [1000, 1000], Same),
            ([1010, 1010], [1000, 1000], Same),
            ([1011, 1011], [1000, 1000], More),
            ([1000, 1000], [1011, 1011], Fewer),
            ([1000, 1000], [1010, 1010], Same),
            ([1009, 1011], [1000, 1000], Noise),
            ([1020, 1020], [1000, 1015], Noise),
            ([1030, 1040], [1000, 1015], Noise),
            ([1060, 1070], [1000, 1015], More),
            ([1000, 2000], [1000, 2000], Noise),
            ([0, 0], [0, 0], Same),
            ([1000, 1000], [0, 0], More),
            ([0, 0], [1000, 1000], Fewer),
            ([u64::MAX, u64::MAX], [u64::MAX, u64::MAX], Same),
        ] {
            assert_eq!(
                outcome(1.01, main, against),
                expected,
                "{main:?} {against:?}"
            );
        }
    }

    fn counts(phases: &[(&str, u64)], proof: u64) -> CellCounts {
        let phases = phases
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count));
        CellCounts {
            phases: phases.collect(),
            proof: [("sum".to_owned(), proof.into())].into(),
        }
    }

    fn side(role: Role, counted: Result<[CellCounts; 2], String>) -> CountedCell {
        CountedCell {
            planned: PlannedCell {
                cell: Cell {
                    scenario: "create".to_owned(),
                    variant: Variant::new("push"),
                    items: 1000,
                },
                profile: Profile::Release,
                role,
                block: 0,
                uses_files: false,
                memory_limit_bytes: None,
                limit_bytes: 0,
                skipped: None,
            },
            counted,
            answered: true,
        }
    }

    /// Judges both sides, each with two equal counts.
    fn judged(main: &CellCounts, against: &CellCounts) -> InstructionsReport {
        let twice = |counts: &CellCounts| Ok([counts.clone(), counts.clone()]);
        of_cells(vec![
            side(Role::Main, twice(main)),
            side(Role::Against, twice(against)),
        ])
    }

    fn of_cells(cells: Vec<CountedCell>) -> InstructionsReport {
        let counts = Counts {
            cells,
            ..Counts::default()
        };
        judge_counts(&counts, 1.0, "records")
    }

    fn outcomes(report: &InstructionsReport) -> Vec<(&str, CountOutcome)> {
        let all = report.outcomes.iter();
        all.map(|found| (found.key.phase_name(), found.outcome))
            .collect()
    }

    #[test]
    fn shared_phases_have_counts_and_others_a_reason() {
        let main = counts(&[("fill", 1020), ("read", 500), ("new", 1)], 7);
        let against = counts(&[("fill", 1000), ("read", 500), ("old", 1)], 7);
        let report = judged(&main, &against);
        let expected = [("fill", CountOutcome::More), ("read", CountOutcome::Same)];
        assert_eq!(outcomes(&report), expected);
        let fill = &report.outcomes[0];
        assert_eq!(
            (fill.instructions, fill.against, fill.spread),
            (Some(1020), Some(1000), Some(0))
        );
        assert_eq!(fill.ratio, Some(1.02));
        let skipped = report.skipped.iter();
        let skipped: Vec<_> = skipped
            .map(|found| (found.key.phase_name(), found.reason.as_str()))
            .collect();
        let lacks = "the other side has no such phase";
        assert_eq!(
            skipped,
            [("new", lacks), ("old", "only the other side has it")]
        );
        assert_eq!(report.summary(), "1 more, 1 same; 2 not counted");
    }

    #[test]
    fn the_spread_is_the_larger_of_both_sides() {
        let main = [counts(&[("fill", 1000)], 7), counts(&[("fill", 1003)], 7)];
        let against = [counts(&[("fill", 1019)], 7), counts(&[("fill", 1000)], 7)];
        let report = of_cells(vec![
            side(Role::Main, Ok(main)),
            side(Role::Against, Ok(against)),
        ]);
        assert_eq!(outcomes(&report), [("fill", CountOutcome::Noise)]);
        assert_eq!(report.outcomes[0].spread, Some(19));
        assert_eq!(report.outcomes[0].reason.as_deref(), Some(TOO_FAR_APART));
    }

    #[test]
    fn a_phase_of_one_run_alone_is_invalid_on_either_side() {
        let both = || counts(&[("fill", 5), ("odd", 1)], 7);
        let one = || counts(&[("fill", 5)], 7);
        for runs in [[both(), one()], [one(), both()]] {
            for odd in [Role::Main, Role::Against] {
                let of = |role| {
                    if role == odd {
                        runs.clone()
                    } else {
                        [both(), both()]
                    }
                };
                let cells = [Role::Main, Role::Against].map(|role| side(role, Ok(of(role))));
                let report = of_cells(cells.into());
                let mut found = outcomes(&report);
                found.sort();
                let expected = [("fill", CountOutcome::Same), ("odd", CountOutcome::Invalid)];
                assert_eq!(found, expected, "{odd:?}");
            }
        }
    }

    #[test]
    fn counts_of_different_work_are_invalid() {
        let report = judged(&counts(&[("fill", 1)], 7), &counts(&[("fill", 1)], 8));
        assert_eq!(outcomes(&report), [("fill", CountOutcome::Invalid)]);
        let reason = report.outcomes[0].reason.as_deref().unwrap();
        assert!(
            reason.contains("its proof has sum 8, this one 7"),
            "{reason}"
        );
    }

    #[test]
    fn the_outcome_without_counts_depends_on_the_side_and_its_reply() {
        let twice = || Ok([counts(&[("fill", 1)], 7), counts(&[("fill", 1)], 7)]);
        let failed = || Err("worker killed by signal 9".to_owned());
        let here = of_cells(vec![
            side(Role::Main, failed()),
            side(Role::Against, twice()),
        ]);
        assert_eq!(outcomes(&here), [("", CountOutcome::Failed)]);
        let refused = of_cells(vec![
            side(Role::Main, twice()),
            side(Role::Against, failed()),
        ]);
        assert_eq!(refused.outcomes, []);
        assert_eq!(refused.skipped[0].reason, "worker killed by signal 9");
        let mut died = side(Role::Against, failed());
        died.answered = false;
        let there = of_cells(vec![side(Role::Main, twice()), died]);
        assert_eq!(outcomes(&there), [("", CountOutcome::Invalid)]);
        // A run stopped between the two sides.
        assert_eq!(of_cells(vec![side(Role::Main, twice())]).outcomes, []);
    }

    #[test]
    fn a_revision_without_marks_is_not_comparable() {
        let counts = Counts {
            not_comparable: Some(NotComparable::Unmarked),
            ..Counts::default()
        };
        let report = judge_counts(&counts, 1.0, "records");
        assert!(
            report
                .not_comparable
                .unwrap()
                .contains("does not mark phases")
        );
        assert_eq!(report.outcomes, []);
    }
}
