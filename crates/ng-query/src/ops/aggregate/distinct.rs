/// More different numbers than this are kept as bits.
const FEW: usize = 4096;

/// Which numbers occur.
#[derive(Clone)]
pub(crate) enum Distinct {
    /// In any order, some of them more than once.
    Few(Vec<u32>),
    Many(Bits),
}

/// A bit for each number; room is taken for 2^16 numbers at a time.
#[derive(Clone)]
pub(crate) struct Bits(Vec<Option<Box<[u64; 1024]>>>);

impl Distinct {
    pub(crate) fn new() -> Self {
        Self::Few(Vec::new())
    }

    pub(crate) fn add(&mut self, number: u32) {
        match self {
            Self::Many(bits) => bits.add(number),
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
            let mut bits = Bits(vec![None; 1 << 16]);
            numbers.iter().for_each(|&number| bits.add(number));
            *self = Self::Many(bits);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        match (&mut *self, other) {
            (_, Self::Few(numbers)) => numbers.iter().for_each(|&number| self.add(number)),
            (Self::Many(bits), Self::Many(other)) => bits.merge(other),
            (Self::Few(numbers), Self::Many(other)) => {
                let mut bits = other.clone();
                numbers.iter().for_each(|&number| bits.add(number));
                *self = Self::Many(bits);
            }
        }
    }

    pub(crate) fn count(&mut self) -> u64 {
        self.thin_out();
        match self {
            Self::Few(numbers) => numbers.len() as u64,
            Self::Many(bits) => bits.count(),
        }
    }
}

impl Bits {
    fn add(&mut self, number: u32) {
        let page = self.0[(number >> 16) as usize].get_or_insert_with(|| Box::new([0; 1024]));
        page[(number as usize & 0xFFFF) / 64] |= 1 << (number % 64);
    }

    fn merge(&mut self, other: &Self) {
        for (page, other) in self.0.iter_mut().zip(&other.0) {
            match (page, other) {
                (_, None) => {}
                (page @ None, Some(_)) => page.clone_from(other),
                (Some(page), Some(other)) => {
                    for (word, other) in page.iter_mut().zip(&**other) {
                        *word |= other;
                    }
                }
            }
        }
    }

    fn count(&self) -> u64 {
        let pages = self.0.iter().flatten();
        let words = pages.flat_map(|page| page.iter());
        words.map(|word| u64::from(word.count_ones())).sum()
    }
}
