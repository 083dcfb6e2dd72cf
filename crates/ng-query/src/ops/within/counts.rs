use std::ops::ControlFlow;

use ng_token::Space;

use super::Ball;
use super::descent::descend;
use crate::boxes::Cuboid;
use crate::kernels::{Kernels, PAGE};
use crate::memory::{collected, with_capacity};
use crate::ops::nearest::{Fence, Reach};
use crate::scan::{Lanes, Scan, Stage};
use crate::select::{axes, in_ball};
use crate::zone::{Verdict, Zone};
use crate::{Answer, Parts, Query, QueryError, Source};

impl Query<'_> {
    /// Counts the selected tokens within each of some balls.
    ///
    /// The balls share a pass, unless boxes of an index tell where to look for each.
    ///
    /// # Errors
    ///
    /// [`QueryError`].
    pub fn within_counts(&self, balls: &[Ball]) -> Result<Answer<Vec<u64>>, QueryError> {
        let scan = self.scan();
        let counters = collected(balls.iter().map(Counter::new), BALLS)?;
        match scan.source {
            Source::Parts(parts) => count_in_parts(&scan, parts, &counters),
            _ => count(&scan, &counters),
        }
    }
}

/// What memory that grows with the balls is for.
const BALLS: &str = "balls";

/// Counts in one source.
fn count(scan: &Scan<'_>, counters: &[Counter<'_>]) -> Result<Answer<Vec<u64>>, QueryError> {
    if let Some(boxes) = scan.boxes.filter(|_| !scan.skips_damaged)
        && let Some(answer) = descend(scan, boxes, counters)?
    {
        return Ok(answer);
    }
    pass(scan, counters)
}

/// Counts in the parts whose boxes a ball touches, without opening those whose tokens are all in
/// all of the balls that touch them.
fn count_in_parts(
    scan: &Scan<'_>,
    parts: &dyn Parts,
    counters: &[Counter<'_>],
) -> Result<Answer<Vec<u64>>, QueryError> {
    let mut value = collected(counters.iter().map(|_| 0), BALLS)?;
    let (all, mut stats) = scan.placed_parts(parts);
    let cache = scan.cache_of_few(&all);
    for placed in &all {
        let zone = parts.part_zone(placed.part);
        let is_all = placed.is_all && !scan.skips_damaged;
        let mut near = with_capacity(counters.len(), BALLS)?;
        let mut is_unread = false;
        for (place, counter) in counters.iter().enumerate() {
            match counter.verdict(scan.kernels, zone) {
                Verdict::None => {}
                Verdict::All if is_all => {
                    value[place] += placed.tokens;
                    is_unread = true;
                }
                Verdict::All | Verdict::Some => near.push(place),
            }
        }
        if near.is_empty() {
            match is_unread {
                true => stats.blocks_unread += placed.blocks(),
                false => stats.blocks_skipped += placed.blocks(),
            }
            continue;
        }
        let part = scan.open(parts, placed)?;
        stats.parts_opened += 1;
        let own = collected(near.iter().map(|&place| counters[place]), BALLS)?;
        let scan = scan.of_part(placed, &part).with_cache(cache);
        let counted = count(&scan, &own)?;
        stats.add(&counted.stats);
        stats.blocks_skipped += counted.stats.blocks_skipped;
        for (place, count) in near.into_iter().zip(counted.value) {
            value[place] += count;
        }
    }
    stats.elapsed = scan.started.elapsed();
    Ok(Answer { value, stats })
}

/// A ball, and the screens that rule tokens out before they are compared with it.
#[derive(Clone, Copy)]
pub(super) struct Counter<'b> {
    pub(super) ball: &'b Ball,
    reach: Reach,
    pub(super) fence: Fence,
}

impl<'b> Counter<'b> {
    pub(super) fn new(ball: &'b Ball) -> Self {
        let reach = match ball.in_steps().is_none() && !ball.has_all() {
            true => Reach::NOWHERE,
            false => ball.reach(),
        };
        Self {
            ball,
            reach,
            fence: ball.fence(),
        }
    }

    /// Whether the ball has all tokens of a zone, or can have any.
    fn verdict(&self, kernels: Kernels, zone: Option<&Zone>) -> Verdict {
        let cuboid = |zone: &Zone| zone.cuboid(self.ball.space());
        let cuboid = zone.map_or(Cuboid::EVERYWHERE, cuboid);
        if self.is_empty() || self.fence.boxes(kernels, cuboid.row().rows()) == 0 {
            return Verdict::None;
        }
        match self.ball.has_all_of(&cuboid) {
            true => Verdict::All,
            false => Verdict::Some,
        }
    }

    /// Whether the ball can have no token.
    pub(super) fn is_empty(&self) -> bool {
        self.reach.is_nowhere()
    }

    /// Counts the selected points of up to 64 pages that are in the ball.
    pub(super) fn count(
        &self,
        kernels: Kernels,
        points: [&[i16]; 3],
        selected: Option<&[u8]>,
        mask: &mut [u8; PAGE],
    ) -> u64 {
        let mut count = 0;
        let mut pages = kernels.pages_in_box(points, self.reach.low, self.reach.high);
        while pages != 0 {
            let from = pages.trailing_zeros() as usize * PAGE;
            pages &= pages - 1;
            let end = points[0].len().min(from + PAGE);
            let mask = &mut mask[..end - from];
            self.in_ball(kernels, points.map(|axis| &axis[from..end]), mask);
            if let Some(selected) = selected {
                kernels.and(mask, &selected[from..end]);
            }
            count += kernels.count(mask) as u64;
        }
        count
    }

    fn in_ball(&self, kernels: Kernels, points: [&[i16]; 3], mask: &mut [u8]) {
        match self.ball.in_steps() {
            Some(ball) => in_ball(kernels, points, ball, mask),
            // A ball this large contains everything in its reach.
            None => mask.fill(1),
        }
    }
}

/// Counts for all balls in all blocks that may have tokens in any of them.
fn pass(scan: &Scan<'_>, counters: &[Counter<'_>]) -> Result<Answer<Vec<u64>>, QueryError> {
    let zeros = || collected(counters.iter().map(|_| 0), "counts of balls");
    let mut value = zeros()?;
    let columns: Vec<_> = spaces(counters).into_iter().flat_map(axes).collect();
    let stats = scan.run(
        Vec::new,
        |counts: &mut Vec<u64>, stage| {
            stage.load(&columns)?;
            if counts.is_empty() {
                *counts = zeros()?;
            }
            count_block(counters, stage, counts)
        },
        |counts| {
            for (value, count) in value.iter_mut().zip(counts) {
                *value += count;
            }
            Ok::<_, QueryError>(ControlFlow::Continue(()))
        },
    )?;
    Ok(Answer { value, stats })
}

pub(super) fn spaces(counters: &[Counter<'_>]) -> Vec<Space> {
    let mut spaces: Vec<_> = counters
        .iter()
        .map(|counter| counter.ball.space())
        .collect();
    spaces.sort_by_key(|space| *space as u8);
    spaces.dedup();
    spaces
}

fn count_block(
    counters: &[Counter<'_>],
    stage: &Stage<'_>,
    counts: &mut [u64],
) -> Result<(), QueryError> {
    let mut mask = [0; PAGE];
    for (counter, count) in counters.iter().zip(counts) {
        stage.check_stop()?;
        if !counter.is_empty() {
            let points = points(&stage.lanes, counter.ball);
            *count += counter.count(stage.kernels, points, stage.selected(), &mut mask);
        }
    }
    Ok(())
}

fn points<'l>(lanes: &'l Lanes<'_>, ball: &Ball) -> [&'l [i16]; 3] {
    axes(ball.space()).map(|axis| lanes.i16(axis))
}
