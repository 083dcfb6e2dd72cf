//! Fresh anonymous memory on a chosen kind of pages, for probes and warming.

use std::io;

use memmap2::{Advice, MmapMut};

use crate::model::Pages;

/// Bytes of a base page on the measured systems.
pub(crate) const SMALL_PAGE_BYTES: usize = 4 << 10;
/// Bytes and alignment of a huge page.
pub(crate) const HUGE_PAGE_BYTES: usize = 2 << 20;

/// Zeroed, untouched memory, aligned to 2 MiB.
#[derive(Debug)]
pub struct PageBuffer {
    map: MmapMut,
    skip: usize,
    len: usize,
}

impl PageBuffer {
    /// Maps `len` bytes and advises the kernel to use `pages`. Touches nothing.
    ///
    /// The kernel may ignore the advice: without huge pages it uses small ones, and the
    /// resident figures show that.
    ///
    /// # Errors
    /// The address space or the commit limit is exhausted.
    pub fn new(len: usize, pages: Pages) -> io::Result<Self> {
        let map = MmapMut::map_anon(len.max(1) + HUGE_PAGE_BYTES)?;
        let skip = map.as_ptr().align_offset(HUGE_PAGE_BYTES);
        #[cfg(target_os = "linux")]
        {
            let advice = match pages {
                Pages::Small => Advice::NoHugePage,
                Pages::Huge => Advice::HugePage,
            };
            // A kernel without huge pages refuses both and uses small ones.
            let _ = map.advise(advice);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = pages;
        Ok(Self { map, skip, len })
    }

    /// The memory as bytes.
    pub fn bytes(&mut self) -> &mut [u8] {
        &mut self.map[self.skip..self.skip + self.len]
    }

    /// The memory as words.
    pub fn words(&mut self) -> &mut [u64] {
        let len = self.len / 8 * 8;
        bytemuck::cast_slice_mut(&mut self.map[self.skip..self.skip + len])
    }
}

/// Touches `len` fresh bytes on `threads` threads and frees them.
///
/// Returns the time of the touching alone, in nanoseconds.
///
/// # Errors
/// The memory cannot be mapped.
pub fn touch_and_free(len: usize, pages: Pages, threads: usize) -> io::Result<u64> {
    let mut buffer = PageBuffer::new(len, pages)?;
    let start = std::time::Instant::now();
    on_threads(buffer.words(), threads, |words| {
        for page in words.chunks_mut(SMALL_PAGE_BYTES / 8) {
            page[0] = 1;
        }
    });
    Ok(start.elapsed().as_nanos() as u64)
}

/// Runs `work` on `threads` equal parts of `words`, each on its own thread; a single
/// part runs on the calling thread.
pub(crate) fn on_threads(words: &mut [u64], threads: usize, work: impl Fn(&mut [u64]) + Sync) {
    if threads <= 1 {
        return work(words);
    }
    // Parts begin at multiples of a huge page, so that no two threads fault on one page.
    let huge_words = HUGE_PAGE_BYTES / 8;
    let part = words
        .len()
        .div_ceil(threads)
        .next_multiple_of(huge_words)
        .max(huge_words);
    std::thread::scope(|scope| {
        for part in words.chunks_mut(part) {
            scope.spawn(|| work(part));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_zero_aligned_and_as_many_as_asked() {
        let mut buffer = PageBuffer::new(10_000, Pages::Small).unwrap();
        let words = buffer.words();
        assert_eq!(words.len(), 1250);
        assert_eq!(words.as_ptr() as usize % HUGE_PAGE_BYTES, 0);
        assert!(words.iter().all(|word| *word == 0));
    }

    #[test]
    fn every_word_is_worked_on_once_for_any_number_of_threads() {
        for threads in [1, 2, 3, 7] {
            for len in [1, 1000, 3 * HUGE_PAGE_BYTES / 8 + 5] {
                let mut words = vec![0u64; len];
                on_threads(&mut words, threads, |part| {
                    part.iter_mut().for_each(|word| *word += 1);
                });
                assert!(words.iter().all(|word| *word == 1), "{threads} threads");
            }
        }
    }
}
