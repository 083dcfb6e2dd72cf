/// From here on an `f64` is too coarse for a box of steps: 2^40.
const COARSE: f64 = (1_u64 << 40) as f64;

/// The steps on each axis, inclusive, of tokens within a given distance of a place of the same
/// space. If an end lies beyond the other, no token is that near.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    pub(crate) low: [i16; 3],
    pub(crate) high: [i16; 3],
}

impl Reach {
    pub(crate) const EVERYWHERE: Self = Self {
        low: [i16::MIN; 3],
        high: [i16::MAX; 3],
    };

    pub(crate) const NOWHERE: Self = Self {
        low: [i16::MAX; 3],
        high: [i16::MIN; 3],
    };

    /// For a place on the grid, and a distance in squared steps: exact on each axis, as the
    /// difference is a whole number and its square alone must not exceed the distance.
    pub(crate) fn on_grid(place: [i32; 3], squared: u64) -> Self {
        let reach = squared.isqrt() as i64;
        Self::between(
            place.map(|at| i64::from(at).saturating_sub(reach)),
            place.map(|at| i64::from(at).saturating_add(reach)),
        )
    }

    /// For a place off the grid: a step wider than necessary, or unbounded where rounding could
    /// exceed that.
    ///
    /// The sum of three rounded squares is no less than each of them. If a rounded square is at
    /// most `squared`, its difference is at most the root plus 2^-50 of that, and rounding moved
    /// the difference by at most 2^-53 of itself. Below 2^40 all of this, plus the rounding of the
    /// ends, is less than a step.
    pub(crate) fn off_grid(place: [f64; 3], squared: f64) -> Self {
        let reach = squared.sqrt();
        if reach >= COARSE || place.iter().any(|at| at.abs() >= COARSE) {
            return Self::EVERYWHERE;
        }
        Self::between(
            place.map(|at| (at - reach).floor() as i64),
            place.map(|at| (at + reach).ceil() as i64),
        )
    }

    fn between(low: [i64; 3], high: [i64; 3]) -> Self {
        let (least, greatest) = (i64::from(i16::MIN), i64::from(i16::MAX));
        let axes = || low.into_iter().zip(high);
        if axes().any(|(low, high)| low > greatest || high < least) {
            return Self::NOWHERE;
        }
        Self {
            low: low.map(|low| low.max(least) as i16),
            high: high.map(|high| high.min(greatest) as i16),
        }
    }

    /// Tells whether it contains no token.
    pub(crate) fn is_nowhere(&self) -> bool {
        *self == Self::NOWHERE
    }
}
