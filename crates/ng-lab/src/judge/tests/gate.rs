//! The gate on runs that no machine made: for every outcome a planted case, and
//! what decides between them.

use super::sim::{BYTES, PLAIN_NS, Sim, report};
use crate::conductor::{Against, Baseline, Gate, Reference, Versus};
use crate::judge::hold;
use crate::model::{ComparisonKind, GateReport, Limit, Outcome, PhaseOutcome, Report};
use crate::stats::{paired_rounds, unpaired_rounds};

const ROUNDS: usize = 8;

/// A time that wavers by a per mille, so that no interval is a point.
pub(super) fn times(ns: u64) -> [u64; ROUNDS] {
    wavering(ns, 1)
}

/// A time that wavers by so many per mille, up and down in turn.
fn wavering(ns: u64, per_mille: u64) -> [u64; ROUNDS] {
    let steps = [3, 1, 2, 0, 3, 1, 0, 2];
    steps.map(|step| ns + ns * step * per_mille / 3000)
}

pub(super) fn cell(times: &[u64]) -> Sim {
    Sim::cell("create").phase("fill", times)
}

/// The three copies in release, in the order of a plan.
fn beside(main: Sim, aa: Sim, against: Sim) -> Vec<Sim> {
    vec![main, aa.aa(), against.against()]
}

pub(super) fn gate(percent: f64) -> Option<Gate> {
    Some(Gate {
        percent,
        adds_rounds: false,
    })
}

pub(super) fn against(gate: Option<Gate>) -> Versus {
    Versus {
        reference: Some(Reference::Against(Against {
            name: "HEAD".to_owned(),
            commit: "abc".to_owned(),
            program: "/nowhere".into(),
        })),
        gate,
        instructions: None,
        plant: None,
    }
}

pub(super) fn baseline(report: Report, gate: Option<Gate>) -> Versus {
    Versus {
        reference: Some(Reference::Baseline(Baseline {
            name: "main".to_owned(),
            report: Box::new(report),
        })),
        gate,
        instructions: None,
        plant: None,
    }
}

/// The report of `cells`, held against `versus`.
pub(super) fn held(cells: &[Sim], versus: &Versus) -> Report {
    let mut report = report(cells);
    hold(&mut report, versus);
    report
}

pub(super) fn gated(cells: &[Sim], versus: &Versus) -> GateReport {
    let report = held(cells, versus);
    let reason = report
        .reference
        .and_then(|reference| reference.not_comparable);
    report.gate.unwrap_or_else(|| panic!("{reason:?}"))
}

#[track_caller]
fn only(report: GateReport) -> PhaseOutcome {
    assert_eq!(report.outcomes.len(), 1, "{report:?}");
    report.outcomes.into_iter().next().expect("one")
}

/// A phase that takes `now`, against one that takes `then`, both in the same rounds
/// and as a baseline.
fn both_ways(now: &[u64], aa: &[u64], then: &[u64]) -> [PhaseOutcome; 2] {
    let paired = beside(cell(now), cell(aa), cell(then));
    let unpaired = [cell(now), cell(aa).aa()];
    let base = report(&[cell(then), cell(then).aa()]);
    [
        only(gated(&paired, &against(gate(5.0)))),
        only(gated(&unpaired, &baseline(base, gate(5.0)))),
    ]
}

#[test]
fn an_outcome_is_where_the_interval_lies() {
    let plain = times(PLAIN_NS);
    for (claim, now, expected) in [
        ("as fast", times(PLAIN_NS), Outcome::Same),
        ("slower, within the gate", times(1_045_000), Outcome::Same),
        (
            "slower, beyond the gate",
            times(1_055_000),
            Outcome::Regressed,
        ),
        ("faster, within the gate", times(960_000), Outcome::Same),
        ("faster, beyond the gate", times(945_000), Outcome::Improved),
        (
            "across the gate's end",
            wavering(1_040_000, 20),
            Outcome::Noise,
        ),
        (
            "wider than the gate",
            wavering(950_000, 200),
            Outcome::Noise,
        ),
    ] {
        for found in both_ways(&now, &now, &plain) {
            assert_eq!(found.outcome, expected, "{claim}: {found:?}");
            assert_eq!(
                found.reason.is_some(),
                expected == Outcome::Noise,
                "{claim}"
            );
        }
    }
}

#[test]
fn the_ratio_is_that_of_the_times_and_above_one_where_it_is_slower() {
    for found in both_ways(&[3_000_000; 8], &[3_000_000; 8], &[PLAIN_NS; 8]) {
        assert!((found.time_ratio.unwrap() - 3.0).abs() < 1e-9, "{found:?}");
        let [low, high] = found.ci95.unwrap().0;
        assert!((low - 3.0).abs() < 1e-9 && (high - 3.0).abs() < 1e-9);
        assert!((found.floor_ratio.unwrap() - 1.05).abs() < 1e-9);
        assert!(found.p_adjusted.unwrap() < 0.05);
    }
}

/// A copy that wavers by 4 % around the cell has an A/A interval of at least 4 % both
/// ways. A phase 8 % slower is beyond its half-width, which is enough against another
/// revision, but not beyond twice that, which a baseline needs.
#[test]
fn a_difference_must_exceed_the_aa_half_width_or_twice_that_unpaired() {
    let main = [1_080_000; 8];
    let wavers = |per_mille: u64| {
        let mut aa = main;
        for (index, ns) in aa.iter_mut().enumerate() {
            let by = *ns * per_mille / 1000;
            *ns = if index % 2 == 0 { *ns - by } else { *ns + by };
        }
        aa
    };
    let [paired, unpaired] = both_ways(&main, &wavers(40), &times(PLAIN_NS));
    assert!(
        (1.05..1.051).contains(&paired.floor_ratio.unwrap()),
        "{paired:?}"
    );
    assert_eq!(paired.outcome, Outcome::Regressed, "{paired:?}");
    assert!(unpaired.floor_ratio.unwrap() > 1.08, "{unpaired:?}");
    assert_eq!(unpaired.outcome, Outcome::Noise, "{unpaired:?}");
    let [paired, _] = both_ways(&main, &wavers(80), &times(PLAIN_NS));
    assert!(paired.floor_ratio.unwrap() > 1.08, "{paired:?}");
    assert_eq!(paired.outcome, Outcome::Noise, "{paired:?}");
    // The same without noise between the copies.
    for found in both_ways(&main, &main, &times(PLAIN_NS)) {
        assert_eq!(found.outcome, Outcome::Regressed, "{found:?}");
    }
}

/// The noise of the baseline's own copies counts as much.
#[test]
fn a_baseline_that_differs_from_itself_raises_the_floor() {
    let now = [cell(&[1_080_000; 8]), cell(&[1_080_000; 8]).aa()];
    let mut aa = [PLAIN_NS; 8];
    for ns in aa.iter_mut().step_by(2) {
        *ns = 1_090_000;
    }
    let noisy = report(&[cell(&[PLAIN_NS; 8]), cell(&aa).aa()]);
    let found = only(gated(&now, &baseline(noisy, gate(5.0))));
    assert_eq!(found.outcome, Outcome::Noise, "{found:?}");
    assert!(found.floor_ratio.unwrap() > 1.08, "{found:?}");
}

#[test]
fn few_rounds_are_insufficient_however_large_the_difference() {
    for (rounds, expected) in [(7, Outcome::Insufficient), (8, Outcome::Regressed)] {
        let (now, then) = ([2 * PLAIN_NS; 8], [PLAIN_NS; 8]);
        let (now, then) = (&now[..rounds], &then[..rounds]);
        for found in both_ways(now, now, then) {
            assert_eq!(found.outcome, expected, "{rounds}: {found:?}");
        }
    }
}

#[test]
fn more_tests_need_more_rounds() {
    // By the rule: the smallest R >= 8 with m * 2 / 2^R < 0.05.
    for (tests, rounds) in [
        (0, 8),
        (1, 8),
        (6, 8),
        (7, 9),
        (12, 9),
        (13, 10),
        (100, 12),
        (1000, 16),
    ] {
        assert_eq!(paired_rounds(tests), rounds, "{tests}");
    }
    // The same with 2 over 16 choose 8, which is 12870, and so on.
    for (tests, then, rounds) in [
        (1, 8, 8),
        (321, 8, 8),
        (322, 8, 9),
        (322, 12, 8),
        (10, 7, 8),
        (10, 0, 8),
    ] {
        assert_eq!(unpaired_rounds(tests, then), rounds, "{tests}, {then}");
    }
    // Six cells at 8 rounds can be told, seven cannot.
    for (count, expected) in [(6, Outcome::Regressed), (7, Outcome::Insufficient)] {
        let names: Vec<String> = (0..count).map(|index| format!("v{index}")).collect();
        let cells: Vec<Sim> = names
            .iter()
            .flat_map(|name| {
                let slow = cell(&[2 * PLAIN_NS; 8]).variant(name);
                beside(slow.clone(), slow, cell(&[PLAIN_NS; 8]).variant(name))
            })
            .collect();
        let found = gated(&cells, &against(gate(5.0)));
        assert_eq!(found.count(expected), count, "{found:?}");
    }
}

/// The interval of the first phase is beyond the floor, but seven rounds of eight
/// have p = 0.0156, which six tests make 0.094.
#[test]
fn an_interval_beyond_the_floor_is_not_enough_among_many_tests() {
    let mut slow = [2 * PLAIN_NS; 8];
    slow[5] = 990_000;
    for (others, expected) in [(5, Outcome::Noise), (0, Outcome::Regressed)] {
        let mut cells = beside(cell(&slow), cell(&slow), cell(&[PLAIN_NS; 8]));
        for index in 0..others {
            let name = format!("v{index}");
            let quiet = || cell(&times(PLAIN_NS)).variant(&name);
            cells.extend(beside(quiet(), quiet(), quiet()));
        }
        let found = gated(&cells, &against(gate(5.0))).outcomes.remove(0);
        assert!(found.ci95.unwrap().0[0] > found.floor_ratio.unwrap());
        assert_eq!(found.outcome, expected, "{found:?}");
    }
}

#[test]
fn cells_that_cannot_be_used_are_invalid() {
    let invalid = |sim: Sim| sim.warm(|reading| reading.memory.as_mut().unwrap().swapped_bytes = 1);
    let fine = || cell(&times(PLAIN_NS));
    for (claim, cells) in [
        ("this cell", beside(invalid(fine()), fine(), fine())),
        ("the other cell", beside(fine(), fine(), invalid(fine()))),
        (
            "this failed",
            beside(fine().failed(3, "killed"), fine(), fine()),
        ),
        (
            "the other failed",
            beside(fine(), fine(), fine().failed(3, "killed")),
        ),
        (
            "other work",
            beside(
                fine().proof("sum", 1),
                fine().proof("sum", 1),
                fine().proof("sum", 2),
            ),
        ),
    ] {
        let found = only(gated(&cells, &against(gate(5.0))));
        assert_eq!(found.outcome, Outcome::Invalid, "{claim}: {found:?}");
        assert!(found.reason.is_some(), "{claim}");
    }
    let base = report(&[invalid(fine()), fine().aa()]);
    let found = only(gated(&[fine(), fine().aa()], &baseline(base, gate(5.0))));
    assert_eq!(found.outcome, Outcome::Invalid, "{found:?}");
}

/// A figure that only one revision proves says nothing against the work.
#[test]
fn another_revision_may_prove_more() {
    let fine = || cell(&times(PLAIN_NS)).proof("sum", 1);
    let cells = beside(fine(), fine(), fine().proof("digest", 5));
    let report = held(&cells, &against(gate(5.0)));
    assert!(
        report.cells.iter().all(|cell| cell.flags.is_empty()),
        "{:?}",
        report.cells
    );
    assert_eq!(only(report.gate.unwrap()).outcome, Outcome::Same);
}

/// The proof of another revision accuses none of this one's cells.
#[test]
fn another_revision_s_proof_is_not_held_against_this_program() {
    let fine = || cell(&times(PLAIN_NS)).proof("sum", 1);
    let cells = beside(fine(), fine(), cell(&times(PLAIN_NS)).proof("sum", 2));
    let report = held(&cells, &against(None));
    assert!(
        report.cells.iter().all(|cell| cell.flags.is_empty()),
        "{:?}",
        report.cells
    );
    let stopped: Vec<&str> = report
        .comparisons
        .iter()
        .filter_map(|comparison| comparison.stopped.as_deref())
        .collect();
    assert_eq!(
        stopped,
        ["not the same work: its proof has sum 2, this one 1"]
    );
}

/// One A/A of twenty leaves out 1 by chance: that is noise, unless it is too far
/// out to be one of so many.
#[test]
fn a_failed_aa_is_invalid_only_where_chance_does_not_explain_it() {
    let failing = |rounds: usize| {
        let main = vec![1_100_000; rounds];
        let aa = vec![PLAIN_NS; rounds];
        let name = "failing";
        beside(
            cell(&main).variant(name),
            cell(&aa).variant(name),
            cell(&aa).variant(name),
        )
    };
    let found = only(gated(&failing(8), &against(gate(5.0))));
    assert_eq!(found.outcome, Outcome::Invalid, "{found:?}");
    assert_eq!(found.reason.as_deref(), Some("aa_failed"));

    // Seven of nine rounds: p is 0.02, which is nothing among nine.
    let mut main = [1_100_000; 9];
    main[0] = 990_000;
    main[1] = 991_000;
    let plain = [PLAIN_NS; 9];
    for (then, expected) in [(plain, Outcome::Noise), ([400_000; 9], Outcome::Regressed)] {
        let mut cells = beside(cell(&main), cell(&plain), cell(&then));
        for index in 0..8 {
            let name = format!("v{index}");
            let quiet = || cell(&plain).variant(&name);
            cells.extend(beside(quiet(), quiet(), quiet()));
        }
        let found = gated(&cells, &against(gate(5.0)));
        let first = &found.outcomes[0];
        assert_eq!(first.outcome, expected, "{first:?}");
        // Twice the far end of the A/A interval, which is 1.1.
        assert!(
            (first.floor_ratio.unwrap() - 1.21).abs() < 1e-9,
            "{first:?}"
        );
        assert_eq!(found.count(Outcome::Same), 8);
    }
}

#[test]
fn what_only_one_side_has_is_skipped_with_its_reason() {
    let fine = || cell(&times(PLAIN_NS));
    let [new, old] = ["new", "old"].map(|name| fine().variant(name));
    let lacks = new.clone().against().failed(0, "create has no variant new");
    let lacks = lacks.interrupted_after(1);
    let mut cells = vec![new.clone(), new.clone().aa(), lacks];
    cells.extend(beside(old.clone(), old.clone(), old.clone()));
    let report = held(&cells, &against(gate(5.0)));
    let gate_report = report.gate.unwrap();
    assert_eq!(gate_report.count(Outcome::Same), 1);
    assert_eq!(gate_report.skipped.len(), 1);
    let reason = "the other revision cannot run it: create has no variant new";
    assert_eq!(gate_report.skipped[0].reason, reason);
    assert_eq!(gate_report.skipped[0].key.cell.variant, "new");
    assert_eq!(report.cells[2].verdict, crate::model::Verdict::Skipped);

    let base = super::sim::report(&[old.clone(), old.clone().aa()]);
    let now = [new.clone(), new.aa(), old.clone(), old.aa()];
    let found = gated(&now, &baseline(base, gate(5.0)));
    assert_eq!(found.skipped.len(), 1, "{found:?}");
    assert_eq!(found.skipped[0].reason, "the other side has no such cell");
}

#[test]
fn a_phase_that_the_other_side_lacks_is_skipped() {
    let two = cell(&times(PLAIN_NS)).phase("read", &times(PLAIN_NS));
    let cells = beside(two.clone(), two, cell(&times(PLAIN_NS)));
    let found = gated(&cells, &against(gate(5.0)));
    assert_eq!((found.outcomes.len(), found.skipped.len()), (1, 1));
    assert_eq!(found.skipped[0].reason, "the other side has no phase read");
}

#[test]
fn only_the_build_whose_noise_is_known_is_gated() {
    let slow = cell(&times(3 * PLAIN_NS));
    let fine = cell(&times(PLAIN_NS));
    let cells = [slow.dev(), fine.clone(), fine.clone().aa()];
    let base = report(&[fine.clone().dev(), fine.clone(), fine.aa()]);
    let report = held(&cells, &baseline(base, gate(5.0)));
    let compared = report.comparisons.iter();
    let compared = compared.filter(|found| found.kind == ComparisonKind::Baseline);
    assert_eq!(compared.count(), 2, "dev is shown");
    assert_eq!(only(report.gate.unwrap()).outcome, Outcome::Same);
}

/// A machine that became a tenth slower, and a phase that is bound by it.
#[test]
fn a_phase_that_is_as_much_slower_as_its_limit_has_not_regressed() {
    let machine_over = |bytes: u64, factor: f64| {
        let readings: Vec<f64> = times(1000).map(|ns| ns as f64 * factor).to_vec();
        let main = cell(&times((factor * 1e6) as u64)).limits_over(bytes);
        let main = main.bound(Limit::Read, 1000);
        [
            main.clone().limit_readings(Limit::Read, &readings),
            main.aa(),
        ]
    };
    // Whatever the limit was probed over.
    for bytes in [BYTES, BYTES / 16] {
        let then = report(&machine_over(bytes, 1.0));
        assert!(then.cells[0].phases[0].share_of_limit.unwrap() > 0.9);
        let now = machine_over(bytes, 1.1);
        let found = only(gated(&now, &baseline(then, gate(5.0))));
        assert_eq!(found.outcome, Outcome::Noise, "{found:?}");
        assert!(found.floor_ratio.unwrap() > 1.09, "{found:?}");
    }
    let machine = |factor| machine_over(BYTES, factor);
    let then = report(&machine(1.0));

    // With the limit as it was, it has.
    let [main, aa] = machine(1.0);
    let slower = |sim: Sim| {
        sim.warm(|reading| {
            let phase = &mut reading.phases[0];
            phase.elapsed_ns += phase.elapsed_ns / 10;
        })
    };
    let found = only(gated(
        &[slower(main), slower(aa)],
        &baseline(then, gate(5.0)),
    ));
    assert_eq!(found.outcome, Outcome::Regressed, "{found:?}");
}

/// A phase that follows its limit would have become faster with it: one that took
/// longer meanwhile has regressed, and one that took as long is not the same.
#[test]
fn a_limit_that_became_faster_explains_no_slower_phase() {
    let machine = |limit: f64, phase: f64| {
        let readings: Vec<f64> = times(1000).map(|ns| ns as f64 * limit).to_vec();
        let main = cell(&times((phase * 1e6) as u64)).bound(Limit::Read, 950);
        [
            main.clone().limit_readings(Limit::Read, &readings),
            main.aa(),
        ]
    };
    let then = report(&machine(1.0, 1.0));
    for (limit, phase, expected) in [
        (0.75, 1.25, Outcome::Regressed),
        (0.75, 1.0, Outcome::Noise),
        (1.0, 1.0, Outcome::Same),
        (0.75, 0.78, Outcome::Noise),
    ] {
        let found = gated(&machine(limit, phase), &baseline(then.clone(), gate(5.0)));
        let found = only(found);
        assert_eq!(found.outcome, expected, "{limit} {phase}: {found:?}");
    }
}

#[test]
fn a_baseline_without_a_copy_of_the_gated_build_is_not_taken_for_quiet() {
    let fine = cell(&times(PLAIN_NS));
    let base = report(&[fine.clone().dev(), fine.clone(), fine.clone().aa()]);
    let now = [fine.clone().dev(), fine.dev().aa()];
    let found = only(gated(&now, &baseline(base, gate(5.0))));
    assert_eq!(found.outcome, Outcome::Invalid, "{found:?}");
    let told = "the other side has no A/A copy that would show its noise";
    assert_eq!(found.reason.as_deref(), Some(told));
}

#[test]
fn a_worker_of_the_other_side_that_crashed_is_no_work_that_it_lacks() {
    let fine = cell(&times(PLAIN_NS));
    let crashed = fine.clone().crashed(0);
    let found = only(gated(
        &beside(fine.clone(), fine, crashed),
        &against(gate(5.0)),
    ));
    assert_eq!(found.outcome, Outcome::Invalid, "{found:?}");
    let told = "the other side's cell is failed";
    assert_eq!(found.reason.as_deref(), Some(told));
}

#[test]
fn a_phase_that_only_the_other_side_has_is_told() {
    let fine = cell(&times(PLAIN_NS));
    let more = fine.clone().phase("read", &times(PLAIN_NS));
    let found = gated(
        &beside(fine.clone(), fine.clone(), more.clone()),
        &against(gate(5.0)),
    );
    assert_eq!((found.outcomes.len(), found.skipped.len()), (1, 1));
    assert_eq!(found.skipped[0].key.phase.as_deref(), Some("read"));
    assert_eq!(found.skipped[0].reason, "only the other side has it");
    assert_eq!(found.summary(), "1 same; 1 not compared");
    let then = report(&[more.clone(), more.aa()]);
    let found = gated(&[fine.clone(), fine.aa()], &baseline(then, gate(5.0)));
    assert_eq!((found.outcomes.len(), found.skipped.len()), (1, 1));
}
