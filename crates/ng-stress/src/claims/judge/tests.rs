//! Every rule over hand-built reports: what confirms, refutes, or leaves a claim undecided.

use std::collections::BTreeMap;

use ng_lab::model::{
    self, Build, CellKey, CellReport, ClaimRow, ClaimVerdict, Comparison, ComparisonKind, Finding,
    Flag, MemoryReading, PhaseKey, PhaseReport, Report, Role, RunInfo, Verdict,
};
use ng_lab::{AccessEvidence, Host, Pages, Pattern};

use super::{Evidence, audit, row};
use crate::claims::cell::{CellSpec, SEED_TOKENS, Size};
use crate::claims::claim::{Claim, Said};
use crate::claims::rule::{Expected, MemoryFigure, ProofSpec, Quantity, Rule, Sum, Threads};
use crate::claims::seed::claims;

use ClaimVerdict::{CannotBeTold, DoesNotHold, Holds};

const SLOW_CELL: CellSpec = CellSpec::new("work", "slow");
const FAST_CELL: CellSpec = CellSpec::new("work", "fast");
const SLOW: Quantity = SLOW_CELL.phases(&["do"]);
const FAST: Quantity = FAST_CELL.phases(&["do"]);

fn report(cpus: usize, cells: Vec<CellReport>) -> Report {
    let run = RunInfo {
        started: "2026-11-24T23:08:25Z".to_owned(),
        seed: 1,
        rounds: 8,
        items: "tokens".to_owned(),
        item_bytes: Some(64),
        elapsed_s: 1.0,
        ..RunInfo::default()
    };
    let host = Host {
        cpus,
        ..Host::default()
    };
    Report {
        cells,
        ..Report::new(run, host, Build::default())
    }
}

/// A valid cell at the seed's size with one phase.
fn cell(spec: CellSpec, samples_ns: &[u64]) -> CellReport {
    let tokens = spec.size.of(SEED_TOKENS);
    CellReport {
        key: CellKey {
            scenario: spec.scenario.to_owned(),
            size: model::Size::new(tokens, "tokens"),
            variant: spec.variant.to_owned(),
            threads: spec.threads,
            profile: spec.profile,
        },
        role: Role::Main,
        pages: Pages::Small,
        host_warm: true,
        memory_limit_bytes: None,
        limit_bytes: None,
        runs: Vec::new(),
        phases: vec![phase("do", tokens, samples_ns)],
        proof: BTreeMap::new(),
        memory: None,
        memory_missing: None,
        warm_ns_per_byte: None,
        verdict: Verdict::Valid,
        flags: Vec::new(),
        findings: Vec::new(),
        reason: None,
    }
}

fn phase(name: &str, items: u64, samples_ns: &[u64]) -> PhaseReport {
    PhaseReport {
        name: name.to_owned(),
        items,
        samples_ns: samples_ns.to_vec(),
        ..PhaseReport::default()
    }
}

/// Eight samples close around `ms` milliseconds.
fn around(ms: u64) -> Vec<u64> {
    (0..8).map(|round| ms * 1_000_000 + round * 1000).collect()
}

fn flagged(cell: CellReport, flag: Flag) -> CellReport {
    let mut cell = cell;
    cell.add_findings([Finding {
        flag,
        phase: None,
        detail: String::new(),
    }]);
    cell
}

fn claim(said: Said, rule: Rule) -> Claim {
    Claim {
        id: "claim",
        section: "section",
        statement: "statement",
        said,
        rule,
        note: None,
    }
}

fn judged(report: &Report, said: Said, rule: Rule) -> ClaimRow {
    let tokens = SEED_TOKENS;
    row(&claim(said, rule), &Evidence { report, tokens })
}

#[track_caller]
fn assert_verdict(row: &ClaimRow, verdict: ClaimVerdict, why: &str) {
    assert_eq!(row.verdict, verdict, "{row:?}");
    assert!(row.reason.contains(why), "no {why:?} in {row:?}");
}

#[test]
fn a_time_agrees_or_is_that_of_another_machine() {
    let of = Rule::Time(SLOW);
    for (ms, said, verdict, why) in [
        (
            70,
            Said::About(75.0, "ns/token"),
            Holds,
            "within 60.00 to 93.75",
        ),
        (
            70,
            Said::About(700.0, "ns/token"),
            CannotBeTold,
            "10.0 times less here",
        ),
        (
            70,
            Said::About(7.0, "ns/token"),
            CannotBeTold,
            "10.0 times more here",
        ),
        (
            70,
            Said::AtMost(75.0, "ns/token"),
            Holds,
            "within 75.00 or less",
        ),
        (
            140,
            Said::AtMost(70.0, "ns/token"),
            CannotBeTold,
            "2.0 times more here",
        ),
    ] {
        let report = report(4, vec![cell(SLOW_CELL, &around(ms))]);
        let row = judged(&report, said, of);
        assert_verdict(&row, verdict, why);
        let measured = row.measured.unwrap();
        assert_eq!(measured.value.round(), ms as f64);
        assert_eq!((measured.rounds, measured.ci95.is_some()), (Some(8), true));
    }
}

#[test]
fn a_time_of_several_phases_is_their_sum() {
    let mut cell = cell(SLOW_CELL, &around(70));
    cell.phases.push(phase("more", 1, &around(30)));
    let of = Rule::Time(SLOW_CELL.phases(&["do", "more"]));
    let row = judged(&report(4, vec![cell]), Said::About(100.0, "ns/token"), of);
    assert_eq!(row.measured.unwrap().value.round(), 100.0);
    assert_eq!(row.verdict, Holds);
}

const RATIO: Rule = Rule::Ratio {
    over: SLOW,
    under: FAST,
};

fn slow_and_fast(slow: Vec<u64>, fast: Vec<u64>) -> Report {
    report(4, vec![cell(SLOW_CELL, &slow), cell(FAST_CELL, &fast)])
}

#[test]
fn a_ratio_holds_if_its_whole_interval_agrees_and_not_if_no_part_does() {
    let report = slow_and_fast(around(80), around(20));
    for (said, verdict, why) in [
        (Said::About(4.03, "x"), Holds, "within 3.22 to 5.04"),
        (Said::About(2.0, "x"), DoesNotHold, "outside 1.60 to 2.50"),
        (Said::About(12.0, "x"), DoesNotHold, "outside 9.60 to 15.00"),
        (Said::AtLeast(1.0, "x"), Holds, "within 1.00 or more"),
        (Said::AtLeast(5.0, "x"), DoesNotHold, "outside 5.00 or more"),
        (Said::AtMost(1.1, "x"), DoesNotHold, "outside 1.10 or less"),
        (Said::Between(10.0, 50.0, "x"), DoesNotHold, "outside"),
        (Said::Between(2.0, 5.0, "x"), Holds, "within"),
    ] {
        let row = judged(&report, said, RATIO);
        assert_verdict(&row, verdict, why);
        let measured = row.measured.unwrap();
        assert_eq!((measured.value.round(), measured.rounds), (4.0, Some(8)));
    }
}

#[test]
fn a_ratio_in_per_cent_is_a_hundred_times_as_large() {
    let report = slow_and_fast(around(20), around(80));
    let row = judged(&report, Said::About(25.0, "% of it"), RATIO);
    assert_eq!(row.measured.as_ref().unwrap().value.round(), 25.0);
    assert_eq!(row.verdict, Holds);
}

#[test]
fn an_interval_across_the_border_leaves_it_open() {
    // From 2.5 to 6 times: 4.03 is in it, and so is much else.
    let slow = (0..8).map(|round| 50_000_000 + round * 10_000_000);
    let report = slow_and_fast(slow.collect(), around(20));
    let row = judged(&report, Said::About(4.03, "x"), RATIO);
    assert_verdict(&row, CannotBeTold, "partly within 3.22 to 5.04");
    assert!(row.measured.is_some());
}

#[test]
fn fewer_than_six_rounds_leave_it_open() {
    let (slow, fast) = (around(80)[..5].to_vec(), around(20)[..5].to_vec());
    let report = slow_and_fast(slow, fast);
    for (said, rule) in [
        (Said::About(4.0, "x"), RATIO),
        (Said::About(80.0, "ns/token"), Rule::Time(SLOW)),
    ] {
        let row = judged(&report, said, rule);
        assert_verdict(&row, CannotBeTold, "an interval needs six");
        assert_eq!(row.measured.unwrap().rounds, Some(5));
    }
}

#[test]
fn a_ratio_is_of_one_item() {
    let mut fast = cell(FAST_CELL, &around(8));
    fast.phases[0].items /= 10;
    let report = report(4, vec![cell(SLOW_CELL, &around(80)), fast]);
    let row = judged(&report, Said::About(1.0, "x"), RATIO);
    assert_verdict(&row, Holds, "within");
}

#[test]
fn a_cell_that_is_missing_skipped_failed_or_invalid_supports_nothing() {
    let slow = || cell(SLOW_CELL, &around(80));
    let without = |verdict, reason: &str| CellReport {
        verdict,
        reason: Some(reason.to_owned()),
        ..cell(FAST_CELL, &around(20))
    };
    let copy = CellReport {
        role: Role::Aa,
        ..cell(FAST_CELL, &around(20))
    };
    let name = "work/fast x1 in dev at 1000000 tokens";
    for (other, why) in [
        (copy, format!("not in this run: {name}")),
        (
            without(Verdict::Skipped, "needs 9 GiB"),
            format!("{name} is skipped: needs 9 GiB"),
        ),
        (
            without(Verdict::Failed, "round 3: killed"),
            format!("{name} is failed: round 3: killed"),
        ),
        (
            flagged(cell(FAST_CELL, &around(20)), Flag::Elided),
            format!("{name} is invalid: elided"),
        ),
    ] {
        let report = report(4, vec![slow(), other]);
        for said in [Said::About(4.0, "x"), Said::AtLeast(100.0, "x")] {
            let row = judged(&report, said, RATIO);
            assert_verdict(&row, CannotBeTold, &why);
            assert_eq!(row.measured, None);
        }
    }
}

#[test]
fn a_cell_of_another_build_size_or_number_of_threads_is_another_one() {
    for other in [
        FAST_CELL.release(),
        FAST_CELL.size(Size::Tenth),
        FAST_CELL.threads(2),
        CellSpec::new("other", "fast"),
        SLOW_CELL,
    ] {
        let report = report(4, vec![cell(other, &around(20))]);
        let row = judged(&report, Said::About(20.0, "ns/token"), Rule::Time(FAST));
        assert_verdict(&row, CannotBeTold, "not in this run: work/fast x1 in dev");
    }
}

#[test]
fn what_disturbed_a_cell_is_reported() {
    let slow = flagged(cell(SLOW_CELL, &around(80)), Flag::Steal);
    let report = report(4, vec![slow, cell(FAST_CELL, &around(20))]);
    let row = judged(&report, Said::About(4.0, "x"), RATIO);
    assert_verdict(&row, Holds, "(suspect: steal)");
    let row = judged(&report, Said::About(80.0, "ns/token"), Rule::Time(SLOW));
    assert_verdict(&row, Holds, "(suspect: steal)");
}

#[test]
fn copies_that_differ_from_each_other_leave_a_ratio_open() {
    let aa = |phase: &str, stopped: &str| Comparison {
        kind: ComparisonKind::Aa,
        key: PhaseKey::new(&cell(FAST_CELL, &[]).key, Some(phase)),
        against: "the same program".to_owned(),
        estimate: 1.2,
        ci95: None,
        p: Some(0.01),
        pairs: 8,
        samples: [8; 2],
        stopped: Some(stopped.to_owned()),
    };
    let mut report = slow_and_fast(around(80), around(20));
    report.comparisons = vec![aa("do", "aa_failed: +20 %")];
    let row = judged(&report, Said::About(4.0, "x"), RATIO);
    assert_verdict(&row, CannotBeTold, "work/fast x1 in dev: aa_failed: +20 %");
    assert!(row.measured.is_some());
    // Neither the noise of another phase nor an unusable release cell.
    report.comparisons = vec![
        aa("other", "aa_failed: +20 %"),
        aa("do", "the release cell is invalid"),
    ];
    let row = judged(&report, Said::About(4.0, "x"), RATIO);
    assert_verdict(&row, Holds, "within");
}

fn on_threads(cpus: usize, ms: [u64; 3]) -> Report {
    let times = [1, 2, 4].into_iter().zip(ms);
    let cells = times.map(|(threads, ms)| cell(SLOW_CELL.threads(threads), &around(ms)));
    report(cpus, cells.collect())
}

fn speed_up(threads: Threads) -> Rule {
    Rule::SpeedUp { of: SLOW, threads }
}

#[test]
fn a_speed_up_on_more_threads_than_processors_is_shown_and_not_judged() {
    let said = Said::About(6.75, "x");
    let row = judged(&on_threads(2, [80, 50, 40]), said, speed_up(Threads::Four));
    assert_verdict(
        &row,
        CannotBeTold,
        "oversubscribed: 4 threads on 2 processors",
    );
    assert_eq!(row.measured.unwrap().value.round(), 2.0);
    let row = judged(&on_threads(4, [80, 50, 40]), said, speed_up(Threads::Four));
    assert_verdict(&row, DoesNotHold, "outside 5.40 to 8.44");
    let row = judged(&on_threads(4, [80, 50, 12]), said, speed_up(Threads::Four));
    assert_verdict(&row, Holds, "within");
}

#[test]
fn a_speed_up_for_each_thread_is_that_of_the_processors_there_are() {
    let said = Said::AtLeast(1.0, "x per thread");
    let rule = speed_up(Threads::OfTheMachine);
    for (cpus, ms, verdict, why) in [
        (2, [80, 50, 1], DoesNotHold, "on 2 threads: "),
        (2, [80, 30, 80], Holds, "on 2 threads: "),
        (4, [80, 30, 80], DoesNotHold, "on 4 threads: "),
        (64, [80, 80, 10], Holds, "on 4 threads: "),
        (
            1,
            [80, 40, 20],
            CannotBeTold,
            "this machine has one processor",
        ),
    ] {
        assert_verdict(&judged(&on_threads(cpus, ms), said, rule), verdict, why);
    }
}

#[test]
fn a_speed_up_that_others_disturbed_refutes_nothing() {
    for flag in [Flag::OtherLoad, Flag::Steal] {
        let mut report = on_threads(4, [80, 80, 80]);
        report.cells[2] = flagged(report.cells[2].clone(), flag);
        for (said, threads) in [
            (Said::About(6.75, "x"), Threads::Four),
            (Said::AtLeast(1.0, "x per thread"), Threads::OfTheMachine),
        ] {
            let row = judged(&report, said, speed_up(threads));
            assert_verdict(&row, CannotBeTold, "others took processors away");
        }
    }
}

const MEMORY: Rule = Rule::Memory {
    figure: MemoryFigure::Peak,
    of: SLOW_CELL,
    from: Size::Tenth,
    to: Size::Whole,
};

/// A process of 5 MiB plus `bytes` per token.
fn with_memory(bytes: u64) -> Report {
    let sizes = [Size::Tenth, Size::Whole];
    let cells = sizes.map(|size| CellReport {
        memory: Some(MemoryReading {
            peak_bytes: (5 << 20) + bytes * size.of(SEED_TOKENS),
            ..MemoryReading::default()
        }),
        ..cell(SLOW_CELL.size(size), &around(80))
    });
    report(4, cells.into())
}

#[test]
fn memory_is_what_each_further_token_takes() {
    let said = Said::Exactly(64.0, "B/token");
    let row = judged(&with_memory(64), said, MEMORY);
    assert_verdict(&row, Holds, "within 63.36 to 64.64");
    assert_eq!(row.measured.unwrap().value, 64.0);
    let row = judged(&with_memory(96), said, MEMORY);
    assert_verdict(&row, DoesNotHold, "outside 63.36 to 64.64");
}

#[test]
fn unknown_or_too_little_memory_leaves_it_open() {
    let said = Said::Exactly(64.0, "B/token");
    let mut unread = with_memory(64);
    unread.cells[0].memory = None;
    unread.cells[0].memory_missing = Some("no /proc".to_owned());
    let told = judged(&unread, said, MEMORY);
    assert_verdict(&told, CannotBeTold, "no memory figures: no /proc");
    let tokens = 10_000;
    let mut small = with_memory(64);
    for (cell, size) in small.cells.iter_mut().zip([Size::Tenth, Size::Whole]) {
        cell.key.size.items = size.of(tokens);
    }
    let evidence = Evidence {
        report: &small,
        tokens,
    };
    let told = row(&claim(said, MEMORY), &evidence);
    assert_verdict(&told, CannotBeTold, "9000 tokens are too few");
}

fn with_proof(name: &str, value: u64) -> Report {
    let mut cell = cell(SLOW_CELL, &around(80));
    cell.proof.insert(name.to_owned(), value.into());
    report(4, vec![cell])
}

const fn proof(name: &'static str, expected: Expected) -> ProofSpec {
    ProofSpec {
        cell: SLOW_CELL,
        name,
        expected,
    }
}

#[test]
fn a_sum_is_checked_against_the_oracle_and_the_proof() {
    const IDS: Rule = Rule::Proofs(&[proof("sum", Expected::IdSum)]);
    let said = Said::Exactly(499_999_500_000.0, "");
    let proven = with_proof("sum", 499_999_500_000);
    let row = judged(&proven, said, IDS);
    assert_verdict(&row, Holds, "work/slow x1 in dev proves it");
    assert_eq!(row.measured.unwrap().value, 499_999_500_000.0);
    let row = judged(&proven, Said::Exactly(5.0, ""), IDS);
    assert_verdict(
        &row,
        DoesNotHold,
        "the sum over 1000000 tokens is 499999500000",
    );
    let row = judged(&with_proof("sum", 7), said, IDS);
    assert_verdict(&row, DoesNotHold, "proves sum 7");
    let row = judged(&with_proof("other", 7), said, IDS);
    assert_verdict(&row, CannotBeTold, "does not prove sum");
}

#[test]
fn a_proof_is_a_figure_or_a_larger_one() {
    const ONE: Rule = Rule::Proofs(&[proof("n", Expected::Exactly(1))]);
    const MORE: Rule = Rule::Proofs(&[proof("n", Expected::MoreThan(1))]);
    for (value, rule, verdict) in [
        (1, ONE, Holds),
        (2, ONE, DoesNotHold),
        (2, MORE, Holds),
        (1, MORE, DoesNotHold),
    ] {
        let row = judged(&with_proof("n", value), Said::Words, rule);
        assert_eq!(row.verdict, verdict, "{row:?}");
        assert_eq!(row.measured.is_some(), rule == MORE, "{row:?}");
    }
}

fn with_order(claimed: Pattern, stride: u64) -> Report {
    let mut cell = cell(SLOW_CELL, &around(80));
    let order = &mut (0..SEED_TOKENS).step_by(stride as usize);
    let evidence = AccessEvidence::of(claimed, order, SEED_TOKENS, 64);
    cell.phases[0].access = Some(evidence);
    report(4, vec![cell])
}

const ORDER: Rule = Rule::Order {
    of: SLOW_CELL,
    phase: "do",
    stride: 10,
};

#[test]
fn a_sum_of_strides_is_not_a_random_order() {
    let said = Said::Exactly(49_999_500_000.0, "");
    let strides = with_order(Pattern::Stride(10), 10);
    let row = judged(&strides, said, ORDER);
    assert_verdict(&row, DoesNotHold, "every 10th token");
    let row = judged(&strides, Said::Exactly(49_999_500_001.0, ""), ORDER);
    assert_verdict(&row, CannotBeTold, "strides of 10 give 49999500000");
    for report in [
        with_order(Pattern::Stride(10), 9),
        with_order(Pattern::Random, 10),
    ] {
        let row = judged(&report, said, ORDER);
        assert_verdict(&row, CannotBeTold, "does not read in strides of 10");
    }
    let row = judged(&report(4, vec![cell(SLOW_CELL, &around(80))]), said, ORDER);
    assert_verdict(&row, CannotBeTold, "no evidence of its order");
}

#[test]
fn a_figure_that_follows_from_others_comes_out_or_does_not() {
    const fn sum(gives: f64) -> Sum {
        Sum {
            what: "676.84 over 100.31",
            gives,
            said: 6.75,
            within: 0.01,
            unit: "x",
        }
    }
    const RIGHT: Rule = Rule::Computed(&[sum(676.84 / 100.31)]);
    const BOTH: Rule = Rule::Computed(&[sum(6.75), sum(6.74)]);
    const WRONG: Rule = Rule::Computed(&[sum(6.75), sum(498.0)]);
    let empty = report(4, Vec::new());
    let row = judged(&empty, Said::Words, RIGHT);
    assert_verdict(&row, Holds, "676.84 over 100.31 gives it");
    assert_eq!(row.said, "6.75x");
    assert_verdict(&judged(&empty, Said::Words, BOTH), Holds, "all of them");
    let row = judged(&empty, Said::Words, WRONG);
    assert_verdict(&row, DoesNotHold, "gives another figure");
    let measured = row.measured.unwrap();
    assert_eq!((measured.value, measured.rounds), (498.0, None));
}

#[test]
fn a_reason_is_followed_by_the_note_and_another_size_is_said() {
    let report = slow_and_fast(around(80), around(20));
    let claim = Claim {
        note: Some("a note"),
        ..claim(Said::About(4.0, "x"), RATIO)
    };
    let tokens = 2000;
    let evidence = Evidence {
        report: &report,
        tokens,
    };
    let reason = row(&claim, &evidence).reason;
    assert_eq!(
        reason,
        "not in this run: work/slow x1 in dev at 2000 tokens; \
         over 2000 tokens, the seed had 1000000; a note"
    );
    let reason = judged(&report, Said::About(4.0, "x"), RATIO).reason;
    assert_eq!(reason, "the whole interval is within 3.20 to 5.00");
}

#[test]
fn every_claim_has_a_row_and_an_empty_run_decides_only_what_needs_no_run() {
    let rows = audit(&report(4, Vec::new()), SEED_TOKENS);
    assert_eq!(rows.len(), claims().count());
    for (claim, row) in claims().zip(&rows) {
        assert_eq!(
            (row.id.as_str(), row.said.clone()),
            (claim.id, claim.said_text())
        );
        assert!(
            !row.reason.is_empty() && !row.statement.is_empty(),
            "{row:?}"
        );
        if !claim.rule.needs().is_empty() {
            assert_verdict(row, CannotBeTold, "not in this run");
        }
    }
}

#[test]
fn invalid_cells_support_no_claim() {
    let mut cells: Vec<CellReport> = Vec::new();
    for spec in claims().flat_map(|claim| claim.rule.needs()) {
        if !cells.iter().any(|cell| spec.is(cell, SEED_TOKENS)) {
            cells.push(flagged(cell(spec, &around(80)), Flag::ImpossibleFast));
        }
    }
    let rows = audit(&report(4, cells), SEED_TOKENS);
    for (claim, row) in claims().zip(&rows) {
        if !claim.rule.needs().is_empty() {
            assert_verdict(row, CannotBeTold, "is invalid: impossible_fast");
        }
    }
}
