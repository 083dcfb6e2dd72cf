//! The nearest tokens of several sources.

use super::hunt::Hunt;
use super::neighbour::Neighbours;
use super::plan::Plan;
use super::{POINTS, around as around_in_one};
use crate::boxes::Cuboid;
use crate::memory::{collected, with_capacity};
use crate::ops::best::Bound;
use crate::scan::{PlacedPart, Scan};
use crate::{Answer, Parts, QueryError};

/// Finds what is nearest to each point. A part is opened only where no part that is nearer to a
/// point, by the boxes of their zones, has `k` tokens that are nearer than its box.
pub(super) fn around(
    scan: &Scan<'_>,
    parts: &dyn Parts,
    plan: &Plan,
    bounds: &[Bound],
) -> Result<Answer<Vec<Neighbours>>, QueryError> {
    let (all, mut stats) = scan.placed_parts(parts);
    let cache = scan.cache_of_few(&all);
    let hunts = bounds.iter().map(|bound| Hunt::new(plan.k, bound));
    let mut round = Round {
        plan,
        left: all
            .iter()
            .map(|placed| Far::new(placed, parts, plan))
            .collect(),
        hunts: collected(hunts, POINTS)?,
    };
    loop {
        scan.stop.check()?;
        let nearest = round.nearest()?;
        if nearest.is_empty() {
            break;
        }
        for far in nearest {
            // The parts before it may have narrowed the search.
            let points = round.points_near(&far)?;
            if points.is_empty() {
                continue;
            }
            let part = scan.open(parts, &far.placed)?;
            stats.parts_opened += 1;
            let own = scan.of_part(&far.placed, &part).with_cache(cache);
            let found = around_in_one(&own, plan, &points, bounds, |_, hunt| Ok(hunt))?;
            stats.add(&found.stats);
            for (point, hunt) in points.into_iter().zip(found.value) {
                round.hunts[point].merge(hunt, &scan.stop)?;
            }
        }
    }
    let mut value = with_capacity(round.hunts.len(), POINTS)?;
    for (point, hunt) in round.hunts.into_iter().enumerate() {
        value.push(plan.neighbours(point, hunt, &scan.stop)?);
    }
    Ok(Answer { value, stats })
}

/// A part that was not opened.
struct Far {
    placed: PlacedPart,
    /// Its box in each space.
    cuboids: Vec<Cuboid>,
}

/// What is found so far, and the parts that are left.
struct Round<'r, 'b> {
    plan: &'r Plan,
    left: Vec<Far>,
    /// One for each point.
    hunts: Vec<Hunt<'b>>,
}

impl Far {
    fn new(placed: &PlacedPart, parts: &dyn Parts, plan: &Plan) -> Self {
        let zone = parts.part_zone(placed.part);
        let cuboid = |&space| zone.map_or(Cuboid::EVERYWHERE, |zone| zone.cuboid(space));
        Self {
            placed: *placed,
            cuboids: plan.spaces.iter().map(cuboid).collect(),
        }
    }
}

impl Round<'_, '_> {
    /// Takes the parts that are nearest to any point, and drops those that are too far from all.
    fn nearest(&mut self) -> Result<Vec<Far>, QueryError> {
        let mut least = collected(self.hunts.iter().map(|_| u64::MAX), POINTS)?;
        let mut left = std::mem::take(&mut self.left);
        left.retain(|far| {
            let mut is_near = false;
            for (point, least) in least.iter_mut().enumerate() {
                if let Some(key) = self.key_within(point, far) {
                    *least = key.min(*least);
                    is_near = true;
                }
            }
            is_near
        });
        let is_least = |far: &Far| {
            let key = |(point, least)| self.key_within(point, far).filter(|key| key == least);
            least.iter().enumerate().filter_map(key).min()
        };
        let (mut nearest, mut behind) = (Vec::new(), Vec::new());
        for far in left {
            match is_least(&far) {
                Some(key) => nearest.push((key, far)),
                None => behind.push(far),
            }
        }
        self.left = behind;
        // A stable sort: parts that are equally near stay in their order.
        nearest.sort_by_key(|(key, _)| *key);
        Ok(nearest.into_iter().map(|(_, far)| far).collect())
    }

    /// The points that may have neighbours in a part.
    fn points_near(&self, far: &Far) -> Result<Vec<usize>, QueryError> {
        let mut points = with_capacity(self.hunts.len(), POINTS)?;
        points.extend((0..self.hunts.len()).filter(|&point| self.key_within(point, far).is_some()));
        Ok(points)
    }

    /// The least key of a part's tokens, if a token with it could be among the nearest.
    fn key_within(&self, point: usize, far: &Far) -> Option<u64> {
        let key = self.plan.targets[point].centre.least_key(&far.cuboids);
        let limit = self.hunts[point].best.limit(far.placed.base)?;
        (key <= limit).then_some(key)
    }
}
