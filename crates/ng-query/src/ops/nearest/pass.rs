use std::ops::ControlFlow;

use super::POINTS;
use super::hunt::Hunt;
use super::look::{Block, CHUNK, Columns, LONG_CHUNK, Looker, Part, columns, cuboids};
use super::looked::Looked;
use super::plan::Plan;
use crate::boxes::{BoxRows, Cuboid, Tree};
use crate::kernels::PAGE;
use crate::memory::{collected, with_capacity};
use crate::ops::best::Bound;
use crate::pool::Pool;
use crate::scan::{Scan, Stage};
use crate::{QueryError, Stats};

/// If a block has fewer selected tokens than this, each is compared with each point.
const FEW: usize = 64;

/// With more points than this, the boxes of a block's points are computed. They rule out a block of
/// tokens at equal distance, which no screen can, as screens are not exact.
const MANY: usize = 32;

/// Searches around some points at once, through all blocks that may have a neighbour.
pub(super) fn pass<'b>(
    scan: &Scan<'_>,
    plan: &Plan,
    points: &[usize],
    bounds: &'b [Bound],
    looked: &Looked,
) -> Result<(Vec<Hunt<'b>>, Stats), QueryError> {
    let searchers = Pool::new();
    let trees = plan.trees(scan.boxes);
    let new = || Searcher::new(plan);
    let stats = scan.run(
        || (),
        |(), stage| {
            searchers.with(new, |searcher| {
                searcher.meet(plan, points, bounds)?;
                searcher.look(plan, &trees, stage, points, looked)
            })
        },
        |()| Ok::<_, QueryError>(ControlFlow::Continue(())),
    )?;
    let mut searchers = searchers.into_inner().into_iter();
    let mut all = searchers.next().unwrap_or_else(new);
    all.meet(plan, points, bounds)?;
    let mut all = all.hunts;
    for searcher in searchers {
        for (all, hunt) in all.iter_mut().zip(searcher.hunts) {
            all.merge(hunt, &scan.stop)?;
        }
    }
    Ok((all, stats))
}

/// What one worker has found around all points.
struct Searcher<'b> {
    hunts: Vec<Hunt<'b>>,
    looker: Looker,
    /// The points that may have neighbours in the block.
    near: Vec<usize>,
}

impl<'b> Searcher<'b> {
    fn new(plan: &Plan) -> Self {
        Self {
            hunts: Vec::new(),
            looker: Looker::new(plan),
            near: Vec::new(),
        }
    }

    /// Begins a hunt for each point, if not begun yet.
    fn meet(
        &mut self,
        plan: &Plan,
        points: &[usize],
        bounds: &'b [Bound],
    ) -> Result<(), QueryError> {
        if self.hunts.len() < points.len() {
            self.near = with_capacity(points.len(), POINTS)?;
            let hunt = |&point: &usize| Hunt::new(plan.k, &bounds[point]);
            self.hunts = collected(points.iter().map(hunt), POINTS)?;
        }
        Ok(())
    }

    fn look(
        &mut self,
        plan: &Plan,
        trees: &[&Tree],
        stage: &mut Stage<'_>,
        points: &[usize],
        looked: &Looked,
    ) -> Result<(), QueryError> {
        self.find_near(plan, trees, stage, points);
        if self.near.is_empty() {
            return Ok(());
        }
        // Either single records are at hand, or all columns are loaded.
        let selected = stage.selected_count();
        let few = selected <= FEW;
        let by_record = few && stage.has_records();
        match by_record {
            true => stage.count_records(selected),
            false => stage.load(&plan.columns)?,
        }
        let columns = (!by_record).then(|| columns(plan, &stage.lanes));
        if let Some(columns) = columns.as_ref().filter(|_| self.near.len() > MANY) {
            self.leave_far_out(plan, columns, points);
            if self.near.is_empty() {
                return Ok(());
            }
        }
        looked.mark(stage.block());
        let block = match &columns {
            Some(columns) => Block::Columns(columns),
            None => Block::Records(stage.held_records()),
        };
        let whole = Part {
            block,
            first: stage.first(),
            places: 0..stage.len(),
        };
        if few || plan.columns.is_empty() {
            self.hold_selected(plan, stage, &whole, points)?;
        } else if let (true, Some(columns)) = (plan.is_of_one_space(), &columns) {
            self.look_in_space(plan, stage, columns, points)?;
        } else {
            match (&self.near[..], &columns) {
                (&[near], Some(columns)) => {
                    self.look_in_columns(plan, stage, columns, points, near);
                }
                _ => self.look_in_rows(plan, stage, &whole, points)?,
            }
        }
        for &near in &self.near {
            self.hunts[near].blocks += 1;
            self.hunts[near].best.check()?;
        }
        Ok(())
    }

    /// Finds the points that may have neighbours in the block.
    fn find_near(&mut self, plan: &Plan, trees: &[&Tree], stage: &Stage<'_>, points: &[usize]) {
        self.near.clear();
        let mut cuboids = [Cuboid::EVERYWHERE; 8];
        for (cuboid, tree) in cuboids.iter_mut().zip(trees) {
            *cuboid = tree.cuboid(stage.block());
        }
        for (number, (hunt, &point)) in self.hunts.iter_mut().zip(points).enumerate() {
            let target = &plan.targets[point];
            if !hunt.narrow(plan, target, stage.first()) || hunt.reach.is_nowhere() {
                continue;
            }
            let rows = cuboids[..trees.len()].iter().map(|cuboid| BoxRows {
                low: cuboid.low.each_ref().map(std::slice::from_ref),
                high: cuboid.high.each_ref().map(std::slice::from_ref),
            });
            if trees.is_empty() || plan.box_sum(target, rows) <= hunt.sum {
                self.near.push(number);
            }
        }
    }

    /// Drops the points without neighbours in the boxes of the block's points.
    fn leave_far_out(&mut self, plan: &Plan, columns: &Columns<'_>, points: &[usize]) {
        let (cuboids, hunts) = (cuboids(plan, columns), &self.hunts);
        self.near.retain(|&near| {
            let centre = &plan.targets[points[near]].centre;
            hunts[near].reaches(centre.least_key(&cuboids))
        });
    }

    fn hold_selected(
        &mut self,
        plan: &Plan,
        stage: &Stage<'_>,
        part: &Part<'_>,
        points: &[usize],
    ) -> Result<(), QueryError> {
        for &near in &self.near {
            stage.check_stop()?;
            let (target, hunt) = (&plan.targets[points[near]], &mut self.hunts[near]);
            stage.for_each_selected(|place| Looker::hold(plan, target, part, place, hunt));
        }
        Ok(())
    }

    fn look_in_space(
        &mut self,
        plan: &Plan,
        stage: &Stage<'_>,
        columns: &Columns<'_>,
        points: &[usize],
    ) -> Result<(), QueryError> {
        let block = Block::Columns(columns);
        let (axes, first) = ([columns[0], columns[1], columns[2]], stage.first());
        for &near in &self.near {
            stage.check_stop()?;
            let (point, hunt) = (points[near], &mut self.hunts[near]);
            let target = &plan.targets[point];
            let (low, high) = (hunt.reach.low, hunt.reach.high);
            let mut pages = plan.kernels.pages_in_box(axes, low, high);
            while pages != 0 {
                let from = pages.trailing_zeros() as usize * PAGE;
                pages &= pages - 1;
                if hunt.narrow(plan, target, first + from as u64) {
                    let part = Part {
                        block,
                        first,
                        places: from..stage.len().min(from + PAGE),
                    };
                    self.looker
                        .look_in_space(plan, target, &part, selects(stage), hunt);
                }
            }
        }
        Ok(())
    }

    /// Searches around one point alone, so rows would be made for a single use.
    fn look_in_columns(
        &mut self,
        plan: &Plan,
        stage: &Stage<'_>,
        columns: &Columns<'_>,
        points: &[usize],
        near: usize,
    ) {
        let (target, hunt) = (&plan.targets[points[near]], &mut self.hunts[near]);
        for from in (0..stage.len()).step_by(LONG_CHUNK) {
            let places = from..stage.len().min(from + LONG_CHUNK);
            let first = stage.first();
            if hunt.narrow(plan, target, first + from as u64) {
                self.looker.look_in_columns(
                    plan,
                    target,
                    columns,
                    (first, places),
                    selects(stage),
                    hunt,
                );
            }
        }
    }

    fn look_in_rows(
        &mut self,
        plan: &Plan,
        stage: &Stage<'_>,
        whole: &Part<'_>,
        points: &[usize],
    ) -> Result<(), QueryError> {
        for from in (0..stage.len()).step_by(CHUNK) {
            let part = Part {
                places: from..stage.len().min(from + CHUNK),
                ..*whole
            };
            self.looker.make_rows(plan, &part);
            for &near in &self.near {
                stage.check_stop()?;
                let (point, hunt) = (points[near], &mut self.hunts[near]);
                let target = &plan.targets[point];
                if hunt.narrow(plan, target, part.first + from as u64) {
                    self.looker
                        .look_in_rows(plan, target, &part, selects(stage), hunt);
                }
            }
        }
        Ok(())
    }
}

fn selects<'s>(stage: &'s Stage<'_>) -> impl Fn(usize) -> bool + use<'s> {
    let mask = stage.selected();
    move |place| mask.is_none_or(|mask| mask[place] != 0)
}
