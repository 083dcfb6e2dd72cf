//! When a run looks whether to go on, and what each look may err.

use super::boundary;
use super::interval::MISS;
use super::rounds::{ALPHA, MIN_SAMPLES, can_tell, smallest_paired_p};

/// A look has so many times the pairs of the one before.
const GROWTH: f64 = 1.5;
/// The last look but one is left out where the last has fewer times its pairs.
const APART: f64 = 1.25;
/// What is spent of the error by the time that all blocks have had their rounds; the
/// rest is for those that go on.
const BY_EACH: f64 = 0.8;
/// Error is spent by this power of the pairs: little while they are few.
const POWER: f64 = 1.5;

/// The numbers of pairs after which one test among several is looked at, fixed before
/// the first pair counts. Without any there is one look, at the end.
///
/// Each look may err with its share of 5 %, which is fixed too. So an interval at the
/// level of its look covers with 95 % for all looks together, whatever decides which of
/// them is the last.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Looks {
    rounds: Vec<u32>,
    levels: Vec<Level>,
}

/// The pairs of a test: as many as all have time for, and the most of one that goes on
/// while others have stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pairs {
    pub(crate) each: u32,
    pub(crate) most: u32,
}

impl Pairs {
    /// The part of the error that is spent after so many.
    fn spent(self, rounds: u32) -> f64 {
        let [rounds, each, most] = [rounds, self.each, self.most].map(f64::from);
        let by_each = if most > each { BY_EACH } else { 1.0 };
        if rounds <= each {
            by_each * (rounds / each).powf(POWER)
        } else {
            by_each + (1.0 - by_each) * (rounds - each) / (most - each)
        }
    }
}

/// Rising by the growth to before `to`, and not too near to it.
fn rising(from: u32, to: u32) -> impl Iterator<Item = u32> {
    let next = |rounds: &u32| Some((f64::from(*rounds) * GROWTH).ceil() as u32);
    let all = std::iter::successors(Some(from), next);
    all.take_while(move |rounds| f64::from(*rounds) * APART < f64::from(to))
}

/// What one look may err.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Level {
    /// With which probability an interval may miss.
    pub(crate) miss: f64,
    /// The part of all error that is spent here: a p over this is one of all looks,
    /// by Bonferroni's inequality.
    pub(crate) share: f64,
}

impl Level {
    /// Of a look that is the only one.
    pub(crate) const WHOLE: Self = Self {
        miss: MISS,
        share: 1.0,
    };
}

impl Looks {
    /// Looks for one test among `tests`: the first where a difference can count, each
    /// later one half as many pairs on. None at all if only the last would be left.
    pub(crate) fn plan(tests: usize, pairs: Pairs) -> Self {
        let tells = |rounds: &u32| {
            let p = smallest_paired_p(*rounds as usize) / pairs.spent(*rounds);
            can_tell(tests, [*rounds as usize; 2], p)
        };
        let Some(first) = (MIN_SAMPLES as u32..=pairs.each).find(tells) else {
            return Self::default();
        };
        let mut rounds: Vec<u32> = rising(first, pairs.each).collect();
        rounds.extend(rising(pairs.each, pairs.most));
        rounds.push(pairs.most);
        let spent: Vec<f64> = rounds.iter().map(|rounds| pairs.spent(*rounds)).collect();
        let before = [0.0].iter().chain(&spent);
        let shares = spent.iter().zip(before).map(|(now, then)| now - then);
        Self::after(&rounds.iter().copied().zip(shares).collect::<Vec<_>>())
    }

    /// Looks after so many rounds each, rising, with their shares of the error.
    pub(crate) fn after(looks: &[(u32, f64)]) -> Self {
        let rising = looks.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let (Some(&(most, _)), true) = (looks.last(), rising && looks.len() > 1) else {
            return Self::default();
        };
        let times: Vec<f64> = looks
            .iter()
            .map(|(rounds, _)| f64::from(*rounds) / f64::from(most))
            .collect();
        let spent: Vec<f64> = looks.iter().map(|(_, share)| share * ALPHA).collect();
        let levels = boundary::levels(&times, &spent).into_iter().zip(looks);
        Self {
            rounds: looks.iter().map(|(rounds, _)| *rounds).collect(),
            levels: levels
                .map(|(miss, (_, share))| Level {
                    miss,
                    share: *share,
                })
                .collect(),
        }
    }

    /// The numbers of rounds with the shares of the error, rising.
    pub(crate) fn shares(&self) -> impl Iterator<Item = (u32, f64)> {
        let shares = self.levels.iter().map(|level| level.share);
        self.rounds.iter().copied().zip(shares)
    }

    /// The numbers of rounds, rising.
    pub(crate) fn rounds(&self) -> &[u32] {
        &self.rounds
    }

    /// The level after so many pairs: that of the look that comes then or next. A run
    /// may end between two looks, and then has its next look there.
    pub(crate) fn level(&self, pairs: usize) -> Level {
        let next = self
            .rounds
            .partition_point(|rounds| (*rounds as usize) < pairs);
        let last = self.levels.last().copied().unwrap_or(Level::WHOLE);
        self.levels.get(next).copied().unwrap_or(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(tests: usize, each: u32, most: u32) -> Looks {
        Looks::plan(tests, Pairs { each, most })
    }

    #[test]
    fn the_first_look_is_where_a_difference_can_count() {
        // By hand: 10 tests at 2 / 2^n below 5 % times 0.8 (n / 30)^1.5, so n is 12.
        assert_eq!(plan(10, 30, 60).rounds(), [12, 18, 30, 45, 60]);
        // The look at 18 would be too near to the one at 20.
        assert_eq!(plan(10, 20, 20).rounds(), [11, 20]);
        assert_eq!(plan(1, 12, 12).rounds(), [8, 12]);
    }

    #[test]
    fn too_few_rounds_for_a_second_look_have_none() {
        for (tests, each) in [(10, 9), (1, 8), (1, 9), (10, 3), (0, 0)] {
            assert_eq!(plan(tests, each, each), Looks::default(), "{tests}, {each}");
        }
        assert_eq!(Looks::after(&[(9, 0.5), (8, 0.5)]), Looks::default());
        assert_eq!(Looks::default().level(9), Level::WHOLE);
    }

    #[test]
    fn all_looks_together_spend_the_whole_and_each_is_stricter_than_one_alone() {
        for (each, most) in [(12, 12), (30, 45), (30, 60), (200, 400)] {
            let looks = plan(6, each, most);
            let shares: f64 = looks.shares().map(|(_, share)| share).sum();
            assert!((shares - 1.0).abs() < 1e-12);
            for level in &looks.levels {
                // Between Bonferroni's and that of a look that is the only one.
                assert!(level.miss >= level.share * MISS - 1e-9, "{level:?}");
                assert!(level.miss < MISS, "{level:?}");
            }
        }
    }

    #[test]
    fn a_run_that_ends_between_looks_has_the_level_of_the_next() {
        let looks = Looks::after(&[(10, 0.2), (20, 0.3), (40, 0.5)]);
        for (pairs, index) in [(0, 0), (10, 0), (11, 1), (20, 1), (21, 2), (40, 2), (41, 2)] {
            assert_eq!(looks.level(pairs), looks.levels[index], "{pairs}");
        }
    }
}
