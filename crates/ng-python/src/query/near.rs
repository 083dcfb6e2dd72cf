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
        let points = points_of(py, points, space.as_deref(), weights)?;
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

fn points_of(
    py: Python<'_>,
    given: &Bound<'_, PyAny>,
    space: Option<&str>,
    weights: Option<&Bound<'_, PyDict>>,
) -> PyResult<Points> {
    let (mut points, spaces) = match (space, weights) {
        (Some(space), Some(_)) => {
            let value = Value::Text(space.to_owned());
            return Err(Error::value("space", value, "none beside weights").into());
        }
        (_, Some(weights)) => {
            let weight = |(name, weight): (Bound<'_, PyAny>, Bound<'_, PyAny>)| {
                let (name, weight) = (Text::As(name), Real::As(weight));
                Ok((space_of(&name.text("weights")?)?, weight.number("weights")?))
            };
            let weights = weights.iter().map(weight);
            let weights: Vec<(Space, f64)> = weights.collect::<Result<_, Error>>()?;
            let points = Points::weighted(&weights).map_err(Error::from)?;
            (points, weights.len())
        }
        (space, None) => (Points::in_space(space_of(space.unwrap_or("physical"))?), 1),
    };
    if let Ok(token) = given.cast::<PyToken>() {
        points.add_token(&token.get().token());
        return Ok(points);
    }
    for point in numbers(py, given, spaces)?.chunks_exact(spaces) {
        points.add_units(point).map_err(Error::from)?;
    }
    Ok(points)
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
