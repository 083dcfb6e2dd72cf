use super::plan::{Plan, Target};
use super::reach::Reach;
use crate::QueryError;
use crate::ops::best::{Best, Bound};
use crate::scan::Stop;

/// What one worker has found around one point, and the limits that follow.
pub(super) struct Hunt<'b> {
    pub(super) best: Best<'b>,
    /// How many blocks it looked at.
    pub(super) blocks: u64,
    /// The key that the limits belong to.
    key: u64,
    /// The greatest sum of a screen.
    pub(super) sum: f32,
    /// The greatest steps, in one space.
    pub(super) reach: Reach,
}

impl<'b> Hunt<'b> {
    pub(super) fn new(k: usize, bound: &'b Bound) -> Self {
        Self {
            best: Best::new(k, bound),
            blocks: 0,
            key: u64::MAX,
            sum: f32::INFINITY,
            reach: Reach::EVERYWHERE,
        }
    }

    /// Narrows the limits to what was found meanwhile; `false` if no token from `position` on can
    /// be among the nearest.
    #[inline]
    pub(super) fn narrow(&mut self, plan: &Plan, target: &Target, position: u64) -> bool {
        let Some(key) = self.best.limit(position) else {
            return false;
        };
        if key != self.key {
            let sum = plan.scales.limit(&target.screen, &target.centre, key);
            (self.key, self.sum, self.reach) = (key, sum, target.centre.reach(key));
        }
        true
    }

    /// Adds what was found elsewhere around the same point.
    pub(super) fn merge(&mut self, other: Self, stop: &Stop) -> Result<(), QueryError> {
        self.blocks += other.blocks;
        self.best.merge(other.best, stop)
    }

    /// Whether a token with this key may be among the nearest, by the limits.
    pub(super) fn reaches(&self, key: u64) -> bool {
        key <= self.key
    }
}
