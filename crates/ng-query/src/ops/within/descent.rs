use std::ops::Range;

use ng_arrow::Column;
use ng_store::BLOCK_TOKENS;
use ng_token::{Space, Token};

use super::Ball;
use super::counts::{Counter, spaces};
use crate::boxes::{Boxes, Cuboid, Tree};
use crate::kernels::{Kernels, PAGE};
use crate::ops::nearest::Looked;
use crate::ops::turns::{in_turns, most_blocks};
use crate::pool::Pool;
use crate::scan::{Beyond, Opened, Scan, Visited, Visitor};
use crate::select::axes;
use crate::zone::Verdict;
use crate::{Answer, QueryError};

/// Counts for each ball alone, in the blocks whose boxes it touches; `None` if there are too many.
pub(super) fn descend(
    scan: &Scan<'_>,
    boxes: &dyn Boxes,
    counters: &[Counter<'_>],
) -> Result<Option<Answer<Vec<u64>>>, QueryError> {
    let most = most_blocks(scan);
    if !spaces(counters)
        .into_iter()
        .all(|space| tells_enough(scan, boxes, space, most))
    {
        return Ok(None);
    }
    let opened = Opened::new(scan, 0);
    let looked = Looked::new(scan.blocks());
    let spaces = spaces(counters);
    let mut visitor = Visitor::new(scan, &opened);
    let covered = spaces
        .first()
        .map_or(0, |&space| boxes.tree(space).blocks());
    let beyond = Beyond::new(&mut visitor, covered, &spaces, most)?;
    let walkers = Pool::new();
    let turn = |balls: Range<usize>| {
        let new = || Walker::new(scan, &opened, boxes, (&spaces, &beyond), most);
        walkers.with(new, |walker| walker.count_all(&counters[balls], &looked))
    };
    let results = in_turns(scan, counters.len(), turn);
    let mut value = Vec::with_capacity(counters.len());
    for counts in results.map_err(QueryError::from)? {
        match counts? {
            Some(counts) => value.extend(counts),
            None => return Ok(None),
        }
    }
    let mut stats = scan.stats_of_none();
    stats.add(&visitor.into_stats());
    for walker in walkers.into_inner() {
        stats.add(&walker.visitor.into_stats());
    }
    stats.blocks_looked_at = looked.count();
    stats.blocks_skipped = stats.blocks - stats.blocks_looked_at;
    stats.elapsed = scan.started.elapsed();
    Ok(Some(Answer { value, stats }))
}

/// Whether there are no more blocks beyond the boxes than a descent may look at.
fn tells_enough(scan: &Scan<'_>, boxes: &dyn Boxes, space: Space, most: usize) -> bool {
    scan.blocks() - boxes.tree(space).blocks() <= most as u64
}

/// One worker, which counts for one ball after the other.
struct Walker<'s> {
    visitor: Visitor<'s>,
    boxes: &'s dyn Boxes,
    /// The spaces of the balls; the blocks beyond the boxes have points of these.
    spaces: &'s [Space],
    beyond: &'s Beyond,
    kernels: Kernels,
    most: usize,
    blocks: Vec<u64>,
    gathered: Box<[[i16; PAGE]; 3]>,
    mask: [u8; PAGE],
}

impl<'s> Walker<'s> {
    fn new(
        scan: &'s Scan<'s>,
        opened: &'s Opened<'s>,
        boxes: &'s dyn Boxes,
        (spaces, beyond): (&'s [Space], &'s Beyond),
        most: usize,
    ) -> Self {
        Self {
            visitor: Visitor::new(scan, opened),
            boxes,
            spaces,
            beyond,
            kernels: scan.kernels,
            most,
            blocks: Vec::new(),
            gathered: Box::new([[0; PAGE]; 3]),
            mask: [0; PAGE],
        }
    }

    /// Counts for some balls; `None` if one may have tokens in too many blocks.
    fn count_all(
        &mut self,
        counters: &[Counter<'_>],
        looked: &Looked,
    ) -> Result<Option<Vec<u64>>, QueryError> {
        let mut counts = Vec::with_capacity(counters.len());
        for counter in counters {
            match self.count(counter, looked)? {
                Some(count) => counts.push(count),
                None => return Ok(None),
            }
        }
        Ok(Some(counts))
    }

    /// Counts for a ball; `None` if it may have tokens in too many blocks.
    fn count(&mut self, counter: &Counter<'_>, looked: &Looked) -> Result<Option<u64>, QueryError> {
        if counter.is_empty() {
            return Ok(Some(0));
        }
        if !self.collect(counter) {
            return Ok(None);
        }
        let blocks = std::mem::take(&mut self.blocks);
        let mut count = 0;
        for &block in &blocks {
            count += self.count_block(counter, block, looked)?;
        }
        self.blocks = blocks;
        Ok(Some(count))
    }

    /// Gathers the blocks that may have tokens in a ball.
    fn collect(&mut self, counter: &Counter<'_>) -> bool {
        let tree = self.boxes.tree(counter.ball.space());
        self.blocks.clear();
        let place = self.place_of(counter.ball.space());
        for block in tree.blocks()..self.visitor.blocks() {
            let row = self.beyond.cuboid(place, block).row();
            if counter.fence.boxes(self.kernels, row.rows()) != 0 {
                self.blocks.push(block);
            }
        }
        touch(tree, counter, self.kernels, self.most, &mut self.blocks);
        self.blocks.len() <= self.most
    }

    fn place_of(&self, space: Space) -> usize {
        let place = self.spaces.iter().position(|known| *known == space);
        place.unwrap_or(0)
    }

    fn count_block(
        &mut self,
        counter: &Counter<'_>,
        block: u64,
        looked: &Looked,
    ) -> Result<u64, QueryError> {
        let space = counter.ball.space();
        let tree = self.boxes.tree(space);
        let is_known = block < tree.blocks();
        let is_all = self.visitor.verdict(block) == Verdict::All;
        if is_all && is_known && counter.ball.has_all_of(&tree.cuboid(block)) {
            return Ok(BLOCK_TOKENS as u64);
        }
        let columns = axes(space);
        let Some(visited) = self.visitor.visit(block, &columns, false, self.beyond)? else {
            return Ok(0);
        };
        looked.mark(block);
        let len = self.visitor.stage.len();
        let pages = len.div_ceil(PAGE);
        let mut near = u64::MAX >> (64 - pages);
        let (mut count, mut tokens) = (0, 0);
        let beyond = self.beyond.pages(self.place_of(space), block);
        if let Some(rows) = beyond.or_else(|| self.boxes.pages(space, block)) {
            near &= counter.fence.boxes(self.kernels, rows);
            if is_all {
                let whole = ones(near)
                    .filter(|&page| counter.ball.has_all_of(&Cuboid::of_row(rows, page)))
                    .fold(0, |bits, page| bits | 1 << page);
                near &= !whole;
                let tokens = |page: usize| PAGE.min(len - page * PAGE) as u64;
                count += ones(whole).map(tokens).sum::<u64>();
            }
        }
        for page in ones(near) {
            tokens += self.count_page(counter, page, &columns, visited, &mut count);
        }
        self.visitor.count_tokens(tokens, visited, columns.len());
        Ok(count)
    }

    /// Counts in a page; returns how many tokens it has.
    fn count_page(
        &mut self,
        counter: &Counter<'_>,
        page: usize,
        columns: &[Column; 3],
        visited: Visited,
        count: &mut u64,
    ) -> usize {
        let stage = &self.visitor.stage;
        let places = page * PAGE..stage.len().min((page + 1) * PAGE);
        let len = places.len();
        let selected = stage.selected().map(|mask| &mask[places.clone()]);
        let beyond = self.beyond.columns(stage.block());
        let first = 3 * self.place_of(counter.ball.space());
        let points = match (beyond, visited.has_columns) {
            (Some(steps), _) => [0, 1, 2].map(|axis| &steps[first + axis][places.clone()]),
            (None, true) => columns.map(|column| &stage.lanes.i16(column)[places.clone()]),
            (None, false) => {
                let records = &stage.held_records()[places.clone()];
                gather(records, counter.ball.space(), &mut self.gathered);
                self.gathered.each_ref().map(|axis| &axis[..len])
            }
        };
        *count += counter.count(self.kernels, points, selected, &mut self.mask);
        len
    }
}

/// Gathers the blocks whose boxes a ball touches, until there are more than `most`.
fn touch(tree: &Tree, counter: &Counter<'_>, kernels: Kernels, most: usize, blocks: &mut Vec<u64>) {
    for row in 0..tree.root_count().div_ceil(64) {
        let roots = counter.fence.boxes(kernels, tree.roots(row));
        for root in ones(roots).map(|root| 64 * row + root) {
            if root >= tree.root_count() || blocks.len() > most {
                break;
            }
            let leaves = counter.fence.boxes(kernels, tree.leaves(root));
            let touched = ones(leaves).map(|leaf| (64 * root + leaf) as u64);
            blocks.extend(touched.filter(|&block| block < tree.blocks()));
        }
    }
}

/// How many blocks a ball is counted in, by their boxes, including blocks beyond the boxes; `None`
/// if one pass looks at all blocks instead.
pub(crate) fn touched_blocks(scan: &Scan<'_>, ball: &Ball) -> Option<u64> {
    let (boxes, most) = (scan.boxes?, most_blocks(scan));
    if scan.skips_damaged || !tells_enough(scan, boxes, ball.space(), most) {
        return None;
    }
    let (tree, mut blocks) = (boxes.tree(ball.space()), Vec::new());
    touch(tree, &Counter::new(ball), scan.kernels, most, &mut blocks);
    let count = scan.blocks() - tree.blocks() + blocks.len() as u64;
    (count <= most as u64).then_some(count)
}

fn gather(records: &[Token], space: Space, gathered: &mut [[i16; PAGE]; 3]) {
    for (at, record) in records.iter().enumerate() {
        for (axis, steps) in gathered.iter_mut().zip(record.steps(space)) {
            axis[at] = steps;
        }
    }
}

/// The indices of the bits that are set.
fn ones(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let next = (bits != 0).then(|| bits.trailing_zeros() as usize);
        bits &= bits.wrapping_sub(1);
        next
    })
}
