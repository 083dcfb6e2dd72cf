//! Whole numbers from Python, in the ranges of parameters.

use ng_parallel::Workers;
use ng_token::Token;
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::types::PyInt;

use crate::error::{Error, Value};
use crate::given::{Given, Whole, text_of, unconverted};

/// The most tokens that memory may hold.
const MOST_TOKENS: i128 = (isize::MAX as usize / size_of::<Token>()) as i128;

impl Whole<'_> {
    /// The number; its digits if it has more than 128 bits.
    fn number(&self, name: &str) -> Result<Result<i128, String>, Error> {
        let given = match self {
            Given::Default(number) => return Ok(Ok(*number)),
            Given::As(given) => given,
        };
        match plain(given).and_then(|plain| plain.extract::<i128>()) {
            Ok(number) => Ok(Ok(number)),
            Err(raised) if raised.is_instance_of::<PyOverflowError>(given.py()) => {
                Ok(Err(text_of(given)))
            }
            Err(raised) => Err(unconverted(name, given, raised, "a whole number")),
        }
    }

    /// The number if it is from `least` to `most`, otherwise what `refused` makes of it.
    fn within(
        &self,
        name: &str,
        (least, most): (i128, i128),
        refused: impl FnOnce(&str, Value, String) -> Error,
    ) -> Result<i128, Error> {
        let value = match self.number(name)? {
            Ok(number) if (least..=most).contains(&number) => return Ok(number),
            Ok(number) => Value::Whole(number),
            Err(digits) => Value::Text(digits),
        };
        Err(refused(name, value, format!("{least} to {most}")))
    }

    fn parameter(&self, name: &str, least: i128, most: i128) -> Result<i128, Error> {
        self.within(name, (least, most), |name, value, expected| {
            Error::value(name, value, expected)
        })
    }
}

/// A whole number as a Python int, by ``__index__``.
fn plain<'py>(given: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    match given.is_exact_instance_of::<PyInt>() {
        true => Ok(given.clone()),
        false => given
            .py()
            .import("operator")?
            .call_method1("index", (given,)),
    }
}

/// A number of tokens that memory may hold.
pub(crate) fn count_of(name: &str, given: &Whole<'_>) -> Result<usize, Error> {
    Ok(given.parameter(name, 0, MOST_TOKENS)? as usize)
}

/// A number of tokens that is not 0.
pub(crate) fn at_least_one(name: &str, given: &Whole<'_>) -> Result<usize, Error> {
    Ok(given.parameter(name, 1, MOST_TOKENS)? as usize)
}

/// A number of 64 bits.
pub(crate) fn of_64_bits(name: &str, given: &Whole<'_>) -> Result<u64, Error> {
    Ok(given.parameter(name, 0, u64::MAX.into())? as u64)
}

/// A number of threads.
pub(crate) fn threads_of(given: Option<Whole<'_>>) -> Result<Option<usize>, Error> {
    let most = Workers::max_threads() as i128;
    let threads = given.map(|given| given.parameter("num_threads", 1, most));
    Ok(threads.transpose()?.map(|threads| threads as usize))
}

/// The value of a field of a token, up to `most`.
pub(crate) fn field_of(name: &str, given: &Whole<'_>, most: u32) -> Result<u32, Error> {
    let value = given.within(name, (0, most.into()), |name, value, expected| {
        Error::field(name, value, expected)
    });
    Ok(value? as u32)
}

/// A Python index. One of more than 128 bits is beyond all `len` tokens.
pub(crate) fn index_of(given: &Whole<'_>, len: impl FnOnce() -> PyResult<usize>) -> PyResult<i128> {
    match given.number("index")? {
        Ok(index) => Ok(index),
        Err(digits) => Err(Error::index(digits, len()?).into()),
    }
}

/// A bound of a Python slice, clamped to the ends.
pub(crate) fn bound_of(name: &str, given: &Whole<'_>, len: usize) -> Result<usize, Error> {
    let end = len as i128;
    Ok(match given.number(name)? {
        Ok(bound) if bound < 0 => bound.saturating_add(end).max(0) as usize,
        Ok(bound) => bound.min(end) as usize,
        Err(digits) if digits.starts_with('-') => 0,
        Err(_) => len,
    })
}
