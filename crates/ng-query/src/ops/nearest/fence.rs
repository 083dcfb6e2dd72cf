use ng_token::Space;

use super::metric::{Centre, Metric};
use super::place::Place;
use super::screen::Scales;
use crate::boxes::BoxRows;
use crate::kernels::Kernels;

/// Decides which boxes may have points within some distance of a place: the screen of one place in
/// one space.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fence {
    centre: [f32; 3],
    limit: f32,
}

impl Fence {
    /// For points whose distance has at most this key.
    pub(crate) fn new(space: Space, place: Place, key: u64) -> Self {
        let metric = Metric::One(space);
        let scales = Scales::new(&metric);
        let screen = scales.screen(&[place]);
        let limit = scales.limit(&screen, &Centre::new(&metric, &[place]), key);
        Self {
            centre: [0, 1, 2].map(|axis| screen.centre[axis]),
            limit,
        }
    }

    /// Sets a bit for each of 64 boxes that may have such points.
    pub(crate) fn boxes(&self, kernels: Kernels, rows: BoxRows<'_>) -> u64 {
        let mut sums = [0.0; 64];
        kernels.add_box_distances(rows.low, rows.high, self.centre, 1.0, &mut sums);
        let bits = sums.iter().enumerate();
        bits.fold(0, |bits, (number, &sum)| {
            bits | u64::from(sum <= self.limit) << number
        })
    }
}
