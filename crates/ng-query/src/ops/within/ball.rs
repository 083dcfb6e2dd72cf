use ng_token::Space;

use crate::QuestionError;
use crate::bound::{Ball as Steps, Bound, Condition, FAR};
use crate::boxes::Cuboid;
use crate::ops::Squared;
use crate::ops::nearest::{Fence, Place, Reach, check_place, squared_steps, steps_of};

/// A closed ball in one space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ball {
    space: Space,
    place: Place,
    /// In steps.
    radius: f64,
    steps: Option<Steps>,
}

impl Ball {
    /// Makes a ball from a centre and a radius in steps, which need not be whole numbers; the
    /// radius may be infinite.
    ///
    /// # Errors
    ///
    /// [`QuestionError`] if a coordinate is infinite or NaN, or the radius negative or NaN.
    pub fn of_steps(space: Space, centre: [f64; 3], radius: f64) -> Result<Self, QuestionError> {
        check_place(space, centre)?;
        check_radius(radius)?;
        let place = Place::new(centre);
        Ok(Self {
            space,
            place,
            radius,
            steps: steps(place, radius),
        })
    }

    /// Makes a ball from a centre and a radius in units. A value that is the `f64` or the `f32`
    /// nearest to a whole number of steps becomes that number.
    ///
    /// # Errors
    ///
    /// As [`of_steps`](Self::of_steps).
    pub fn of_units(space: Space, centre: [f64; 3], radius: f64) -> Result<Self, QuestionError> {
        check_place(space, centre)?;
        check_radius(radius)?;
        let steps = centre.map(|value| steps_of(space, value));
        Self::of_steps(space, steps, steps_of(space, radius))
    }

    /// Returns the space.
    pub fn space(&self) -> Space {
        self.space
    }

    /// Returns the centre, in steps.
    pub fn centre(&self) -> [f64; 3] {
        self.place.steps()
    }

    /// Returns the radius, in steps.
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// The condition that a token is in the ball.
    pub(super) fn bound(&self) -> Bound {
        match self.steps {
            Some(ball) => Bound::Is(Condition::Ball(self.space, ball)),
            None if self.has_all() => Bound::All,
            None => Bound::Nothing,
        }
    }

    /// The ball in steps; `None` if it is so large or so far that it contains all tokens or none,
    /// as [`has_all`](Self::has_all) tells.
    pub(super) fn in_steps(&self) -> Option<&Steps> {
        self.steps.as_ref()
    }

    /// Whether a ball out of all range contains all tokens: decided as for the origin. Divided by
    /// 2^600, no square overflows an `f64`; what underflows is negligible.
    pub(super) fn has_all(&self) -> bool {
        let least = f64::from_bits((1023 - 600) << 52);
        let [x, y, z] = self.place.steps().map(|at| at * least);
        let radius = self.radius * least;
        x * x + y * y + z * z <= radius * radius
    }

    /// The range of steps of tokens in the ball.
    pub(super) fn reach(&self) -> Reach {
        match self.steps {
            Some(Steps::OnGrid {
                centre,
                squared_radius,
            }) => Reach::on_grid(centre, squared_radius),
            Some(Steps::OffGrid {
                centre,
                squared_radius,
            }) => Reach::off_grid(centre, squared_radius),
            None => Reach::EVERYWHERE,
        }
    }

    /// Decides which boxes may have tokens in the ball.
    pub(super) fn fence(&self) -> Fence {
        let key = match self.steps {
            Some(Steps::OnGrid { squared_radius, .. }) => squared_radius,
            Some(Steps::OffGrid { squared_radius, .. }) => squared_radius.to_bits(),
            None => u64::MAX,
        };
        Fence::new(self.space, self.place, key)
    }

    /// Whether the ball contains all points of a box.
    pub(super) fn has_all_of(&self, cuboid: &Cuboid) -> bool {
        let Some(ball) = &self.steps else {
            return self.has_all();
        };
        // Neither rule makes a farther point nearer, so the farthest corner decides.
        let centre = self.place.steps();
        ball.contains([0, 1, 2].map(|axis| {
            let (low, high) = (cuboid.low[axis], cuboid.high[axis]);
            let middle = (f64::from(low) + f64::from(high)) / 2.0;
            if centre[axis] < middle { high } else { low }
        }))
    }

    /// The squared distance of the centre to a stored point.
    pub(super) fn squared(&self, steps: [i16; 3]) -> Squared {
        match self.place {
            Place::OnGrid(place) => Squared::Steps(squared_steps(place, steps)),
            Place::OffGrid(_) => Squared::OffGrid(self.place.squared(steps)),
        }
    }
}

fn check_radius(radius: f64) -> Result<(), QuestionError> {
    match radius >= 0.0 {
        true => Ok(()),
        false => Err(QuestionError::Radius {
            radius,
            expected: "0 or more",
        }),
    }
}

fn steps(place: Place, radius: f64) -> Option<Steps> {
    match place {
        Place::OnGrid(centre) if radius < FAR => Some(Steps::OnGrid {
            centre,
            squared_radius: whole_square(radius),
        }),
        Place::OffGrid(centre) if radius < FAR && centre.iter().all(|at| at.abs() < FAR) => {
            Some(Steps::OffGrid {
                centre,
                squared_radius: radius * radius,
            })
        }
        _ => None,
    }
}

/// The greatest whole number not above the exact square; `u64::MAX`, more than any distance, if the
/// square is greater.
///
/// An `f64` is a whole number of 53 bits times a power of two, so its square has 106.
fn whole_square(value: f64) -> u64 {
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7FF) as i32;
    if exponent == 0 {
        return 0;
    }
    let mantissa = u128::from(bits & ((1 << 52) - 1) | 1 << 52);
    let shift = 2 * (1075 - exponent);
    let square = mantissa * mantissa;
    match shift {
        0..128 => u64::try_from(square >> shift).unwrap_or(u64::MAX),
        128.. => 0,
        _ => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_are_those_of_the_exact_values_rounded_down() {
        for (value, square) in [
            (0.0, 0),
            (f64::from_bits(1), 0),
            (0.999, 0),
            (1.0, 1),
            (2.0_f64.sqrt(), 2), // 1.4142135623730951, a little more than the root
            (3.0_f64.sqrt(), 2), // 1.7320508075688772, a little less
            (300.0, 90_000),
            (65_535.5, 4_294_901_760),
            (4_294_967_295.0, u64::MAX - 8_589_934_590),
            (4_294_967_296.0, u64::MAX),
            (1e20, u64::MAX),
        ] {
            assert_eq!(whole_square(value), square, "{value}");
        }
    }

    #[test]
    fn a_ball_beyond_all_measure_has_all_or_none() {
        let ball =
            |centre, radius| Ball::of_steps(Space::Motor, [centre, 0.0, 0.0], radius).unwrap();
        for (centre, radius, bound) in [
            (0.0, f64::INFINITY, Bound::All),
            (1e300, f64::INFINITY, Bound::All),
            (1e300, 1e300, Bound::All),
            (1e300, 0.999e300, Bound::Nothing),
            (-1e30, 5.0, Bound::Nothing),
            (0.5, 1e30, Bound::All),
            (3.0, 1e30, Bound::All),
        ] {
            assert_eq!(ball(centre, radius).bound(), bound, "{centre}, {radius}");
        }
        assert!(ball(0.5, 1e20).in_steps().is_some());
    }
}
