//! Growth with the number of items.

use super::assert_about;
use super::sim::{PLAIN_NS, Sim, judged};
use crate::model::{Flag, Scaling, Verdict};

fn cell(items: u64, ns: u64) -> Sim {
    Sim::cell("create").phase("fill", &[ns; 6]).items(items)
}

fn found(cells: &[Sim]) -> Vec<Scaling> {
    judged(cells).scaling
}

#[test]
fn the_exponent_is_the_slope_between_two_sizes() {
    for (factor, exponent) in [(1, 0.0), (10, 1.0), (100, 2.0)] {
        let found = found(&[cell(1_000, PLAIN_NS), cell(10_000, factor * PLAIN_NS)]);
        let [scaling] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(
            (scaling.from, scaling.to, scaling.pairs),
            (1_000, 10_000, 6)
        );
        assert_about(scaling.exponent, exponent);
        let [low, high] = scaling.ci95.unwrap().0;
        assert_about(low, exponent);
        assert_about(high, exponent);
    }
}

/// From each size to the next, and from the smallest to each.
#[test]
fn sizes_are_compared_with_the_next_smaller_and_the_smallest() {
    let cells = [
        cell(1_000, PLAIN_NS),
        cell(100, PLAIN_NS),
        cell(10_000, PLAIN_NS),
    ];
    let mut pairs: Vec<_> = found(&cells).iter().map(|s| (s.from, s.to)).collect();
    pairs.sort_unstable();
    assert_eq!(pairs, [(100, 1_000), (100, 10_000), (1_000, 10_000)]);
}

#[test]
fn only_sizes_of_the_same_work_are_compared() {
    let small = cell(100, PLAIN_NS);
    for other in [
        cell(100, PLAIN_NS),
        cell(1_000, PLAIN_NS).dev(),
        cell(1_000, PLAIN_NS).threads(2),
        cell(1_000, PLAIN_NS).variant("other"),
        cell(1_000, PLAIN_NS).aa(),
    ] {
        let found = found(&[small.clone(), other]);
        assert!(found.is_empty(), "{found:?}");
    }
}

#[test]
fn rounds_are_paired_and_few_have_no_interval() {
    let times = [1, 2, 4, 8, 16].map(|factor| factor * PLAIN_NS);
    let small = Sim::cell("create").phase("fill", &times).items(100);
    let large = Sim::cell("create").phase("fill", &times.map(|ns| 10 * ns));
    let found = found(&[small, large]);
    assert_about(found[0].exponent, 1.0);
    assert_eq!((found[0].pairs, found[0].ci95), (5, None));
}

#[test]
fn a_cell_that_cannot_be_used_stops_the_exponent() {
    let invalid = cell(1_000, PLAIN_NS).touched(1 << 30, 0);
    let judgement = judged(&[cell(100, PLAIN_NS), invalid]);
    assert_eq!(judgement.cells[1].flags, [Flag::WorkNotDone]);
    assert_eq!(judgement.cells[1].verdict, Verdict::Invalid);
    assert_eq!(
        judgement.scaling[0].stopped.as_deref(),
        Some("the release cell of variant base is invalid")
    );
}
