//! `create_tokens_batch`.

use ng_parallel::fill;
use ng_store::VecStore;
use ng_token::Token;
use pyo3::prelude::*;

use crate::error::{Error, Value};
use crate::given::Whole;
use crate::vector::TokenVec;
use crate::whole::{count_of, field_of, threads_of};
use crate::work::long;

/// The number of ids.
const IDS: i128 = 1 << 32;

/// Makes `count` fresh tokens whose ids go up by one from `start_id`.
///
/// All have the same `timestamp`, in seconds since 1970 UTC; the default is 0, "not set".
#[pyfunction]
#[pyo3(
    signature = (count, start_id = Whole::Default(0), timestamp = None, num_threads = None),
    text_signature = "(count, start_id=0, timestamp=None, num_threads=None)"
)]
pub(crate) fn create_tokens_batch(
    py: Python<'_>,
    count: Whole<'_>,
    start_id: Whole<'_>,
    timestamp: Option<Whole<'_>>,
    num_threads: Option<Whole<'_>>,
) -> PyResult<Py<TokenVec>> {
    let tokens = count_of("count", &count)?;
    let first = field_of("id", &start_id, u32::MAX)?;
    let end = i128::from(first) + tokens as i128;
    if end > IDS {
        return Err(Error::field("id", Value::Whole(end - 1), "0 to 4294967295").into());
    }
    let timestamp = timestamp.map(|given| field_of("timestamp", &given, u32::MAX));
    let timestamp = timestamp.transpose()?.unwrap_or(0);
    let store = long(py, tokens, threads_of(num_threads)?, |workers| {
        let mut store = VecStore::try_with_capacity(tokens)?;
        // The sum stays below 2^32, as was checked.
        let token = |index| Token::new(first + index as u32).with_timestamp(timestamp);
        fill(workers, &mut store, tokens, token)?;
        Ok(store)
    })?;
    Py::new(py, TokenVec::made_of(store))
}
