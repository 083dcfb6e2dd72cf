use super::best::Best;
use super::plan::{Plan, Target};
use super::reach::Reach;

/// What one worker has found around one point, and what that rules out.
pub(super) struct Hunt {
    pub(super) best: Best,
    /// In how many blocks it looked.
    pub(super) blocks: u64,
    /// The key that the limits are those of.
    key: u64,
    /// The greatest sum of a screen.
    pub(super) sum: f32,
    /// The steps, in one space.
    pub(super) reach: Reach,
}

impl Hunt {
    pub(super) fn new(k: usize) -> Self {
        Self {
            best: Best::new(k),
            blocks: 0,
            key: u64::MAX,
            sum: f32::INFINITY,
            reach: Reach::EVERYWHERE,
        }
    }

    pub(super) fn clear(&mut self) {
        self.best.clear();
        self.blocks = 0;
        self.set(u64::MAX, f32::INFINITY, Reach::EVERYWHERE);
    }

    /// Narrows the limits to what was found meanwhile; `false` if no token from `position`
    /// on can be among the nearest.
    #[inline]
    pub(super) fn narrow(
        &mut self,
        plan: &Plan<'_>,
        target: &Target,
        bound: u64,
        position: u64,
    ) -> bool {
        let Some(key) = self.best.limit(bound, position) else {
            return false;
        };
        if key != self.key {
            let sum = plan.scales.limit(&target.screen, &target.centre, key);
            self.set(key, sum, target.centre.reach(key));
        }
        true
    }

    fn set(&mut self, key: u64, sum: f32, reach: Reach) {
        (self.key, self.sum, self.reach) = (key, sum, reach);
    }
}
