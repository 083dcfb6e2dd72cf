use ng_parallel::{ParallelError, Workers};

use super::radix::{Layout, sort};
use super::words::Words;

/// 32-bit numbers, sorted, each with its original index; ties by index.
pub(crate) struct Sorted {
    entries: Words,
    layout: Layout,
}

impl Sorted {
    /// Sorts up to 2^32 numbers by all workers; takes 16 bytes each.
    pub(crate) fn new(
        workers: &Workers,
        numbers: impl Iterator<Item = u32> + Clone,
    ) -> Result<Self, ParallelError> {
        let len = numbers.clone().count();
        let mut words = Words::zeroed(workers, len)?;
        for (word, number) in words.as_mut_slice().iter_mut().zip(numbers) {
            *word = number.into();
        }
        let layout = Layout::of(u32::BITS, len);
        let layout = layout.expect("positions of what is in memory, and half a word");
        let entries = sort(workers, words, layout, |number| number)?;
        Ok(Self { entries, layout })
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.as_slice().len()
    }

    /// The numbers, ascending, with their original indices.
    pub(crate) fn into_pairs(self) -> impl Iterator<Item = (u32, usize)> {
        let Self { entries, layout } = self;
        (0..entries.as_slice().len()).map(move |rank| layout.parts(entries.as_slice()[rank]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_stay_in_their_order() {
        let workers = Workers::new(2).unwrap();
        for count in [0_u32, 1, 2, 1000, 100_000] {
            let number = |n: u32| match n % 3 {
                0 => n % 7,
                _ => n.wrapping_mul(0x9E37_79B1),
            };
            let mut expected: Vec<(u32, usize)> = (0..count).map(number).zip(0..).collect();
            expected.sort_unstable();
            let sorted = Sorted::new(&workers, (0..count).map(number)).unwrap();
            assert!(sorted.into_pairs().eq(expected), "{count}");
        }
    }
}
