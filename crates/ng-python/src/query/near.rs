//! What is near a point, and in a ball.

use std::ops::ControlFlow;

use ng_query::{Answer, Ball, Neighbours, Points, Query, QueryError};
use ng_token::Space;
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::answers::{array, made, positions};
use super::question::{Question, parts};
use crate::array::filled;
use crate::columns::space_of;
use crate::error::{Error, Value};
use crate::given::{Real, Text, Whole, optional};
use crate::room::append;
use crate::token::PyToken;
use crate::whole::count_of;

impl Question {
    pub(super) fn nearest<'py>(
        &self,
        py: Python<'py>,
        points: &Bound<'py, PyAny>,
        k: &Whole<'py>,
        space: Option<Text<'py>>,
        weights: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let space = optional("space", space.as_ref())?;
        let points = GivenPoints::of(py, points, space.as_deref(), weights)?.points()?;
        let k = count_of("k", k)?;
        let subject = self.subject_of_moment(py)?;
        // As many as were found; the rest is padding.
        let wanted = if k == 0 {
            0
        } else {
            k.min(subject.len().max(1))
        };
        let (found, stats) = self.ask_subject(py, &subject, points.len(), |query, _| {
            Ok(parts(query.nearest(&points, wanted)?))
        })?;
        let distances = padded(py, &found, k, f64::INFINITY, |near| near.distance)?;
        let places = padded(py, &found, k, -1, |near| near.position as i64)?;
        made(py, "Nearest", (distances, places, stats))
    }

    pub(super) fn within<'py>(&self, py: Python<'py>, ball: &Ball) -> PyResult<Bound<'py, PyAny>> {
        let ((places, distances), stats) = self.ask(py, |query, _| {
            let (mut places, mut distances) = (Vec::new(), Vec::new());
            let stats = query.within(ball, |found| {
                append(&mut places, found.iter().map(|near| near.position))?;
                append(&mut distances, found.iter().map(|near| near.distance))?;
                Ok::<_, Error>(ControlFlow::Continue(()))
            })?;
            Ok(((places, distances), stats))
        })?;
        let (places, distances) = (positions(py, &places)?, array(py, &distances)?);
        made(py, "Within", (places, distances, stats))
    }

    /// The result over all tokens in a ball.
    pub(super) fn number<'py>(
        &self,
        py: Python<'py>,
        number: impl FnOnce(&Query<'_>) -> Result<Answer<f64>, QueryError> + Send,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (number, stats) = self.ask(py, |query, _| Ok(parts(number(query)?)))?;
        made(py, "Number", (number, stats))
    }
}

/// An array of shape (m, k), a row for each point.
fn padded<'py, T: crate::array::Numpy + Copy>(
    py: Python<'py>,
    found: &[Neighbours],
    k: usize,
    padding: T,
    value: impl Fn(&ng_query::Neighbour) -> T,
) -> PyResult<Bound<'py, PyAny>> {
    filled(py, (found.len(), Some(k)), |out: &mut [T]| {
        out.fill(padding);
        for (row, found) in out.chunks_exact_mut(k).zip(found) {
            for (place, near) in row.iter_mut().zip(&found.neighbours) {
                *place = value(near);
            }
        }
        Ok(())
    })
}

/// The numbers of points: three for each space of each point.
fn numbers(py: Python<'_>, given: &Bound<'_, PyAny>, spaces: usize) -> PyResult<Vec<[f64; 3]>> {
    let convert = py.import("ngtoken._points")?.getattr("points")?;
    let numbers = PyBuffer::<f64>::get(&convert.call1((given, spaces))?)?.to_vec(py)?;
    let places = numbers.as_chunks::<3>().0;
    Ok(places.to_vec())
}

/// Points as they are given: near which tokens are looked for.
pub(crate) struct GivenPoints {
    /// A single space has no weight, unless it is given.
    pub(crate) spaces: Vec<(Space, Option<f64>)>,
    /// One after another, a place for each space.
    pub(crate) places: Vec<[f64; 3]>,
    /// Whether they are in steps, as those of a token are.
    pub(crate) in_steps: bool,
}

impl GivenPoints {
    /// Points of shape (3,) or (m, 3), or (s, 3) or (m, s, 3) with weights; or a token.
    pub(crate) fn of(
        py: Python<'_>,
        given: &Bound<'_, PyAny>,
        space: Option<&str>,
        weights: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let spaces = spaces_of(space, weights)?;
        let Ok(token) = given.cast::<PyToken>() else {
            return Ok(Self {
                places: numbers(py, given, spaces.len())?,
                spaces,
                in_steps: false,
            });
        };
        let token = token.get().token();
        let place = |(space, _): &(Space, _)| token.steps(*space).map(f64::from);
        Ok(Self {
            places: spaces.iter().map(place).collect(),
            spaces,
            in_steps: true,
        })
    }

    pub(crate) fn points(&self) -> Result<Points, Error> {
        let mut points = match self.spaces.as_slice() {
            [(space, None)] => Points::in_space(*space),
            spaces => {
                let weight =
                    |(space, weight): &(Space, Option<f64>)| (*space, weight.unwrap_or(1.0));
                Points::weighted(&spaces.iter().map(weight).collect::<Vec<_>>())?
            }
        };
        // None are refused above.
        for point in self.places.chunks(self.spaces.len().max(1)) {
            match self.in_steps {
                true => points.add_steps(point)?,
                false => points.add_units(point)?,
            }
        }
        Ok(points)
    }
}

fn spaces_of(
    space: Option<&str>,
    weights: Option<&Bound<'_, PyDict>>,
) -> Result<Vec<(Space, Option<f64>)>, Error> {
    match (space, weights) {
        (Some(space), Some(_)) => {
            let value = Value::Text(space.to_owned());
            Err(Error::value("space", value, "none beside weights"))
        }
        (_, Some(weights)) => {
            let weight = |(name, weight): (Bound<'_, PyAny>, Bound<'_, PyAny>)| {
                let (name, weight) = (Text::As(name), Real::As(weight));
                let space = space_of(&name.text("weights")?)?;
                Ok((space, Some(weight.number("weights")?)))
            };
            let spaces: Vec<_> = weights.iter().map(weight).collect::<Result<_, Error>>()?;
            let plain = |(space, weight): &(Space, Option<f64>)| (*space, weight.unwrap_or(1.0));
            // Refused before the points are.
            Points::weighted(&spaces.iter().map(plain).collect::<Vec<_>>())?;
            Ok(spaces)
        }
        (space, None) => Ok(vec![(space_of(space.unwrap_or("physical"))?, None)]),
    }
}

/// A ball around a point, or a token.
pub(super) fn ball_of(
    point: &Bound<'_, PyAny>,
    radius: &Real<'_>,
    space: &Text<'_>,
) -> PyResult<Ball> {
    let (space, radius) = (space_of(&space.text("space")?)?, radius.number("radius")?);
    let centre = match point.cast::<PyToken>() {
        Ok(token) => token.get().token().coordinate(space).map(f64::from),
        Err(_) => match numbers(point.py(), point, 1)?.as_slice() {
            [centre] => *centre,
            more => {
                let value = Value::Whole(more.len() as i128);
                return Err(Error::value("points", value, "1, the centre of the ball").into());
            }
        },
    };
    let ball = Ball::of_units(space, centre, radius);
    Ok(ball.map_err(|error| Error::from(error).renamed("points", "point"))?)
}
