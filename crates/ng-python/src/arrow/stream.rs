use ng_arrow::arrow_array::ffi_stream::FFI_ArrowArrayStream;
use ng_arrow::arrow_array::{RecordBatch, RecordBatchIterator, RecordBatchReader};
use ng_arrow::arrow_ipc::reader::StreamReader;
use ng_arrow::arrow_ipc::writer::StreamWriter;
use ng_arrow::arrow_schema::ffi::FFI_ArrowSchema;
use ng_arrow::arrow_schema::{ArrowError, SchemaRef};
use ng_arrow::{Column, Form, Layout, schema};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule};

use super::batches::Batches;
use crate::error::{Class, Error, FORKED, INTERNAL};
use crate::given::{Text, optional};
use crate::lock::Lock;
use crate::query::{Asks, Query, Question, columns, layout_columns};
use crate::tokens::Tokens;
use crate::work::short;

/// Columns for other libraries by the Arrow C stream interface: pyarrow, Polars, DuckDB, pandas.
///
/// It is lazy: each stream starts anew, shows the tokens of the moment at which it was taken, and
/// makes a batch when it is asked for one.
///
/// Iterating over it raises this package's exceptions, and so do ``to_arrow``, ``to_polars``,
/// ``to_pandas`` and ``scan_polars``. A library that reads the C stream itself gets only the text
/// of the error and raises its own class.
#[pyclass(frozen, weakref, module = "ngtoken")]
pub(crate) struct ArrowStream {
    of: Of,
}

enum Of {
    Batch(RecordBatch),
    Tokens(Question, Layout),
    Task(Question, Layout, Again),
}

/// By what the rows of a task are read again: the task, the folder of a store or `None`, and the
/// number of threads.
pub(crate) type Again = (Py<PyBytes>, Py<PyAny>, Option<usize>);

impl ArrowStream {
    pub(crate) fn of_batch(batch: RecordBatch) -> Self {
        Self {
            of: Of::Batch(batch),
        }
    }

    pub(crate) fn of_question(question: Question, layout: Layout) -> Self {
        Self {
            of: Of::Tokens(question, layout),
        }
    }

    pub(crate) fn of_task(question: Question, layout: Layout, again: Again) -> Self {
        Self {
            of: Of::Task(question, layout, again),
        }
    }

    fn schema(&self) -> SchemaRef {
        match &self.of {
            Of::Batch(batch) => batch.schema(),
            Of::Tokens(_, layout) | Of::Task(_, layout, _) => schema(&layout.columns, layout.form),
        }
    }

    fn rest(&self) -> Result<Rest, Error> {
        Ok(match &self.of {
            Of::Batch(batch) => Rest::Batch(Some(batch.clone())),
            Of::Tokens(question, layout) | Of::Task(question, layout, _) => {
                Rest::Tokens(Box::new(Batches::of(question.clone(), layout.clone())?))
            }
        })
    }

    fn reader(&self) -> Result<Box<dyn RecordBatchReader + Send>, Error> {
        Ok(match self.rest()? {
            Rest::Tokens(batches) => batches,
            Rest::Batch(batch) => {
                let batch = batch.into_iter().map(Ok::<_, ArrowError>);
                Box::new(RecordBatchIterator::new(batch, self.schema()))
            }
        })
    }
}

#[pymethods]
impl ArrowStream {
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // A consumer that asks for another schema casts the result, as the interface allows.
        let _ = requested_schema;
        let reader = short(py, || self.reader())?;
        let stream = FFI_ArrowArrayStream::new(reader);
        // Dropping a stream that was taken out of its capsule does nothing; one that was not is
        // released.
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(&*self.schema());
        let schema = schema.map_err(|error| Error::new(INTERNAL, error))?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    /// The batches, one after the other, each as its own stream.
    fn __iter__(&self, py: Python<'_>) -> PyResult<ArrowBatches> {
        let rest = Lock::new(short(py, || self.rest())?);
        Ok(ArrowBatches { rest })
    }

    /// The names of the columns, and the arrays of each, one a batch.
    fn _arrays<'py>(&self, py: Python<'py>) -> PyResult<Vec<(String, Vec<Bound<'py, PyAny>>)>> {
        let mut rest = short(py, || self.rest())?;
        let none = RecordBatch::new_empty(self.schema());
        let mut all: Vec<_> = columns(py, &none)?
            .into_iter()
            .map(|(name, empty)| (name, vec![empty]))
            .collect();
        while let Some(batch) = short(py, || rest.next())? {
            py.check_signals()?;
            for ((_, arrays), (_, array)) in all.iter_mut().zip(columns(py, &batch)?) {
                arrays.push(array);
            }
        }
        Ok(all)
    }

    /// The names of the columns.
    #[getter]
    fn columns(&self) -> Vec<String> {
        let schema = self.schema();
        let fields = schema.fields().iter();
        fields.map(|field| field.name().clone()).collect()
    }

    /// A batch as bytes in Arrow's stream format; for tokens, the query and the columns; for the rows
    /// of a task, the task.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let load = |name: &str| py.import("ngtoken._pickle")?.getattr(name);
        let reduced = match &self.of {
            Of::Batch(batch) => {
                let bytes = PyBytes::new(py, &short(py, || ipc(batch))?);
                (py.import("ngtoken._core")?.getattr("_batch_of")?, (bytes,)).into_pyobject(py)?
            }
            Of::Tokens(question, layout) => {
                let query = Bound::new(py, Query::of(question.clone()))?;
                let raw = layout.form == Form::Raw;
                (load("load_stream")?, (query, self.columns(), raw)).into_pyobject(py)?
            }
            Of::Task(_, _, (task, folder, threads)) => {
                let again = (task.bind(py), folder.bind(py), *threads);
                (load("load_rows")?, again).into_pyobject(py)?
            }
        };
        Ok(reduced.into_any())
    }

    fn __repr__(&self) -> String {
        format!("<ngtoken.ArrowStream of {}>", self.columns().join(", "))
    }
}

/// A batch in Arrow's stream format.
fn ipc(batch: &RecordBatch) -> Result<Vec<u8>, Error> {
    let failed = |error: ArrowError| Error::new(INTERNAL, error);
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).map_err(failed)?;
    writer.write(batch).map_err(failed)?;
    writer.into_inner().map_err(failed)
}

/// The batch that was pickled.
#[pyfunction]
#[pyo3(name = "_batch_of")]
pub(crate) fn batch_of(py: Python<'_>, bytes: &[u8]) -> PyResult<ArrowStream> {
    let batch = short(py, || {
        let failed = |error: ArrowError| {
            let text = format!("not the bytes of a pickled batch: {error}");
            Error::new(Class::Value, text)
        };
        let mut reader = StreamReader::try_new(bytes, None).map_err(failed)?;
        let batch = reader.next().transpose().map_err(failed)?;
        Ok(batch.unwrap_or_else(|| RecordBatch::new_empty(reader.schema())))
    })?;
    Ok(ArrowStream::of_batch(batch))
}

/// Iterates over the batches of a stream.
#[pyclass(frozen, module = "ngtoken._core")]
pub(crate) struct ArrowBatches {
    rest: Lock<Rest>,
}

/// The remaining batches of a stream.
enum Rest {
    Batch(Option<RecordBatch>),
    Tokens(Box<Batches>),
}

impl Rest {
    fn next(&mut self) -> Result<Option<RecordBatch>, Error> {
        match self {
            Self::Batch(batch) => Ok(batch.take()),
            Self::Tokens(batches) => batches.fetch(),
        }
    }
}

#[pymethods]
impl ArrowBatches {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<ArrowStream>> {
        let batch = short(py, || {
            let text = "a stream that was in use when its process was forked";
            let rest = self.rest.lock();
            rest.ok_or_else(|| Error::new(FORKED, text))?.next()
        })?;
        Ok(batch.map(ArrowStream::of_batch))
    }
}

/// Which columns, in which form.
pub(crate) fn layout_of(columns: Option<&Bound<'_, PyAny>>, raw: bool) -> Result<Layout, Error> {
    let form = if raw { Form::Raw } else { Form::Units };
    Ok(match columns {
        None => Layout::new(Column::DEFAULT, form),
        Some(columns) => Layout::new(layout_columns("columns", columns)?, form),
    })
}

/// The result of another library from a stream.
fn made_of<'py>(py: Python<'py>, maker: &str, stream: ArrowStream) -> PyResult<Bound<'py, PyAny>> {
    py.import("ngtoken._frames")?
        .getattr(maker)?
        .call1((stream,))
}

macro_rules! exports {
    ($class:ty) => {
        #[pymethods]
        impl $class {
            /// Columns of the matching tokens, as a lazy stream of Arrow batches.
            ///
            /// The default columns are all stored ones; a space means its three. Values are in
            /// units, or with ``raw=True`` as stored.
            #[pyo3(signature = (columns = None, r#where = None, raw = false))]
            fn arrow_stream(
                &self,
                columns: Option<&Bound<'_, PyAny>>,
                r#where: Option<Text<'_>>,
                raw: bool,
            ) -> PyResult<ArrowStream> {
                let filter = optional("where", r#where.as_ref())?;
                let question = self.question().narrowed(filter.as_deref())?;
                let layout = layout_of(columns, raw)?;
                Ok(ArrowStream::of_question(question, layout))
            }

            #[pyo3(signature = (requested_schema = None))]
            fn __arrow_c_stream__<'py>(
                &self,
                py: Python<'py>,
                requested_schema: Option<Bound<'py, PyAny>>,
            ) -> PyResult<Bound<'py, PyCapsule>> {
                let stream = self.arrow_stream(None, None, false)?;
                stream.__arrow_c_stream__(py, requested_schema)
            }

            fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
                self.arrow_stream(None, None, false)?.__arrow_c_schema__(py)
            }

            /// Columns of the matching tokens: a ``pyarrow.Table`` if pyarrow is installed,
            /// otherwise the lazy `ArrowStream`.
            #[pyo3(signature = (columns = None, r#where = None, raw = false))]
            fn to_arrow<'py>(
                slf: &Bound<'py, Self>,
                columns: Option<&Bound<'py, PyAny>>,
                r#where: Option<Text<'_>>,
                raw: bool,
            ) -> PyResult<Bound<'py, PyAny>> {
                let stream = slf.get().arrow_stream(columns, r#where, raw)?;
                made_of(slf.py(), "to_arrow", stream)
            }

            /// Columns of the matching tokens, as a ``polars.DataFrame``.
            #[pyo3(signature = (columns = None, r#where = None, raw = false))]
            fn to_polars<'py>(
                slf: &Bound<'py, Self>,
                columns: Option<&Bound<'py, PyAny>>,
                r#where: Option<Text<'_>>,
                raw: bool,
            ) -> PyResult<Bound<'py, PyAny>> {
                let stream = slf.get().arrow_stream(columns, r#where, raw)?;
                made_of(slf.py(), "to_polars", stream)
            }

            /// Columns of the matching tokens, as a ``pandas.DataFrame``: by pyarrow if installed,
            /// otherwise by numpy.
            #[pyo3(signature = (columns = None, r#where = None, raw = false))]
            fn to_pandas<'py>(
                slf: &Bound<'py, Self>,
                columns: Option<&Bound<'py, PyAny>>,
                r#where: Option<Text<'_>>,
                raw: bool,
            ) -> PyResult<Bound<'py, PyAny>> {
                let stream = slf.get().arrow_stream(columns, r#where, raw)?;
                made_of(slf.py(), "to_pandas", stream)
            }

            /// A ``polars.LazyFrame`` of the matching tokens. It builds only the columns that the
            /// query needs, and pushes simple conditions down into the filter; Polars still applies
            /// the full predicate.
            #[pyo3(signature = (columns = None, raw = false))]
            fn scan_polars<'py>(
                slf: &Bound<'py, Self>,
                columns: Option<&Bound<'py, PyAny>>,
                raw: bool,
            ) -> PyResult<Bound<'py, PyAny>> {
                let stream = slf.get().arrow_stream(columns, None, raw)?;
                let scan = slf.py().import("ngtoken._scan")?;
                scan.getattr("scan")?.call1((slf, stream, raw))
            }
        }
    };
}

exports!(Tokens);
exports!(Query);
