use ng_token::{Space, Token};

use super::Visitor;
use crate::QueryError;
use crate::boxes::{BoxRows, Cuboid};
use crate::kernels::PAGE;

/// The points of the blocks that an index does not cover, such as the partial last one: loaded once
/// for all searches for single points.
#[derive(Default)]
pub(crate) struct Beyond {
    first: u64,
    blocks: Vec<Points>,
}

/// The points of a block, three columns for each space, and the ends of its pages' boxes.
struct Points {
    columns: Vec<Vec<i16>>,
    low: Vec<Vec<i16>>,
    high: Vec<Vec<i16>>,
}

impl Beyond {
    /// Loads the blocks from `first` on, if there are at most `most` and if it helps: not if the
    /// filter has to see the records, which are then read anyway.
    pub(crate) fn new(
        visitor: &mut Visitor<'_>,
        first: u64,
        spaces: &[Space],
        most: usize,
    ) -> Result<Self, QueryError> {
        let blocks = first..visitor.blocks();
        let mut beyond = Self {
            first,
            blocks: Vec::new(),
        };
        if visitor.matches_by_block() || blocks.end - blocks.start > most as u64 {
            return Ok(beyond);
        }
        for block in blocks {
            let records = visitor.records(block)?;
            beyond.blocks.push(Points::new(records, spaces));
        }
        Ok(beyond)
    }

    fn block(&self, block: u64) -> Option<&Points> {
        let place = block.checked_sub(self.first)?;
        self.blocks.get(usize::try_from(place).ok()?)
    }

    /// The columns of a block, three for each space.
    pub(crate) fn columns(&self, block: u64) -> Option<&[Vec<i16>]> {
        self.block(block).map(|points| &points.columns[..])
    }

    /// The boxes of a block's pages, in the space of this number.
    pub(crate) fn pages(&self, space: usize, block: u64) -> Option<BoxRows<'_>> {
        let points = self.block(block)?;
        Some(BoxRows {
            low: [0, 1, 2].map(|axis| &points.low[3 * space + axis][..]),
            high: [0, 1, 2].map(|axis| &points.high[3 * space + axis][..]),
        })
    }

    /// The box of a block; unbounded if the block was not loaded.
    pub(crate) fn cuboid(&self, space: usize, block: u64) -> Cuboid {
        let Some(pages) = self.pages(space, block) else {
            return Cuboid::EVERYWHERE;
        };
        Cuboid {
            low: pages.low.map(least),
            high: pages.high.map(greatest),
        }
    }
}

impl Points {
    fn new(records: &[Token], spaces: &[Space]) -> Self {
        let axes = spaces
            .iter()
            .flat_map(|&space| (0..3).map(move |axis| (space, axis)));
        let column = |(space, axis): (Space, usize)| {
            let steps = records.iter().map(|record| record.steps(space)[axis]);
            steps.collect::<Vec<_>>()
        };
        let columns: Vec<_> = axes.map(column).collect();
        let ends = |end: fn(&[i16]) -> i16| {
            let of_column = |column: &Vec<i16>| column.chunks(PAGE).map(end).collect();
            columns.iter().map(of_column).collect()
        };
        Self {
            low: ends(least),
            high: ends(greatest),
            columns,
        }
    }
}

pub(crate) fn least(steps: &[i16]) -> i16 {
    steps.iter().copied().min().unwrap_or(i16::MAX)
}

pub(crate) fn greatest(steps: &[i16]) -> i16 {
    steps.iter().copied().max().unwrap_or(i16::MIN)
}
