use super::metric::{Centre, Metric};
use super::place::Place;

/// Coordinates are clamped to this many steps, and the rest is slack: 2^60.
const FAR: f64 = (1_u64 << 60) as f64;
/// Weights below this share of the greatest one are left out: 2^-100.
const LEAST_SHARE: f64 = 1.0 / (1_u128 << 100) as f64;
/// The least greatest weight of a step, so that a distance loses nothing to underflow that a screen
/// would see: about 2^-900.
const LEAST_WEIGHT: f64 = 1e-270;

/// The weights of a metric's spaces as `f32`, the greatest 1; shared by its screens.
#[derive(Clone, Debug)]
pub(super) struct Scales {
    /// The spaces, by their index in the metric, those of the greatest weight first.
    pub(super) order: Vec<usize>,
    pub(super) weights: Vec<f32>,
    /// The weights of a squared step in the metric, before the division.
    shares: Vec<f64>,
    greatest: f64,
}

/// A point as `f32`, with a bound on its error: rules out most tokens and boxes before any distance
/// is computed.
///
/// *It never rules out a neighbour.* Let `N(c)` be the root of the sum over the spaces of `a` times
/// the squared steps between a token and `c`, where `a` is the weight of a squared step divided by
/// the greatest one, all without rounding. A distance `D` by its definition has at most 20
/// roundings of `f64`, so `N(point)^2` is at most `D / greatest * (1 + 2^-47)`; an underflow
/// changes it by less than 2^-150, since `greatest` is at least 2^-900.
///
/// The sum of a screen is computed for `c`, the point clamped and rounded to `f32`, with weights
/// rounded down or left out (in `N`, too), and at most 14 roundings of `f32` on any path to it: it
/// is at most `N(c)^2 * (1 + 2^-20)`, plus 24 times 2^-149 for underflows. Nothing overflows: 24
/// squares of less than 2^61. And `N(c)` is at most `N(point) + N'`, where `N'`, the slack, is the
/// distance of `c` from the point. So for a token with `D <= B` the sum is at most
/// `(root(B / greatest) * (1 + 2^-47) + slack)^2 * (1 + 2^-20) + 2^-144`, and the limit is greater.
/// The same holds for boxes, whose points are no nearer than the box.
#[derive(Clone, Debug)]
pub(super) struct Screen {
    pub(super) centre: Vec<f32>,
    slack: f64,
}

impl Scales {
    pub(super) fn new(metric: &Metric) -> Self {
        let shares = metric.weights_of_steps();
        let mut order: Vec<_> = (0..shares.len()).collect();
        order.sort_by(|&left, &right| shares[right].total_cmp(&shares[left]));
        let shares: Vec<_> = order.iter().map(|&space| shares[space]).collect();
        let greatest = shares.iter().copied().fold(0.0, f64::max);
        let weights = shares.iter().map(|&share| match greatest < LEAST_WEIGHT {
            true => 0.0,
            false => rounded_down(share / greatest),
        });
        Self {
            weights: weights.collect(),
            order,
            shares,
            greatest,
        }
    }

    pub(super) fn screen(&self, places: &[Place]) -> Screen {
        let mut centre = Vec::with_capacity(3 * places.len());
        let mut slack = 0.0;
        for (number, &space) in self.order.iter().enumerate() {
            // What is left out of the sums needs no slack; its share may underflow, and the value
            // it is a share of may be infinite.
            let is_in = self.weights[number] > 0.0;
            let share = self.shares[number] / self.greatest;
            for steps in places[space].steps() {
                let rounded = steps.clamp(-FAR, FAR) as f32;
                let apart = steps - f64::from(rounded);
                centre.push(rounded);
                slack += if is_in { apart * apart * share } else { 0.0 };
            }
        }
        Screen {
            centre,
            slack: slack.sqrt() * (1.0 + 1e-12),
        }
    }

    /// The greatest sum that a token whose key is at most `key` can have.
    pub(super) fn limit(&self, screen: &Screen, centre: &Centre, key: u64) -> f32 {
        if key == u64::MAX || self.greatest < LEAST_WEIGHT {
            return f32::INFINITY;
        }
        let root = (centre.number(key) / self.greatest).sqrt();
        let reach = root * (1.0 + 1e-12) + screen.slack;
        // 2^-18 and 2^-126: more than the proof needs, and more than rounding to `f32` takes.
        let limit = reach * reach * (1.0 + 1.0 / 262_144.0) + f64::from(f32::MIN_POSITIVE);
        limit as f32
    }
}

fn rounded_down(share: f64) -> f32 {
    let nearest = share as f32;
    match f64::from(nearest) > share {
        true if share >= LEAST_SHARE => nearest.next_down(),
        _ if share < LEAST_SHARE => 0.0,
        _ => nearest,
    }
}
