//! The levels of repeated looks at a growing sample.

use std::f64::consts::TAU;

use super::normal::{point, two_sided};

/// Points of a density; odd, for Simpson's rule.
const POINTS: usize = 101;

/// Returns the two-sided level of each look for which it spends its part of `spent`, and
/// all looks together the sum.
///
/// `times` are the rising shares of all samples that the looks see. The sum of a
/// growing sample is taken for a Brownian motion (Armitage, McPherson and Rowe, 1969),
/// and what each look spends is fixed in advance (Lan and DeMets, 1983). A look with
/// fewer samples than planned errs less often: it shares more with earlier looks.
pub(super) fn levels(times: &[f64], spent: &[f64]) -> Vec<f64> {
    let mut levels = Vec::with_capacity(times.len());
    let mut walk: Option<Walk> = None;
    for (&time, &spent) in times.iter().zip(spent) {
        let (bound, next) = match &walk {
            None => (point(spent), Walk::begin(time, point(spent))),
            Some(walk) => {
                let bound = walk.bound(time, spent);
                (bound, walk.go_on(time, bound))
            }
        };
        levels.push(if walk.is_none() {
            spent
        } else {
            two_sided(bound)
        });
        walk = Some(next);
    }
    levels
}

/// The density of Brownian motions that no look has stopped, from `-end` to `end`.
struct Walk {
    time: f64,
    end: f64,
    density: Vec<f64>,
}

impl Walk {
    fn begin(time: f64, bound: f64) -> Self {
        let scale = time.sqrt();
        let at_zero = Self {
            time: 0.0,
            end: 0.0,
            density: Vec::new(),
        };
        at_zero.at(time, bound, |place| density(place / scale) / scale)
    }

    fn go_on(&self, time: f64, bound: f64) -> Self {
        let scale = (time - self.time).sqrt();
        self.at(time, bound, |place| {
            self.integral(|from| density((place - from) / scale) / scale)
        })
    }

    fn at(&self, time: f64, bound: f64, density: impl Fn(f64) -> f64) -> Self {
        let end = bound * time.sqrt();
        let density = (0..POINTS).map(|index| density(place(end, index)));
        Self {
            time,
            end,
            density: density.collect(),
        }
    }

    /// Returns the bound that is first crossed at `time` with probability `spent`.
    fn bound(&self, time: f64, spent: f64) -> f64 {
        let (mut low, mut high) = (0.0, 10.0);
        for _ in 0..32 {
            let middle = f64::midpoint(low, high);
            if self.crosses(time, middle) > spent {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }

    fn crosses(&self, time: f64, bound: f64) -> f64 {
        let scale = (time - self.time).sqrt();
        let end = bound * time.sqrt();
        // The density is symmetric, and so are both ends.
        2.0 * self.integral(|from| above((end - from) / scale))
    }

    /// Integrates the density times `of` by Simpson's rule.
    fn integral(&self, of: impl Fn(f64) -> f64) -> f64 {
        let step = 2.0 * self.end / (POINTS - 1) as f64;
        let weight = |index: usize| match index {
            0 => 1.0,
            _ if index == POINTS - 1 => 1.0,
            _ if index % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let points = self.density.iter().enumerate();
        let sum: f64 = points
            .map(|(index, density)| weight(index) * density * of(place(self.end, index)))
            .sum();
        sum * step / 3.0
    }
}

fn place(end: f64, index: usize) -> f64 {
    end * (2.0 * index as f64 / (POINTS - 1) as f64 - 1.0)
}

fn density(z: f64) -> f64 {
    (-z * z / 2.0).exp() / TAU.sqrt()
}

/// Returns the probability that a standard normal value is above `z`.
fn above(z: f64) -> f64 {
    let tail = two_sided(z) / 2.0;
    if z < 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pocock's constants for 5 % (1977; Jennison and Turnbull, 2000, table 2.1). All
    /// looks have one level; what each spends must give that level back.
    #[test]
    fn equal_levels_match_pocock() {
        for (looks, constant) in [(2, 2.178), (3, 2.289), (5, 2.413), (10, 2.555)] {
            let times: Vec<f64> = (1..=looks)
                .map(|k| f64::from(k) / f64::from(looks))
                .collect();
            let mut walk = Walk::begin(times[0], constant);
            let mut spent = vec![two_sided(constant)];
            for &time in &times[1..] {
                spent.push(walk.crosses(time, constant));
                walk = walk.go_on(time, constant);
            }
            let all: f64 = spent.iter().sum();
            assert!((all - 0.05).abs() < 1e-4, "{looks} looks spend {all}");
            for level in levels(&times, &spent) {
                assert!((level - two_sided(constant)).abs() < 1e-7, "{level}");
            }
        }
    }

    /// O'Brien and Fleming's constant for five looks (1979): 2.040 over the root of the
    /// time.
    #[test]
    fn falling_bounds_match_obrien_and_fleming() {
        let times = [0.2, 0.4, 0.6, 0.8, 1.0f64];
        let bound = |time: f64| 2.040 / time.sqrt();
        let mut walk = Walk::begin(times[0], bound(times[0]));
        let mut all = two_sided(bound(times[0]));
        for &time in &times[1..] {
            all += walk.crosses(time, bound(time));
            walk = walk.go_on(time, bound(time));
        }
        assert!((all - 0.05).abs() < 1e-4, "{all}");
    }

    #[test]
    fn a_single_look_has_the_whole_level() {
        assert_eq!(levels(&[1.0], &[0.05]), [0.05]);
    }
}
