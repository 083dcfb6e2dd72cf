use std::sync::atomic::{AtomicU64, Ordering};

/// Remembers for each piece whether it was hashed, and whether the hash was right: two bits.
#[derive(Debug)]
pub(super) struct Marks(Box<[AtomicU64]>);

/// Pieces of a word.
const PIECES: usize = 32;

const SOUND: u64 = 1;
const ROTTEN: u64 = 2;

impl Marks {
    pub(super) fn new(pieces: usize) -> Self {
        let words = (0..pieces.div_ceil(PIECES)).map(|_| AtomicU64::new(0));
        Self(words.collect())
    }

    /// Returns the result of a piece's hash, if it was looked at.
    #[inline]
    pub(super) fn get(&self, piece: usize) -> Option<bool> {
        // Relaxed: a piece never changes, so no order matters.
        let word = self.0[piece / PIECES].load(Ordering::Relaxed);
        match word >> (2 * (piece % PIECES)) & 3 {
            0 => None,
            mark => Some(mark == SOUND),
        }
    }

    pub(super) fn set(&self, piece: usize, is_sound: bool) {
        let mark = if is_sound { SOUND } else { ROTTEN };
        self.0[piece / PIECES].fetch_or(mark << (2 * (piece % PIECES)), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_piece_has_its_own_mark() {
        let marks = Marks::new(100);
        for piece in 0..100 {
            assert_eq!(marks.get(piece), None);
            marks.set(piece, piece % 3 == 0);
        }
        for piece in 0..100 {
            assert_eq!(marks.get(piece), Some(piece % 3 == 0), "{piece}");
        }
    }
}
