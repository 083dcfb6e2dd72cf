//! numpy arrays, made and read through the buffer protocol.

use std::mem::size_of;
use std::slice;

use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use crate::buf::Buf;

/// Returns a function or a type of numpy.
fn of_numpy<'py>(
    py: Python<'py>,
    cell: &'static PyOnceLock<Py<PyAny>>,
    name: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let found = cell.get_or_try_init(py, || -> PyResult<_> {
        Ok(py.import("numpy")?.getattr(name)?.unbind())
    })?;
    Ok(found.bind(py).clone())
}

/// Returns `TOKEN_DTYPE`.
pub(crate) fn token_dtype(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    static DTYPE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let found = DTYPE.get_or_try_init(py, || -> PyResult<_> {
        Ok(py
            .import("ngtoken._dtype")?
            .getattr("TOKEN_DTYPE")?
            .unbind())
    })?;
    Ok(found.bind(py).clone())
}

/// Makes an array of tokens over a buffer, which it holds.
pub(crate) fn over(py: Python<'_>, buf: Buf) -> PyResult<Bound<'_, PyAny>> {
    static FROM_BUFFER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let from_buffer = of_numpy(py, &FROM_BUFFER, "frombuffer")?;
    from_buffer.call1((buf, token_dtype(py)?))
}

/// A type that numpy has arrays of, under this name.
pub(crate) trait Numpy: Element + Send + Sync + Default {
    const NAME: &'static str;
}

macro_rules! numpy {
    ($($element:ty: $name:literal),*) => {
        $(impl Numpy for $element {
            const NAME: &'static str = $name;
        })*
    };
}

numpy!(u8: "u1", u16: "u2", u32: "u4", u64: "u8", i16: "i2", i64: "i8", f32: "f4", f64: "f8");

/// Makes an array of rows, and has `fill` write to it.
pub(crate) fn filled<'py, T: Numpy>(
    py: Python<'py>,
    shape: (usize, Option<usize>),
    fill: impl FnOnce(&mut [T]) -> PyResult<()>,
) -> PyResult<Bound<'py, PyAny>> {
    static EMPTY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let empty = of_numpy(py, &EMPTY, "empty")?;
    let options = PyDict::new(py);
    options.set_item("dtype", T::NAME)?;
    let array = match shape {
        (rows, None) => empty.call((rows,), Some(&options))?,
        (rows, Some(columns)) => empty.call(((rows, columns),), Some(&options))?,
    };
    let mut buffer = PyBuffer::<T>::get(&array)?;
    fill(values_mut(&mut buffer))?;
    drop(buffer);
    Ok(array)
}

/// The values of a new array that nobody else knows.
#[expect(unsafe_code, reason = "numpy's memory is known by a pointer")]
fn values_mut<T: Numpy>(buffer: &mut PyBuffer<T>) -> &mut [T] {
    let len = buffer.len_bytes() / size_of::<T>();
    if len == 0 {
        return &mut [];
    }
    // SAFETY: `from_raw_parts_mut` asks for (1) an aligned pointer to `len` values of one
    // allocation, (2) initialised, (3) that nobody else reads or writes meanwhile. (1) `PyBuffer`
    // checked type and alignment, and a new array is contiguous. (2) Every bit pattern is a number,
    // Rust did not allocate the memory, and no value is read before it is written. (3) Only
    // `filled` knows the array.
    unsafe { slice::from_raw_parts_mut(buffer.buf_ptr().cast(), len) }
}
