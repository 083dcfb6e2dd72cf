//! `create_tokens_batch`.

use ng_parallel::fill;
use ng_store::VecStore;
use ng_token::Token;
use pyo3::prelude::*;

use crate::error::{Error, Value};
use crate::vector::TokenVec;
use crate::whole::{self, count_of, threads_of};
use crate::work::long;

/// How many ids there are.
const IDS: i128 = 1 << 32;

/// Makes `count` fresh tokens whose ids go up by one from `start_id`.
///
/// All have the same `timestamp`, in seconds since 1970 UTC, and 0, "not set", where none is
/// given.
#[pyfunction]
#[pyo3(signature = (count, start_id = 0, timestamp = None, num_threads = None))]
pub(crate) fn create_tokens_batch(
    py: Python<'_>,
    #[pyo3(from_py_with = whole::number)] count: i128,
    #[pyo3(from_py_with = whole::number)] start_id: i128,
    #[pyo3(from_py_with = whole::optional)] timestamp: Option<i128>,
    #[pyo3(from_py_with = whole::optional)] num_threads: Option<i128>,
) -> PyResult<Py<TokenVec>> {
    let tokens = count_of("count", count)?;
    let first = u32::try_from(start_id);
    let first = first.map_err(|_| Error::field("id", Value::Whole(start_id), "0 to 4294967295"))?;
    if start_id + count > IDS {
        let last = Value::Whole(start_id + count - 1);
        return Err(Error::field("id", last, "0 to 4294967295").into());
    }
    let timestamp = timestamp.unwrap_or(0);
    let timestamp = u32::try_from(timestamp)
        .map_err(|_| Error::field("timestamp", Value::Whole(timestamp), "0 to 4294967295"))?;
    let store = long(py, tokens, threads_of(num_threads)?, |workers| {
        let mut store = VecStore::try_with_capacity(tokens)?;
        // The sum stays below 2^32, as was checked.
        let token = |index| Token::new(first + index as u32).with_timestamp(timestamp);
        fill(workers, &mut store, tokens, token)?;
        Ok(store)
    })?;
    Py::new(py, TokenVec::made_of(store))
}
