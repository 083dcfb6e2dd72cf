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

    /// The numbers, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        let pages = (0_u32..).zip(&self.0);
        let pages = pages.filter_map(|(high, page)| Some((high << 16, page.as_ref()?)));
        pages.flat_map(|(first, page)| {
            let is_in = move |low: &u32| page[(low / 64) as usize] >> (low % 64) & 1 != 0;
            (0..1 << 16).filter(is_in).map(move |low| first | low)
        })
    }

    pub(crate) fn count(&self) -> u64 {
        let words = self.0.iter().flatten().flat_map(|page| page.iter());
        words.map(|word| u64::from(word.count_ones())).sum()
    }
}
