//! Whole numbers that Python gives: any of its own, or of numpy's.

use ng_parallel::Workers;
use ng_token::Token;
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;

use crate::error::{Error, Value};
use crate::token::kind_of;

/// Takes a whole number, for `from_py_with`; in a note of the exception pyo3 says for which
/// parameter.
pub(crate) fn number(given: &Bound<'_, PyAny>) -> PyResult<i128> {
    given.extract::<i128>().map_err(|error| {
        match error.is_instance_of::<PyOverflowError>(given.py()) {
            true => {
                let digits = Value::Text(given.to_string());
                Error::value("number", digits, "one of at most 64 bits").into()
            }
            false => Error::wrong_type("number", kind_of(given), "a whole number").into(),
        }
    })
}

/// Takes a whole number or `None`, for `from_py_with`.
pub(crate) fn optional(given: &Bound<'_, PyAny>) -> PyResult<Option<i128>> {
    if given.is_none() {
        return Ok(None);
    }
    number(given).map(Some)
}

/// A number of tokens that memory may hold.
pub(crate) fn count_of(name: &str, value: i128) -> Result<usize, Error> {
    let most = isize::MAX as usize / size_of::<Token>();
    match usize::try_from(value) {
        Ok(count) if count <= most => Ok(count),
        _ => Err(refused(name, value, 0, most as u64)),
    }
}

/// A number of 64 bits.
pub(crate) fn of_64_bits(name: &str, value: i128) -> Result<u64, Error> {
    u64::try_from(value).map_err(|_| refused(name, value, 0, u64::MAX))
}

/// A number of threads.
pub(crate) fn threads_of(given: Option<i128>) -> Result<Option<usize>, Error> {
    let most = Workers::max_threads();
    let threads = |given| match usize::try_from(given) {
        Ok(threads) if (1..=most).contains(&threads) => Ok(threads),
        _ => Err(refused("num_threads", given, 1, most as u64)),
    };
    given.map(threads).transpose()
}

fn refused(name: &str, value: i128, least: u64, most: u64) -> Error {
    Error::value(name, Value::Whole(value), format_args!("{least} to {most}"))
}
