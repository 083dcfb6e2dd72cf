use crate::memory::{Refused, spare};
use crate::ops::id_set::IdSet;

/// Beyond this many numbers, a set is kept as bits.
const FEW: usize = 4096;

/// A set of numbers.
pub(super) enum Distinct {
    /// In any order, with repetitions.
    Few(Vec<u32>),
    Many(IdSet),
}

impl Distinct {
    pub(super) fn new() -> Self {
        Self::Few(Vec::new())
    }

    pub(super) fn add(&mut self, number: u32) -> Result<(), Refused> {
        match self {
            Self::Many(set) => set.add(number),
            Self::Few(numbers) => {
                if numbers.len() == numbers.capacity() {
                    spare()?;
                    numbers.try_reserve(1)?;
                }
                numbers.push(number);
                match numbers.len() == 2 * FEW {
                    true => self.thin_out(),
                    false => Ok(()),
                }
            }
        }
    }

    fn thin_out(&mut self) -> Result<(), Refused> {
        let Self::Few(numbers) = self else {
            return Ok(());
        };
        numbers.sort_unstable();
        numbers.dedup();
        if numbers.len() > FEW {
            *self = Self::Many(set_of(numbers, IdSet::default())?);
        }
        Ok(())
    }

    pub(super) fn merge(&mut self, other: Self) -> Result<(), Refused> {
        match (&mut *self, other) {
            (_, Self::Few(numbers)) => numbers.iter().try_for_each(|&number| self.add(number)),
            (Self::Many(set), Self::Many(other)) => set.merge(&other),
            (Self::Few(numbers), Self::Many(other)) => {
                *self = Self::Many(set_of(numbers, other)?);
                Ok(())
            }
        }
    }

    /// Calls `each` with every number, some of them more than once if they are few.
    pub(super) fn for_each(&self, each: impl FnMut(u32)) {
        match self {
            Self::Few(numbers) => numbers.iter().copied().for_each(each),
            Self::Many(set) => set.iter().for_each(each),
        }
    }

    pub(super) fn count(&mut self) -> u64 {
        match self {
            Self::Few(numbers) => {
                numbers.sort_unstable();
                numbers.dedup();
                numbers.len() as u64
            }
            Self::Many(set) => set.count(),
        }
    }
}

/// Returns a set with the numbers added.
fn set_of(numbers: &[u32], mut set: IdSet) -> Result<IdSet, Refused> {
    numbers.iter().try_for_each(|&number| set.add(number))?;
    Ok(set)
}
