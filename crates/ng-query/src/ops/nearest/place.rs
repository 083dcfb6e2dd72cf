use crate::boxes::Cuboid;

/// A place in one space, in steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Place {
    /// A whole number of steps on each axis, within what can be stored or not.
    OnGrid([i32; 3]),
    OffGrid([f64; 3]),
}

impl Place {
    /// Of finite coordinates.
    pub(crate) fn new(steps: [f64; 3]) -> Self {
        let whole = steps.map(|value| value as i32);
        match whole.map(f64::from) == steps {
            true => Self::OnGrid(whole),
            false => Self::OffGrid(steps),
        }
    }

    pub(crate) fn steps(&self) -> [f64; 3] {
        match *self {
            Self::OnGrid(steps) => steps.map(f64::from),
            Self::OffGrid(steps) => steps,
        }
    }

    /// The nearest storable point of a box, found on each axis separately.
    pub(crate) fn nearest_in(&self, cuboid: &Cuboid) -> [i16; 3] {
        [0, 1, 2].map(|axis| {
            let (low, high) = (cuboid.low[axis], cuboid.high[axis]);
            match *self {
                Self::OnGrid(place) => place[axis].max(low.into()).min(high.into()) as i16,
                Self::OffGrid(place) => place[axis].max(low.into()).min(high.into()).round() as i16,
            }
        })
    }

    /// The squared distance to a stored point, in squared steps: for a place on the grid exact,
    /// then rounded once; otherwise the sum, x first, of the squares of the differences, each
    /// operation rounded once.
    #[inline]
    pub(crate) fn squared(&self, steps: [i16; 3]) -> f64 {
        match *self {
            Self::OnGrid(place) => squared_steps(place, steps) as f64,
            Self::OffGrid([x, y, z]) => {
                let [px, py, pz] = steps.map(f64::from);
                let (dx, dy, dz) = (px - x, py - y, pz - z);
                dx * dx + dy * dy + dz * dz
            }
        }
    }
}

/// The exact squared distance: three squares of less than 2^31 + 2^15 + 1 fit.
#[inline]
pub(crate) fn squared_steps(place: [i32; 3], steps: [i16; 3]) -> u64 {
    let square = |axis: usize| {
        let apart = i64::from(steps[axis]) - i64::from(place[axis]);
        apart.unsigned_abs() * apart.unsigned_abs()
    };
    square(0) + square(1) + square(2)
}
