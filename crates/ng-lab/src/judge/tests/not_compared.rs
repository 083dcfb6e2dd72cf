//! Missing ratios, and why.

use super::pairs::plan;
use super::sim::{PLAIN, Sim, judged};
use crate::model::{ComparisonKind, NotCompared};

fn fill() -> Sim {
    Sim::cell("create").phase("fill", &PLAIN)
}

/// A missing ratio in one line.
fn line(lack: &NotCompared) -> String {
    format!(
        "{:?}: {} {} x{} {} over {}: {}",
        lack.kind,
        lack.key.phase.as_deref().unwrap_or("all"),
        lack.key.cell.variant,
        lack.key.cell.threads,
        lack.key.cell.profile.name(),
        lack.against,
        lack.reason
    )
}

#[track_caller]
fn check(claim: &str, cells: &[Sim], expected: &[&str]) {
    let found = judged(cells).not_compared;
    let lines: Vec<String> = found.iter().map(line).collect();
    assert_eq!(lines, expected, "{claim}");
}

#[test]
fn if_everything_was_compared_nothing_is_missing() {
    check("a whole plan", &plan().concat(), &[]);
}

#[test]
fn a_cell_that_was_skipped_or_failed_gives_its_reason() {
    let skipped = Sim::cell("create").skipped("needs 9 MiB");
    check(
        "both builds were skipped",
        &[skipped.clone().dev(), skipped],
        &[
            "DevVsRelease: all base x1 release over dev: the dev cell of variant base is skipped: needs 9 MiB",
        ],
    );
    let failed = (0..=6).fold(fill(), |sim, round| sim.failed(round, "killed"));
    check(
        "release failed in every round",
        &[fill().dev(), failed],
        &[
            "DevVsRelease: fill base x1 release over dev: the release cell of variant base is failed: round 0: killed",
        ],
    );
}

#[test]
fn a_phase_that_only_one_side_has_is_named() {
    let both = || fill().phase("read", &PLAIN);
    check(
        "dev lacks it",
        &[fill().dev(), both()],
        &[
            "DevVsRelease: read base x1 release over dev: the dev cell of variant base has no phase read",
        ],
    );
    check(
        "release lacks it",
        &[both().dev(), fill()],
        &[
            "DevVsRelease: read base x1 release over dev: the release cell of variant base has no phase read",
        ],
    );
    check(
        "the copy lacks it",
        &[both().dev(), both(), fill().aa()],
        &["Aa: read base x1 release over the same program: the A/A copy has no phase read"],
    );
    check(
        "a variant of the base lacks it",
        &[
            both().dev(),
            both(),
            fill().variant("other").dev(),
            fill().variant("other"),
        ],
        &[],
    );
    check(
        "the base lacks it",
        &[
            fill().dev(),
            fill(),
            both().variant("other").dev(),
            both().variant("other"),
        ],
        &[
            "Variants: read other x1 dev over base: the dev cell of variant base has no phase read",
            "Variants: read other x1 release over base: the release cell of variant base has no phase read",
        ],
    );
}

#[test]
fn rounds_of_only_one_side_make_no_ratio() {
    let only = |rounds: [usize; 3]| {
        rounds
            .iter()
            .fold(fill(), |sim, round| sim.failed(*round, "killed"))
    };
    let cells = [only([1, 2, 3]).dev(), only([4, 5, 6])];
    let found = judged(&cells).not_compared;
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .reason
            .starts_with("the dev cell of variant base is failed")
    );
    check(
        "interrupted in round 0",
        &[
            fill().dev().interrupted_after(1),
            fill().interrupted_after(1),
        ],
        &["DevVsRelease: fill base x1 release over dev: no round after round 0 has both"],
    );
}

#[test]
fn every_cell_lists_what_was_not_requested() {
    check(
        "one build",
        &[fill(), fill().aa()],
        &["DevVsRelease: all base x1 release over dev: dev was not measured"],
    );
    check(
        "the other build",
        &[fill().dev()],
        &["DevVsRelease: all base x1 dev over release: release was not measured"],
    );
    check(
        "several threads and not one",
        &[fill().threads(2).dev(), fill().threads(2)],
        &[
            "Threads: all base x2 dev over 1 thread: it was not measured on 1 thread",
            "Threads: all base x2 release over 1 thread: it was not measured on 1 thread",
        ],
    );
}

#[test]
fn what_the_other_revision_cannot_run_has_its_own_reason() {
    let lacking = fill().against().interrupted_after(1);
    let lacking = lacking.failed(0, "no scenario create");
    check(
        "it lacks the scenario",
        &[fill().dev(), fill(), fill().aa(), lacking],
        &[
            "Against: fill base x1 release over the other side: the release cell of variant base is skipped: the other revision cannot run it: no scenario create",
        ],
    );
}

#[test]
fn a_baseline_that_lacks_a_cell_or_a_phase_says_so() {
    use super::gate::baseline;
    use super::sim::report;
    use crate::judge::hold;
    let both = || fill().phase("read", &PLAIN);
    let then = report(&[fill()]);
    let mut now = report(&[both(), fill().variant("other")]);
    hold(&mut now, &baseline(then, super::gate::gate(5.0)));
    let mut found = now.not_compared;
    found.retain(|lack| lack.kind == ComparisonKind::Baseline);
    let lines: Vec<&str> = found.iter().map(|lack| lack.reason.as_str()).collect();
    let expected = [
        "the baseline has no phase read",
        "the baseline has no such cell",
    ];
    assert_eq!(lines, expected);
    assert_eq!(found[1].key.phase, None);
}
