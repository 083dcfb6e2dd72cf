use std::ops::Range;

use super::Disk;

/// The finest resolution if each piece costs a query: 64 KiB. If one query reports all
/// pages, it is a page.
const ASKED_BYTES: u64 = 64 << 10;

/// The maximum number of pieces: they are larger in a large file.
const PIECES_MAX: u64 = 1 << 20;

/// The most bytes whose pages are all queried, which takes 10 s: 1 TiB. A forged file
/// length costs its author nothing.
const TOLD_MAX: u64 = 1 << 40;

/// Which pieces of a part of a file were in the page cache, wholly or partly, when it was
/// checked. Takes at most 256 KiB.
#[derive(Debug)]
pub(crate) struct Cached {
    piece_bytes: u64,
    /// The pieces before the part.
    skipped: u64,
    /// By bits: in part at least, and whole.
    in_part: Vec<u64>,
    whole: Vec<u64>,
}

impl Cached {
    /// Checks some bytes of a file; `None` if the system does not say. Costs one query if
    /// nothing or everything is cached, and a few more for each change; 10 ms per GB if
    /// only a map of the file can tell.
    pub(super) fn look(disk: &dyn Disk, bytes: Range<u64>) -> Option<Self> {
        if tells(disk) {
            let mut cached = Self::nothing(&bytes, ASKED_BYTES);
            let pieces = cached.pieces_of(&bytes);
            cached.look_at(disk, pieces)?;
            return Some(cached);
        }
        if bytes.end - bytes.start > TOLD_MAX {
            return None;
        }
        Self::of_pages(bytes.clone(), |each| {
            let told = disk.cached_pages(bytes.start, bytes.end - bytes.start, each);
            told.ok()?.then_some(())
        })
    }

    /// Builds it from `look`, which reports the start of each cached page of some bytes, in
    /// order; `None` if it cannot.
    pub(crate) fn of_pages(
        bytes: Range<u64>,
        look: impl FnOnce(&mut dyn FnMut(u64)) -> Option<()>,
    ) -> Option<Self> {
        let page_bytes = page_bytes();
        let mut cached = Self::nothing(&bytes, page_bytes);
        let piece_bytes = cached.piece_bytes;
        let (mut last, mut there) = (u64::MAX, 0);
        look(&mut |at| {
            let piece = at / piece_bytes;
            there = if piece == last { there } else { 0 } + page_bytes;
            last = piece;
            cached.set(piece, there >= piece_bytes);
        })?;
        Some(cached)
    }

    fn nothing(bytes: &Range<u64>, least: u64) -> Self {
        let count = |piece_bytes| bytes.end.div_ceil(piece_bytes) - bytes.start / piece_bytes;
        let mut piece_bytes = least;
        while count(piece_bytes) > PIECES_MAX {
            piece_bytes *= 2;
        }
        let bits = vec![0; count(piece_bytes).div_ceil(u64::BITS.into()) as usize];
        Self {
            piece_bytes,
            skipped: bytes.start / piece_bytes,
            in_part: bits.clone(),
            whole: bits,
        }
    }

    fn look_at(&mut self, disk: &dyn Disk, pieces: Range<u64>) -> Option<()> {
        let (count, start) = (pieces.end - pieces.start, pieces.start * self.piece_bytes);
        if count == 0 {
            return Some(());
        }
        let bytes = count * self.piece_bytes;
        let there = disk.cached_bytes(start, bytes).ok()??;
        if there == 0 {
            return Some(());
        }
        if there >= bytes || count == 1 {
            pieces.for_each(|piece| self.set(piece, there >= bytes));
            return Some(());
        }
        let middle = pieces.start + count.next_power_of_two() / 2;
        self.look_at(disk, pieces.start..middle)?;
        self.look_at(disk, middle..pieces.end)
    }

    fn set(&mut self, piece: u64, is_whole: bool) {
        let piece = piece - self.skipped;
        let (word, bit) = (piece as usize / 64, 1 << (piece % 64));
        self.in_part[word] |= bit;
        if is_whole {
            self.whole[word] |= bit;
        }
    }

    /// Outside the checked part, nothing counts as cached.
    fn has(&self, pieces: &[u64], piece: u64) -> bool {
        piece.checked_sub(self.skipped).is_some_and(|piece| {
            let word = pieces.get(piece as usize / 64);
            word.is_some_and(|word| word & 1 << (piece % 64) != 0)
        })
    }

    fn pieces_of(&self, bytes: &Range<u64>) -> Range<u64> {
        bytes.start / self.piece_bytes..bytes.end.div_ceil(self.piece_bytes)
    }

    /// Tells whether at least half of a range was in the cache, by whole pieces.
    pub(super) fn is_mostly(&self, bytes: &Range<u64>) -> bool {
        let pieces = self.pieces_of(bytes);
        let all = pieces.end - pieces.start;
        2 * pieces.filter(|piece| self.has(&self.whole, *piece)).count() as u64 >= all
    }

    /// The runs of a range that were not in the cache at all.
    pub(crate) fn runs_without(&self, bytes: Range<u64>) -> impl Iterator<Item = Range<u64>> {
        let pieces = self.pieces_of(&bytes);
        let (mut piece, end) = (pieces.start, pieces.end);
        std::iter::from_fn(move || {
            while piece < end && self.has(&self.in_part, piece) {
                piece += 1;
            }
            let start = piece;
            while piece < end && !self.has(&self.in_part, piece) {
                piece += 1;
            }
            let run = (start * self.piece_bytes).max(bytes.start)
                ..(piece * self.piece_bytes).min(bytes.end);
            (start < piece).then_some(run)
        })
    }
}

fn page_bytes() -> u64 {
    #[cfg(target_os = "linux")]
    return rustix::param::page_size() as u64;
    #[cfg(not(target_os = "linux"))]
    return 4 << 10;
}

/// Tells whether the disk's answers about the page cache are reliable. The first byte of a
/// file is cached once it was read; a stacked file system, such as an overlay, may report
/// on a page cache that is never used.
fn tells(disk: &dyn Disk) -> bool {
    let read = disk.read_at(&mut [0], 0);
    read.is_ok_and(|count| count == 1)
        && matches!(disk.cached_bytes(0, 1), Ok(Some(bytes)) if bytes > 0)
}

#[cfg(test)]
#[expect(
    clippy::single_range_in_vec_init,
    reason = "lists of ranges, some of which have one"
)]
mod tests {
    use std::io;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    const KIB: u64 = 1 << 10;

    /// A file with some ranges in the page cache, always including its first byte.
    struct Partly {
        ranges: Vec<Range<u64>>,
        tells: bool,
        /// Whether it tells by pages.
        tells_pages: bool,
        asked: AtomicU64,
    }

    impl Disk for Partly {
        fn len(&self) -> io::Result<u64> {
            unreachable!()
        }

        fn set_len(&self, _: u64) -> io::Result<()> {
            unreachable!()
        }

        fn read_at(&self, buffer: &mut [u8], _: u64) -> io::Result<usize> {
            Ok(buffer.len())
        }

        fn write_at(&self, _: &[u8], _: u64) -> io::Result<usize> {
            unreachable!()
        }

        fn allocate(&self, _: u64, _: u64) -> io::Result<()> {
            unreachable!()
        }

        fn start_writeback(&self, _: u64, _: u64) -> io::Result<()> {
            unreachable!()
        }

        fn sync(&self) -> io::Result<()> {
            unreachable!()
        }

        fn cached_bytes(&self, offset: u64, len: u64) -> io::Result<Option<u64>> {
            if (offset, len) == (0, 1) {
                return Ok(self.tells.then_some(4096));
            }
            self.asked.fetch_add(1, Ordering::Relaxed);
            let common = |range: &Range<u64>| {
                let end = range.end.min(offset + len);
                end.saturating_sub(range.start.max(offset))
            };
            Ok(self.tells.then(|| self.ranges.iter().map(common).sum()))
        }

        fn cached_pages(
            &self,
            offset: u64,
            len: u64,
            each: &mut dyn FnMut(u64),
        ) -> io::Result<bool> {
            let pages = (offset..offset + len).step_by(4096);
            let is_there = |page: &u64| self.ranges.iter().any(|range| range.contains(page));
            pages.filter(is_there).for_each(each);
            Ok(self.tells_pages)
        }
    }

    fn partly(ranges: &[Range<u64>]) -> Partly {
        Partly {
            ranges: ranges.to_vec(),
            tells: true,
            tells_pages: false,
            asked: AtomicU64::new(0),
        }
    }

    #[test]
    fn what_was_there_is_known_by_pieces() {
        let len = 1000 * KIB;
        for (there, without) in [
            (vec![], vec![0..1000 * KIB]),
            (vec![0..1000 * KIB], vec![]),
            (vec![0..4 * KIB], vec![64 * KIB..1000 * KIB]),
            (vec![996 * KIB..1000 * KIB], vec![0..960 * KIB]),
            (
                vec![100 * KIB..132 * KIB, 700 * KIB..704 * KIB],
                vec![0..64 * KIB, 192 * KIB..640 * KIB, 704 * KIB..1000 * KIB],
            ),
        ] {
            let by_pages = Partly {
                tells: false,
                tells_pages: true,
                ..partly(&there)
            };
            let cached = Cached::look(&partly(&there), 0..len).unwrap();
            let runs: Vec<_> = cached.runs_without(0..len).collect();
            assert_eq!(runs, without, "{there:?}");
            // By pages it is known exactly.
            let cached = Cached::look(&by_pages, 0..len).unwrap();
            let left: u64 = cached
                .runs_without(0..len)
                .map(|run| run.end - run.start)
                .sum();
            let there: u64 = there.iter().map(|range| range.end - range.start).sum();
            assert_eq!(left, len - there);
        }
        let cached = Cached::look(&partly(&[64 * KIB..192 * KIB]), 0..len).unwrap();
        let runs: Vec<_> = cached.runs_without(10 * KIB..300 * KIB).collect();
        assert_eq!(runs, [10 * KIB..64 * KIB, 192 * KIB..300 * KIB]);
        assert!(cached.is_mostly(&(0..256 * KIB)) && !cached.is_mostly(&(0..320 * KIB)));
        assert!(!cached.is_mostly(&(2000 * KIB..3000 * KIB)));
        // One page of each piece, which is little.
        let pages: Vec<_> = (0..len / (64 * KIB))
            .map(|piece| piece * 64 * KIB + 8 * KIB..piece * 64 * KIB + 12 * KIB)
            .collect();
        let cached = Cached::look(&partly(&pages), 0..len).unwrap();
        assert!(!cached.is_mostly(&(0..len)));
        assert_eq!(cached.runs_without(0..len - 40 * KIB).count(), 0);
        // Only a part of it, which begins within a piece.
        let disk = partly(&[0..64 * KIB, 700 * KIB..704 * KIB]);
        let cached = Cached::look(&disk, 300 * KIB..len).unwrap();
        let runs: Vec<_> = cached.runs_without(300 * KIB..len).collect();
        assert_eq!(runs, [300 * KIB..640 * KIB, 704 * KIB..1000 * KIB]);
        assert_eq!(cached.runs_without(0..64 * KIB).count(), 1);
    }

    #[test]
    fn a_file_of_any_size_is_looked_at_with_few_questions_and_little_memory() {
        let len = 3 << 40;
        let disk = partly(&[1 << 40..(1 << 40) + 4 * KIB]);
        let cached = Cached::look(&disk, 0..len).unwrap();
        let words = cached.in_part.len() + cached.whole.len();
        assert!(words * size_of::<u64>() <= 256 << 10);
        assert!(disk.asked.into_inner() < 50);
        assert_eq!(cached.runs_without(0..len).count(), 2);
        for there in [vec![], vec![0..len]] {
            let disk = partly(&there);
            Cached::look(&disk, 0..len).unwrap();
            assert_eq!(disk.asked.into_inner(), 1);
        }
    }

    #[test]
    fn of_a_file_that_says_it_is_endless_nothing_is_asked_page_by_page() {
        let disk = Partly {
            tells: false,
            tells_pages: true,
            ..partly(&[])
        };
        assert!(Cached::look(&disk, 0..u64::MAX >> 1).is_none());
        assert!(Cached::look(&partly(&[]), 0..u64::MAX >> 1).is_some());
    }

    #[test]
    fn a_system_that_does_not_tell_is_believed_nothing() {
        let disk = Partly {
            tells: false,
            ..partly(&[])
        };
        assert!(Cached::look(&disk, 0..1 << 20).is_none());
    }
}
