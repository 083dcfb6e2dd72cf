//! Where clusters are, and how large.

use alloc::boxed::Box;

use crate::draws::Draws;

/// A point in each of the eight spaces, in steps.
pub(crate) type Points = [[i16; 3]; 8];

/// How many clusters [`Synth::clustered`](crate::Synth::clustered) has.
pub const CLUSTERS: usize = FEWEST * ((1 << SIZES) - 1);

/// The number of clusters of the largest size, and of sizes; each next size has twice as
/// many.
const FEWEST: usize = 8;
const SIZES: u32 = 8;

/// A centre's coordinate is the sum of four draws below this, minus the middle: a standard
/// deviation of 5978 steps, 6000 including the spread.
const CENTRE_DRAW: u32 = 10_354;
const CENTRE_MIDDLE: i32 = 2 * (CENTRE_DRAW as i32 - 1);

/// The middle of the sum of three draws of 10 bits, rounded up.
const SPREAD_MIDDLE: i32 = 1_535;

/// Draws of 10 bits at bits 0 and 30 of a word.
const TWO_DRAWS: u64 = 0x3FF | 0x3FF << 30;

/// Coordinates as unsigned offsets from the lowest step, four of 16 bits per word, so that
/// one addition handles four and none carries into the next.
type Offsets = [u64; 6];

const OFFSET: i32 = 1 << 15;
const EACH_OFFSET: u64 = 0x8000_8000_8000_8000;

/// The clusters of a seed, by the lowest coordinates of their tokens.
#[derive(Clone)]
pub(crate) struct Clusters(Box<[Offsets]>);

impl Clusters {
    /// Draws all centres.
    pub(crate) fn new(stream: u64) -> Self {
        Self(
            (0..CLUSTERS as u64)
                .map(|cluster| lowest(stream, cluster))
                .collect(),
        )
    }

    /// Makes the points of a token in the cluster given by the low 13 bits of `choice`.
    #[inline]
    pub(crate) fn points(&self, choice: u64, draws: &mut Draws) -> Points {
        let mut points = Points::default();
        let fours = points.as_flattened_mut().chunks_exact_mut(4);
        for (four, lowest) in fours.zip(&self.0[cluster(choice)]) {
            let spread = two_sums(draws.word()) | two_sums(draws.word()) << 32;
            four.copy_from_slice(&from_offsets(lowest + spread));
        }
        points
    }
}

/// Chooses a size by three bits, and one of its clusters by the bits above.
#[inline]
const fn cluster(choice: u64) -> usize {
    let of_size = FEWEST << (choice & (SIZES as u64 - 1));
    let before = of_size - FEWEST;
    before + ((choice >> 3) as usize & (of_size - 1))
}

/// Draws a centre, and returns the lowest coordinates that its tokens can have.
fn lowest(stream: u64, cluster: u64) -> Offsets {
    let mut draws = Draws::at(stream, cluster);
    core::array::from_fn(|_| {
        let four = [(); 4].map(|()| {
            let draws = draws
                .lanes()
                .map(|lane| (u32::from(lane) * CENTRE_DRAW) >> 16);
            draws.iter().sum::<u32>() as i32 - CENTRE_MIDDLE - SPREAD_MIDDLE
        });
        to_offsets(four)
    })
}

/// Sums three draws of 10 bits, twice: in the lanes of 16 bits at 0 and 16.
#[inline]
const fn two_sums(word: u64) -> u64 {
    let sums = (word & TWO_DRAWS) + (word >> 10 & TWO_DRAWS) + (word >> 20 & TWO_DRAWS);
    sums & 0xFFF | (sums >> 30) << 16
}

fn to_offsets(steps: [i32; 4]) -> u64 {
    let lanes = steps.into_iter().rev();
    lanes.fold(0, |four, step| four << 16 | (step + OFFSET) as u64)
}

#[inline]
const fn from_offsets(four: u64) -> [i16; 4] {
    let four = four ^ EACH_OFFSET;
    [
        four as i16,
        (four >> 16) as i16,
        (four >> 32) as i16,
        (four >> 48) as i16,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_size_has_an_eighth_of_the_choices_in_equal_parts() {
        let mut shares = [0_usize; CLUSTERS];
        for choice in 0..1 << 13 {
            shares[cluster(choice)] += 1;
        }
        let mut first = 0;
        for size in 0..SIZES {
            let of_size = FEWEST << size;
            let expected = 1024 / of_size;
            assert!(
                shares[first..first + of_size]
                    .iter()
                    .all(|share| *share == expected)
            );
            first += of_size;
        }
        assert_eq!(first, CLUSTERS);
    }

    #[test]
    fn the_ends_of_the_spread_are_those_that_are_told() {
        let middle = to_offsets([-SPREAD_MIDDLE; 4]);
        for (word, expected) in [
            (0, [-1535, -1535]),
            (u64::MAX, [1534, 1534]),
            (0x3FF << 20, [1023 - 1535, -1535]),
            (0x3FF << 30, [-1535, 1023 - 1535]),
        ] {
            let sums = two_sums(word);
            let [a, b, c, d] = from_offsets(middle + (sums | sums << 32));
            assert_eq!(([a, b], [c, d]), (expected, expected), "{word:#x}");
        }
    }

    #[test]
    fn no_sum_of_centre_and_spread_leaves_the_range() {
        let farthest = (i32::from(u16::MAX) * CENTRE_DRAW as i32) >> 16;
        assert_eq!(4 * farthest - CENTRE_MIDDLE, CENTRE_MIDDLE);
        assert!(CENTRE_MIDDLE + SPREAD_MIDDLE < i32::from(i16::MAX));
    }
}
