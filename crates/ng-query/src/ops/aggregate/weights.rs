use std::collections::HashMap;

use ng_arrow::Column;

use super::GROUPS;
use super::grouping::{FEW_BITS, Grouping};
use crate::QueryError;
use crate::memory::{fill_up, reserve, room_for_one};
use crate::scan::Stage;

/// Partial sums of a block; tokens use them in turn, by index.
const LANES: usize = 4;
/// The number of values of four bits.
const KINDS: usize = 16;

/// The sums of a group's weights in one block.
#[derive(Clone, Copy)]
pub(super) struct BlockSum {
    pub(super) code: u64,
    /// Its number in the worker that summed it.
    pub(super) group: u32,
    pub(super) count: u64,
    pub(super) sum: f64,
    /// The sum of the squared differences from the block's own mean.
    pub(super) squares: f64,
}

/// For each lane the sum and the count side by side, so that one vector adds both.
type Lanes = [[f64; 2]; LANES];

/// Sums weights by group, one block at a time.
///
/// A block has four partial sums for each group, each of the tokens at every fourth index; they are
/// added as (0 + 1) + (2 + 3). This order is the same on every path, and four times as fast as one
/// sum, whose additions each wait for the previous one.
#[derive(Default)]
pub(super) struct WeightSums {
    sums: Vec<Lanes>,
    squares: Vec<[f64; LANES]>,
    /// For the groups that were touched.
    means: Vec<f64>,
    /// The groups that have tokens in the block.
    touched: Vec<u32>,
}

impl WeightSums {
    /// Sums a block, and passes the sums of its groups to `sums`.
    pub(super) fn add(
        &mut self,
        stage: &Stage<'_>,
        grouping: &Grouping<'_>,
        with_squares: bool,
        sums: &mut Vec<BlockSum>,
    ) -> Result<(), QueryError> {
        let groups = grouping.group_codes.len();
        fill_up(&mut self.sums, groups, GROUPS)?;
        fill_up(&mut self.squares, groups, GROUPS)?;
        self.sum_up(stage, grouping);
        self.find_touched(stage, grouping);
        if with_squares {
            fill_up(&mut self.means, groups, GROUPS)?;
            self.square(stage, grouping);
        }
        reserve(sums, self.touched.len(), GROUPS)?;
        for number in self.touched.drain(..) {
            let group = number as usize;
            let (sum, count) = sum_and_count(&self.sums[group]);
            sums.push(BlockSum {
                code: grouping.group_codes[group],
                group: number,
                count: count as u64,
                sum,
                squares: total(self.squares[group]),
            });
            self.sums[group] = Lanes::default();
            self.squares[group] = [0.0; LANES];
        }
        Ok(())
    }

    fn sum_up(&mut self, stage: &Stage<'_>, grouping: &Grouping<'_>) {
        let weights = stage.lanes.f32(Column::Weight);
        if let (None, Some(kinds), Some(sums)) = (
            stage.selected(),
            grouping.kinds(stage),
            self.sums.first_chunk_mut(),
        ) {
            return sum_up_kinds(kinds, weights, sums);
        }
        let sums = &mut self.sums;
        let mut add = |group: usize, place: usize| {
            let lane = &mut sums[group][place % LANES];
            *lane = [lane[0] + f64::from(weights[place]), lane[1] + 1.0];
        };
        match grouping.group_codes.len() {
            1 => stage.for_each_selected(|place| add(0, place)),
            _ => stage.for_each_selected(|place| add(grouping.groups[place] as usize, place)),
        }
    }

    fn find_touched(&mut self, stage: &Stage<'_>, grouping: &Grouping<'_>) {
        let few = grouping.group_codes.len() <= stage.len();
        if few {
            let groups = 0..grouping.group_codes.len() as u32;
            let sums = &self.sums;
            let touched = groups.filter(|group| sum_and_count(&sums[*group as usize]).1 > 0.0);
            self.touched.extend(touched);
            return;
        }
        let touched = &mut self.touched;
        stage.for_each_selected(|place| touched.push(grouping.groups[place]));
        touched.sort_unstable();
        touched.dedup();
    }

    fn square(&mut self, stage: &Stage<'_>, grouping: &Grouping<'_>) {
        let weights = stage.lanes.f32(Column::Weight);
        for &group in &self.touched {
            let (sum, count) = sum_and_count(&self.sums[group as usize]);
            self.means[group as usize] = sum / count;
        }
        let (means, squares) = (&self.means, &mut self.squares);
        stage.for_each_selected(|place| {
            let group = grouping.groups[place] as usize;
            let difference = f64::from(weights[place]) - means[group];
            squares[group][place % LANES] += difference * difference;
        });
    }
}

fn sum_and_count(lanes: &Lanes) -> (f64, f64) {
    (
        total(lanes.map(|[sum, _]| sum)),
        total(lanes.map(|[_, count]| count)),
    )
}

/// Sums a block whose tokens are all selected, grouped by four bits: group numbers need no check.
fn sum_up_kinds(kinds: &[u8], weights: &[f32], sums: &mut [Lanes; KINDS]) {
    let (kinds, kinds_left) = kinds.as_chunks::<LANES>();
    let (weights, weights_left) = weights.as_chunks::<LANES>();
    for (kinds, weights) in kinds.iter().zip(weights) {
        for lane in 0..LANES {
            add_to(sums, kinds[lane], lane, weights[lane]);
        }
    }
    for (lane, (&kind, &weight)) in kinds_left.iter().zip(weights_left).enumerate() {
        add_to(sums, kind, lane, weight);
    }
}

#[inline(always)]
fn add_to(sums: &mut [Lanes; KINDS], kind: u8, lane: usize, weight: f32) {
    let sum = &mut sums[kind as usize % KINDS][lane];
    *sum = [sum[0] + f64::from(weight), sum[1] + 1.0];
}

fn total([a, b, c, d]: [f64; LANES]) -> f64 {
    (a + b) + (c + d)
}

/// The weights of a group over all blocks, added in the order of the blocks.
#[derive(Clone, Copy, Default)]
pub(super) struct WeightTotal {
    count: u64,
    sum: f64,
    mean: f64,
    squares: f64,
}

impl WeightTotal {
    /// Adds a block; the squares by the rule of Chan, Golub and LeVeque (1979).
    pub(super) fn add(&mut self, block: &BlockSum) {
        let (before, more) = (self.count as f64, block.count as f64);
        let difference = block.sum / more - self.mean;
        self.count += block.count;
        let count = self.count as f64;
        self.sum += block.sum;
        self.mean += difference * more / count;
        self.squares += block.squares + difference * difference * before * more / count;
    }

    /// The bytes of a total.
    pub(super) const SIZE: usize = 32;

    pub(super) fn to_bytes(self) -> [u8; Self::SIZE] {
        let words = [
            self.count,
            self.sum.to_bits(),
            self.mean.to_bits(),
            self.squares.to_bits(),
        ];
        bytemuck::cast(words.map(u64::to_le_bytes))
    }

    pub(super) fn of_bytes(bytes: [u8; Self::SIZE]) -> Self {
        let [count, sum, mean, squares] =
            bytemuck::cast::<_, [[u8; 8]; 4]>(bytes).map(u64::from_le_bytes);
        Self {
            count,
            sum: f64::from_bits(sum),
            mean: f64::from_bits(mean),
            squares: f64::from_bits(squares),
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn sum(&self) -> f64 {
        one_nan(self.sum)
    }

    pub(super) fn mean(&self) -> f64 {
        one_nan(self.sum / self.count as f64)
    }

    /// The sample standard deviation; `None` for fewer than two values.
    pub(super) fn std_dev(&self) -> Option<f64> {
        (self.count > 1).then(|| one_nan((self.squares / (self.count - 1) as f64).sqrt()))
    }
}

/// The totals of all groups, by their codes.
pub(super) enum Totals {
    Few(Vec<WeightTotal>),
    Many(HashMap<u64, WeightTotal>),
}

impl Totals {
    /// For codes of this many bits.
    pub(super) fn new(bits: u32) -> Self {
        match bits <= FEW_BITS {
            true => Self::Few(vec![WeightTotal::default(); 1 << bits]),
            false => Self::Many(HashMap::new()),
        }
    }

    pub(super) fn add(&mut self, block: &BlockSum) -> Result<(), QueryError> {
        match self {
            Self::Few(totals) => totals[block.code as usize].add(block),
            Self::Many(totals) => {
                room_for_one(totals, GROUPS)?;
                totals.entry(block.code).or_default().add(block);
            }
        }
        Ok(())
    }

    /// Sets the total of a group.
    pub(super) fn set(&mut self, code: u64, total: WeightTotal) -> Result<(), QueryError> {
        match self {
            Self::Few(totals) => totals[code as usize] = total,
            Self::Many(totals) => {
                room_for_one(totals, GROUPS)?;
                totals.insert(code, total);
            }
        }
        Ok(())
    }

    /// The totals of the groups that have any, ascending by code.
    pub(super) fn all(&self) -> Vec<(u64, WeightTotal)> {
        let mut all: Vec<_> = match self {
            Self::Few(totals) => (0..).zip(totals.iter().copied()).collect(),
            Self::Many(totals) => totals.iter().map(|(code, total)| (*code, *total)).collect(),
        };
        all.retain(|(_, total)| total.count > 0);
        all.sort_unstable_by_key(|(code, _)| *code);
        all
    }

    /// The total of a group; zero if none was added.
    pub(super) fn get(&self, code: u64) -> WeightTotal {
        let total = match self {
            Self::Few(totals) => totals.get(code as usize),
            Self::Many(totals) => totals.get(&code),
        };
        total.copied().unwrap_or_default()
    }
}

/// Which NaN results depends on the order of operands, which the compiler chooses.
fn one_nan(value: f64) -> f64 {
    if value.is_nan() { f64::NAN } else { value }
}
