/// Multiplies and rounds to the nearest integer, ties away from zero, for a saturating `as`.
///
/// Truncating the result gives the integer; NaN stays NaN, which `as` makes 0.
///
/// The product of 24 and 16 significant bits is exact in an `f64`. So is the
/// sum with one half wherever it matters: below 2^-16 the sum may round, but
/// cannot reach 1. (`f64::round` is not in `core`.)
#[inline]
pub(crate) const fn half_away_from_zero(value: f32, scale: u16) -> f64 {
    let scaled = value as f64 * scale as f64;
    if scaled < 0.0 {
        scaled - 0.5
    } else {
        scaled + 0.5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: f32, scale: u16, expected: i16) {
        let rounded = half_away_from_zero(value, scale) as i16;
        assert_eq!(rounded, expected, "{value:?} at scale {scale}");
    }

    #[test]
    fn ties_go_away_from_zero() {
        check(0.125, 100, 13);
        check(-0.125, 100, -13);
        check(0.5, 1, 1);
        check(-0.5, 1, -1);
        check(2.5, 1, 3);
        check(-2.5, 1, -3);
    }

    #[test]
    fn the_value_just_below_a_tie_goes_down() {
        check(0.5_f32.next_down(), 1, 0);
        check((-0.5_f32).next_up(), 1, 0);
        check(0.125_f32.next_down(), 100, 12);
        check((-0.125_f32).next_up(), 100, -12);
    }

    #[test]
    fn the_smallest_values_are_zero() {
        check(f32::from_bits(1), u16::MAX, 0);
        check(-f32::from_bits(1), u16::MAX, 0);
        check(0.0, 100, 0);
        check(-0.0, 100, 0);
    }

    #[test]
    fn the_cast_saturates_and_makes_nan_zero() {
        check(f32::MAX, 10_000, i16::MAX);
        check(f32::NEG_INFINITY, 100, i16::MIN);
        check(f32::NAN, 100, 0);
    }
}
