//! The nearest tokens.
//!
//! [`Points`] are the points to search around; a [`Plan`] has the exact rule of their distances
//! ([`metric`]) and the screens that rule tokens out without it ([`reach`] in steps, [`screen`] in
//! `f32`). A [`Hunt`] is what was found around one point. With boxes a [`Search`] goes from block
//! to block, nearest first; without boxes, or if they rule out too little, a [`pass`] looks through
//! all blocks for all points. Of several sources ([`in_parts`]) those are opened first whose boxes are
//! nearest, and none that is too far.

mod explain;
mod fence;
mod hunt;
mod in_parts;
mod look;
mod looked;
mod metric;
mod neighbour;
mod pass;
mod place;
mod plan;
mod points;
mod reach;
mod screen;
mod search;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::memory::{collected, with_capacity};
use crate::ops::best::Bound;
use crate::ops::turns::{in_turns, most_blocks};
use crate::pool::Pool;
use crate::scan::{Beyond, Opened, Scan, Visitor};
use crate::{Answer, Query, QueryError, QuestionError, Source, Stats};
pub(crate) use explain::first_blocks;
pub(crate) use fence::Fence;
use hunt::Hunt;
pub(crate) use looked::Looked;
use metric::Metric;
pub use neighbour::{Neighbour, Neighbours, Squared};
pub(crate) use place::{Place, squared_steps};
use plan::Plan;
pub use points::Points;
pub(crate) use points::{check_place, steps_of};
pub(crate) use reach::Reach;
use search::Search;

impl Query<'_> {
    /// Finds the `k` selected tokens nearest to each of some points.
    ///
    /// The answer is exact: tokens are ordered by distance as in [`Squared`], ties by position. The
    /// points share a pass, unless boxes of an index tell where to look for each. [`Stats`] counts
    /// each block once, [`Neighbours`] those of its point.
    ///
    /// ```
    /// use ng_query::{Points, Query, Squared};
    /// use ng_query::ng_parallel::Workers;
    /// use ng_token::{Space, Token};
    ///
    /// let tokens: Vec<_> = (0..100)
    ///     .map(|x| Token::new(0).with_coordinate(Space::Physical, [x, 0, 0]))
    ///     .collect();
    /// let mut points = Points::in_space(Space::Physical);
    /// points.add_units(&[[0.42, 0.0, 0.0]])?;
    /// let nearest = Query::new(&tokens, &Workers::new(1)?).nearest(&points, 2)?;
    /// let found = &nearest.value[0].neighbours;
    /// assert_eq!((found[0].position, found[0].squared), (42, Squared::Steps(0)));
    /// assert_eq!((found[1].position, found[1].distance), (41, 0.01));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`QuestionError::NoneWanted`] where `k` is 0, and the others of [`QueryError`].
    pub fn nearest(
        &self,
        points: &Points,
        k: usize,
    ) -> Result<Answer<Vec<Neighbours>>, QueryError> {
        if k == 0 {
            return Err(QuestionError::NoneWanted.into());
        }
        let scan = self.scan();
        let plan = Plan::new(points, k, scan.kernels)?;
        let bounds = collected((0..points.len()).map(|_| Bound::new()), POINTS)?;
        let mut answer = match scan.source {
            Source::Parts(parts) => in_parts::around(&scan, parts, &plan, &bounds)?,
            _ => {
                let all = collected(0..points.len(), POINTS)?;
                let finish = |point, hunt| plan.neighbours(point, hunt, &scan.stop);
                around(&scan, &plan, &all, &bounds, finish)?
            }
        };
        let stats = &mut answer.stats;
        stats.blocks_skipped = stats.blocks - stats.blocks_looked_at - stats.damaged_blocks;
        stats.elapsed = scan.started.elapsed();
        Ok(answer)
    }
}

/// What memory that grows with the points is for.
const POINTS: &str = "points to look around";

/// What is found around some points in one source, as `finish` makes it of a hunt.
fn around<'b, T: Send>(
    scan: &Scan<'_>,
    plan: &Plan,
    points: &[usize],
    bounds: &'b [Bound],
    finish: impl Fn(usize, Hunt<'b>) -> Result<T, QueryError> + Sync,
) -> Result<Answer<Vec<T>>, QueryError> {
    let looked = Looked::new(scan.blocks());
    let mut found: Vec<Option<T>> = collected(points.iter().map(|_| None), POINTS)?;
    let mut stats = scan.stats_of_none();
    if scan.boxes.is_some() && !scan.skips_damaged {
        let hunts = (points, bounds, &looked);
        stats.add(&search(scan, plan, hunts, &finish, &mut found)?);
    }
    let mut rest = with_capacity(points.len(), POINTS)?;
    rest.extend((0..points.len()).filter(|&place| found[place].is_none()));
    if !rest.is_empty() {
        let left = collected(rest.iter().map(|&place| points[place]), POINTS)?;
        let (hunts, of_pass) = pass::pass(scan, plan, &left, bounds, &looked)?;
        stats.add(&of_pass);
        for (place, hunt) in rest.into_iter().zip(hunts) {
            found[place] = Some(finish(points[place], hunt)?);
        }
    }
    stats.blocks_looked_at = looked.count();
    stats.blocks_unread = 0;
    let mut value = with_capacity(points.len(), POINTS)?;
    value.extend(found.into_iter().flatten());
    Ok(Answer { value, stats })
}

/// Searches for each point alone; leaves out points for which that is not worth it.
fn search<'b, T: Send>(
    scan: &Scan<'_>,
    plan: &Plan,
    (points, bounds, looked): (&[usize], &'b [Bound], &Looked),
    finish: &(impl Fn(usize, Hunt<'b>) -> Result<T, QueryError> + Sync),
    found: &mut [Option<T>],
) -> Result<Stats, QueryError> {
    let opened = Opened::new(scan, 0);
    let most = most_blocks(scan);
    let mut visitor = Visitor::new(scan, &opened);
    let covered = plan
        .trees(scan.boxes)
        .first()
        .map_or(0, |tree| tree.blocks());
    let beyond = Beyond::new(&mut visitor, covered, &plan.spaces, most)?;
    let searches = Pool::new();
    let turn = |places: Range<usize>| {
        let new = || Search::new(scan, &opened, plan, &beyond, most);
        searches.with(new, |search| {
            let around = |&point: &usize| {
                let mut hunt = Hunt::new(plan.k, &bounds[point]);
                let is_done = search.look(point, &mut hunt, looked)?;
                match is_done {
                    true => finish(point, hunt).map(Some),
                    false => Ok(None),
                }
            };
            let around_all = points[places].iter().map(around);
            around_all.collect::<Result<Vec<_>, QueryError>>()
        })
    };
    let results = in_turns(scan, points.len(), turn);
    let mut places = found.iter_mut();
    for result in results.map_err(QueryError::from)? {
        for (one, place) in result?.into_iter().zip(places.by_ref()) {
            *place = one;
        }
    }
    let mut stats = visitor.into_stats();
    for search in searches.into_inner() {
        stats.add(&search.into_stats());
    }
    Ok(stats)
}
