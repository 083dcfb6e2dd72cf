use std::cmp::Ordering;
use std::ops::Range;

use super::hunt::Hunt;
use super::look::{Block, Looker, Part, columns, columns_beyond};
use super::looked::Looked;
use super::plan::{Plan, Target};
use crate::QueryError;
use crate::boxes::{Boxes, Cuboid, Row, Tree};
use crate::kernels::PAGE;
use crate::scan::{Beyond, Opened, Scan, Stage, Visited, Visitor};

/// Searches around one point after the other, block by block in the order of their boxes' distance.
pub(super) struct Search<'s> {
    plan: &'s Plan,
    visitor: Visitor<'s>,
    beyond: &'s Beyond,
    boxes: Option<&'s dyn Boxes>,
    trees: Vec<&'s Tree>,
    looker: Looker,
    /// For each space, the block's box, in place of its pages' boxes.
    whole: Vec<Row>,
    /// More blocks than this are not worth visiting one by one.
    most: usize,
    sums: [f32; 64],
    roots: Vec<f32>,
    blocks: Vec<Near>,
    pages: Vec<(f32, usize)>,
}

impl<'s> Search<'s> {
    pub(super) fn new(
        scan: &'s Scan<'s>,
        opened: &'s Opened<'s>,
        plan: &'s Plan,
        beyond: &'s Beyond,
        most: usize,
    ) -> Self {
        Self {
            visitor: Visitor::new(scan, opened),
            beyond,
            boxes: scan.boxes,
            trees: plan.trees(scan.boxes),
            looker: Looker::new(plan),
            whole: vec![Cuboid::EVERYWHERE.row(); plan.spaces.len()],
            plan,
            most,
            sums: [0.0; 64],
            roots: Vec::new(),
            blocks: Vec::new(),
            pages: Vec::new(),
        }
    }

    pub(super) fn into_stats(self) -> crate::Stats {
        self.visitor.into_stats()
    }

    /// Searches around a point; `false` if its neighbours may be in too many blocks to go on. A
    /// pass then uses what was found as its bound.
    ///
    /// First come the blocks whose boxes contain the point, or the nearest one; the tokens found
    /// there limit how far away other boxes may be.
    pub(super) fn look(
        &mut self,
        point: usize,
        hunt: &mut Hunt<'_>,
        looked: &Looked,
    ) -> Result<bool, QueryError> {
        let target = &self.plan.targets[point];
        self.measure_roots(target);
        let first = self.least(target);
        if !self.collect(target, f32::NEG_INFINITY, first) {
            return Ok(false);
        }
        self.visit_all(target, hunt, looked)?;
        // Equally far tokens may have lower positions than those found: no position narrows.
        hunt.narrow(self.plan, target, 0);
        if !self.collect(target, first, hunt.sum) {
            return Ok(false);
        }
        self.visit_all(target, hunt, looked)?;
        Ok(true)
    }

    /// Visits the gathered blocks in order, until one is too far.
    fn visit_all(
        &mut self,
        target: &Target,
        hunt: &mut Hunt<'_>,
        looked: &Looked,
    ) -> Result<(), QueryError> {
        let blocks = std::mem::take(&mut self.blocks);
        for near in &blocks {
            hunt.narrow(self.plan, target, 0);
            if near.sum > hunt.sum {
                break;
            }
            self.visit(near.block, target, hunt, looked)?;
        }
        self.blocks = blocks;
        Ok(())
    }

    /// The least sum of a block: 0 if the point is in a box.
    ///
    /// The point may be in the boxes of several roots, and far from all blocks of the first.
    fn least(&mut self, target: &Target) -> f32 {
        let nearest = (0..self.roots.len())
            .min_by(|&left, &right| self.roots[left].total_cmp(&self.roots[right]));
        let mut least = f32::INFINITY;
        for root in nearest.into_iter().chain(0..self.roots.len()) {
            if self.roots[root] < least {
                self.measure_leaves(target, root);
                let sums = self.leaf_blocks(root).zip(self.sums).map(|(_, sum)| sum);
                least = sums.fold(least, f32::min);
            }
        }
        if least.is_finite() { least } else { 0.0 }
    }

    /// Gathers the blocks whose sums are above one bound and at most another: least sum first, then
    /// lowest number; `false` if there are too many.
    fn collect(&mut self, target: &Target, above: f32, most: f32) -> bool {
        self.blocks.clear();
        self.collect_beyond(target, above, most);
        for root in 0..self.roots.len() {
            if self.roots[root] > most || self.blocks.len() > self.most {
                continue;
            }
            self.measure_leaves(target, root);
            for (block, sum) in self.leaf_blocks(root).zip(self.sums) {
                if sum > above && sum <= most {
                    let size = match sum {
                        0.0 => self.plan.size(&self.trees, block),
                        _ => 0.0,
                    };
                    self.blocks.push(Near { sum, size, block });
                }
            }
        }
        self.blocks.sort_unstable_by(Near::order);
        self.blocks.len() <= self.most
    }

    /// Gathers from the blocks that no tree covers.
    fn collect_beyond(&mut self, target: &Target, above: f32, most: f32) {
        let of_tree = self.trees.first().map_or(0, |tree| tree.blocks());
        for block in of_tree..self.visitor.blocks() {
            let spaces = self.plan.scales.order.iter().enumerate();
            for (number, &space) in spaces {
                self.whole[number] = self.beyond.cuboid(space, block).row();
            }
            let rows = self.whole.iter().map(Row::rows);
            let sum = self.plan.box_sum(target, rows);
            if sum > above && sum <= most {
                let size = f32::INFINITY;
                self.blocks.push(Near { sum, size, block });
            }
        }
    }

    fn measure_roots(&mut self, target: &Target) {
        self.roots.clear();
        let Some(count) = self.trees.first().map(|tree| tree.root_count()) else {
            return;
        };
        for number in 0..count.div_ceil(64) {
            let rows = self.trees.iter().map(|tree| tree.roots(number));
            self.plan.box_sums(target, rows, &mut self.sums);
            self.roots.extend_from_slice(&self.sums);
        }
        self.roots.truncate(count);
    }

    fn measure_leaves(&mut self, target: &Target, root: usize) {
        let rows = self.trees.iter().map(|tree| tree.leaves(root));
        self.plan.box_sums(target, rows, &mut self.sums);
    }

    fn leaf_blocks(&self, root: usize) -> Range<u64> {
        let blocks = self.trees.first().map_or(0, |tree| tree.blocks());
        let first = 64 * root as u64;
        first..blocks.min(first + 64)
    }

    /// Searches a block: page by page in the order of their boxes' distance, if it has boxes.
    fn visit(
        &mut self,
        block: u64,
        target: &Target,
        hunt: &mut Hunt<'_>,
        looked: &Looked,
    ) -> Result<(), QueryError> {
        let visitor = &mut self.visitor;
        let Some(visited) = visitor.visit(block, &self.plan.columns, true, self.beyond)? else {
            return Ok(());
        };
        looked.mark(block);
        hunt.blocks += 1;
        self.list_pages(block, target);
        let bound = self.visitor.bound();
        let tokens = match visited.is_to_match {
            true => self.look_in_pages(target, hunt, visited, |stage, place| {
                let position = stage.first() + place as u64;
                bound.matches(&stage.held_records()[place], position)
            }),
            false => self.look_in_pages(target, hunt, visited, |stage, place| {
                stage.selected().is_none_or(|mask| mask[place] != 0)
            }),
        };
        let columns = self.plan.columns.len();
        self.visitor.count_tokens(tokens, visited, columns);
        hunt.best.check()
    }

    /// Lists the pages of a block, nearest first if their boxes are known.
    fn list_pages(&mut self, block: u64, target: &Target) {
        self.pages.clear();
        let pages = self.visitor.stage.len().div_ceil(PAGE);
        if !self.measure_pages(block, target) {
            self.pages.extend((0..pages).map(|page| (0.0, page)));
            return;
        }
        let sums = self.sums.into_iter().take(pages);
        self.pages
            .extend(sums.enumerate().map(|(page, sum)| (sum, page)));
        let nearest = (0..self.pages.len())
            .min_by(|&left, &right| self.pages[left].0.total_cmp(&self.pages[right].0));
        self.pages.swap(0, nearest.unwrap_or(0));
    }

    /// The distances of a block's page boxes; in spaces without them, of the block's box.
    fn measure_pages(&mut self, block: u64, target: &Target) -> bool {
        let plan = self.plan;
        let spaces = plan.scales.order.iter().copied();
        let of_space = |space: usize| {
            let of_index = |boxes: &'s dyn Boxes| boxes.pages(plan.spaces[space], block);
            let beyond = self.beyond.pages(space, block);
            beyond.or_else(|| self.boxes.and_then(of_index))
        };
        if !spaces.clone().any(|space| of_space(space).is_some()) {
            return false;
        }
        for (number, space) in spaces.clone().enumerate() {
            if of_space(space).is_none() {
                self.whole[number] = self.trees[number].cuboid(block).row();
            }
        }
        let rows = spaces.zip(&self.whole);
        let rows = rows.map(|(space, whole)| of_space(space).unwrap_or_else(|| whole.rows()));
        plan.box_sums(target, rows, &mut self.sums);
        true
    }

    /// Searches the pages that may have a neighbour; returns how many tokens they have.
    fn look_in_pages(
        &mut self,
        target: &Target,
        hunt: &mut Hunt<'_>,
        visited: Visited,
        is_selected: impl Fn(&Stage<'_>, usize) -> bool,
    ) -> usize {
        let (plan, stage) = (self.plan, &self.visitor.stage);
        let columns = match self.beyond.columns(stage.block()) {
            Some(steps) => Some(columns_beyond(steps)),
            None => visited.has_columns.then(|| columns(plan, &stage.lanes)),
        };
        let block = match &columns {
            Some(columns) => Block::Columns(columns),
            None => Block::Records(stage.held_records()),
        };
        let mut tokens = 0;
        let (mut number, mut is_first) = (0, true);
        while let Some(&(sum, page)) = self.pages.get(number) {
            number += 1;
            if sum > hunt.sum {
                break;
            }
            let from = page * PAGE;
            let part = Part {
                block,
                first: stage.first(),
                places: from..stage.len().min(from + PAGE),
            };
            tokens += part.places.len();
            self.looker
                .look(plan, target, &part, |place| is_selected(stage, place), hunt);
            // Equally far tokens may have lower positions than those found.
            hunt.narrow(plan, target, 0);
            if is_first {
                // The nearest page decides which of the others are worth sorting.
                self.pages.swap_remove(0);
                self.pages.retain(|&(sum, _)| sum <= hunt.sum);
                self.pages
                    .sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
                number = 0;
                is_first = false;
            }
        }
        tokens
    }
}

/// A block that may have a neighbour.
struct Near {
    /// The distance of its box, as the screen sums it.
    sum: f32,
    /// The size of the box, if the point is in it.
    size: f32,
    block: u64,
}

impl Near {
    fn order(&self, other: &Self) -> Ordering {
        let (sum, size) = (
            self.sum.total_cmp(&other.sum),
            self.size.total_cmp(&other.size),
        );
        sum.then(size).then(self.block.cmp(&other.block))
    }
}
