//! The limit of a pass: every line is read, and nothing else is done.
//!
//! A line of 64 bytes comes into the cache as a whole, so a word of each line makes memory deliver
//! all bytes. Eight independent sums keep enough lines in flight: 48 to 50 GB/s of 40 MB and 25 to
//! 35 GB/s of 640 MB on one processor, where a loop over all words had 32 to 33 and 20 to 24,
//! beside other work.

use crate::scan::sum_in_parts;

/// A cache line.
type Line = [u8; 64];

/// Independent sums.
const LANES: usize = 8;

/// Bytes in place.
pub(crate) struct Lines<'a>(Vec<&'a [Line]>);

impl<'a> Lines<'a> {
    /// # Panics
    ///
    /// If a part does not consist of whole lines.
    pub(crate) fn of(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let lines = |part: &'a [u8]| {
            let (lines, rest) = part.as_chunks();
            assert!(rest.is_empty(), "{} bytes are not whole lines", part.len());
            lines
        };
        Self(parts.into_iter().map(lines).collect())
    }

    #[cfg(test)]
    pub(crate) fn size_bytes(&self) -> usize {
        let lines: usize = self.0.iter().map(|lines| lines.len()).sum();
        lines * size_of::<Line>()
    }

    /// Reads all lines, on `threads` threads at once.
    pub(crate) fn sum(&self, threads: usize) -> u64 {
        let sums = self
            .0
            .iter()
            .map(|lines| sum_in_parts(lines, threads, sum_lines));
        sums.fold(0, u64::wrapping_add)
    }

    /// The expected result of [`sum`](Self::sum), computed a line at a time.
    pub(crate) fn expected_sum(&self) -> u64 {
        let lines = self.0.iter().copied().flatten();
        lines.fold(0, |sum, line| sum.wrapping_add(words(line)[0]))
    }

    /// Reads all words of all lines.
    pub(crate) fn sum_words(&self) -> u64 {
        let sums = self.0.iter().map(|lines| {
            let words = lines.as_flattened().as_chunks().0.iter();
            words.fold(0, |sum: u64, word| {
                sum.wrapping_add(u64::from_le_bytes(*word))
            })
        });
        sums.fold(0, u64::wrapping_add)
    }

    /// The expected result of [`sum_words`](Self::sum_words), computed a line at a time.
    pub(crate) fn expected_sum_of_words(&self) -> u64 {
        let lines = self.0.iter().copied().flatten();
        lines.fold(0, |sum, line| {
            words(line).into_iter().fold(sum, u64::wrapping_add)
        })
    }
}

#[inline(always)]
fn words(line: &Line) -> [u64; 8] {
    let (words, _) = line.as_chunks();
    std::array::from_fn(|word| u64::from_le_bytes(words[word]))
}

fn sum_lines(lines: &[Line]) -> u64 {
    let mut sums = [0_u64; LANES];
    let (groups, rest) = lines.as_chunks::<LANES>();
    for group in groups {
        for (sum, line) in sums.iter_mut().zip(group) {
            *sum = sum.wrapping_add(words(line)[0]);
        }
    }
    let sums = sums
        .into_iter()
        .chain(rest.iter().map(|line| words(line)[0]));
    sums.fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_and_every_word_is_read_once() {
        let bytes: Vec<u8> = (0_u64..8 * 37)
            .flat_map(|word| (1_u64 << (word % 60)).to_le_bytes())
            .collect();
        for bounds in [&[0, 37][..], &[0, 1, 9, 37], &[0, 0]] {
            let parts = bounds
                .windows(2)
                .map(|ends| &bytes[64 * ends[0]..64 * ends[1]]);
            let lines = Lines::of(parts);
            let of_all: u64 = (0..lines.size_bytes() / 8)
                .map(|word| 1 << (word % 60))
                .sum();
            assert_eq!(lines.sum_words(), of_all);
            assert_eq!(lines.expected_sum_of_words(), of_all);
            let firsts = (0..lines.size_bytes() / 64).map(|line| 1_u64 << (8 * line % 60));
            let of_lines: u64 = firsts.sum();
            assert_eq!(lines.expected_sum(), of_lines);
            for threads in 1..4 {
                assert_eq!(lines.sum(threads), of_lines);
            }
        }
    }

    #[test]
    #[should_panic(expected = "65 bytes are not whole lines")]
    fn parts_of_lines_are_refused() {
        Lines::of([&[0; 65][..]]);
    }
}
