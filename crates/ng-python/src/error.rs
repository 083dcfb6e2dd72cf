//! Maps errors to exceptions.

use std::fmt::Display;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ng_dataset::DatasetError;
use ng_parallel::{
    Forked, IngestError, ParallelError, ParallelLoadError, VerifyError, WorkersError,
};
use ng_query::QueryError;
use ng_store::{
    CreateError, FileKind, IoError, LoadError, OpenError, ReadError, RepairError, VecStoreError,
    WriteError,
};
use ng_token::{EncodeError, EncodeErrors, Token};
use pyo3::exceptions::{
    PyBufferError, PyException, PyFileExistsError, PyIndexError, PyIsADirectoryError,
    PyMemoryError, PyOSError, PyTypeError, PyValueError,
};
use pyo3::prelude::*;
use pyo3::types::PyType;

/// What went wrong. It is made without the GIL, on any thread.
#[derive(Debug)]
pub(crate) struct Error(Box<Facts>);

#[derive(Debug)]
struct Facts {
    class: Class,
    text: String,
    path: Option<PathBuf>,
    field: Option<String>,
    value: Option<Value>,
    expected: Option<String>,
    errno: Option<i32>,
    /// What Python raised, if that is why.
    cause: Option<Arc<PyErr>>,
}

/// Why a file of Python's could not be read, kept within an error of the system.
#[derive(Clone, Debug)]
pub(crate) enum OfPython {
    /// What it raised.
    Raised(Arc<PyErr>),
    /// It belongs to the parent of this fork.
    Forked,
}

impl std::error::Error for OfPython {}

impl Display for OfPython {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Raised(raised) => raised.fmt(f),
            Self::Forked => f.write_str("in use when its process was forked; open it again here"),
        }
    }
}

/// The class of the exception.
#[derive(Debug)]
pub(crate) enum Class {
    /// One of the package's own, by name.
    Own(&'static str),
    /// `ValueError`.
    Value,
    /// `TypeError`.
    Type,
    /// `IndexError`.
    Index,
    /// `BufferError`.
    Buffer,
    /// `MemoryError`.
    Memory,
    /// `OSError`, or the subclass for its number.
    Os,
    /// `IsADirectoryError`.
    Folder,
    /// `FileExistsError`.
    Exists,
    /// One that Python raised itself.
    Raised(PyErr),
}

/// The value found, as an exception's `value`.
#[derive(Debug, Clone, IntoPyObject)]
pub(crate) enum Value {
    Whole(i128),
    Number(f64),
    Text(String),
}

impl From<i128> for Value {
    fn from(number: i128) -> Self {
        Self::Whole(number)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

pub(crate) const DAMAGED: Class = Class::Own("DamagedError");
pub(crate) const FORMAT: Class = Class::Own("FormatError");
pub(crate) const LOCKED: Class = Class::Own("LockedError");
pub(crate) const CHANGED: Class = Class::Own("ChangedError");
pub(crate) const NOT_DURABLE: Class = Class::Own("NotDurableError");
pub(crate) const POISONED: Class = Class::Own("PoisonedError");
pub(crate) const FULL: Class = Class::Own("FullError");
pub(crate) const READ_ONLY: Class = Class::Own("ReadOnlyError");
pub(crate) const CLOSED: Class = Class::Own("ClosedError");
pub(crate) const BUSY: Class = Class::Own("BusyError");
pub(crate) const FORKED: Class = Class::Own("ForkedError");
pub(crate) const FIELD: Class = Class::Own("FieldError");
pub(crate) const INTERNAL: Class = Class::Own("InternalError");

/// Error numbers of the supported systems.
pub(crate) mod errno {
    pub(crate) const AGAIN: i32 = if cfg!(target_os = "linux") { 11 } else { 35 };
    pub(crate) const NOT_FOUND: i32 = 2;
    pub(crate) const IO: i32 = 5;
    pub(crate) const NO_MEMORY: i32 = 12;
    pub(crate) const NO_SPACE: i32 = 28;
    pub(crate) const TOO_LARGE: i32 = 27;
    pub(crate) const IS_A_FOLDER: i32 = 21;
    pub(crate) const EXISTS: i32 = 17;
}

impl Error {
    pub(crate) fn new(class: Class, text: impl Display) -> Self {
        Self(Box::new(Facts {
            class,
            text: text.to_string(),
            path: None,
            field: None,
            value: None,
            expected: None,
            errno: None,
            cause: None,
        }))
    }

    pub(crate) fn at(mut self, path: &Path) -> Self {
        self.0.path = Some(path.to_owned());
        self
    }

    /// Names the field or parameter, its value, and what was expected.
    pub(crate) fn of(mut self, field: &str, value: Value, expected: impl Display) -> Self {
        self.0.field = Some(field.to_owned());
        self.0.value = Some(value);
        self.0.expected = Some(expected.to_string());
        self
    }

    /// A system error.
    pub(crate) fn of_system(text: &str, source: &std::io::Error) -> Self {
        // `OSError` shows the number itself.
        let text = text.split(" (os error").next().unwrap_or_default();
        let inner = source.get_ref().and_then(|inner| inner.downcast_ref());
        let errno = source.raw_os_error().or(match source.kind() {
            ErrorKind::NotFound => Some(errno::NOT_FOUND),
            _ => None,
        });
        match inner {
            Some(OfPython::Forked) => Self::new(FORKED, text),
            Some(OfPython::Raised(raised)) => {
                let mut error = Self::new(Class::Os, text).errno(errno.unwrap_or(errno::IO));
                error.0.cause = Some(Arc::clone(raised));
                error
            }
            None => Self::new(Class::Os, text).errno(errno.unwrap_or(errno::IO)),
        }
    }

    /// Adds the file, unless it is named already; in the text, if the class does not show it
    /// itself.
    pub(crate) fn named(mut self, path: &Path) -> Self {
        if self.0.path.is_some() {
            return self;
        }
        if self.0.errno.is_none() {
            self.0.text = format!("{}: {}", path.display(), self.0.text);
        }
        self.at(path)
    }

    /// Names a parameter as in the call.
    pub(crate) fn renamed(mut self, from: &str, to: &str) -> Self {
        if self.0.field.as_deref() == Some(from) {
            self.0.field = Some(to.to_owned());
        }
        self
    }

    /// What went wrong, as text.
    pub(crate) fn text(&self) -> &str {
        &self.0.text
    }

    pub(crate) fn errno(mut self, errno: i32) -> Self {
        self.0.errno = Some(errno);
        self
    }

    /// A parameter that has a wrong value.
    pub(crate) fn value(field: &str, value: Value, expected: impl Display) -> Self {
        let text = format!("{field} {}, expected {expected}", InMessage(&value));
        Self::new(Class::Value, text).of(field, value, expected)
    }

    /// A parameter of a wrong type.
    pub(crate) fn wrong_type(field: &str, found: impl Into<String>, expected: &str) -> Self {
        let found = found.into();
        let text = format!("{field} {found}, expected {expected}");
        Self::new(Class::Type, text).of(field, Value::Text(found), expected)
    }

    /// A field of a token that has a wrong value.
    pub(crate) fn field(field: &str, value: Value, expected: impl Display) -> Self {
        let mut error = Self::value(field, value, expected);
        error.0.class = FIELD;
        error
    }

    /// An index beyond the tokens.
    pub(crate) fn index(index: impl Into<Value>, len: usize) -> Self {
        let index = index.into();
        let text = format!(
            "index {} is out of range for {len} tokens",
            InMessage(&index)
        );
        let expected = match len.checked_sub(1) {
            Some(last) => format!("-{len} to {last}"),
            None => "none".to_owned(),
        };
        Self::new(Class::Index, text).of("index", index, expected)
    }

    pub(crate) fn closed(path: &Path) -> Self {
        Self::new(CLOSED, format!("{}: closed", path.display())).at(path)
    }

    fn into_exception(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let Facts {
            class,
            text,
            path,
            field,
            value,
            expected,
            errno,
            cause,
        } = *self.0;
        let cause = cause.map(|cause| cause.clone_ref(py));
        if let Some(raised) = &cause
            && !raised.is_instance_of::<PyException>(py)
        {
            // Ctrl-C, above all, is no failure of what it interrupts.
            return Ok(raised.value(py).clone().into_any());
        }
        let class = match class {
            Class::Raised(raised) => return Ok(raised.into_value(py).into_bound(py).into_any()),
            Class::Own(name) => py
                .import("ngtoken._errors")?
                .getattr(name)?
                .cast_into::<PyType>()?,
            Class::Value => PyType::new::<PyValueError>(py),
            Class::Type => PyType::new::<PyTypeError>(py),
            Class::Index => PyType::new::<PyIndexError>(py),
            Class::Buffer => PyType::new::<PyBufferError>(py),
            Class::Memory => PyType::new::<PyMemoryError>(py),
            Class::Os => PyType::new::<PyOSError>(py),
            Class::Folder => PyType::new::<PyIsADirectoryError>(py),
            Class::Exists => PyType::new::<PyFileExistsError>(py),
        };
        let exception = match (errno, &path) {
            // `OSError` shows the path itself.
            (Some(errno), Some(path)) => class.call1((errno, text, path.as_os_str()))?,
            (Some(errno), None) => class.call1((errno, text))?,
            (None, _) => class.call1((text,))?,
        };
        if let Some(cause) = cause {
            PyErr::from_value(exception.clone()).set_cause(py, Some(cause));
        }
        exception.setattr("path", path.as_ref().map(|path| path.as_os_str()))?;
        exception.setattr("field", field)?;
        exception.setattr("value", value)?;
        exception.setattr("expected", expected)?;
        Ok(exception)
    }
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        Python::attach(|py| match error.into_exception(py) {
            Ok(exception) => Self::from_value(exception),
            Err(failed) => failed,
        })
    }
}

impl From<PyErr> for Error {
    fn from(raised: PyErr) -> Self {
        let text = String::new();
        Self::new(Class::Raised(raised), text)
    }
}

/// A value in a message.
struct InMessage<'a>(&'a Value);

impl Display for InMessage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Value::Whole(value) => write!(f, "{value}"),
            Value::Number(value) => write!(f, "{value:?}"),
            Value::Text(value) => f.write_str(value),
        }
    }
}

impl From<IoError> for Error {
    fn from(error: IoError) -> Self {
        let at = error
            .offset
            .map_or(String::new(), |offset| format!(" at {offset:#x}"));
        let text = format!("cannot {}{at}: {}", error.operation, error.source);
        Self::of_system(&text, &error.source).at(&error.path)
    }
}

fn damaged(error: &impl Display, path: &Path) -> Error {
    Error::new(DAMAGED, error).at(path)
}

fn truncated(error: &impl Display, path: &Path, have: u64, need: u64) -> Error {
    let expected = format_args!("{need} bytes or more");
    damaged(error, path).of("length", Value::Whole(have.into()), expected)
}

fn bad_block(
    error: &impl Display,
    path: &Path,
    block: u64,
    (found, expected): (u64, u64),
) -> Error {
    let expected = format_args!("hash {expected:#018x}");
    damaged(error, path).of(
        &format!("block {block}"),
        Value::Whole(found.into()),
        expected,
    )
}

fn format(error: &impl Display, path: &Path) -> Error {
    Error::new(FORMAT, error).at(path)
}

fn changed(error: &impl Display, path: &Path) -> Error {
    Error::new(CHANGED, error).at(path)
}

fn locked(path: &Path, holder: Option<u32>) -> Error {
    let by = holder.map_or(String::new(), |process| format!(", process {process}"));
    Error::new(LOCKED, format!("locked by another appender{by}"))
        .at(path)
        .errno(errno::AGAIN)
}

fn not_a_file(error: &impl Display, path: &Path, found: FileKind) -> Error {
    match found {
        FileKind::Folder => Error::new(Class::Folder, "is a folder, expected a regular file")
            .at(path)
            .errno(errno::IS_A_FOLDER),
        _ => format(error, path),
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        use OpenError as E;
        let text = &error;
        match &error {
            E::Io(_) => match error {
                E::Io(io) => io.into(),
                other => Self::new(INTERNAL, other),
            },
            E::NotAFile { path, found } => not_a_file(text, path, *found),
            E::NotATokenFile { path, .. } | E::Version { path, .. } => format(text, path),
            E::Features { path, unknown } | E::ReadOnlyFeatures { path, unknown } => {
                let value = Value::Whole((*unknown).into());
                format(text, path).of("features", value, "none that are unknown")
            }
            E::Unsupported {
                path,
                field,
                found,
                expected,
                ..
            } => format(text, path).of(field, Value::Whole((*found).into()), expected),
            E::Field {
                path,
                field,
                found,
                expected,
                ..
            } => damaged(text, path).of(field, Value::Whole((*found).into()), expected),
            E::Truncated { path, have, need } => truncated(text, path, *have, *need),
            E::TailDamaged {
                path,
                block,
                found,
                expected,
                ..
            } => bad_block(text, path, *block, (*found, *expected)),
            E::HeaderDamaged { path } | E::NoCommit { path } | E::SlotLost { path, .. } => {
                damaged(text, path)
            }
            E::LastGeneration { path, last } => Self::new(FULL, text).at(path).of(
                "generation",
                Value::Whole((*last).into()),
                "one that can be followed",
            ),
            E::Locked { path, holder } => locked(path, *holder),
            E::Forked { path } => Self::new(FORKED, text).at(path),
            E::NotDurable { path, cause, .. } => {
                let errno = cause.source.raw_os_error().unwrap_or(errno::IO);
                Self::new(NOT_DURABLE, text).at(path).errno(errno)
            }
            E::Replaced { path }
            | E::TakenBack { path, .. }
            | E::WentBack { path, .. }
            | E::MapDiffers { path, .. } => changed(text, path),
            _ => Self::new(DAMAGED, text),
        }
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        let text = &error;
        match &error {
            ReadError::BadBlock {
                path,
                block,
                found,
                expected,
                ..
            } => bad_block(text, path, *block, (*found, *expected)),
            ReadError::Truncated { path, have, need } => truncated(text, path, *have, *need),
            ReadError::TableDamaged {
                path,
                found,
                expected,
                ..
            } => damaged(text, path).of(
                "block table",
                Value::Whole((*found).into()),
                format_args!("chain {expected:#018x}"),
            ),
            _ => match error {
                ReadError::Io(io) => io.into(),
                other => Self::new(DAMAGED, other),
            },
        }
    }
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        use WriteError as E;
        let text = &error;
        let of_cause = |class, cause: &IoError, errno| {
            let errno = cause.source.raw_os_error().unwrap_or(errno);
            Self::new(class, text).at(&cause.path).errno(errno)
        };
        match &error {
            E::Full { path, needed, max } => Self::new(FULL, text).at(path).of(
                "tokens",
                Value::Whole((*needed).into()),
                format_args!("at most {max}"),
            ),
            E::NoSpace { cause, .. } | E::NoSpaceAfterAll { cause } => {
                of_cause(Class::Os, cause, errno::NO_SPACE)
            }
            E::FileTooLarge { cause, .. } => of_cause(Class::Os, cause, errno::TOO_LARGE),
            E::Io { cause } | E::Map { cause } => of_cause(Class::Os, cause, errno::IO),
            E::OutcomeUnknown { cause, .. } => of_cause(NOT_DURABLE, cause, errno::IO),
            E::Overtaken { path, .. } | E::Replaced { path } => changed(text, path),
            E::Truncated { path, have, need } => truncated(text, path, *have, *need),
            E::LastGeneration { path, last } => Self::new(FULL, text).at(path).of(
                "generation",
                Value::Whole((*last).into()),
                "one that can be followed",
            ),
            E::Poisoned { path } => Self::new(POISONED, text).at(path).errno(errno::IO),
            E::Forked { path } => Self::new(FORKED, text).at(path),
            E::ReadOnly { path } => read_only(path),
            E::NotShown { .. } => Self::new(CHANGED, text),
            _ => Self::new(POISONED, text).errno(errno::IO),
        }
    }
}

/// A file that was opened for reading.
pub(crate) fn read_only(path: &Path) -> Error {
    let text = format!(
        "{}: opened for reading, expected append=True",
        path.display()
    );
    Error::new(READ_ONLY, text).at(path)
}

impl From<CreateError> for Error {
    fn from(error: CreateError) -> Self {
        use CreateError as E;
        let text = &error;
        match &error {
            E::Exists { path } => Self::new(Class::Exists, "exists")
                .at(path)
                .errno(errno::EXISTS),
            E::FileName { path } => unusable(text, path, "a Unicode file name"),
            E::ReservedName { path } => unusable(text, path, "a name not reserved for drafts"),
            E::NotAFile { path, found } => not_a_file(text, path, *found),
            E::Locked { path, holder } => locked(path, *holder),
            E::Replaced { path } => changed(text, path),
            E::MaxTokens { found, limit } => Self::value(
                "max_tokens",
                Value::Whole((*found).into()),
                format_args!("1 to {limit}"),
            ),
            E::NameNotDurable { cause } => {
                let errno = cause.source.raw_os_error().unwrap_or(errno::IO);
                Self::new(NOT_DURABLE, text).at(&cause.path).errno(errno)
            }
            _ => match error {
                E::Io(io) => io.into(),
                E::Write(write) => write.into(),
                other => Self::new(Class::Value, other),
            },
        }
    }
}

/// A path at which no file can be created.
fn unusable(error: &impl Display, path: &Path, expected: &str) -> Error {
    let value = Value::Text(path.display().to_string());
    Error::new(Class::Value, error)
        .at(path)
        .of("path", value, expected)
}

impl From<VecStoreError> for Error {
    fn from(error: VecStoreError) -> Self {
        match error {
            VecStoreError::CapacityOverflow { .. } | VecStoreError::OutOfMemory { .. } => {
                Self::new(Class::Memory, error)
            }
            other => Self::new(INTERNAL, other),
        }
    }
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Open(error) => error.into(),
            LoadError::Read(error) => error.into(),
            LoadError::Memory(error) => error.into(),
            other => Self::new(DAMAGED, other),
        }
    }
}

impl From<RepairError> for Error {
    fn from(error: RepairError) -> Self {
        match error {
            RepairError::Open(error) => error.into(),
            RepairError::Read(error) => error.into(),
            RepairError::Create(error) => error.into(),
            RepairError::SameFile { ref path } => {
                let value = Value::Text(path.display().to_string());
                Self::new(Class::Value, &error)
                    .at(path)
                    .of("out", value, "another path")
            }
            other => Self::new(INTERNAL, other),
        }
    }
}

impl From<Forked> for Error {
    fn from(error: Forked) -> Self {
        Self::new(FORKED, error)
    }
}

impl From<ParallelError> for Error {
    fn from(error: ParallelError) -> Self {
        match error {
            ParallelError::Panicked { shard, message } => panicked(shard, &message),
            ParallelError::IndexOutOfBounds { index, len, .. } => Self::index(index as i128, len),
            ParallelError::Store(error) => error.into(),
            ParallelError::Forked(forked) => forked.into(),
            // What set the flag is raised instead.
            other => Self::new(INTERNAL, other),
        }
    }
}

fn panicked(shard: usize, message: &str) -> Error {
    let place = crate::work::place_of_last_panic();
    Error::new(
        INTERNAL,
        format!("shard {shard} panicked at {place}: {message}"),
    )
}

impl<E: Into<Error>, M: Into<Error>> From<IngestError<E, M>> for Error {
    fn from(error: IngestError<E, M>) -> Self {
        match error {
            IngestError::Sink(error) => error.into(),
            IngestError::Failed { source, .. } => source.into(),
            IngestError::Forked(forked) => forked.into(),
            IngestError::Panicked { shard, message } => panicked(shard.number, &message),
            _ => Self::new(INTERNAL, "the ingest was stopped, or made too few tokens"),
        }
    }
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl From<ParallelLoadError> for Error {
    fn from(error: ParallelLoadError) -> Self {
        match error {
            ParallelLoadError::Load(error) => error.into(),
            ParallelLoadError::Parallel(error) => error.into(),
            other => Self::new(DAMAGED, other),
        }
    }
}

impl From<VerifyError> for Error {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Io(error) => error.into(),
            VerifyError::Parallel(error) => error.into(),
            other => Self::new(DAMAGED, other),
        }
    }
}

impl From<QueryError> for Error {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Read(error) => error.into(),
            QueryError::Parallel(error) => error.into(),
            QueryError::Question(error) => error.into(),
            QueryError::TooManyGroups { .. } => Self::new(Class::Value, error),
            QueryError::OutOfMemory { .. } => Self::new(Class::Memory, error),
            QueryError::Part { source, part } => match source.downcast::<DatasetError>() {
                Ok(error) => (*error).into(),
                Err(source) => Self::new(INTERNAL, format!("part {part}: {source}")),
            },
            QueryError::Map { ref source, .. } => {
                let errno = source.raw_os_error().unwrap_or(errno::IO);
                Self::new(Class::Os, &error).errno(errno)
            }
            other => Self::new(INTERNAL, other),
        }
    }
}

impl From<WorkersError> for Error {
    fn from(error: WorkersError) -> Self {
        match error {
            WorkersError::Refused { ref source, .. } => {
                let errno = source.raw_os_error().unwrap_or(errno::AGAIN);
                Self::new(Class::Os, &error).errno(errno)
            }
            other => Self::new(Class::Value, other),
        }
    }
}

impl From<EncodeErrors> for Error {
    fn from(errors: EncodeErrors) -> Self {
        let text = errors.to_string();
        let (field, value, expected) = match errors.first() {
            Some(first) => facts(&first),
            None => (String::new(), Value::Whole(0), String::new()),
        };
        Self::new(FIELD, text).of(&field, value, expected)
    }
}

/// Which field was refused, its value, and what it takes.
fn facts(error: &EncodeError) -> (String, Value, String) {
    match *error {
        EncodeError::Coordinate { space, axis, value } => (
            format!("{space}_{axis}"),
            Value::Number(value.into()),
            format!("{:?} to {:?}", space.min(), space.max()),
        ),
        EncodeError::Weight { value } => (
            "weight".into(),
            Value::Number(value.into()),
            "0.0 or greater".into(),
        ),
        EncodeError::Radius { value } => (
            "radius".into(),
            Value::Number(value.into()),
            format!("0.0 to {:?}", Token::RADIUS_MAX),
        ),
        EncodeError::Strength { value } => (
            "strength".into(),
            Value::Number(value.into()),
            format!("0.0 to {:?}", Token::STRENGTH_MAX),
        ),
        EncodeError::UserFlags { value } => {
            ("user".into(), Value::Whole(value.into()), "0 to 15".into())
        }
        ref other => ("id".into(), Value::Text(other.to_string()), String::new()),
    }
}
