/// A set of numbers of 32 bits: a bit for each, in pages of 2^16 that are there if any is.
#[derive(Clone, Default)]
pub(crate) struct IdSet(Vec<Option<Box<Page>>>);

type Page = [u64; 1024];

impl IdSet {
    /// Adds a number; tells whether it was not there before.
    pub(crate) fn add(&mut self, number: u32) -> bool {
        let page = self.page_mut((number >> 16) as usize);
        let (word, bit) = ((number as usize & 0xFFFF) / 64, 1 << (number % 64));
        let is_new = page[word] & bit == 0;
        page[word] |= bit;
        is_new
    }

    fn page_mut(&mut self, number: usize) -> &mut Page {
        if self.0.len() <= number {
            self.0.resize_with(number + 1, || None);
        }
        self.0[number].get_or_insert_with(|| Box::new([0; 1024]))
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (number, more) in other.0.iter().enumerate() {
            let Some(more) = more else { continue };
            for (word, more) in self.page_mut(number).iter_mut().zip(more.iter()) {
                *word |= more;
            }
        }
    }

    pub(crate) fn count(&self) -> u64 {
        let words = self.0.iter().flatten().flat_map(|page| page.iter());
        words.map(|word| u64::from(word.count_ones())).sum()
    }
}
