//! Compares a phase with another revision's, look by look.

use super::difference::{Aa, Floors, Noise, judge_with};
use super::looks::{Level, Looks};
use super::paired::{PairedRatio, paired_ratio_at};
use crate::model::Outcome;

/// The times of one phase, each with its round.
pub(crate) type Times = Vec<(u32, u64)>;

/// The times of one phase in the rounds that all three copies ran.
#[derive(Clone, Debug, Default)]
pub(crate) struct Copies {
    rounds: Vec<u32>,
    main: Vec<f64>,
    aa: Vec<f64>,
    against: Vec<f64>,
}

impl Copies {
    /// Pairs the times of this program, its A/A copy and the other revision.
    pub(crate) fn paired([main, aa, against]: [&Times; 3]) -> Self {
        let at = |times: &Times, round: u32| {
            let found = times.iter().find(|(other, _)| *other == round);
            found.map(|(_, ns)| *ns as f64)
        };
        let mut copies = Self::default();
        for &(round, main) in main {
            if let (Some(aa), Some(against)) = (at(aa, round), at(against, round)) {
                copies.rounds.push(round);
                copies.main.push(main as f64);
                copies.aa.push(aa);
                copies.against.push(against);
            }
        }
        copies
    }

    /// Returns the number of rounds that all three ran.
    pub(crate) fn pairs(&self) -> usize {
        self.rounds.len()
    }

    /// Returns how many of them are among the first `rounds`.
    fn pairs_within(&self, rounds: u32) -> usize {
        self.rounds.partition_point(|round| *round <= rounds)
    }
}

/// The rule that a gate applies to each phase.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule<'l> {
    /// The logarithm of the allowed ratio.
    pub(crate) gate: f64,
    /// The number of phases.
    pub(crate) tests: usize,
    pub(crate) looks: &'l Looks,
}

/// The state of a phase at a look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// This program's time over the other's.
    pub(crate) ratio: PairedRatio,
    /// The p of "the ratio is 1", for all looks together.
    pub(crate) p: f64,
    /// The same for A/A.
    pub(crate) aa_p: f64,
    aa: PairedRatio,
    level: Level,
    /// The round of the deciding look.
    pub(crate) decided: Option<u32>,
}

impl Seen {
    /// Returns the share of all error that its look spends.
    pub(crate) fn share(&self) -> f64 {
        self.level.share
    }
}

impl Rule<'_> {
    /// Returns the state at the first look that decides, whatever p the other phases have,
    /// else at the end. `None` without pairs, or if a time is not positive.
    pub(crate) fn follow(&self, copies: &Copies) -> Option<Seen> {
        let last = copies.rounds.last().copied()?;
        let mut reached = self.looks.rounds().iter().filter(|round| **round <= last);
        let decided = reached.find_map(|round| self.decided(copies, *round));
        decided.or_else(|| self.see(copies, copies.pairs()))
    }

    /// Returns the state at the look after `round`, if that decides.
    pub(crate) fn decided(&self, copies: &Copies, round: u32) -> Option<Seen> {
        let seen = self.see(copies, copies.pairs_within(round))?;
        let decided = Some(round);
        self.decides(&seen).then_some(Seen { decided, ..seen })
    }

    fn see(&self, copies: &Copies, pairs: usize) -> Option<Seen> {
        let level = self.looks.level(pairs);
        let ratio = |over: &[f64], under: &[f64]| {
            paired_ratio_at(level.miss, &over[..pairs], &under[..pairs])
        };
        let of_all_looks =
            |found: &PairedRatio| (found.p_value.unwrap_or(1.0) / level.share).min(1.0);
        let (ratio, aa) = (
            ratio(&copies.main, &copies.against)?,
            ratio(&copies.main, &copies.aa)?,
        );
        Some(Seen {
            p: of_all_looks(&ratio),
            aa_p: of_all_looks(&aa),
            ratio,
            aa,
            level,
            decided: None,
        })
    }

    /// Whether the outcome holds whatever p the other phases will have: Holm's adjustment
    /// multiplies by their number at most, and by 1 at least.
    fn decides(&self, seen: &Seen) -> bool {
        let most = |p: f64| (p * self.tests as f64).min(1.0);
        let p = most(seen.p);
        let [least, most] = [seen.aa_p, most(seen.aa_p)].map(|aa_p| self.outcome(seen, p, aa_p).1);
        least == most && !matches!(most, Outcome::Noise | Outcome::Insufficient)
    }

    /// Returns the outcome for p adjusted over all phases, and what it rests on.
    pub(crate) fn outcome(&self, seen: &Seen, p: f64, aa_p: f64) -> (Judged, Outcome) {
        let noise = Noise::of(seen.aa.estimate, seen.aa.interval, aa_p);
        let beyond = match noise.aa {
            Aa::Quiet => noise.size,
            Aa::Doubtful | Aa::Failed => 2.0 * noise.size,
        };
        let floors = Floors {
            hides: noise.size > self.gate,
            ..Floors::of(self.gate, beyond)
        };
        let judged = |interval| judge_with(interval, p, floors, self.gate, noise.aa);
        let outcome = seen.ratio.interval.map_or(Outcome::Insufficient, judged);
        let judged = Judged {
            floor: floors.slower,
            aa: noise.aa,
        };
        (judged, outcome)
    }
}

/// What an outcome rests on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judged {
    /// The logarithm of the ratio beyond which a phase is slower.
    pub(crate) floor: f64,
    pub(crate) aa: Aa,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::interval::Interval;
    use crate::stats::looks::Pairs;

    fn times(ns: impl Fn(u32) -> u64, rounds: u32) -> Times {
        (1..=rounds).map(|round| (round, ns(round))).collect()
    }

    fn steady(ns: u64) -> impl Fn(u32) -> u64 {
        move |round| ns + u64::from(round * 7 % 5)
    }

    fn follow(this: [&Times; 2], against: &Times, looks: &Looks) -> Seen {
        let copies = Copies::paired([this[0], this[1], against]);
        let gate = 0.05f64.ln_1p();
        let rule = Rule {
            gate,
            tests: 1,
            looks,
        };
        rule.follow(&copies).expect("pairs")
    }

    #[test]
    fn a_decided_phase_keeps_its_outcome() {
        let looks = Looks::plan(1, Pairs { each: 20, most: 40 });
        let first = looks.rounds()[0];
        // Slower up to the first look, equal from then on.
        let now = times(
            |round| if round <= first { 1_200_000 } else { 1_000_000 },
            40,
        );
        let then = times(steady(1_000_000), 40);
        let seen = follow([&now, &now], &then, &looks);
        assert_eq!(seen.decided, Some(first));
        assert_eq!(seen.ratio.pairs, first as usize);
        assert!(seen.ratio.estimate > 1.19);
        // A single look at the end sees all pairs.
        let seen = follow([&now, &now], &then, &Looks::default());
        assert_eq!((seen.decided, seen.ratio.pairs), (None, 40));
    }

    #[test]
    fn an_undecided_phase_has_all_pairs_at_the_last_level() {
        let looks = Looks::plan(1, Pairs { each: 20, most: 40 });
        let now = times(|round| if round % 2 == 0 { 900_000 } else { 1_200_000 }, 33);
        let then = times(steady(1_000_000), 33);
        let seen = follow([&now, &now], &then, &looks);
        assert_eq!((seen.decided, seen.ratio.pairs), (None, 33));
        assert_eq!(seen.share(), looks.level(33).share);
    }

    #[test]
    fn copies_are_paired_by_round() {
        let main = vec![(1, 100), (2, 100), (4, 400)];
        let aa = vec![(1, 100), (3, 100), (4, 100)];
        let against = vec![(1, 100), (2, 100), (3, 100), (4, 100)];
        let copies = Copies::paired([&main, &aa, &against]);
        assert_eq!(copies.rounds, [1, 4]);
        assert_eq!((copies.pairs_within(3), copies.pairs()), (1, 2));
        assert_eq!(
            (copies.main, copies.aa),
            (vec![100.0, 400.0], vec![100.0; 2])
        );
    }

    #[test]
    fn a_phase_whose_aa_others_may_make_invalid_is_not_decided() {
        let interval = |low, high| Some(Interval { low, high });
        let looks = Looks::plan(3, Pairs { each: 20, most: 40 });
        let rule = Rule {
            gate: 0.05f64.ln_1p(),
            tests: 3,
            looks: &looks,
        };
        let of = |estimate, interval| PairedRatio {
            estimate,
            interval,
            pairs: 20,
            p_value: Some(1e-6),
        };
        let seen = |aa_p| Seen {
            ratio: of(1.5, interval(1.4, 1.6)),
            p: 1e-5,
            aa_p,
            aa: of(1.06, interval(1.02, 1.1)),
            level: looks.level(20),
            decided: None,
        };
        // Times three it is doubtful, and by itself it fails.
        assert!(!rule.decides(&seen(0.02)));
        assert!(rule.decides(&seen(0.2)), "doubtful in any case");
        assert!(rule.decides(&seen(0.01)), "invalid in any case");
    }
}
