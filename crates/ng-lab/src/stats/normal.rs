//! The tail of the standard normal distribution.

use std::f64::consts::TAU;

/// The 97.5 % point of the standard normal distribution.
pub(super) const Z_975: f64 = 1.959_963_984_540_054;

/// Returns the probability that a standard normal value is at least as far from zero as `z`.
pub(super) fn two_sided(z: f64) -> f64 {
    let z = z.abs();
    let density = (-z * z / 2.0).exp() / TAU.sqrt();
    // Far out the series loses digits to `1 - …`; near zero the fraction converges
    // slowly. At 3 both are accurate to 1e-12 of the tail.
    if z < 3.0 {
        1.0 - 2.0 * density * central_series(z)
    } else {
        2.0 * density / tail_fraction(z)
    }
}

/// Returns the two-sided quantile: a standard normal value is farther from zero with
/// probability `p`.
pub(super) fn point(p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if two_sided(middle) > p {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// Sums `z + z^3 / 3 + z^5 / (3 * 5) + …` (Marsaglia, "Evaluating the Normal Distribution", 2004).
fn central_series(z: f64) -> f64 {
    let mut term = z;
    let mut sum = z;
    let mut odd = 1.0;
    while sum + term != sum {
        odd += 2.0;
        term *= z * z / odd;
        sum += term;
    }
    sum
}

/// Evaluates `z + 1 / (z + 2 / (z + 3 / …))`, density over upper tail
/// (Abramowitz and Stegun, 26.2.14).
fn tail_fraction(z: f64) -> f64 {
    const TERMS: u32 = 100;
    (1..=TERMS)
        .rev()
        .fold(z, |fraction, k| z + f64::from(k) / fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::{self, assert_close};

    #[test]
    fn two_sided_agrees_with_scipy() {
        for case in testing::cases(include_str!("../../tests/fixtures/stats/normal.txt")) {
            assert_close(two_sided(case.one("z")), case.one("two_sided"), "two_sided");
        }
    }

    #[test]
    fn two_sided_is_five_per_cent_at_the_constant() {
        assert_close(two_sided(Z_975), 0.05, "Z_975");
        assert_close(two_sided(-Z_975), 0.05, "-Z_975");
        assert_close(point(0.05), Z_975, "point of 0.05");
        assert_close(two_sided(point(1e-9)), 1e-9, "point of 1e-9");
    }
}
