use ng_arrow::Column;

use super::grouping::Grouping;
use crate::scan::Stage;

/// Partial sums of a block; tokens take turns by their place in it.
const LANES: usize = 4;

/// What the weights of a group come to in one block.
#[derive(Clone, Copy)]
pub(super) struct BlockSum {
    pub(super) code: u64,
    /// Its number with the worker that summed it up.
    pub(super) group: u32,
    pub(super) count: u64,
    pub(super) sum: f64,
    /// The sum of the squared differences to the block's own mean.
    pub(super) squares: f64,
}

/// Sums up weights group by group, one block at a time.
///
/// A block has four partial sums for each group, each of the tokens at every fourth place;
/// they are added as (0 + 1) + (2 + 3). That is an order of its own, the same on every path,
/// and four times as fast as one sum, each addition of which waits for the one before.
#[derive(Default)]
pub(super) struct WeightSums {
    counts: Vec<[u32; LANES]>,
    sums: Vec<[f64; LANES]>,
    squares: Vec<[f64; LANES]>,
    /// Of the groups that are touched.
    means: Vec<f64>,
    /// The groups that the block has tokens of.
    touched: Vec<u32>,
}

impl WeightSums {
    /// Sums up a block, and gives the sums of its groups to `sums`.
    pub(super) fn add(
        &mut self,
        stage: &Stage<'_>,
        grouping: &Grouping<'_>,
        with_squares: bool,
        sums: &mut Vec<BlockSum>,
    ) {
        let groups = grouping.group_codes.len();
        self.counts.resize(groups, [0; LANES]);
        self.sums.resize(groups, [0.0; LANES]);
        self.squares.resize(groups, [0.0; LANES]);
        match groups {
            1 => self.sum_up(stage, |_| 0),
            _ => self.sum_up(stage, |place| grouping.groups[place] as usize),
        }
        self.find_touched(stage, grouping);
        if with_squares {
            self.square(stage, grouping);
        }
        for number in self.touched.drain(..) {
            let group = number as usize;
            sums.push(BlockSum {
                code: grouping.group_codes[group],
                group: number,
                count: self.counts[group]
                    .iter()
                    .map(|&count| u64::from(count))
                    .sum(),
                sum: total(self.sums[group]),
                squares: total(self.squares[group]),
            });
            self.counts[group] = [0; LANES];
            self.sums[group] = [0.0; LANES];
            self.squares[group] = [0.0; LANES];
        }
    }

    fn sum_up(&mut self, stage: &Stage<'_>, group: impl Fn(usize) -> usize) {
        let weights = stage.lanes.f32(Column::Weight);
        let (counts, sums) = (&mut self.counts, &mut self.sums);
        stage.for_each_selected(|place| {
            let (group, lane) = (group(place), place % LANES);
            counts[group][lane] += 1;
            sums[group][lane] += f64::from(weights[place]);
        });
    }

    fn find_touched(&mut self, stage: &Stage<'_>, grouping: &Grouping<'_>) {
        let few = grouping.group_codes.len() <= stage.len();
        if few {
            let groups = 0..grouping.group_codes.len() as u32;
            let counts = &self.counts;
            let touched = groups.filter(|group| counts[*group as usize] != [0; LANES]);
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
        self.means.resize(grouping.group_codes.len(), 0.0);
        for &group in &self.touched {
            let group = group as usize;
            let count: u32 = self.counts[group].iter().sum();
            self.means[group] = total(self.sums[group]) / f64::from(count);
        }
        let (means, squares) = (&self.means, &mut self.squares);
        stage.for_each_selected(|place| {
            let group = grouping.groups[place] as usize;
            let difference = f64::from(weights[place]) - means[group];
            squares[group][place % LANES] += difference * difference;
        });
    }
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

    pub(super) fn sum(&self) -> f64 {
        one_nan(self.sum)
    }

    pub(super) fn mean(&self) -> f64 {
        one_nan(self.sum / self.count as f64)
    }

    /// The standard deviation of a sample; `None` of fewer than two.
    pub(super) fn std_dev(&self) -> Option<f64> {
        (self.count > 1).then(|| one_nan((self.squares / (self.count - 1) as f64).sqrt()))
    }
}

/// Which NaN it is depends on the order of operands, which is the compiler's.
fn one_nan(value: f64) -> f64 {
    if value.is_nan() { f64::NAN } else { value }
}
