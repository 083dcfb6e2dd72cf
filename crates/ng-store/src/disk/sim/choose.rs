//! Decides what a power cut keeps.

/// Decides, in a fixed order, the fate of each unsynced item in a power cut.
pub trait Choose {
    /// Takes one of `options` (at least 2), oldest first: 0 is the synced
    /// state, `options - 1` the newest.
    fn choose(&mut self, options: usize) -> usize;
}

/// Keeps everything in its newest state, as if synced.
#[derive(Clone, Copy, Debug)]
pub struct KeepAll;

/// Loses everything that was not synced.
#[derive(Clone, Copy, Debug)]
pub struct LoseAll;

impl Choose for KeepAll {
    fn choose(&mut self, options: usize) -> usize {
        options - 1
    }
}

impl Choose for LoseAll {
    fn choose(&mut self, _options: usize) -> usize {
        0
    }
}

/// Random choices that depend only on the seed.
///
/// The seed also draws the distribution: even, nearly all kept, nearly all lost, or long
/// runs of either, since even choices over a hundred sectors would never lose just one.
#[derive(Clone, Debug)]
pub struct Seeded {
    random: SplitMix64,
    manner: Manner,
}

#[derive(Clone, Copy, Debug)]
enum Manner {
    Even,
    MostlyKept,
    MostlyLost,
    Runs { keeping: bool },
}

/// One choice in this many departs from the pattern.
const DEPARTS: u64 = 12;

impl Seeded {
    /// Starts the choices that belong to `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = SplitMix64(seed);
        let manner = match random.below(5) {
            0 | 1 => Manner::Even,
            2 => Manner::MostlyKept,
            3 => Manner::MostlyLost,
            _ => Manner::Runs {
                keeping: random.below(2) == 0,
            },
        };
        Self { random, manner }
    }
}

impl Choose for Seeded {
    fn choose(&mut self, options: usize) -> usize {
        let departs = self.random.below(DEPARTS) == 0;
        if let Manner::Runs { keeping } = &mut self.manner {
            *keeping ^= departs;
            return if *keeping { options - 1 } else { 0 };
        }
        match self.manner {
            Manner::MostlyKept if !departs => options - 1,
            Manner::MostlyLost if !departs => 0,
            _ => self.random.below(options as u64) as usize,
        }
    }
}

/// Every combination of choices in turn: one power cut for each time
/// [`advance`](Self::advance) returns true.
#[derive(Clone, Debug, Default)]
pub struct Exhaustive {
    taken: Vec<Taken>,
    next: usize,
    started: bool,
}

#[derive(Clone, Copy, Debug)]
struct Taken {
    choice: usize,
    options: usize,
}

impl Exhaustive {
    /// Starts before the first combination, which loses everything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes to the next combination; false after the last.
    pub fn advance(&mut self) -> bool {
        if !self.started {
            self.started = true;
            return true;
        }
        self.next = 0;
        while let Some(last) = self.taken.last_mut() {
            if last.choice + 1 < last.options {
                last.choice += 1;
                return true;
            }
            self.taken.pop();
        }
        false
    }
}

impl Choose for Exhaustive {
    fn choose(&mut self, options: usize) -> usize {
        if self.next == self.taken.len() {
            self.taken.push(Taken { choice: 0, options });
        }
        let taken = self.taken[self.next];
        assert_eq!(
            taken.options, options,
            "a combination diverged from the one before it"
        );
        self.next += 1;
        taken.choice
    }
}

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
#[derive(Clone, Debug)]
struct SplitMix64(u64);

impl SplitMix64 {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^= word >> 31;
        ((u128::from(word) * u128::from(bound)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn exhaustive_choices_are_every_combination_once() {
        let mut choices = Exhaustive::new();
        let mut seen = Vec::new();
        while choices.advance() {
            // The second question depends on the first answer.
            let first = choices.choose(3);
            let second = if first == 1 { 9 } else { choices.choose(2) };
            seen.push((first, second));
        }
        assert_eq!(seen, [(0, 0), (0, 1), (1, 9), (2, 0), (2, 1)]);
    }

    #[test]
    fn nothing_to_choose_is_one_combination() {
        let mut choices = Exhaustive::new();
        assert!(choices.advance());
        assert!(!choices.advance());
    }

    #[test]
    fn seeds_decide_alone_and_reach_every_option() {
        let run = |seed| -> Vec<usize> {
            let mut choices = Seeded::new(seed);
            (0..64).map(|_| choices.choose(3)).collect()
        };
        let mut runs = BTreeSet::new();
        for seed in 0..64 {
            assert_eq!(run(seed), run(seed), "seed {seed}");
            runs.insert(run(seed));
        }
        assert!(runs.len() > 60, "{} of 64 seeds differ", runs.len());
        let seen: BTreeSet<usize> = runs.into_iter().flatten().collect();
        assert_eq!(seen, BTreeSet::from([0, 1, 2]));
    }

    #[test]
    fn some_seeds_lose_one_of_many_and_some_keep_one() {
        let lost = |seed| {
            let mut choices = Seeded::new(seed);
            (0..16).filter(|_| choices.choose(2) == 0).count()
        };
        let counts: BTreeSet<usize> = (0..200).map(lost).collect();
        assert!(counts.contains(&1) && counts.contains(&15), "{counts:?}");
        assert!(counts.contains(&8), "{counts:?}");
    }
}
