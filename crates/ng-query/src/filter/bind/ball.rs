//! Balls: exact for a centre on the grid, by a rule in `f64` otherwise.

use ng_token::Space;

use crate::bound::{Ball, Bound, Condition, FAR};
use crate::filter::decimal::Decimal;

pub(super) fn bind(space: Space, centre: [Decimal; 3], radius: Decimal) -> Bound {
    let scale = space.scale();
    if !radius.is_finite() {
        return Bound::All;
    }
    if let [Some(x), Some(y), Some(z)] = centre.map(|value| whole_steps(value, scale)) {
        let ball = Ball::OnGrid {
            centre: [x, y, z],
            squared_radius: radius.squared_steps(scale),
        };
        return simplified(space, ball, [x, y, z].map(f64::from));
    }
    let steps = centre.map(|value| value.nearest_steps(scale, 0));
    let reach = radius.nearest_steps(scale, 0);
    if steps.iter().any(|value| value.abs() >= FAR) || reach >= FAR {
        return from_afar(centre, radius, scale);
    }
    let ball = Ball::OffGrid {
        centre: steps,
        squared_radius: reach * reach,
    };
    simplified(space, ball, steps)
}

fn whole_steps(value: Decimal, scale: u16) -> Option<i32> {
    let steps = value.steps(scale);
    let whole = i32::try_from(steps.floor).ok()?;
    steps.is_whole.then_some(whole)
}

/// Removes balls that hold everything a space can store, or nothing of it.
///
/// Neither rule ever makes a farther point nearer, so two points decide: the farthest corner, and
/// the nearest point, which on each axis is one of the steps next to the centre.
fn simplified(space: Space, ball: Ball, centre: [f64; 3]) -> Bound {
    let (min, max) = (f64::from(i16::MIN), f64::from(i16::MAX));
    let farthest = centre.map(|value| if value < -0.5 { i16::MAX } else { i16::MIN });
    let below = centre.map(|value| value.clamp(min, max).floor() as i16);
    let above = centre.map(|value| value.clamp(min, max).ceil() as i16);
    let is_near = |corner: usize| {
        let of_axis = |axis: usize| [below, above][corner >> axis & 1][axis];
        ball.contains([of_axis(0), of_axis(1), of_axis(2)])
    };
    if ball.contains(farthest) {
        Bound::All
    } else if (0..8).any(is_near) {
        Bound::Is(Condition::Ball(space, ball))
    } else {
        Bound::Nothing
    }
}

/// Decides for all tokens at once, as for the origin. Everything is divided by one power of ten, so
/// that no square overflows an `f64`; what underflows is negligible.
fn from_afar(centre: [Decimal; 3], radius: Decimal, scale: u16) -> Bound {
    let [x, y, z] = centre;
    let magnitudes = [x, y, z, radius].map(Decimal::magnitude);
    let shift = -magnitudes.into_iter().fold(i32::MIN, i32::max);
    let square = |value: Decimal| {
        let steps = value.nearest_steps(scale, shift);
        steps * steps
    };
    match square(x) + square(y) + square(z) <= square(radius) {
        true => Bound::All,
        false => Bound::Nothing,
    }
}
