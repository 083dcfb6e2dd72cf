//! Pickles of tokens and files, for other processes and machines.

use std::path::PathBuf;

use ng_store::{BlockReader, Commit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::dataset::pickled;
use crate::file::TokenFile;
use crate::known::Known;
use crate::query::{Asks, HowPickled, Query, Question};
use crate::shown::Shown;
use crate::tokens::{Origin, Tokens};
use crate::work::short;

#[pymethods]
impl Tokens {
    /// For a vector its bytes; for a file its path, its id, and the range shown, never its bytes.
    fn __reduce__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let shown = self.shown(py)?;
        let load = |name: &str| py.import("ngtoken._pickle")?.getattr(name);
        if let (Shown::Shards(shards, range), Some(dataset)) = (&shown, self.origin().dataset()) {
            let range = match self.origin() {
                Origin::Dataset(_) => None,
                _ => Some((range.start, range.end)),
            };
            let (place, id, generation, tails, is_mapped) = pickled(py, dataset, shards)?;
            let arguments = (place, id, generation, tails, is_mapped, range);
            return Ok((load("load_dataset")?, arguments.into_pyobject(py)?));
        }
        let place = self.origin().path().zip(place(&shown));
        let Some((path, (commit, start, mode))) = place else {
            let bytes = self.tobytes(py)?;
            return Ok((load("load_tokens")?, PyTuple::new(py, [bytes])?));
        };
        let file = (
            path.into_os_string(),
            PyBytes::new(py, &commit.file_id),
            commit.tokens,
            commit.table_chain,
            mode,
        );
        let is_file = matches!(self.origin(), Origin::File(_));
        let range = match is_file {
            true => None,
            false => Some((start, start + shown.len())),
        };
        let (path, id, tokens, chain, mode) = file;
        let arguments = (path, id, tokens, chain, mode, range).into_pyobject(py)?;
        Ok((load("load_file")?, arguments))
    }
}

#[pymethods]
impl Tokens {
    /// For ``__reduce__``; with protocol 5 the bytes go out of band if the pickler accepts that.
    fn __reduce_ex__<'py>(slf: &Bound<'py, Self>, protocol: i32) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let is_in_memory = matches!(slf.get().shown(py)?, Shown::Memory(..));
        if protocol < 5 || !is_in_memory {
            return slf.call_method0("__reduce__");
        }
        let load = py.import("ngtoken._pickle")?.getattr("load_tokens")?;
        let buffer = py
            .import("pickle")?
            .getattr("PickleBuffer")?
            .call1((slf,))?;
        Ok((load, (buffer,)).into_pyobject(py)?.into_any())
    }
}

#[pymethods]
impl Query {
    /// Its tokens, pickled, and its query.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let load = py.import("ngtoken._core")?.getattr("_query_of")?;
        let (tokens, filter, how) = self.question().into_parts();
        let tokens = Bound::new(py, Tokens::new(tokens))?;
        Ok((load, (tokens, filter, how)).into_pyobject(py)?.into_any())
    }
}

/// The query that was pickled.
#[pyfunction]
#[pyo3(name = "_query_of")]
pub(crate) fn query_of(
    tokens: &Bound<'_, Tokens>,
    filter: Option<&str>,
    how: HowPickled,
) -> PyResult<Query> {
    let question = Question::of_parts(tokens.get().origin().clone(), filter, how)?;
    Ok(Query::of(question))
}

/// Which commit is shown, from which token on, and how.
fn place(shown: &Shown) -> Option<(Commit, usize, &'static str)> {
    let (start, mode) = match shown {
        Shown::Memory(..) | Shown::Shards(..) => return None,
        Shown::Map(snapshot) => (snapshot.start(), "map"),
        Shown::File(_, range) => (range.start, "read"),
    };
    Some((shown.commit()?, start, mode))
}

/// Opens a pickled file, if it still begins with what it had then.
#[pyfunction]
#[pyo3(name = "_reopen")]
pub(crate) fn reopen(
    py: Python<'_>,
    path: PathBuf,
    file_id: [u8; 16],
    tokens: u64,
    chain: u64,
    mode: &str,
) -> PyResult<Py<TokenFile>> {
    short(py, || {
        let known = Known {
            file_id,
            tokens,
            chain,
            verb: "pickled",
        };
        known.expect_in(&BlockReader::open(&path)?)
    })?;
    TokenFile::open_to_read(py, path, mode)
}
