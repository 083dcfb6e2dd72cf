use std::ffi::CStr;

use ng_arrow::arrow_array::ffi::{FFI_ArrowArray, from_ffi_and_data_type};
use ng_arrow::arrow_array::ffi_stream::FFI_ArrowArrayStream;
use ng_arrow::arrow_array::{RecordBatch, RecordBatchOptions, StructArray};
use ng_arrow::arrow_schema::ffi::FFI_ArrowSchema;
use ng_arrow::arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::error::{Class, Error, errno};
use crate::given::kind_of;

/// A stream of another library, by the C stream interface.
pub(super) struct CStream(FFI_ArrowArrayStream);

impl CStream {
    /// Takes the stream of an object with ``__arrow_c_stream__``.
    pub(super) fn of(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        let capsule = given.call_method0("__arrow_c_stream__")?;
        let Ok(capsule) = capsule.cast::<PyCapsule>() else {
            let expected = "a capsule named arrow_array_stream";
            return Err(Error::wrong_type("stream", kind_of(&capsule), expected).into());
        };
        let pointer = capsule.pointer_checked(Some(c"arrow_array_stream"))?;
        let pointer = pointer.cast::<FFI_ArrowArrayStream>().as_ptr();
        // SAFETY: `from_raw` asks for (1) an aligned pointer to a stream, valid for reads and
        // writes. (1) By the Arrow interface a capsule of that name points to one; it is moved out
        // here and left released.
        let stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer) };
        match stream.release() {
            Some(_) => Ok(Self(stream)),
            None => Err(broken("it was taken before", 0).into()),
        }
    }

    /// Asks for the schema. This may run code of the other library: without the GIL.
    ///
    /// # Errors
    ///
    /// `TypeError` if it has no columns; and the errors of the other library.
    pub(super) fn begun(mut self) -> Result<Batches, Error> {
        let mut schema = FFI_ArrowSchema::empty();
        let get_schema = self
            .0
            .get_schema()
            .ok_or_else(|| incomplete("get_schema"))?;
        // SAFETY: (1) The callback gets its own stream, which is not released, and a schema to
        // write to.
        let code = unsafe { get_schema(&raw mut self.0, &raw mut schema) };
        self.check(code)?;
        let field = Field::try_from(&schema).map_err(|error| broken(&error.to_string(), 0))?;
        match field.data_type() {
            DataType::Struct(fields) => Ok(Batches {
                schema: Schema::new(fields.clone()).into(),
                stream: self,
            }),
            other => {
                let found = format!("of {other} values");
                Err(Error::wrong_type("tokens", found, "a stream of columns"))
            }
        }
    }

    /// Raises the failure of a callback.
    fn check(&mut self, code: i32) -> Result<(), Error> {
        if code == 0 {
            return Ok(());
        }
        let told = self.last_error();
        Err(broken(&told.unwrap_or(format!("error {code}")), code))
    }

    /// The message of the callback that failed.
    fn last_error(&mut self) -> Option<String> {
        let get_last_error = self.0.get_last_error()?;
        // SAFETY: (1) The callback gets its own stream, which is not released and whose last
        // callback failed.
        let told = unsafe { get_last_error(&raw mut self.0) };
        if told.is_null() {
            return None;
        }
        // SAFETY: (1) If not null it is a C string, which lives until the next callback.
        let told = unsafe { CStr::from_ptr(told) };
        Some(told.to_string_lossy().into_owned())
    }
}

/// The batches of a stream.
pub(super) struct Batches {
    stream: CStream,
    schema: SchemaRef,
}

impl Batches {
    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The next batch; `None` after the last. This may run code of the other library: without the
    /// GIL.
    ///
    /// # Errors
    ///
    /// `ValueError` if a batch visibly does not match the schema; and the errors of the other
    /// library.
    pub(super) fn next_batch(&mut self) -> Result<Option<RecordBatch>, Error> {
        let mut array = FFI_ArrowArray::empty();
        let stream = &mut self.stream;
        let get_next = stream.0.get_next().ok_or_else(|| incomplete("get_next"))?;
        // SAFETY: (1) The callback gets its own stream, which is not released, and an array to
        // write to.
        let code = unsafe { get_next(&raw mut stream.0, &raw mut array) };
        stream.check(code)?;
        if array.is_released() {
            return Ok(None);
        }
        self.check_batch(&array)?;
        self.batch(array)
            .map(Some)
            .map_err(|error| broken(&error.to_string(), 0))
    }

    fn batch(&self, array: FFI_ArrowArray) -> Result<RecordBatch, ArrowError> {
        let kind = DataType::Struct(self.schema.fields().clone());
        // SAFETY: `from_ffi_and_data_type` asks for (1) an array as the Arrow interface defines it,
        // of that type. (1) The other library guarantees it; what can be seen of it was checked.
        let data = unsafe { from_ffi_and_data_type(array, kind) }?;
        let rows = RecordBatchOptions::new().with_row_count(Some(data.len()));
        let (_, columns, nulls) = StructArray::from(data).into_parts();
        match nulls.map_or(0, |nulls| nulls.null_count()) {
            0 => RecordBatch::try_new_with_options(self.schema.clone(), columns, &rows),
            count => Err(ArrowError::SchemaError(format!("{count} rows are null"))),
        }
    }

    /// Refuses a batch whose parts do not match the schema. Types cannot be seen.
    fn check_batch(&self, batch: &FFI_ArrowArray) -> Result<(), Error> {
        let (fields, found) = (self.schema.fields(), batch.num_children());
        if found != fields.len() {
            let text = format!("a batch has {found} columns, its schema {}", fields.len());
            return Err(broken(&text, 0));
        }
        let end = end_of(batch);
        for (number, field) in fields.iter().enumerate() {
            let column = batch.child(number);
            let has_rows = end_of(column).is_some() && end.is_some_and(|end| column.len() >= end);
            let has_parts = !field.data_type().is_primitive() || is_primitive(column);
            if !(has_rows && has_parts) {
                let text = format!("column {} of a batch does not fit its schema", field.name());
                return Err(broken(&text, 0));
            }
        }
        Ok(())
    }
}

/// Where an array ends in its buffers; `None` if it overflows.
fn end_of(array: &FFI_ArrowArray) -> Option<usize> {
    let (start, len) = (
        isize::try_from(array.offset()),
        isize::try_from(array.len()),
    );
    Some(start.ok()?.checked_add(len.ok()?)? as usize)
}

/// Tells whether an array has the buffers of numbers: validity and values.
fn is_primitive(array: &FFI_ArrowArray) -> bool {
    array.num_buffers() == 2 && array.num_children() == 0 && array.dictionary().is_none()
}

fn incomplete(callback: &str) -> Error {
    broken(&format!("it has no {callback}"), 0)
}

/// The other library's message, and its error number.
fn broken(told: &str, code: i32) -> Error {
    let text = format!("the Arrow stream broke off: {told}");
    match code {
        errno::NO_MEMORY => Error::new(Class::Memory, text),
        errno::IO => Error::new(Class::Os, text).errno(errno::IO),
        _ => Error::new(Class::Value, text),
    }
}
