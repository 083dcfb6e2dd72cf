//! Bins whose width is a whole number of stored steps: otherwise some would have more steps than
//! their neighbours, and look fuller.

use ng_query::Bins;
use ng_query::ng_arrow::Column;

/// Up to this width, the one that leaves the least of the last bin empty is chosen.
const NARROW: f64 = 64.0;

/// As many bins as allowed, from one value of a column to another.
pub(super) fn bins(column: Column, low: f64, high: f64, at_most: usize) -> Bins {
    let Some(step) = step(column) else {
        return Bins::new(at_most).range(low, high);
    };
    let steps = ((high - low) / step).round() + 1.0;
    let width = width(steps, at_most as f64);
    let count = (steps / width).ceil();
    let begin = low - step / 2.0;
    Bins::new(count as usize).range(begin, begin + count * width * step)
}

/// The distance of adjacent values of a column; `None` for floating-point numbers.
pub(super) fn step(column: Column) -> Option<f64> {
    match column {
        Column::Weight => None,
        Column::Coordinate(space, _) => Some(1.0 / f64::from(space.scale())),
        Column::Radius => Some(0.01),
        Column::Strength => Some(1.0 / 255.0),
        _ => Some(1.0),
    }
}

/// How many steps a bin has.
fn width(steps: f64, at_most: f64) -> f64 {
    let least = (steps / at_most).ceil();
    if least > NARROW {
        return least;
    }
    let empty = |width: f64| (steps / width).ceil() * width - steps;
    let widths = (0..=least as u32).map(|more| least + f64::from(more));
    widths
        .min_by(|one, other| empty(*one).total_cmp(&empty(*other)))
        .unwrap_or(least)
}

#[cfg(test)]
mod tests {
    use ng_token::{Axis, Space};

    use super::*;

    #[test]
    fn a_bin_has_a_whole_number_of_steps() {
        let x = Column::Coordinate(Space::Physical, Axis::X);
        for (column, low, high, at_most, expected) in [
            (
                Column::Radius,
                0.0,
                2.55,
                64,
                Bins::new(64).range(-0.005, 2.555),
            ),
            (Column::Id, 7.0, 7.0, 60, Bins::new(1).range(6.5, 7.5)),
            (Column::Id, 0.0, 129.0, 64, Bins::new(26).range(-0.5, 129.5)),
            (
                Column::Timestamp,
                10.0,
                15.0,
                60,
                Bins::new(6).range(9.5, 15.5),
            ),
            (
                x,
                -327.68,
                327.67,
                64,
                Bins::new(64).range(-327.685, 327.675),
            ),
            (Column::Weight, 0.1, 0.3, 9, Bins::new(9).range(0.1, 0.3)),
        ] {
            let found = format!("{:?}", bins(column, low, high, at_most));
            assert_eq!(found, format!("{expected:?}"), "{column}");
        }
        // All numbers of 32 bits.
        let all = bins(Column::Id, 0.0, u32::MAX.into(), 60);
        assert_eq!(all, Bins::new(60).range(-0.5, 60.0 * 71_582_789.0 - 0.5));
    }
}
