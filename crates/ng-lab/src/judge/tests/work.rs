//! What invalidates a cell: its work is not what it claims.

use super::sim::{BYTES, PLAIN, PLAIN_NS, Sim, judged};
use super::{alone, check};
use crate::model::{AccessEvidence, CellReport, FileState, Flag, Limit, Pages, Pattern, Verdict};

const MIB: u64 = 1 << 20;

#[track_caller]
fn invalid(flag: Flag, cases: &[(&str, Sim, Sim)]) {
    check(flag, Verdict::Invalid, cases);
}

fn fill(ns: u64) -> Sim {
    Sim::cell("create").phase("fill", &[ns; 6])
}

#[test]
fn a_phase_beyond_a_tenth_above_its_limit_is_impossible() {
    let bounded = |ns| fill(ns).bound(Limit::Refill, 1_100_000);
    let fast = |sim: Sim| sim.limit(Limit::Refill, 1.0);
    invalid(
        Flag::ImpossibleFast,
        &[
            (
                "a tenth is allowed for noise",
                fast(bounded(999_999)),
                fast(bounded(1_000_000)),
            ),
            (
                "a limit that was not read bounds nothing",
                fast(bounded(1)),
                bounded(1),
            ),
            (
                "a limit bounds at its own number of threads",
                fast(fill(1).threads(2).bound(Limit::Refill, 1_100_000)),
                fast(bounded(1).threads(2)),
            ),
            (
                "the median counts, not the fastest round",
                fast(bounded(1)),
                fast(bounded(1_000_000).round(1, |reading| reading.phases[0].elapsed_ns = 1)),
            ),
        ],
    );
}

#[test]
fn the_best_reading_of_a_limit_bounds() {
    let cell = fill(1_000_000)
        .bound(Limit::Refill, 1_000_000)
        .limit(Limit::Refill, 2.0);
    let mut readings = super::sim::readings(std::slice::from_ref(&cell));
    assert_eq!(flags_of(&readings), [Flag::ImpossibleFast]);
    let samples = readings.limits.values_mut().next().unwrap();
    samples[4].ns_per_unit = 1.0;
    assert_eq!(flags_of(&readings), []);
}

/// Other programs once slowed both readings of a probe on two threads, and honest work
/// was called impossible.
#[test]
fn what_one_thread_can_do_bounds_several() {
    let one = fill(9_000_000).limit(Limit::Read, 1.0);
    let two = |ns| {
        let cell = fill(ns).threads(2).bound(Limit::Read, 1_100_000);
        let flags = judged(&[one.clone(), cell.limit(Limit::Read, 2.0)]).cells[1]
            .flags
            .clone();
        flags.contains(&Flag::ImpossibleFast)
    };
    assert!(!two(1_000_000) && two(999_999));
    // What several can do does not bound one.
    let several = fill(PLAIN_NS).threads(2).limit(Limit::Read, 0.1);
    let cell = fill(999_999).bound(Limit::Read, 1_100_000);
    let cells = judged(&[several, cell.limit(Limit::Read, 1.0)]).cells;
    assert_eq!(cells[1].flags, [Flag::ImpossibleFast]);
}

fn flags_of(readings: &crate::conductor::Readings) -> Vec<Flag> {
    let mut judgement = crate::judge::judge(readings, super::sim::SUBJECT);
    judgement.cells.remove(0).flags
}

#[test]
fn declared_memory_that_the_kernel_did_not_see_is_flagged() {
    let touched = |declared, seen| fill(PLAIN_NS).touched(declared, seen);
    invalid(
        Flag::WorkNotDone,
        &[
            (
                "nine tenths must be seen",
                touched(MIB, 943_718),
                touched(MIB, 943_719),
            ),
            (
                "below a MiB the allocator may hold it already",
                touched(MIB, 0),
                touched(MIB - 1, 0),
            ),
            (
                "the median round counts",
                touched(MIB, 0).round(1, grown(MIB)),
                touched(MIB, MIB).round(1, grown(0)),
            ),
        ],
    );
}

fn grown(bytes: u64) -> impl Fn(&mut crate::worker::protocol::CellReading) {
    move |reading| {
        let touched = reading.phases[0].touched.as_mut().unwrap();
        touched.resident_growth_bytes = bytes;
    }
}

#[test]
fn a_proof_that_changes_between_rounds_is_flagged() {
    let proved = || fill(PLAIN_NS).proof("sum", 7);
    let wrong = |round| {
        proved().round(round, |reading| {
            reading.proof.insert("sum".to_owned(), 8.into());
        })
    };
    let lacking = proved().round(6, |reading| reading.proof.clear());
    invalid(
        Flag::WorkNotDone,
        &[
            ("the last round differs", wrong(6), proved()),
            ("the cold round differs", wrong(0), proved()),
            ("a round proves nothing", lacking, fill(PLAIN_NS)),
        ],
    );
}

/// Nobody knows which copy is wrong, so all are flagged. (Once the first copy, dev in
/// every plan, was not.)
#[test]
fn a_proof_that_differs_between_copies_is_flagged_in_all_of_them() {
    let proved = |sum: u64| fill(PLAIN_NS).proof("sum", sum);
    let all = [Flag::WorkNotDone];
    for (claim, dev, release, aa, expected) in [
        ("all agree", 7, 7, 7, [&[][..]; 3]),
        ("dev differs", 8, 7, 7, [&all[..]; 3]),
        ("release differs", 7, 8, 7, [&all[..]; 3]),
        ("the A/A copy differs", 7, 7, 8, [&all[..]; 3]),
    ] {
        let cells = judged(&[proved(dev).dev(), proved(release), proved(aa).aa()]).cells;
        let flags: Vec<&[Flag]> = cells.iter().map(|cell| &cell.flags[..]).collect();
        assert_eq!(flags, expected, "{claim}");
    }
}

#[test]
fn proofs_of_different_work_may_differ() {
    let proved = |sum: u64| fill(PLAIN_NS).proof("sum", sum);
    let cells = judged(&[
        proved(1),
        proved(2).variant("other"),
        proved(3).threads(2),
        proved(4).items(2000),
        Sim::cell("access").phase("fill", &PLAIN).proof("sum", 5),
        // A copy that proves nothing cannot contradict.
        fill(PLAIN_NS).dev(),
    ])
    .cells;
    for cell in cells {
        assert_eq!(cell.flags, [], "{} {}", cell.key.scenario, cell.key.variant);
    }
}

/// A cell that took as long as `ns` in all rounds after round 0 but one.
fn once(cell: Sim, ns: u64) -> Sim {
    (2..=6).fold(cell, |cell, round| {
        cell.round(round, |reading| reading.phases[0].elapsed_ns = ns)
    })
}

#[test]
fn a_phase_that_does_not_grow_with_its_items_is_elided() {
    invalid(
        Flag::Elided,
        &[
            (
                "less than twice the best time at an eighth",
                fill(999_999).fraction(500_000),
                fill(1_000_000).fraction(500_000),
            ),
            (
                "growth within twenty clock reads is none",
                fill(2999).fraction(999).limit(Limit::ClockRead, 100.0),
                fill(3001).fraction(1000).limit(Limit::ClockRead, 100.0),
            ),
            (
                "so is growth within a microsecond",
                fill(1099).fraction(99).limit(Limit::ClockRead, 25.0),
                fill(1101).fraction(100).limit(Limit::ClockRead, 25.0),
            ),
            (
                "a phase may be declared constant",
                fill(PLAIN_NS).fraction(PLAIN_NS),
                fill(PLAIN_NS).constant().fraction(PLAIN_NS),
            ),
            (
                "a round that was slow does not show growth",
                once(fill(PLAIN_NS), 8 * PLAIN_NS).fraction(PLAIN_NS),
                fill(8 * PLAIN_NS).fraction(PLAIN_NS),
            ),
            (
                "what round 0 can do can be done",
                fill(8 * PLAIN_NS)
                    .round(0, |reading| reading.phases[0].elapsed_ns = PLAIN_NS)
                    .fraction(PLAIN_NS),
                fill(8 * PLAIN_NS)
                    .round(0, |reading| reading.phases[0].elapsed_ns = PLAIN_NS)
                    .fractions(&[PLAIN_NS / 8, PLAIN_NS]),
            ),
        ],
    );
}

#[test]
fn an_order_of_reads_other_than_claimed_is_flagged() {
    let reads = |evidence: AccessEvidence| fill(PLAIN_NS).access(&evidence);
    let stride = |claimed, share| reads(evidence(claimed, 10, share));
    invalid(
        Flag::PatternMismatch,
        &[
            (
                "one step in a hundred differs",
                stride(Pattern::Stride(10), 0.99),
                stride(Pattern::Stride(10), 0.991),
            ),
            (
                "a stride of ten is not sequential",
                stride(Pattern::Sequential, 1.0),
                reads(evidence(Pattern::Sequential, 1, 1.0)),
            ),
            (
                "a stride of ten is not random",
                stride(Pattern::Random, 0.051),
                stride(Pattern::Random, 0.05),
            ),
        ],
    );
}

/// 1000 reads of 10 000 records that reach as many lines as random ones.
fn evidence(claimed: Pattern, main_stride: i64, main_stride_share: f64) -> AccessEvidence {
    AccessEvidence {
        claimed,
        reads: 1000,
        records: 10_000,
        distinct_lines: 952,
        same_page_share: 0.0064,
        main_stride,
        main_stride_share,
    }
}

#[test]
fn random_reads_must_reach_as_many_lines_and_pages_as_expected() {
    let reads = |lines, same_page_share| {
        fill(PLAIN_NS).access(&AccessEvidence {
            distinct_lines: lines,
            same_page_share,
            ..evidence(Pattern::Random, 3, 0.001)
        })
    };
    invalid(
        Flag::PatternMismatch,
        &[
            ("too few lines", reads(904, 0.0064), reads(905, 0.0064)),
            ("too near", reads(952, 0.0291), reads(952, 0.029)),
        ],
    );
}

#[test]
fn a_phase_under_twenty_clock_reads_is_below_resolution() {
    let timed = |ns| fill(ns).limit(Limit::ClockRead, 25.0);
    invalid(
        Flag::BelowResolution,
        &[
            ("twenty reads of 25 ns", timed(499), timed(500)),
            ("an unknown clock gives no flag", timed(1), fill(1)),
        ],
    );
}

#[test]
fn a_worker_that_was_swapped_out_once_is_flagged() {
    let swapped = fill(PLAIN_NS).round(6, |reading| {
        reading.memory.as_mut().unwrap().swapped_bytes = 1;
    });
    invalid(Flag::Swapped, &[("after round 0", swapped, fill(PLAIN_NS))]);
}

#[test]
fn a_file_that_was_in_memory_was_not_cold() {
    let cold = |resident| fill(PLAIN_NS).file(FileState::Cold, resident);
    let once = |resident| {
        cold(0).round(6, |reading| {
            reading.phases[0].file.as_mut().unwrap().resident_before = resident;
        })
    };
    let unknown = cold(0).round(3, |reading| {
        let file = reading.phases[0].file.as_mut().unwrap();
        file.unknown = Some("no such call".to_owned());
    });
    invalid(
        Flag::NotCold,
        &[
            ("one page in a hundred may be left", cold(11), cold(10)),
            ("one round is one too many", once(11), once(10)),
            ("what is not known is not cold", unknown, cold(0)),
            (
                "a warm file may be in memory",
                cold(1000),
                fill(PLAIN_NS).file(FileState::Warm, 1000),
            ),
        ],
    );
}

#[test]
fn a_file_that_was_not_in_memory_was_not_warm() {
    let warm = |resident| fill(PLAIN_NS).file(FileState::Warm, resident);
    let once = |resident| {
        warm(1000).round(6, |reading| {
            reading.phases[0].file.as_mut().unwrap().resident_before = resident;
        })
    };
    let empty = warm(0).warm(|reading| {
        reading.phases[0].file.as_mut().unwrap().file_pages = 0;
    });
    invalid(
        Flag::NotWarm,
        &[
            ("one page in a hundred may be missing", warm(989), warm(990)),
            ("one round is one too many", once(989), once(990)),
            ("an empty file is in any declared state", warm(0), empty),
            (
                "a cold file need not be in memory",
                warm(0),
                fill(PLAIN_NS).file(FileState::Cold, 0),
            ),
        ],
    );
}

#[test]
fn a_limit_bounds_only_at_the_memory_it_was_read_in() {
    let bounded = |sim: Sim| sim.bound(Limit::ColdRead, 1_000_000);
    let confined = || bounded(fill(1).confined(1 << 20)).limit(Limit::ColdRead, 1.0);
    // The machine's limit does not bound a cell in a cgroup.
    let elsewhere = bounded(fill(1).limit(Limit::ColdRead, 1.0)).confined(1 << 20);
    invalid(
        Flag::ImpossibleFast,
        &[("in the same memory", confined(), elsewhere)],
    );
}

#[test]
fn a_finding_names_its_phase_and_its_figures() {
    let cell = Sim::cell("create")
        .phase("reserve", &PLAIN)
        .phase("fill", &PLAIN)
        .bound(Limit::Refill, 2_000_000)
        .touched(2 * MIB, BYTES)
        .limit(Limit::Refill, 1.0);
    let told = [
        "impossible_fast Some(\"fill\"): took 1000000 ns, the limit refill allows 2000000 ns at best",
        "work_not_done Some(\"fill\"): resident memory grew by 64000 bytes of 2097152 declared",
    ];
    assert_eq!(told_of(&alone(&cell)), told);
}

#[test]
fn a_flag_of_two_phases_is_listed_once_with_two_findings() {
    let cell = fill(1).phase("read", &[1; 6]).limit(Limit::ClockRead, 25.0);
    let report = alone(&cell);
    assert_eq!(report.flags, [Flag::BelowResolution]);
    let phases = report.findings.iter().map(|found| found.phase.as_deref());
    assert!(phases.eq([Some("fill"), Some("read")]), "{report:?}");
}

fn told_of(cell: &CellReport) -> Vec<String> {
    let told = cell.findings.iter();
    told.map(|found| format!("{} {:?}: {}", found.flag, found.phase, found.detail))
        .collect()
}

#[test]
fn a_first_touch_below_a_mebibyte_may_be_of_touched_memory() {
    for (items, expected) in [(10_000, &[][..]), (20_000, &[Flag::ImpossibleFast])] {
        let cell = fill(1_000_000)
            .items(items)
            .bound(Limit::FirstTouchHuge, 1_000_000)
            .limit(Limit::FirstTouchHuge, 2.0);
        let readings = super::sim::readings(&[cell]);
        assert_eq!(flags_of(&readings), expected, "{items} items of 64 bytes");
    }
}

#[test]
fn a_cell_on_unrequested_huge_pages_may_beat_the_limit_of_small_ones() {
    for (limit, expected) in [
        (Limit::FirstTouchSmall, &[Flag::PagesDiffer][..]),
        (Limit::Read, &[Flag::ImpossibleFast, Flag::PagesDiffer]),
    ] {
        let cell = fill(1_000_000)
            .items(1_000_000)
            .pages(Pages::Small)
            .bound(limit, 1_000_000)
            .limit(limit, 2.0)
            .warm(|reading| {
                let memory = reading.memory.as_mut().unwrap();
                memory.anonymous_bytes = 64_000_000;
                memory.huge_bytes = 60_000_000;
            });
        assert_eq!(flags_of(&super::sim::readings(&[cell])), expected);
    }
}

#[test]
fn with_few_rounds_only_twice_the_limit_is_impossible() {
    for (times, ns_per_unit, expected) in [
        (&[1_000_000; 6][..], 1.2, true),
        (&[1_000_000; 5], 1.2, false),
        (&[1_000_000; 5], 1.9, false),
        (&[1_000_000; 5], 2.1, true),
    ] {
        let cell = Sim::cell("create")
            .phase("fill", times)
            .bound(Limit::Refill, 1_000_000)
            .limit(Limit::Refill, ns_per_unit);
        let flags = flags_of(&super::sim::readings(&[cell]));
        let rounds = times.len();
        assert_eq!(
            flags.contains(&Flag::ImpossibleFast),
            expected,
            "{rounds} rounds at {ns_per_unit} of the limit"
        );
    }
}
