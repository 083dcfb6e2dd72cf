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
        self.merge_pages(other.0.iter().map(|page| page.as_deref().copied()));
    }

    /// Adds what two other sets have in common.
    pub(crate) fn merge_common(&mut self, left: &Self, right: &Self) {
        let pages = left.0.iter().zip(&right.0);
        self.merge_pages(pages.map(|(left, right)| {
            let (left, right) = (left.as_ref()?, right.as_ref()?);
            Some(std::array::from_fn(|word| left[word] & right[word]))
        }));
    }

    fn merge_pages(&mut self, pages: impl Iterator<Item = Option<Page>>) {
        for (number, page) in pages.enumerate() {
            let Some(page) = page.filter(|page| page.iter().any(|word| *word != 0)) else {
                continue;
            };
            for (word, more) in self.page_mut(number).iter_mut().zip(page) {
                *word |= more;
            }
        }
    }

    pub(crate) fn count(&self) -> u64 {
        let words = self.0.iter().flatten().flat_map(|page| page.iter());
        words.map(|word| u64::from(word.count_ones())).sum()
    }

    /// The numbers, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        let pages = self.0.iter().enumerate();
        let pages = pages.filter_map(|(number, page)| Some((number, page.as_ref()?)));
        pages.flat_map(|(page_number, page)| {
            let words = page.iter().enumerate().filter(|(_, word)| **word != 0);
            words.flat_map(move |(word_number, &word)| {
                let bits = (0..64).filter(move |bit| word >> bit & 1 != 0);
                bits.map(move |bit| (page_number << 16 | word_number << 6 | bit) as u32)
            })
        })
    }
}
