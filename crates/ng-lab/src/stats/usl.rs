//! How the speed of work depends on threads.

/// The Universal Scalability Law: `p` threads are
/// `p / (1 + sigma (p - 1) + kappa p (p - 1))` times as fast as one.
///
/// With a `kappa` of 0 it is Amdahl's law (1967), and `sigma` the serial part.
/// Gunther, *Guerrilla Capacity Planning* (2007).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScalabilityLaw {
    /// Contention: the serial part, or waiting for a shared resource.
    pub sigma: f64,
    /// Coherency: what each thread costs every other.
    pub kappa: f64,
}

impl ScalabilityLaw {
    /// The fewest distinct numbers of threads, 1 included, to which a law is fitted.
    pub const FEWEST_COUNTS: usize = 4;

    /// Fits the law to speed-ups over one thread, as `(threads, speed-up)`, by least
    /// squares of `threads / speed-up - 1`, in which it is linear.
    ///
    /// None for fewer than [`FEWEST_COUNTS`](Self::FEWEST_COUNTS) numbers of threads, 1
    /// included, or if a speed-up is not positive and finite.
    #[must_use]
    pub fn fit(speed_ups: &[(usize, f64)]) -> Option<Self> {
        let mut counts: Vec<usize> = speed_ups.iter().map(|(threads, _)| *threads).collect();
        counts.push(1);
        counts.sort_unstable();
        counts.dedup();
        let is_sound = |(threads, speed_up): &(usize, f64)| {
            *threads > 0 && speed_up.is_finite() && *speed_up > 0.0
        };
        if counts.len() < Self::FEWEST_COUNTS || !speed_ups.iter().all(is_sound) {
            return None;
        }
        // The normal equations of y = sigma a + kappa b, through the origin.
        let [mut aa, mut ab, mut bb, mut ay, mut by] = [0.0; 5];
        for &(threads, speed_up) in speed_ups {
            let p = threads as f64;
            let (a, b, y) = (p - 1.0, p * (p - 1.0), p / speed_up - 1.0);
            aa += a * a;
            ab += a * b;
            bb += b * b;
            ay += a * y;
            by += b * y;
        }
        let determinant = aa * bb - ab * ab;
        (determinant > 0.0).then(|| Self {
            sigma: (ay * bb - by * ab) / determinant,
            kappa: (by * aa - ay * ab) / determinant,
        })
    }

    /// How many times as fast `threads` threads are.
    #[must_use]
    pub fn speed_up(self, threads: f64) -> f64 {
        let pairs = threads * (threads - 1.0);
        threads / (1.0 + self.sigma * (threads - 1.0) + self.kappa * pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_about(found: ScalabilityLaw, sigma: f64, kappa: f64) {
        let near = |found: f64, expected: f64| (found - expected).abs() < 1e-9;
        assert!(
            near(found.sigma, sigma) && near(found.kappa, kappa),
            "{found:?}"
        );
    }

    #[test]
    fn what_follows_the_law_gives_its_constants() {
        for (sigma, kappa) in [(0.0, 0.0), (0.05, 0.0), (0.02, 0.001), (-0.01, 0.002)] {
            let law = ScalabilityLaw { sigma, kappa };
            let of = |threads: usize| (threads, law.speed_up(threads as f64));
            let speed_ups = [2, 4, 8, 16, 32].map(of);
            assert_about(ScalabilityLaw::fit(&speed_ups).unwrap(), sigma, kappa);
        }
    }

    #[test]
    fn what_does_not_follow_it_is_fitted_by_least_squares() {
        let speed_ups = [(2, 1.6), (4, 2.0), (8, 2.0)];
        let law = ScalabilityLaw::fit(&speed_ups).unwrap();
        let residual = |sigma: f64, kappa: f64| -> f64 {
            let square = |(threads, speed_up): &(usize, f64)| {
                let p = *threads as f64;
                let y = p / speed_up - 1.0;
                (y - sigma * (p - 1.0) - kappa * p * (p - 1.0)).powi(2)
            };
            speed_ups.iter().map(square).sum()
        };
        let least = residual(law.sigma, law.kappa);
        for step in [-1e-3, 1e-3] {
            assert!(residual(law.sigma + step, law.kappa) > least);
            assert!(residual(law.sigma, law.kappa + step) > least);
        }
    }

    #[test]
    fn too_few_threads_and_no_speed_ups_have_no_law() {
        assert_eq!(ScalabilityLaw::fit(&[(2, 1.9), (4, 3.5)]), None);
        assert_eq!(ScalabilityLaw::fit(&[(1, 1.0), (2, 1.9), (2, 1.8)]), None);
        assert_eq!(ScalabilityLaw::fit(&[]), None);
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(ScalabilityLaw::fit(&[(2, 1.9), (4, 3.5), (8, wrong)]), None);
        }
    }
}
