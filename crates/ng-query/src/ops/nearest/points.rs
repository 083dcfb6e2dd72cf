use ng_token::{Axis, Space, Token};

use super::Metric;
use super::place::Place;
use crate::QuestionError;

/// Points to search around, each with a place in every space in which distances are measured.
///
/// In one space distances are exact for points at a whole number of steps. In several they are as
/// by [`Token::weighted_squared_distance`].
///
/// ```
/// use ng_query::Points;
/// use ng_token::{Space, Token};
///
/// let mut points = Points::in_space(Space::Physical);
/// points.add_units(&[[1.0, -2.25, 0.0]])?;
/// points.add_steps(&[[100.0, -225.0, 0.5]])?;
/// points.add_token(&Token::new(1).with_coordinate(Space::Physical, [100, -225, 0]));
/// assert_eq!(points.len(), 3);
/// # Ok::<(), ng_query::QuestionError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Points {
    /// As named; spaces of weight 0 are in no metric.
    weights: Vec<(Space, f64)>,
    metric: Metric,
    /// For each point, one for each space of the metric.
    places: Vec<Place>,
    len: usize,
}

impl Points {
    /// Makes an empty list of points in one space.
    pub fn in_space(space: Space) -> Self {
        Self {
            weights: vec![(space, 1.0)],
            metric: Metric::One(space),
            places: Vec::new(),
            len: 0,
        }
    }

    /// Makes an empty list of points in several spaces, whose squared distances, in squared units,
    /// are added with a weight for each.
    ///
    /// # Errors
    ///
    /// [`QuestionError`] if no space is named, one is named twice, or a weight is negative,
    /// infinite or NaN.
    pub fn weighted(weights: &[(Space, f64)]) -> Result<Self, QuestionError> {
        if weights.is_empty() {
            return Err(QuestionError::NoSpace);
        }
        for (number, &(space, weight)) in weights.iter().enumerate() {
            if !(weight.is_finite() && weight >= 0.0) {
                return Err(QuestionError::SpaceWeight { space, weight });
            }
            if weights[..number].iter().any(|(known, _)| *known == space) {
                return Err(QuestionError::SpaceTwice { space });
            }
        }
        // 0 times a finite distance adds nothing.
        let counted = weights.iter().filter(|(_, weight)| *weight > 0.0);
        Ok(Self {
            weights: weights.to_vec(),
            metric: Metric::Weighted(counted.copied().collect()),
            places: Vec::new(),
            len: 0,
        })
    }

    /// Returns the number of points.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns how many places a point has: one in each named space.
    pub fn space_count(&self) -> usize {
        self.weights.len()
    }

    /// Tells whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds the point of a token.
    pub fn add_token(&mut self, token: &Token) {
        let counted = self.weights.iter().filter(|(_, weight)| *weight > 0.0);
        let place = |(space, _): &(Space, f64)| Place::OnGrid(token.steps(*space).map(i32::from));
        self.places.extend(counted.map(place));
        self.len += 1;
    }

    /// Adds a point in steps, one place for each space in the order they were named. It need not be
    /// a whole number of steps, nor within what can be stored.
    ///
    /// # Errors
    ///
    /// [`QuestionError`] if the numbers of places and spaces differ, or a coordinate is infinite or
    /// NaN. Nothing is added then.
    pub fn add_steps(&mut self, point: &[[f64; 3]]) -> Result<(), QuestionError> {
        self.check(point)?;
        self.add(point);
        Ok(())
    }

    /// Adds a point in units, as [`add_steps`](Self::add_steps) does; a coordinate that is the
    /// `f64` or the `f32` nearest to a whole number of steps becomes that number.
    ///
    /// # Errors
    ///
    /// As [`add_steps`](Self::add_steps), and if the steps overflow an `f64`.
    pub fn add_units(&mut self, point: &[[f64; 3]]) -> Result<(), QuestionError> {
        self.check(point)?;
        let spaces = self.weights.iter().map(|(space, _)| *space);
        let steps: Vec<_> = spaces
            .zip(point)
            .map(|(space, place)| place.map(|value| steps_of(space, value)))
            .collect();
        self.check(&steps)?;
        self.add(&steps);
        Ok(())
    }

    fn check(&self, point: &[[f64; 3]]) -> Result<(), QuestionError> {
        if point.len() != self.weights.len() {
            return Err(QuestionError::Places {
                places: point.len(),
                spaces: self.weights.len(),
            });
        }
        for ((space, _), place) in self.weights.iter().zip(point) {
            check_place(*space, *place)?;
        }
        Ok(())
    }

    fn add(&mut self, point: &[[f64; 3]]) {
        let counted = self.weights.iter().zip(point);
        let counted = counted.filter(|((_, weight), _)| *weight > 0.0);
        self.places
            .extend(counted.map(|(_, steps)| Place::new(*steps)));
        self.len += 1;
    }

    /// The spaces in which distances are measured.
    pub(crate) fn spaces(&self) -> Vec<Space> {
        self.metric.spaces()
    }

    pub(crate) fn metric(&self) -> &Metric {
        &self.metric
    }

    /// The places of a point, one for each space of the metric.
    pub(crate) fn places(&self, point: usize) -> &[Place] {
        let spaces = self.metric.spaces().len();
        &self.places[point * spaces..][..spaces]
    }
}

/// Refuses coordinates that are infinite or NaN.
pub(crate) fn check_place(space: Space, place: [f64; 3]) -> Result<(), QuestionError> {
    for (axis, value) in Axis::ALL.into_iter().zip(place) {
        if !value.is_finite() {
            return Err(QuestionError::Coordinate { space, axis, value });
        }
    }
    Ok(())
}

/// Converts a coordinate from units to steps.
pub(crate) fn steps_of(space: Space, value: f64) -> f64 {
    let scale = f64::from(space.scale());
    let whole = (value * scale).round();
    let is_nearest = whole / scale == value
        || f64::from(whole as f32 / f32::from(space.scale())) == value && whole.abs() < 32_769.0;
    match is_nearest {
        true => whole,
        false => value * scale,
    }
}
