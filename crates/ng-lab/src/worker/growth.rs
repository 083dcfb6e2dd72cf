//! Checks that a phase's time grows with its items, in spite of noise.
//!
//! A worker runs its cell again at a fraction of the items. Disturbances only add time,
//! so best times are compared, and a worker whose times do not show clear growth
//! repeats the fraction before the phase is flagged.

use crate::model::Flag;
use crate::worker::run::PhaseReading;

/// The growth check runs a cell again at this fraction of its items.
pub const FRACTION: u64 = 8;

/// At an eighth of the items, honest work takes an eighth of the time; a factor of 2
/// leaves room for fixed costs and caches. On huge pages, a half and a third of an
/// eighth were seen.
const AT_LEAST: f64 = Flag::Elided.threshold();
/// Below this growth a worker repeats the fraction. Higher than the final threshold, so
/// that the best time of another round cannot reverse the result.
const CLEARLY: f64 = 3.0;
/// The most runs: together they take no longer than the cell itself.
const RUNS: u64 = FRACTION;
/// An empty phase was seen to take this much longer in one worker than in another: its
/// first instructions come from cold caches.
const EMPTY_PHASE_NS: f64 = 1000.0;

/// Whether the best time of a phase has grown from its best at the fraction. Growth
/// within `resolution_ns` does not count.
pub(crate) fn is_shown(whole_ns: f64, fraction_ns: f64, resolution_ns: f64) -> bool {
    grows_by(AT_LEAST, whole_ns, fraction_ns, resolution_ns)
}

fn grows_by(factor: f64, whole_ns: f64, fraction_ns: f64, resolution_ns: f64) -> bool {
    let resolution_ns = EMPTY_PHASE_NS.max(resolution_ns);
    whole_ns >= factor * fraction_ns && whole_ns - fraction_ns > resolution_ns
}

/// The best time of each phase over runs at the fraction: one run if it clearly shows
/// growth of all phases that must grow, else up to [`RUNS`] or until one fails, which
/// affects only this check.
///
/// # Errors
/// The first run fails.
pub(crate) fn best_times<E>(
    whole: &[PhaseReading],
    mut run: impl FnMut() -> Result<Vec<u64>, E>,
) -> Result<Vec<u64>, E> {
    let mut best = run()?;
    for _ in 1..RUNS {
        if are_clear(whole, &best) {
            break;
        }
        let Ok(again) = run() else { break };
        for (best, again) in best.iter_mut().zip(again) {
            *best = again.min(*best);
        }
    }
    Ok(best)
}

fn are_clear(whole: &[PhaseReading], best: &[u64]) -> bool {
    let mut phases = whole.iter().zip(best).filter(|(phase, _)| phase.grows);
    phases.all(|(phase, best)| grows_by(CLEARLY, phase.elapsed_ns as f64, *best as f64, 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::run::Run;

    /// Phases with these times; `false` marks those that need not grow.
    fn phases(times: &[(u64, bool)]) -> Vec<PhaseReading> {
        let mut run = Run::default();
        for _ in times {
            run.phase("work", 1).time(|| ());
        }
        let mut phases = run.into_parts().0;
        for (phase, (elapsed_ns, grows)) in phases.iter_mut().zip(times) {
            (phase.elapsed_ns, phase.grows) = (*elapsed_ns, *grows);
        }
        phases
    }

    /// The best times over runs that give `times`, and the number of runs.
    fn best_of(whole: &[(u64, bool)], times: &[&[u64]]) -> (Vec<u64>, usize) {
        let mut runs = 0;
        let best = best_times(&phases(whole), || {
            runs += 1;
            Ok::<_, ()>(times[(runs - 1).min(times.len() - 1)].to_vec())
        });
        (best.unwrap(), runs)
    }

    #[test]
    fn a_run_at_the_fraction_is_repeated_until_growth_is_clear() {
        let (first, second) = (12_000_000, 6_000_000);
        let whole = [(first, true), (second, true)];
        for (claim, times, best, runs) in [
            (
                "clear at once",
                &[&[4_000_000, 2_000_000][..]][..],
                [4_000_000, 2_000_000],
                1,
            ),
            (
                "slow once",
                &[&[4_000_001, 2_000_000], &[1_500_000, 2_500_000]],
                [1_500_000, 2_000_000],
                2,
            ),
            (
                "each phase has its own best run",
                &[&[9_000_000, 700_000], &[1_500_000, 5_000_000]],
                [1_500_000, 700_000],
                2,
            ),
            (
                "never",
                &[&[12_000_000, 6_000_000]],
                [12_000_000, 6_000_000],
                8,
            ),
        ] {
            assert_eq!(best_of(&whole, times), (best.to_vec(), runs), "{claim}");
        }
    }

    #[test]
    fn a_phase_that_need_not_grow_causes_no_repeats() {
        let whole = [(5_000_000, false), (12_000_000, true)];
        let (_, runs) = best_of(&whole, &[&[5_000_000, 1_500_000]]);
        assert_eq!(runs, 1);
    }

    /// Twenty times as long, but a cold cache explains it.
    #[test]
    fn growth_within_a_microsecond_is_not_clear() {
        let (_, runs) = best_of(&[(1_000, true)], &[&[50]]);
        assert_eq!(runs, 8);
    }

    /// The result, and the number of runs, if run `failing` fails.
    fn failing_at(failing: u64) -> (Result<Vec<u64>, &'static str>, u64) {
        let mut runs = 0;
        let best = best_times(&phases(&[(1_000_000, true)]), || {
            runs += 1;
            if runs == failing {
                return Err("disk full");
            }
            Ok(vec![1_000_000 - runs])
        });
        (best, runs)
    }

    #[test]
    fn the_first_run_must_not_fail_and_another_one_ends_it() {
        assert_eq!(failing_at(1), (Err("disk full"), 1));
        assert_eq!(failing_at(3), (Ok(vec![1_000_000 - 2]), 3));
        assert_eq!(failing_at(9), (Ok(vec![1_000_000 - 8]), 8));
    }
}
