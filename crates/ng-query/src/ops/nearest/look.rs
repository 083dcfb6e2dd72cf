use std::ops::Range;

use ng_token::{Space, Token};

use super::hunt::Hunt;
use super::plan::{Plan, Target};
use crate::boxes::Cuboid;
use crate::kernels::{PAGE, ROW};
use crate::scan::{Lanes, for_each_one, greatest, least};

/// How many points are in rows at once: those of eight spaces fit the L1 cache.
pub(super) const CHUNK: usize = 256;
/// How many points in columns are looked at before the results narrow the rest.
pub(super) const LONG_CHUNK: usize = 1024;

/// Three columns of each space of a metric; the rest is empty.
pub(super) type Columns<'b> = [&'b [i16]; 24];

/// The columns of a loaded block.
pub(super) fn columns<'b>(plan: &Plan, lanes: &'b Lanes<'_>) -> Columns<'b> {
    let mut columns: Columns<'b> = [&[]; 24];
    for (place, &column) in columns.iter_mut().zip(&plan.columns) {
        *place = lanes.i16(column);
    }
    columns
}

/// The boxes of the points in the columns of a block, one for each space of the metric.
pub(super) fn cuboids(plan: &Plan, columns: &Columns<'_>) -> Vec<Cuboid> {
    let spaces = 0..plan.spaces.len();
    let end = |space, of: fn(&[i16]) -> i16| [0, 1, 2].map(|axis| of(columns[3 * space + axis]));
    let cuboid = |space| Cuboid {
        low: end(space, least),
        high: end(space, greatest),
    };
    spaces.map(cuboid).collect()
}

/// The columns of a block beyond the index.
pub(super) fn columns_beyond(steps: &[Vec<i16>]) -> Columns<'_> {
    let mut columns: Columns<'_> = [&[]; 24];
    for (place, steps) in columns.iter_mut().zip(steps) {
        *place = steps;
    }
    columns
}

/// Where the points of a block are stored.
#[derive(Clone, Copy)]
pub(super) enum Block<'b> {
    Columns(&'b Columns<'b>),
    Records(&'b [Token]),
}

impl Block<'_> {
    /// The steps of a token in a space, given by its index in the metric.
    #[inline]
    fn steps(&self, spaces: &[Space], space: usize, place: usize) -> [i16; 3] {
        match self {
            Self::Columns(columns) => [0, 1, 2].map(|axis| columns[3 * space + axis][place]),
            Self::Records(records) => records[place].steps(spaces[space]),
        }
    }
}

/// One worker's buffers for looking at points.
pub(super) struct Looker {
    mask: [u8; PAGE],
    gathered: Box<[[i16; CHUNK]; 24]>,
    rows: Vec<f32>,
}

/// A range of a block's tokens, the block's first token being at position `first`.
#[derive(Clone)]
pub(super) struct Part<'b> {
    pub(super) block: Block<'b>,
    pub(super) first: u64,
    pub(super) places: Range<usize>,
}

impl Part<'_> {
    fn position(&self, place: usize) -> u64 {
        self.first + place as u64
    }
}

impl Looker {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            mask: [0; PAGE],
            gathered: Box::new([[0; CHUNK]; 24]),
            rows: vec![0.0; plan.columns.len() * CHUNK],
        }
    }

    /// Looks at a page of 64 tokens, or less, for any metric.
    pub(super) fn look(
        &mut self,
        plan: &Plan,
        target: &Target,
        part: &Part<'_>,
        is_selected: impl Fn(usize) -> bool,
        hunt: &mut Hunt<'_>,
    ) {
        if plan.columns.is_empty() {
            let selected = part.places.clone().filter(|&place| is_selected(place));
            selected.for_each(|place| Self::hold(plan, target, part, place, hunt));
        } else if plan.is_of_one_space() {
            self.look_in_space(plan, target, part, is_selected, hunt);
        } else {
            self.make_rows(plan, part);
            self.look_in_rows(plan, target, part, is_selected, hunt);
        }
    }

    /// Compares one token of a part with a point.
    #[inline]
    pub(super) fn hold(
        plan: &Plan,
        target: &Target,
        part: &Part<'_>,
        place: usize,
        hunt: &mut Hunt<'_>,
    ) {
        let steps = |space| part.block.steps(&plan.spaces, space, place);
        let key = target.centre.key(steps);
        hunt.best.offer(key, part.position(place));
    }

    /// Compares the tokens of a page with a point; in one space only those within reach.
    pub(super) fn look_in_space(
        &mut self,
        plan: &Plan,
        target: &Target,
        part: &Part<'_>,
        is_selected: impl Fn(usize) -> bool,
        hunt: &mut Hunt<'_>,
    ) {
        let (from, len) = (part.places.start, part.places.len());
        if let Block::Records(_) = part.block {
            self.gather(plan, part);
        }
        let points = match &part.block {
            Block::Columns(columns) => {
                [0, 1, 2].map(|axis| &columns[axis][part.places.start..part.places.end])
            }
            Block::Records(_) => [0, 1, 2].map(|axis| &self.gathered[axis][..len]),
        };
        let mask = &mut self.mask[..len];
        plan.kernels
            .in_box(points, hunt.reach.low, hunt.reach.high, mask);
        for_each_one(mask, |at| {
            let key = target.centre.key(|_| points.map(|axis| axis[at]));
            let position = part.position(from + at);
            if hunt.best.would_keep(key, position) && is_selected(from + at) {
                hunt.best.offer(key, position);
            }
        });
    }

    /// Makes rows of up to 256 tokens' points.
    pub(super) fn make_rows(&mut self, plan: &Plan, part: &Part<'_>) {
        if let Block::Records(_) = part.block {
            self.gather(plan, part);
        }
        let stride = plan.columns.len() * ROW;
        for (number, &space) in plan.scales.order.iter().enumerate() {
            for axis in 0..3 {
                let steps = match &part.block {
                    Block::Columns(columns) => &columns[3 * space + axis][part.places.clone()],
                    Block::Records(_) => &self.gathered[3 * space + axis][..part.places.len()],
                };
                let rows = &mut self.rows[(3 * number + axis) * ROW..];
                plan.kernels.to_rows(steps, stride, rows);
            }
        }
    }

    /// Compares the tokens in the rows with a point.
    pub(super) fn look_in_rows(
        &self,
        plan: &Plan,
        target: &Target,
        part: &Part<'_>,
        is_selected: impl Fn(usize) -> bool,
        hunt: &mut Hunt<'_>,
    ) {
        let (centre, weights) = (&target.screen.centre[..], &plan.scales.weights[..]);
        let stride = plan.columns.len() * ROW;
        let rows = &self.rows[..part.places.len().div_ceil(ROW) * stride];
        let mut within = plan.kernels.rows_within(rows, centre, weights, hunt.sum);
        let mut sums = [0.0; ROW];
        while within != 0 {
            let row = within.trailing_zeros() as usize;
            within &= within - 1;
            let values = &rows[row * stride..][..stride];
            plan.kernels.row_sums(values, centre, weights, &mut sums);
            let from = part.places.start + row * ROW;
            let limit = hunt.sum;
            for place in from..part.places.end.min(from + ROW) {
                if sums[place - from] <= limit && is_selected(place) {
                    Self::hold(plan, target, part, place, hunt);
                }
            }
        }
    }

    /// Compares up to 2048 tokens of a block, whose first is at position `first`, with a point.
    /// Most are ruled out in the columns; rows are made only of the few others.
    pub(super) fn look_in_columns(
        &mut self,
        plan: &Plan,
        target: &Target,
        columns: &Columns<'_>,
        (first, places): (u64, Range<usize>),
        is_selected: impl Fn(usize) -> bool,
        hunt: &mut Hunt<'_>,
    ) {
        let mut ordered: Columns<'_> = [&[]; 24];
        for (three, &space) in ordered.chunks_exact_mut(3).zip(&plan.scales.order) {
            for (place, column) in three.iter_mut().zip(&columns[3 * space..]) {
                *place = &column[places.clone()];
            }
        }
        let mut within = plan.kernels.columns_within(
            &ordered[..plan.columns.len()],
            &target.screen.centre,
            &plan.scales.weights,
            hunt.sum,
        );
        let mut hold = |places: Range<usize>| {
            let part = Part {
                block: Block::Columns(columns),
                first,
                places,
            };
            self.make_rows(plan, &part);
            self.look_in_rows(plan, target, &part, &is_selected, hunt);
        };
        while within != 0 {
            let from = places.start + within.trailing_zeros() as usize * ROW;
            within &= within - 1;
            hold(from..from + ROW);
        }
        let rest = places.len() % ROW;
        if rest > 0 {
            hold(places.end - rest..places.end);
        }
    }

    fn gather(&mut self, plan: &Plan, part: &Part<'_>) {
        let Block::Records(records) = part.block else {
            return;
        };
        for (number, &space) in plan.spaces.iter().enumerate() {
            for (at, record) in records[part.places.clone()].iter().enumerate() {
                for (axis, steps) in record.steps(space).into_iter().enumerate() {
                    self.gathered[3 * number + axis][at] = steps;
                }
            }
        }
    }
}
