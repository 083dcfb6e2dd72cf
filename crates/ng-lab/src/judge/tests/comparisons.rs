//! Ratios, and what stops them.

use super::assert_about;
use super::pairs::{copies, line, plan};
use super::sim::{ITEMS, PLAIN, PLAIN_NS, Sim, judged};
use crate::model::{Comparison, ComparisonKind, Flag, Size, Verdict};

fn fill(ns: u64) -> Sim {
    Sim::cell("create").phase("fill", &[ns; 6])
}

/// The only comparison between two cells.
#[track_caller]
fn only(slow: Sim, fast: Sim) -> Comparison {
    let mut found = judged(&[slow, fast]).comparisons;
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn a_ratio_says_how_many_times_as_fast_the_denominator_is() {
    let (slow, fast) = (fill(3_000_000), fill(1_000_000));
    for (kind, slow, fast) in [
        (
            ComparisonKind::DevVsRelease,
            slow.clone().dev(),
            fast.clone(),
        ),
        (
            ComparisonKind::Threads,
            slow.clone(),
            fast.clone().threads(4),
        ),
        (
            ComparisonKind::Variants,
            slow.clone(),
            fast.clone().variant("other"),
        ),
        (ComparisonKind::Aa, slow.clone(), fast.clone().aa()),
    ] {
        let found = only(slow, fast);
        assert_eq!(found.kind, kind);
        assert_about(found.estimate, 3.0);
        let [low, high] = found.ci95.unwrap().0;
        assert_about(low, 3.0);
        assert_about(high, 3.0);
        assert_eq!(found.pairs, 6, "{kind:?}");
        assert_eq!(found.key.cell.size, Size::new(ITEMS, "records"));
    }
}

/// Each round is three times as fast as its own partner only.
#[test]
fn a_failed_round_takes_its_partner_out() {
    let times = [1, 2, 4, 8, 16, 32].map(|factor| factor * PLAIN_NS);
    let slow = Sim::cell("create").phase("fill", &times.map(|ns| 3 * ns));
    let fast = Sim::cell("create").phase("fill", &times);
    let found = only(slow.dev().failed(2, "killed"), fast.failed(5, "killed"));
    assert_eq!(found.pairs, 4);
    assert_about(found.estimate, 3.0);
    assert_eq!(found.ci95, None);
}

#[test]
fn five_pairs_have_a_ratio_but_no_interval() {
    let cell = || Sim::cell("create").phase("fill", &PLAIN[1..]);
    let found = only(cell().dev(), cell());
    assert_eq!((found.pairs, found.ci95), (5, None));
    assert_about(found.estimate, 1.0);
}

#[test]
fn an_unusable_cell_stops_its_comparisons() {
    let invalid = |sim: Sim| sim.warm(|reading| reading.memory.as_mut().unwrap().swapped_bytes = 1);
    let suspect = |sim: Sim| sim.warm(|reading| reading.spin_ns[1] *= 2);
    let (dev, release) = (fill(PLAIN_NS).dev(), fill(PLAIN_NS));
    for (dev, release, stopped) in [
        (dev.clone(), release.clone(), None),
        (suspect(dev.clone()), suspect(release.clone()), None),
        (
            invalid(dev.clone()),
            release.clone(),
            Some("the dev cell of variant base is invalid"),
        ),
        (
            dev.clone(),
            invalid(release.clone()),
            Some("the release cell of variant base is invalid"),
        ),
        (
            dev.clone(),
            release.clone().failed(0, "killed"),
            Some("the release cell of variant base is failed"),
        ),
    ] {
        assert_eq!(only(dev, release).stopped.as_deref(), stopped);
    }
}

#[test]
fn a_proof_that_differs_stops_the_comparison() {
    let found = only(
        fill(PLAIN_NS).dev().proof("sum", 1),
        fill(PLAIN_NS).proof("sum", 2),
    );
    assert!(found.stopped.is_some());
}

/// A/A fails if its interval excludes 1 and it is more than 5 % off.
#[test]
fn two_runs_of_one_program_that_differ_have_failed() {
    let times = |times: &[u64]| Sim::cell("create").phase("fill", times);
    let mut noisy = [1_500_000; 6];
    noisy[3] = 999_999;
    for (claim, main, failed) in [
        ("slower by more than 5 %", times(&[1_050_001; 6]), true),
        ("slower by less than 5 %", times(&[1_049_999; 6]), false),
        ("faster by more than 5 %", times(&[949_999; 6]), true),
        ("faster by less than 5 %", times(&[950_001; 6]), false),
        ("off, but not in every round", times(&noisy), false),
    ] {
        let aa = only(main, fill(PLAIN_NS).aa());
        let told = aa.stopped.as_deref();
        assert_eq!(
            told.is_some_and(|told| told.starts_with("aa_failed: ")),
            failed,
            "{claim}"
        );
    }
    let few = |ns: u64| Sim::cell("create").phase("fill", &[ns; 5]);
    let without_interval = only(few(9 * PLAIN_NS), few(PLAIN_NS).aa());
    assert_eq!(without_interval.stopped, None);
}

#[test]
fn a_failed_aa_says_by_how_much() {
    let aa = only(fill(1_100_000), fill(PLAIN_NS).aa());
    let told = "aa_failed: two runs of the same program differ by +10.0 %";
    assert_eq!(aa.stopped.as_deref(), Some(told));
}

/// The A/A copy of `noisy` takes twice as long in `fill` as its own cell.
fn with_noise(noisy: (&str, usize)) -> Vec<Sim> {
    let cells = plan().map(|[dev, main, aa]| {
        let cell = main.what();
        let slow = (cell.variant.name.as_str(), cell.variant.threads) == noisy;
        let aa = aa.warm(|reading| reading.phases[0].elapsed_ns *= 1 + u64::from(slow));
        [dev, main, aa]
    });
    cells.concat()
}

#[track_caller]
fn assert_stopped(noisy: (&str, usize), expected: &[&str]) {
    let found = judged(&with_noise(noisy)).comparisons;
    let stopped = found.iter().filter(|found| found.stopped.is_some());
    let stopped: Vec<String> = stopped.map(line).collect();
    assert_eq!(stopped, expected, "{noisy:?}");
}

#[test]
fn a_failed_aa_of_a_variant_stops_what_that_variant_is_in() {
    assert_stopped(
        ("second", 1),
        &[
            "DevVsRelease: fill second x1 release over dev",
            "Variants: fill second x1 dev over base",
            "Variants: fill second x1 release over base",
            "Aa: fill second x1 release over the same program",
        ],
    );
    assert_stopped(("nobody", 1), &[]);
}

/// The numerator of a speed-up is the time on one thread. A failed A/A copy on one
/// thread once stopped only comparisons on one thread.
#[test]
fn a_failed_aa_of_the_base_stops_its_speed_ups_and_every_variant() {
    assert_stopped(
        ("base", 1),
        &[
            "DevVsRelease: fill base x1 release over dev",
            "Threads: fill base x2 dev over 1 thread",
            "Threads: fill base x2 release over 1 thread",
            "Variants: fill second x1 dev over base",
            "Variants: fill second x1 release over base",
            "Variants: fill dev x1 dev over base",
            "Variants: fill dev x1 release over base",
            "Aa: fill base x1 release over the same program",
        ],
    );
}

#[test]
fn a_failed_aa_on_several_threads_stops_that_number_of_threads() {
    assert_stopped(
        ("base", 2),
        &[
            "DevVsRelease: fill base x2 release over dev",
            "Threads: fill base x2 dev over 1 thread",
            "Threads: fill base x2 release over 1 thread",
            "Aa: fill base x2 release over the same program",
        ],
    );
}

/// The numerator of a comparison of builds is called `dev`; so was a variant once.
#[test]
fn a_variant_called_dev_is_not_a_build() {
    assert_stopped(
        ("dev", 1),
        &[
            "DevVsRelease: fill dev x1 release over dev",
            "Variants: fill dev x1 dev over base",
            "Variants: fill dev x1 release over base",
            "Aa: fill dev x1 release over the same program",
        ],
    );
}

#[test]
fn a_failed_aa_stops_nothing_at_another_size_or_in_another_scenario() {
    let [dev, main, aa] = copies(fill(PLAIN_NS));
    let aa = aa.warm(|reading| reading.phases[0].elapsed_ns *= 2);
    let larger = copies(Sim::cell("create").items(2000).phase("fill", &PLAIN));
    let other = copies(Sim::cell("access").phase("fill", &PLAIN));
    let cells = [[dev, main, aa], larger, other].concat();
    for found in judged(&cells).comparisons {
        let concerned = found.key.cell.scenario == "create" && found.key.cell.size.items == ITEMS;
        assert_eq!(found.stopped.is_some(), concerned, "{found:?}");
    }
}

#[test]
fn a_failed_aa_does_not_touch_the_cells() {
    let cells = judged(&[fill(2 * PLAIN_NS), fill(PLAIN_NS).aa()]).cells;
    assert!(cells.iter().all(|cell| cell.verdict == Verdict::Valid));
}

/// The flags of a cell on two threads beside one on one thread.
fn speed_up(one: &[u64], two: &[u64]) -> Vec<Flag> {
    let one = Sim::cell("create").phase("fill", one);
    let two = Sim::cell("create").threads(2).phase("fill", two);
    let [one, two] = [0, 1].map(|index| {
        let mut cells = judged(&[one.clone(), two.clone()]).cells;
        cells.swap_remove(index)
    });
    assert!(
        !one.flags.contains(&Flag::Superlinear),
        "{:?}",
        one.findings
    );
    two.flags
}

#[test]
fn a_speed_up_whose_interval_is_above_the_threads_is_superlinear() {
    let mut once_less = [3_000_000; 6];
    once_less[2] = 1_999_999;
    for (claim, one, expected) in [
        (
            "above in every round",
            [2_000_001; 6],
            &[Flag::Superlinear][..],
        ),
        ("below in every round", [1_999_999; 6], &[]),
        ("above, but not in every round", once_less, &[]),
    ] {
        assert_eq!(speed_up(&one, &PLAIN), expected, "{claim}");
    }
}

#[test]
fn without_an_interval_a_tenth_above_the_threads_is_superlinear() {
    let few = [Flag::TooFewRounds];
    let both = [Flag::Superlinear, Flag::TooFewRounds];
    assert_eq!(speed_up(&[2_200_001; 5], &PLAIN[1..]), both);
    assert_eq!(speed_up(&[2_199_999; 5], &PLAIN[1..]), few);
}

#[test]
fn only_the_build_and_role_that_is_too_fast_is_superlinear() {
    let one = copies(fill(3 * PLAIN_NS));
    let [dev, main, aa] = copies(fill(PLAIN_NS).threads(2));
    let dev = dev.warm(|reading| reading.phases[0].elapsed_ns *= 2);
    let cells = judged(&[one, [dev, main, aa]].concat()).cells;
    let flagged: Vec<usize> = (0..cells.len())
        .filter(|index| cells[*index].flags.contains(&Flag::Superlinear))
        .collect();
    assert_eq!(flagged, [4]);
    let told = "3.00 times as fast on 2 threads";
    assert_eq!(cells[4].findings[0].detail, told);
    assert_eq!(cells[4].verdict, Verdict::Suspect);
}
