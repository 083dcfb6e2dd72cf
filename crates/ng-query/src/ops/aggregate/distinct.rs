use crate::ops::id_set::IdSet;

/// More different numbers than this are kept as bits.
const FEW: usize = 4096;

/// Which numbers occur.
#[derive(Clone)]
pub(super) enum Distinct {
    /// In any order, some of them more than once.
    Few(Vec<u32>),
    Many(IdSet),
}

impl Distinct {
    pub(super) fn new() -> Self {
        Self::Few(Vec::new())
    }

    pub(super) fn add(&mut self, number: u32) {
        match self {
            Self::Many(set) => {
                set.add(number);
            }
            Self::Few(numbers) => {
                numbers.push(number);
                if numbers.len() == 2 * FEW {
                    self.thin_out();
                }
            }
        }
    }

    fn thin_out(&mut self) {
        let Self::Few(numbers) = self else {
            return;
        };
        numbers.sort_unstable();
        numbers.dedup();
        if numbers.len() > FEW {
            *self = Self::Many(set_of(numbers, IdSet::default()));
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        match (&mut *self, other) {
            (_, Self::Few(numbers)) => numbers.iter().for_each(|&number| self.add(number)),
            (Self::Many(set), Self::Many(other)) => set.merge(other),
            (Self::Few(numbers), Self::Many(other)) => {
                *self = Self::Many(set_of(numbers, other.clone()));
            }
        }
    }

    pub(super) fn count(&mut self) -> u64 {
        self.thin_out();
        match self {
            Self::Few(numbers) => numbers.len() as u64,
            Self::Many(set) => set.count(),
        }
    }
}

/// A set with more numbers.
fn set_of(numbers: &[u32], mut set: IdSet) -> IdSet {
    for &number in numbers {
        set.add(number);
    }
    set
}
