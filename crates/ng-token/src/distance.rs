use crate::space::Space;
use crate::token::Token;

impl Token {
    /// Returns the squared distance between two points in one space, in squared steps.
    ///
    /// Exact, and at most 3 x 65535^2 = 12 884 508 675, too large for a `u32`. One squared
    /// unit is the square of [`Space::scale`] in squared steps.
    ///
    /// ```
    /// use ng_token::{Space, Token};
    ///
    /// let origin = Token::new(1);
    /// let other = origin.with_coordinate(Space::Physical, [300, -400, 0]);
    /// assert_eq!(origin.squared_distance(&other, Space::Physical), 250_000);
    /// assert_eq!(origin.squared_distance(&other, Space::Motor), 0);
    /// ```
    #[inline]
    #[must_use]
    pub const fn squared_distance(&self, other: &Self, space: Space) -> u64 {
        let [x, y, z] = self.steps(space);
        let [other_x, other_y, other_z] = other.steps(space);
        square(x, other_x) + square(y, other_y) + square(z, other_z)
    }

    /// Returns the weighted sum of the squared distances in several spaces, each in
    /// squared units of its space.
    ///
    /// The result is the same on every machine: the exact squared distance in steps,
    /// divided by the square of the space's scale, times the weight; the terms are added in
    /// the order of `weights`, starting from 0. Each division, product and sum rounds once
    /// to the nearest `f64`, and none is fused. A space named twice counts twice, an
    /// unnamed one not at all; no spaces give 0.
    ///
    /// Weights are used unchecked. With finite, non-negative ones the sum is non-negative,
    /// and never NaN.
    ///
    /// ```
    /// use ng_token::{Space, Token};
    ///
    /// let origin = Token::new(1);
    /// let other = origin
    ///     .with_coordinate(Space::Physical, [300, -400, 0]) // 5 units away
    ///     .with_coordinate(Space::Motor, [0, 0, 2000]); // 2 units away
    /// let weights = [(Space::Physical, 1.0), (Space::Motor, 0.5)];
    /// assert_eq!(origin.weighted_squared_distance(&other, &weights), 25.0 + 0.5 * 4.0);
    /// ```
    #[must_use]
    pub fn weighted_squared_distance(&self, other: &Self, weights: &[(Space, f64)]) -> f64 {
        let mut sum = 0.0;
        for &(space, weight) in weights {
            let scale = f64::from(space.scale());
            // Both are exact: below 2^34, and at most 10^8.
            let squared_steps = self.squared_distance(other, space) as f64;
            sum += squared_steps / (scale * scale) * weight;
        }
        sum
    }
}

#[inline]
const fn square(a: i16, b: i16) -> u64 {
    let difference = a.abs_diff(b) as u64;
    difference * difference
}
