//! What generations say, as the dataclasses of `ngtoken._reports`.

use ng_dataset::Shard;
use ng_dataset::ng_store::disk::Disk;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

pub(super) fn made<'py>(
    py: Python<'py>,
    class: &str,
    values: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    let reports = py.import("ngtoken._datasets")?;
    reports.getattr(class)?.call((), Some(values))
}

/// An object of a class, by name.
pub(super) fn object<'py>(
    py: Python<'py>,
    class: &str,
    values: impl IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>, Error = PyErr>,
) -> PyResult<Bound<'py, PyAny>> {
    let class = py.import("ngtoken._datasets")?.getattr(class)?;
    class.call1(values.into_pyobject(py)?)
}

/// A shard of a snapshot.
pub(super) fn shard<'py, D: Disk>(
    py: Python<'py>,
    shard: &Shard<D>,
) -> PyResult<Bound<'py, PyAny>> {
    let values = PyDict::new(py);
    let (rows, positions, sealed) = (shard.rows(), shard.positions(), shard.sealed());
    values.set_item("file", shard.file().to_string())?;
    values.set_item("rows", (rows.start, rows.end))?;
    values.set_item("positions", (positions.start, positions.end))?;
    values.set_item("open", shard.is_open())?;
    values.set_item("bytes", sealed.map(|sealed| sealed.bytes))?;
    values.set_item("committed_at_ns", sealed.map(|sealed| sealed.committed_ns))?;
    values.set_item("order", sealed.and_then(|sealed| sealed.order.clone()))?;
    made(py, "ShardInfo", &values)
}

/// Objects of a class, by name.
pub(super) fn objects<'py, V>(
    py: Python<'py>,
    class: &str,
    values: Vec<V>,
) -> PyResult<Vec<Bound<'py, PyAny>>>
where
    V: IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>, Error = PyErr>,
{
    values
        .into_iter()
        .map(|values| object(py, class, values))
        .collect()
}
