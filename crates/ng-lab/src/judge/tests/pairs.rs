//! Which cells are compared with which.

use super::sim::{PLAIN, Sim, judged};
use crate::model::{Comparison, ComparisonKind};

/// The copies of a cell, as a plan has them.
pub(super) fn copies(sim: Sim) -> [Sim; 3] {
    [sim.clone().dev(), sim.clone(), sim.aa()]
}

/// Copies that take `factor` times the plain time, and dev twice as long.
pub(super) fn variant(name: &str, threads: usize, factor: u64) -> [Sim; 3] {
    let cell = Sim::cell("create").variant(name).threads(threads);
    let times = PLAIN.map(|ns| ns * factor);
    let [dev, main, aa] = copies(cell.phase("fill", &times).phase("read", &times));
    let dev = dev.warm(|reading| {
        for phase in &mut reading.phases {
            phase.elapsed_ns *= 2;
        }
    });
    [dev, main, aa]
}

/// A comparison in one line: what is compared with what.
pub(super) fn line(comparison: &Comparison) -> String {
    format!(
        "{:?}: {} {} x{} {} over {}",
        comparison.kind,
        comparison.key.phase_name(),
        comparison.key.cell.variant,
        comparison.key.cell.threads,
        comparison.key.cell.profile.name(),
        comparison.against,
    )
}

fn lines(cells: &[Sim], kind: ComparisonKind) -> Vec<String> {
    let found = judged(cells).comparisons;
    let found = found
        .iter()
        .filter(|found| found.kind == kind && found.key.phase_name() == "fill");
    found
        .map(|found| format!("{}: {:.2}", line(found), found.estimate))
        .collect()
}

/// The base on one thread and on two, and two variants on one. Times are such
/// that a ratio tells which cells it is of.
pub(super) fn plan() -> [[Sim; 3]; 4] {
    [
        ("base", 1, 30),
        ("second", 1, 20),
        ("dev", 1, 12),
        ("base", 2, 25),
    ]
    .map(|(name, threads, factor)| variant(name, threads, factor))
}

#[test]
fn dev_is_compared_with_release_in_every_cell() {
    let expected = [
        "DevVsRelease: fill base x1 release over dev: 2.00",
        "DevVsRelease: fill second x1 release over dev: 2.00",
        "DevVsRelease: fill dev x1 release over dev: 2.00",
        "DevVsRelease: fill base x2 release over dev: 2.00",
    ];
    assert_eq!(
        lines(&plan().concat(), ComparisonKind::DevVsRelease),
        expected
    );
}

#[test]
fn the_aa_copy_is_compared_with_its_own_build_and_with_nothing_else() {
    let expected = [
        "Aa: fill base x1 release over the same program: 1.00",
        "Aa: fill second x1 release over the same program: 1.00",
        "Aa: fill dev x1 release over the same program: 1.00",
        "Aa: fill base x2 release over the same program: 1.00",
    ];
    assert_eq!(lines(&plan().concat(), ComparisonKind::Aa), expected);
    let [_, main, aa] = variant("base", 1, 1);
    let expected = ["Aa: fill base x1 dev over the same program: 1.00"];
    assert_eq!(lines(&[main.dev(), aa.dev()], ComparisonKind::Aa), expected);
}

#[test]
fn threads_are_compared_within_a_variant_and_a_build() {
    let expected = [
        "Threads: fill base x2 dev over 1 thread: 1.20",
        "Threads: fill base x2 release over 1 thread: 1.20",
    ];
    assert_eq!(lines(&plan().concat(), ComparisonKind::Threads), expected);
    let [one, two, four] = [1, 2, 4].map(|threads| variant("base", threads, 1));
    assert!(lines(&[two, four].concat(), ComparisonKind::Threads).is_empty());
    let other = variant("second", 2, 1);
    assert!(lines(&[one, other].concat(), ComparisonKind::Threads).is_empty());
}

#[test]
fn every_variant_is_compared_with_the_base_and_not_the_base_with_them() {
    let expected = [
        "Variants: fill second x1 dev over base: 1.50",
        "Variants: fill second x1 release over base: 1.50",
        "Variants: fill dev x1 dev over base: 2.50",
        "Variants: fill dev x1 release over base: 2.50",
    ];
    assert_eq!(lines(&plan().concat(), ComparisonKind::Variants), expected);
}

#[track_caller]
fn assert_apart(first: &Sim, second: &Sim) {
    let cells = [first, second].map(|sim| sim.clone().phase("fill", &PLAIN));
    let found = judged(&cells).comparisons;
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn other_items_and_scenarios_are_not_compared() {
    let base = Sim::cell("create");
    for other in [base.clone().items(2000), Sim::cell("access")] {
        assert_apart(&base.clone().dev(), &other);
        assert_apart(&base, &other.clone().aa());
        assert_apart(&base, &other.clone().threads(2));
        assert_apart(&base, &other.variant("other"));
    }
}

#[test]
fn cells_that_differ_in_two_ways_are_not_compared() {
    let base = Sim::cell("create");
    let dev = base.clone().dev();
    let (two, other) = (base.clone().threads(2), base.clone().variant("other"));
    for second in [base.clone().aa(), two.clone(), other.clone()] {
        assert_apart(&dev, &second);
    }
    for second in [two.aa(), other.clone().aa(), other.threads(2)] {
        assert_apart(&base, &second);
    }
}

#[test]
fn phases_are_compared_by_name() {
    let base = Sim::cell("create").phase("reserve", &PLAIN);
    let cells = [
        base.phase("fill", &PLAIN.map(|ns| 3 * ns)),
        Sim::cell("create").variant("other").phase("fill", &PLAIN),
    ];
    let expected = ["Variants: fill other x1 release over base: 3.00"];
    assert_eq!(lines(&cells, ComparisonKind::Variants), expected);
}

#[test]
fn skipped_cells_are_not_compared() {
    let skipped = || Sim::cell("create").skipped("too large");
    let cells = [skipped().dev(), Sim::cell("create").phase("fill", &PLAIN)];
    assert!(judged(&cells).comparisons.is_empty());
    assert!(judged(&copies(skipped())).comparisons.is_empty());
}
