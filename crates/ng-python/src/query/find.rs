//! The positions of tokens by id.

use ng_query::{Found, Stats};
use ng_token::TokenId;
use pyo3::prelude::*;

use super::answers::{converted, grouped, made};
use super::question::{Asks, Question, parts};
use crate::columns::{shaped, whole_numbers};
use crate::error::{Error, Value};
use crate::given::Whole;
use crate::room::try_collected;
use crate::tokens::Tokens;
use crate::whole::count_of;

#[pymethods]
impl Tokens {
    /// The position of the first token of each id, or -1 if there is none; a number for a number,
    /// an array of the same shape for an array.
    ///
    /// Like ``find``, with a smaller result: with an index of ids there is no pass.
    fn lookup<'py>(&self, py: Python<'py>, ids: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let (found, _) = self.question().found(py, &ids_of(py, ids)?)?;
        let first = |found: &Found| {
            let first = found.positions.first();
            first.map_or(-1, |&position| position as i64)
        };
        match (ids.extract::<i64>(), found.as_slice()) {
            (Ok(_), [found]) => Ok(first(found).into_pyobject(py)?.into_any()),
            _ => shaped(ids, converted(py, &found, first)?),
        }
    }
}

impl Question {
    pub(super) fn find<'py>(
        &self,
        py: Python<'py>,
        ids: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (found, stats) = self.found(py, &ids_of(py, ids)?)?;
        let ids = converted(py, &found, |found| found.id.raw())?;
        let places = grouped(py, &found, |found| &found.positions)?;
        made(py, "Lookup", (ids, places, stats))
    }

    pub(super) fn duplicates<'py>(
        &self,
        py: Python<'py>,
        limit: &Whole<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let limit = count_of("limit", limit)?;
        let (found, stats) = self.ask(py, |query, _| Ok(parts(query.duplicates(limit)?)))?;
        let ids = converted(py, &found.ids, |found| found.id.raw())?;
        let places = grouped(py, &found.ids, |found| &found.positions)?;
        let counts = (found.id_count, found.repeats);
        made(py, "Duplicates", (counts, ids, places, stats))
    }

    fn found<'py>(
        &self,
        py: Python<'py>,
        ids: &[TokenId],
    ) -> PyResult<(Vec<Found>, Bound<'py, PyAny>)> {
        self.ask_of_each(py, ids.len(), |query, _| {
            Ok::<(_, Stats), Error>(parts(query.find(ids)?))
        })
    }
}

fn ids_of(py: Python<'_>, given: &Bound<'_, PyAny>) -> PyResult<Vec<TokenId>> {
    let id = |id: i64| {
        let refused = |_| Error::value("id", Value::Whole(id.into()), "0 to 4294967295");
        u32::try_from(id).map(TokenId::from_raw).map_err(refused)
    };
    let ids = whole_numbers(py, given, "ids")?;
    Ok(try_collected(ids.into_iter().map(id))?)
}
