//! The looks of a run, and the level of each.

use super::boundary;
use super::interval::MISS;
use super::rounds::{ALPHA, MIN_SAMPLES, can_tell, smallest_paired_p};

/// The pairs of a look over those of the one before.
const GROWTH: f64 = 1.5;
/// If the last look has less than this times the pairs of the one before, that one is
/// left out.
const APART: f64 = 1.25;
/// The share spent by the rounds that all blocks have time for; blocks that go on spend
/// the rest.
const BY_EACH: f64 = 0.8;
/// The error spent grows as this power of the pairs: little while they are few.
const POWER: f64 = 1.5;

/// The numbers of pairs at which a run looks at each test, fixed before the first pair
/// counts. If empty, there is one look, at the end.
///
/// Each look spends a share of the 5 %, which is fixed too. So intervals at the level of
/// their look cover with 95 % for all looks together, however the last one is chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Looks {
    rounds: Vec<u32>,
    levels: Vec<Level>,
}

/// The pairs that all tests have time for, and the most that a test can have if others
/// stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pairs {
    pub(crate) each: u32,
    pub(crate) most: u32,
}

impl Pairs {
    /// Returns the share of the error spent by `rounds`.
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

/// Returns numbers of pairs that grow from `from`, and end well before `to`.
fn rising(from: u32, to: u32) -> impl Iterator<Item = u32> {
    let next = |rounds: &u32| Some((f64::from(*rounds) * GROWTH).ceil() as u32);
    let all = std::iter::successors(Some(from), next);
    all.take_while(move |rounds| f64::from(*rounds) * APART < f64::from(to))
}

/// The error allowed at one look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Level {
    /// The probability that an interval misses.
    pub(crate) miss: f64,
    /// The share of all error spent here: p divided by it holds for all looks, by
    /// Bonferroni's inequality.
    pub(crate) share: f64,
}

impl Level {
    /// The level of a single look.
    pub(crate) const WHOLE: Self = Self {
        miss: MISS,
        share: 1.0,
    };
}

impl Looks {
    /// Plans the looks of one test among `tests`: the first where a difference can count,
    /// each later one after half as many pairs again. Empty if only the last would remain.
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

    /// Takes looks as rounds, rising, and shares of the error.
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

    /// Returns the rounds of each look, rising, with its share of the error.
    pub(crate) fn shares(&self) -> impl Iterator<Item = (u32, f64)> {
        let shares = self.levels.iter().map(|level| level.share);
        self.rounds.iter().copied().zip(shares)
    }

    /// Returns the rounds of each look, rising.
    pub(crate) fn rounds(&self) -> &[u32] {
        &self.rounds
    }

    /// Returns the level after `pairs`: that of the look there, or of the next. A run that
    /// ends between two looks has its next look there.
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
        // A look at 17 would be too near the one at 20.
        assert_eq!(plan(10, 20, 20).rounds(), [11, 20]);
        assert_eq!(plan(1, 12, 12).rounds(), [8, 12]);
    }

    #[test]
    fn without_rounds_for_a_second_look_there_are_none() {
        for (tests, each) in [(10, 9), (1, 8), (1, 9), (10, 3), (0, 0)] {
            assert_eq!(plan(tests, each, each), Looks::default(), "{tests}, {each}");
        }
        assert_eq!(Looks::after(&[(9, 0.5), (8, 0.5)]), Looks::default());
        assert_eq!(Looks::default().level(9), Level::WHOLE);
    }

    #[test]
    fn shares_sum_to_one_and_each_look_is_stricter_than_a_single_one() {
        for (each, most) in [(12, 12), (30, 45), (30, 60), (200, 400)] {
            let looks = plan(6, each, most);
            let shares: f64 = looks.shares().map(|(_, share)| share).sum();
            assert!((shares - 1.0).abs() < 1e-12);
            for level in &looks.levels {
                // Between Bonferroni's level and that of a single look.
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
