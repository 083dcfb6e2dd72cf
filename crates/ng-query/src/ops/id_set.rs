use crate::memory::{Refused, made};

/// A set of 32-bit numbers: one bit each, in pages of 2^16 bits that exist if any is set.
#[derive(Default)]
pub(crate) struct IdSet(Vec<Option<Box<Page>>>);

type Page = [u64; 1024];

impl IdSet {
    /// Adds a number.
    pub(crate) fn add(&mut self, number: u32) -> Result<(), Refused> {
        let page = self.page_mut((number >> 16) as usize)?;
        page[(number as usize & 0xFFFF) / 64] |= 1 << (number % 64);
        Ok(())
    }

    fn page_mut(&mut self, number: usize) -> Result<&mut Page, Refused> {
        if self.0.len() <= number {
            self.0.try_reserve(number + 1 - self.0.len())?;
            self.0.resize_with(number + 1, || None);
        }
        made(&mut self.0[number])
    }

    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), Refused> {
        for (number, more) in other.0.iter().enumerate() {
            let Some(more) = more else { continue };
            for (word, more) in self.page_mut(number)?.iter_mut().zip(more.iter()) {
                *word |= more;
            }
        }
        Ok(())
    }

    pub(crate) fn count(&self) -> u64 {
        let words = self.0.iter().flatten().flat_map(|page| page.iter());
        words.map(|word| u64::from(word.count_ones())).sum()
    }
}
