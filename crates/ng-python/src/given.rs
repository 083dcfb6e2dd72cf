//! Arguments from Python: an error names the parameter, its value and what it takes.

use std::convert::Infallible;
use std::path::PathBuf;

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;

use crate::error::{Class, Error, Value};

/// An argument before its conversion, or its default.
pub(crate) enum Given<'py, T> {
    Default(T),
    As(Bound<'py, PyAny>),
}

/// A whole number, of Python or numpy.
pub(crate) type Whole<'py> = Given<'py, i128>;
/// A number with a fraction.
pub(crate) type Real<'py> = Given<'py, f64>;
/// A string.
pub(crate) type Text<'py> = Given<'py, &'static str>;

impl<'py, T> FromPyObject<'_, 'py> for Given<'py, T> {
    type Error = Infallible;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> Result<Self, Infallible> {
        Ok(Self::As(given.to_owned()))
    }
}

impl Real<'_> {
    pub(crate) fn number(&self, name: &str) -> Result<f64, Error> {
        let given = match self {
            Self::Default(number) => return Ok(*number),
            Self::As(given) => given,
        };
        given
            .extract::<f64>()
            .map_err(|raised| unconverted(name, given, raised, "a number"))
    }
}

impl Text<'_> {
    pub(crate) fn text(&self, name: &str) -> Result<String, Error> {
        let given = match self {
            Self::Default(text) => return Ok((*text).to_owned()),
            Self::As(given) => given,
        };
        given
            .extract::<String>()
            .map_err(|raised| unconverted(name, given, raised, "a string"))
    }
}

/// A string, unless there is none.
pub(crate) fn optional(name: &str, given: Option<&Text<'_>>) -> Result<Option<String>, Error> {
    given.map(|given| given.text(name)).transpose()
}

/// The error of a failed conversion: another type, a number out of range, or what the object's own
/// conversion raised.
pub(crate) fn unconverted(
    name: &str,
    given: &Bound<'_, PyAny>,
    raised: PyErr,
    expected: &str,
) -> Error {
    let py = given.py();
    if raised.is_instance_of::<PyTypeError>(py) {
        return Error::wrong_type(name, shown(given), expected);
    }
    match raised.is_instance_of::<PyOverflowError>(py) {
        true => Error::value(name, Value::Text(text_of(given)), expected),
        false => raised.into(),
    }
}

/// A value with its type, as messages show it.
pub(crate) fn shown(given: &Bound<'_, PyAny>) -> String {
    let shown = given
        .repr()
        .map_or_else(|_| String::new(), |repr| repr.to_string());
    let shown: String = shown.chars().take(64).collect();
    format!("{shown} {}", kind_of(given))
}

/// A value as text. Python cannot convert whole numbers of thousands of digits.
pub(crate) fn text_of(given: &Bound<'_, PyAny>) -> String {
    if let Ok(text) = given.str() {
        return text.to_string();
    }
    let bits = given.call_method0("bit_length");
    let power = bits
        .and_then(|bits| bits.extract::<u64>())
        .unwrap_or(1)
        .saturating_sub(1);
    match given.lt(0) {
        Ok(true) => format!("-2**{power} or less"),
        _ => format!("2**{power} or more"),
    }
}

/// The name of an object's type, as messages show it.
pub(crate) fn kind_of(given: &Bound<'_, PyAny>) -> String {
    match given.get_type().name() {
        Ok(name) => format!("of type {name}"),
        Err(_) => "of an unknown type".into(),
    }
}

/// A path, for `from_py_with`.
pub(crate) fn path_of(given: &Bound<'_, PyAny>) -> PyResult<PathBuf> {
    let path: PathBuf = given.extract()?;
    match path.as_os_str().as_encoded_bytes().contains(&0) {
        false => Ok(path),
        true => {
            let value = Value::Text(path.display().to_string());
            let text = format!("path {:?}, expected no null character", path.display());
            let error = Error::new(Class::Value, text).at(&path);
            Err(error.of("path", value, "no null character").into())
        }
    }
}
