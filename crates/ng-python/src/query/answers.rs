//! Answers, as the objects of `ngtoken._answers`.

use std::iter;

use ng_query::ng_arrow::arrow_array::cast::AsArray;
use ng_query::ng_arrow::arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int16Type, TimestampSecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use ng_query::ng_arrow::arrow_array::{Array, ArrayRef, RecordBatch};
use ng_query::ng_arrow::arrow_schema::{DataType, TimeUnit};
use ng_query::{Stats, Value};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::array::{Numpy, filled};
use crate::error::{Error, INTERNAL};
use crate::room::{append, collected};

/// An object of a class, by name.
pub(super) fn made<'py>(
    py: Python<'py>,
    class: &str,
    values: impl IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>, Error = PyErr>,
) -> PyResult<Bound<'py, PyAny>> {
    let class = py.import("ngtoken._answers")?.getattr(class)?;
    class.call1(values.into_pyobject(py)?)
}

/// What was looked at. Warns in Python of ignored parts of the index.
pub(super) fn stats<'py>(
    py: Python<'py>,
    stats: &Stats,
    warnings: Vec<String>,
) -> PyResult<Bound<'py, PyAny>> {
    let told = warnings.iter();
    let told = told.map(|told| format!("{told}; the records answered"));
    warn_of_index(py, told.collect())?;
    let blocks = (
        stats.blocks,
        stats.blocks_looked_at,
        stats.blocks_skipped,
        stats.blocks_unread,
    );
    let values = (
        blocks,
        stats.bytes_read,
        (stats.records, stats.columns),
        (stats.damaged_blocks, stats.damaged_tokens),
        stats.elapsed.as_secs_f64(),
        PyTuple::new(py, warnings)?,
    );
    made(py, "Stats", values)
}

/// Warns of a faulty index.
pub(super) fn warn_of_index(py: Python<'_>, told: Vec<String>) -> PyResult<()> {
    if told.is_empty() {
        return Ok(());
    }
    let warn = py.import("ngtoken._answers")?.getattr("warn_of_index")?;
    warn.call1((told,)).map(drop)
}

/// An array of numbers, copied.
pub(super) fn array<'py, T: Numpy + Copy>(
    py: Python<'py>,
    values: &[T],
) -> PyResult<Bound<'py, PyAny>> {
    filled(py, (values.len(), None), |out: &mut [T]| {
        py.detach(|| out.copy_from_slice(values));
        Ok(())
    })
}

/// An array of converted numbers.
pub(super) fn converted<'py, S: Sync, T: Numpy + Copy>(
    py: Python<'py>,
    values: &[S],
    convert: impl Fn(&S) -> T + Sync,
) -> PyResult<Bound<'py, PyAny>> {
    filled(py, (values.len(), None), |out: &mut [T]| {
        py.detach(|| {
            for (place, value) in out.iter_mut().zip(values) {
                *place = convert(value);
            }
        });
        Ok(())
    })
}

/// Positions in the type that numpy uses for indices.
pub(crate) fn positions<'py>(py: Python<'py>, found: &[u64]) -> PyResult<Bound<'py, PyAny>> {
    converted(py, found, |&position| position as i64)
}

/// Values of a column: whole numbers if all are, otherwise floats.
pub(super) fn values<'py, S: Sync>(
    py: Python<'py>,
    found: &[S],
    value: impl Fn(&S) -> Value + Sync,
) -> PyResult<Bound<'py, PyAny>> {
    let whole = |found: &S| match value(found) {
        Value::Integer(number) => i64::try_from(number).ok(),
        _ => None,
    };
    match !found.is_empty() && found.iter().all(|found| whole(found).is_some()) {
        true => converted(py, found, |found| whole(found).unwrap_or_default()),
        false => converted(py, found, |found| value(found).number().unwrap_or(f64::NAN)),
    }
}

/// The names and the arrays of a batch. Missing values are NaN.
pub(crate) fn columns<'py>(
    py: Python<'py>,
    batch: &RecordBatch,
) -> PyResult<Vec<(String, Bound<'py, PyAny>)>> {
    let schema = batch.schema();
    let columns = batch.columns().iter().zip(schema.fields());
    columns
        .map(|(column, field)| Ok((field.name().clone(), column_of(py, column)?)))
        .collect()
}

fn column_of<'py>(py: Python<'py>, column: &ArrayRef) -> PyResult<Bound<'py, PyAny>> {
    match column.data_type() {
        DataType::UInt8 => primitive::<UInt8Type>(py, column),
        DataType::UInt16 => primitive::<UInt16Type>(py, column),
        DataType::UInt32 => primitive::<UInt32Type>(py, column),
        DataType::Int16 => primitive::<Int16Type>(py, column),
        DataType::Float32 => primitive::<Float32Type>(py, column),
        DataType::UInt64 if column.null_count() == 0 => primitive::<UInt64Type>(py, column),
        DataType::UInt64 => {
            let wholes = column.as_primitive::<UInt64Type>();
            let numbers = wholes
                .iter()
                .map(|whole| whole.map_or(f64::NAN, |whole| whole as f64));
            array(py, &numbers.collect::<Vec<f64>>())
        }
        DataType::Float64 => {
            let numbers = column.as_primitive::<Float64Type>().iter();
            let numbers = numbers.map(|number| number.unwrap_or(f64::NAN));
            array(py, &numbers.collect::<Vec<_>>())
        }
        DataType::Timestamp(TimeUnit::Second, _) => {
            primitive::<TimestampSecondType>(py, column)?.call_method1("view", ("M8[s]",))
        }
        DataType::Boolean => {
            let flags = column
                .as_boolean()
                .iter()
                .map(|flag| u8::from(flag == Some(true)));
            array(py, &flags.collect::<Vec<_>>())?.call_method1("view", ("?",))
        }
        other => Err(Error::new(INTERNAL, format!("a column of {other}")).into()),
    }
}

fn primitive<'py, T>(py: Python<'py>, column: &ArrayRef) -> PyResult<Bound<'py, PyAny>>
where
    T: ArrowPrimitiveType,
    T::Native: Numpy + Copy,
{
    array(py, column.as_primitive::<T>().values())
}

/// The positions of several ids one after the other, and where those of each begin, followed by the
/// end of the last.
pub(super) fn grouped<'py, S: Sync>(
    py: Python<'py>,
    found: &[S],
    positions_of: impl Fn(&S) -> &[u64] + Sync,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let (all, bounds) = py.detach(|| -> Result<_, Error> {
        let mut all = Vec::new();
        let mut bounds = collected(iter::repeat_n(0_i64, found.len() + 1))?;
        for (some, end) in found.iter().zip(&mut bounds[1..]) {
            append(&mut all, positions_of(some).iter().copied())?;
            *end = all.len() as i64;
        }
        Ok((all, bounds))
    })?;
    Ok((positions(py, &all)?, array(py, &bounds)?))
}
