use crate::memory::{Refused, boxed, made};

/// How often each 16-bit number occurs; memory is taken only for those that do.
pub(crate) struct ValueCounts {
    pages: Box<[Option<Box<[u64; 256]>>; 256]>,
}

impl ValueCounts {
    pub(crate) fn new() -> Result<Self, Refused> {
        let pages = boxed(|| None)?;
        Ok(Self { pages })
    }

    #[inline]
    pub(crate) fn add(&mut self, number: u16) -> Result<(), Refused> {
        self.add_times(number, 1)
    }

    #[inline]
    pub(super) fn add_times(&mut self, number: u16, times: u64) -> Result<(), Refused> {
        let [low, high] = number.to_le_bytes();
        made(&mut self.pages[usize::from(high)])?[usize::from(low)] += times;
        Ok(())
    }

    pub(crate) fn merge(&mut self, other: Self) -> Result<(), Refused> {
        let mut counts = other.iter();
        counts.try_for_each(|(number, count)| self.add_times(number, count))
    }

    /// The numbers that occur, ascending, with their counts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u16, u64)> {
        let pages = self.pages.iter().enumerate();
        let pages = pages.filter_map(|(high, page)| Some((high, page.as_ref()?)));
        pages.flat_map(|(high, page)| {
            let counts = page.iter().enumerate().filter(|(_, count)| **count > 0);
            counts.map(move |(low, &count)| ((high << 8 | low) as u16, count))
        })
    }

    /// The number at an index of all added numbers in order, and how many equal ones are before
    /// that index.
    pub(crate) fn at(&self, index: u64) -> Option<(u16, u64)> {
        let mut before = 0;
        for (number, count) in self.iter() {
            if index < before + count {
                return Some((number, index - before));
            }
            before += count;
        }
        None
    }
}
