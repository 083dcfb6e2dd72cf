use std::ops::RangeInclusive;

use crate::bound::{Stepped, first_run};
use crate::scan::Lanes;

/// Runs of steps, ready for look-ups.
pub(super) enum Runs {
    /// Of positions, looked up a block at a time.
    Positions(Vec<RangeInclusive<i128>>),
    /// Of a column of 8 or 16 bits.
    Table(Stepped, Table),
}

/// A bit for each value of a column, by its bits: 32 bytes, or 8 KiB.
pub(super) struct Table(Box<[u64]>);

impl Runs {
    pub(super) fn new(column: Stepped, runs: &[RangeInclusive<i128>]) -> Self {
        match column {
            Stepped::Position => Self::Positions(runs.to_vec()),
            Stepped::Radius | Stepped::Strength => Self::Table(column, Table::new(8, runs)),
            Stepped::Flags | Stepped::Coordinate(..) => Self::Table(column, Table::new(16, runs)),
        }
    }

    /// Sets a byte for each token of a block, whose first is at position `first`, that is in a run.
    pub(super) fn mark(&self, lanes: &Lanes<'_>, first: u64, mask: &mut [u8]) {
        match self {
            Self::Positions(runs) => mark_positions(runs, first, mask),
            Self::Table(column, table) => {
                let name = column.column();
                match column {
                    Stepped::Position => {}
                    Stepped::Flags => table.mark(lanes.u16(name), usize::from, mask),
                    Stepped::Radius | Stepped::Strength => {
                        table.mark(lanes.u8(name), usize::from, mask);
                    }
                    Stepped::Coordinate(..) => {
                        let bits = |step: i16| usize::from(step as u16);
                        table.mark(lanes.i16(name), bits, mask);
                    }
                }
            }
        }
    }
}

fn mark_positions(runs: &[RangeInclusive<i128>], first: u64, mask: &mut [u8]) {
    mask.fill(0);
    let first = i128::from(first);
    let end = first + mask.len() as i128;
    let within = runs[first_run(runs, first)..].iter();
    for run in within.take_while(|run| *run.start() < end) {
        // Both are within the block.
        let start = (run.start().max(&first) - first) as usize;
        let end = ((run.end() + 1).min(end) - first) as usize;
        mask[start..end].fill(1);
    }
}

impl Table {
    fn new(bits: u32, runs: &[RangeInclusive<i128>]) -> Self {
        let count = 1 << bits;
        let mut words = vec![0; count / 64].into_boxed_slice();
        for step in runs.iter().cloned().flatten() {
            // Values below 0 are the upper half of the bits.
            let bit = step.rem_euclid(count as i128) as usize;
            words[bit / 64] |= 1 << (bit % 64);
        }
        Self(words)
    }

    fn mark<T: Copy>(&self, values: &[T], bits: impl Fn(T) -> usize, mask: &mut [u8]) {
        for (mask, &value) in mask.iter_mut().zip(values) {
            let bit = bits(value);
            *mask = (self.0[bit / 64] >> (bit % 64) & 1) as u8;
        }
    }
}
