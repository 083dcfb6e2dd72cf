use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::QueryError;
use crate::memory::{Refused, boxed, refused};

/// Ids with the same upper 16 bits, and the number of such groups.
const HALVES: usize = 1 << 16;

/// The most pages of ids that occur twice: 128 MiB.
const MOST_TWICE: usize = 1 << 14;

/// A bit for each id of a page: 8 KiB.
type Page = [AtomicU64; HALVES / 64];

/// Which ids were seen, and which of them more than once, for all workers together.
///
/// The ids of pages without room are left over: they have to be seen again, alone.
pub(super) struct Seen {
    once: Pages,
    twice: Pages,
    left: Bits,
    /// If set, only ids of these pages are taken.
    wanted: Option<Bits>,
}

/// Pages that exist if any of their ids was seen, up to a limit.
struct Pages {
    slots: Box<[OnceLock<Box<Page>>]>,
    made: Mutex<usize>,
    most: usize,
}

/// Why an id has no page.
enum NoPage {
    /// The limit is reached.
    Full,
    Memory,
}

impl From<Refused> for NoPage {
    fn from(_: Refused) -> Self {
        Self::Memory
    }
}

/// A bit for each page.
struct Bits(Box<[AtomicU64]>);

impl Seen {
    /// Takes all ids. Its bits take at most 512 MiB, a page for each 65,536 ids of which any was
    /// seen, and 128 MiB for those seen twice.
    pub(super) fn new() -> Self {
        Self::with_room(MOST_TWICE)
    }

    pub(super) fn with_room(most_twice: usize) -> Self {
        Self {
            once: Pages::new(HALVES),
            twice: Pages::new(most_twice),
            left: Bits::new(),
            wanted: None,
        }
    }

    /// Prepares for the ids left over; `None` if there are none.
    pub(super) fn of_left(self) -> Option<Self> {
        let Self {
            once, twice, left, ..
        } = self;
        let most_twice = twice.most;
        // Free the memory before taking more.
        drop((once, twice));
        left.any().then(|| Self {
            wanted: Some(left),
            ..Self::with_room(most_twice)
        })
    }

    /// Adds some ids. Their bits are prefetched first, many at a time: setting a bit waits for its
    /// cache line.
    ///
    /// # Errors
    ///
    /// [`QueryError::OutOfMemory`].
    pub(super) fn add(&self, ids: &[u32]) -> Result<(), QueryError> {
        let touched = ids.iter().map(|id| self.once.touch(*id));
        std::hint::black_box(touched.fold(0, |all, word| all | word));
        let all = ids.iter().try_for_each(|&id| self.add_one(id));
        all.map_err(|_| refused::<Page>(1, "which ids were seen"))
    }

    fn add_one(&self, id: u32) -> Result<(), Refused> {
        let page = page_of(id);
        if self.wanted.as_ref().is_some_and(|wanted| !wanted.get(page)) {
            return Ok(());
        }
        let added = match self.once.add(id) {
            Ok(false) if !self.left.get(page) => self.twice.add(id),
            once => once,
        };
        match added {
            Ok(_) => Ok(()),
            Err(NoPage::Memory) => Err(Refused),
            Err(NoPage::Full) => {
                self.left.set(page);
                Ok(())
            }
        }
    }

    /// How many ids were seen.
    pub(super) fn once_count(&self) -> u64 {
        self.once.pages(|_| true).map(|(_, page)| count(page)).sum()
    }

    /// How many ids were seen more than once, without those left over.
    pub(super) fn twice_count(&self) -> u64 {
        self.done().map(|(_, page)| count(page)).sum()
    }

    /// The ids that were seen more than once, ascending, without those left over.
    pub(super) fn twice(&self) -> impl Iterator<Item = u32> {
        self.done().flat_map(|(number, page)| ids_of(number, page))
    }

    fn done(&self) -> impl Iterator<Item = (usize, &Page)> {
        self.twice.pages(|number| !self.left.get(number))
    }

    #[cfg(test)]
    pub(super) fn twice_pages(&self) -> usize {
        self.twice.pages(|_| true).count()
    }
}

impl Pages {
    fn new(most: usize) -> Self {
        Self {
            slots: (0..HALVES).map(|_| OnceLock::new()).collect(),
            made: Mutex::new(0),
            most,
        }
    }

    #[inline]
    fn touch(&self, id: u32) -> u64 {
        let page = self.slots[page_of(id)].get();
        page.map_or(0, |page| page[word_of(id)].load(Ordering::Relaxed))
    }

    /// Adds an id; tells whether it is new.
    #[inline]
    fn add(&self, id: u32) -> Result<bool, NoPage> {
        let page = match self.slots[page_of(id)].get() {
            Some(page) => page,
            None => self.make(page_of(id))?,
        };
        let bit = 1 << (id % 64);
        // Relaxed: bits are counted after all workers have ended.
        Ok(page[word_of(id)].fetch_or(bit, Ordering::Relaxed) & bit == 0)
    }

    #[cold]
    fn make(&self, number: usize) -> Result<&Page, NoPage> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = &self.slots[number];
        if let Some(page) = slot.get() {
            return Ok(page);
        }
        if *made == self.most {
            return Err(NoPage::Full);
        }
        let page = boxed(|| AtomicU64::new(0))?;
        *made += 1;
        Ok(slot.get_or_init(|| page))
    }

    fn pages(&self, is_asked: impl Fn(usize) -> bool) -> impl Iterator<Item = (usize, &Page)> {
        let pages = self.slots.iter().enumerate();
        let pages = pages.filter(move |(number, _)| is_asked(*number));
        pages.filter_map(|(number, slot)| Some((number, &**slot.get()?)))
    }
}

impl Bits {
    fn new() -> Self {
        Self((0..HALVES / 64).map(|_| AtomicU64::new(0)).collect())
    }

    fn get(&self, bit: usize) -> bool {
        self.0[bit / 64].load(Ordering::Relaxed) >> (bit % 64) & 1 != 0
    }

    fn any(&self) -> bool {
        self.0.iter().any(|word| word.load(Ordering::Relaxed) != 0)
    }

    fn set(&self, bit: usize) {
        self.0[bit / 64].fetch_or(1 << (bit % 64), Ordering::Relaxed);
    }
}

fn page_of(id: u32) -> usize {
    (id >> 16) as usize
}

fn word_of(id: u32) -> usize {
    (id as usize & 0xFFFF) / 64
}

fn count(page: &Page) -> u64 {
    let words = page.iter().map(|word| word.load(Ordering::Relaxed));
    words.map(|word| u64::from(word.count_ones())).sum()
}

fn ids_of(number: usize, page: &Page) -> impl Iterator<Item = u32> {
    let words = page.iter().map(|word| word.load(Ordering::Relaxed));
    let words = words.enumerate().filter(|(_, word)| *word != 0);
    words.flat_map(move |(place, word)| {
        let bits = (0..64).filter(move |bit| word >> bit & 1 != 0);
        bits.map(move |bit| (number << 16 | place << 6 | bit) as u32)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids of three pages, each page's twice in one of two threads' halves.
    #[test]
    fn pages_without_room_are_seen_again() {
        let ids: Vec<u32> = (0..3_u32).flat_map(|page| [page << 16 | 7; 2]).collect();
        let mut seen = Seen::with_room(1);
        let (mut passes, mut twice) = (0, Vec::new());
        loop {
            std::thread::scope(|scope| {
                for thread in 0..2 {
                    let (seen, ids) = (&seen, &ids);
                    scope.spawn(move || {
                        let own: Vec<u32> = ids.iter().copied().skip(thread).step_by(2).collect();
                        seen.add(&own).unwrap();
                    });
                }
            });
            assert!(seen.twice_pages() <= 1);
            twice.extend(seen.twice());
            passes += 1;
            seen = match seen.of_left() {
                Some(seen) => seen,
                None => break,
            };
        }
        twice.sort_unstable();
        assert_eq!((passes, twice), (3, vec![7, 1 << 16 | 7, 2 << 16 | 7]));
    }
}
