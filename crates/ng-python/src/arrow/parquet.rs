use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ng_arrow::{
    ColumnEncoder, Compression, Format, Layout, ParquetWriter, Positions, TableReader, WriteError,
    schema,
};
use ng_parallel::{Shards, Workers, map_shards};
use ng_store::{BLOCK_TOKENS, RawDraft, TokenSink, VecStore};
use ng_token::Token;
use pyo3::prelude::*;

use super::batches::bytes_of;
use super::selected::Selected;
use super::stream::layout_of;
use crate::error::{Class, Error, INTERNAL, Value, errno};
use crate::given::{Text, optional, path_of};
use crate::own_output::refuse_own_output;
use crate::query::{Asks, Query, Question};
use crate::room;
use crate::tokens::Tokens;
use crate::vector::TokenVec;
use crate::work::{lock, long};

macro_rules! writes {
    ($class:ty) => {
        #[pymethods]
        impl $class {
            /// Writes columns of the matching tokens to a Parquet file, which gets its name once it
            /// is complete, and returns how many tokens.
            ///
            /// ``compression`` is "snappy" or "none"; ``replace`` allows the file to exist, unless
            /// it is the tokens' own. With ``raw=True``, reading it back gives the same 64 bytes.
            #[pyo3(signature = (
                        path, columns = None, r#where = None, raw = false, *,
                        compression = Text::Default("snappy"), replace = false
                    ), text_signature = "($self, path, columns=None, where=None, raw=False, *, \
                compression='snappy', replace=False)")]
            #[expect(clippy::too_many_arguments, reason = "Python has names for them")]
            fn write_parquet(
                &self,
                py: Python<'_>,
                #[pyo3(from_py_with = path_of)] path: PathBuf,
                columns: Option<&Bound<'_, PyAny>>,
                r#where: Option<Text<'_>>,
                raw: bool,
                compression: Text<'_>,
                replace: bool,
            ) -> PyResult<u64> {
                let filter = optional("where", r#where.as_ref())?;
                let question = self.question().narrowed(filter.as_deref())?;
                let layout = layout_of(columns, raw)?;
                let codec = compression_of(&compression.text("compression")?)?;
                let threads = question.threads();
                long(py, usize::MAX, threads, |workers| {
                    write(workers, question, (&path, replace), layout, codec)
                })
            }
        }
    };
}

writes!(Tokens);
writes!(Query);

fn compression_of(name: &str) -> Result<Compression, Error> {
    let value = || Value::Text(name.to_owned());
    name.parse()
        .map_err(|_| Error::value("compression", value(), "snappy or none"))
}

fn write(
    workers: &Workers,
    question: Question,
    (path, replace): (&Path, bool),
    layout: Layout,
    compression: Compression,
) -> Result<u64, Error> {
    if let Some(source) = question.path() {
        refuse_own_output(&source, path)?;
    }
    let mut selected = Selected::of(question)?;
    let out = Out::new(RawDraft::begin(path, replace)?);
    let failed = |error| Error::from(error).named(path);
    let schema = schema(&layout.columns, layout.form);
    let writer = ParquetWriter::new(out, layout, compression);
    let (mut writer, mut written) = (writer.map_err(failed)?, 0);
    let stop = workers.stop_flag();
    while selected.next(workers, |tokens, positions| {
        // An encoder cannot fail for lack of memory, for its rows and for its results.
        room::check(2 * bytes_of(&schema, tokens.len()))?;
        written += tokens.len() as u64;
        let encode = |encoders: &mut [_], tokens: &_, positions: Positions<'_>| {
            encode(workers, encoders, tokens, positions)
        };
        let done = writer.write_by(tokens, positions, encode);
        done.map_err(|error: Error| error.named(path))
    })? {
        if stop.is_stopped() {
            // What stopped it is raised instead.
            return Err(Error::new(INTERNAL, "stopped before the file was written"));
        }
    }
    let out = writer.finish().map_err(failed)?;
    out.into_draft()
        .map_err(|error| failed(WriteError::from(error)))?
        .publish()?;
    Ok(written)
}

/// Each column on one of the workers, and some columns at a time.
fn encode(
    workers: &Workers,
    encoders: &mut [ColumnEncoder],
    tokens: &[Token],
    positions: Positions<'_>,
) -> Result<(), Error> {
    let encoders: Vec<_> = encoders.iter_mut().map(Mutex::new).collect();
    // A shard is a column, in the place of a block.
    let columns = Shards::with_shard_tokens(encoders.len() * BLOCK_TOKENS, BLOCK_TOKENS);
    let encoded = map_shards(workers, columns, |column| {
        lock(&encoders[column.number]).write(tokens, positions)
    })?;
    Ok(encoded.into_iter().collect::<Result<(), _>>()?)
}

/// A draft, written in large pieces.
struct Out {
    draft: RawDraft,
    waiting: Vec<u8>,
}

/// How much is written at once.
const CHUNK: usize = 1 << 20;

impl Out {
    fn new(draft: RawDraft) -> Self {
        Self {
            draft,
            waiting: Vec::with_capacity(CHUNK),
        }
    }

    fn write_waiting(&mut self) -> io::Result<()> {
        // The error passes through libraries that know only the system's errors.
        let written = self
            .draft
            .append_bytes(&self.waiting)
            .map_err(io::Error::other);
        self.waiting.clear();
        written
    }

    fn into_draft(mut self) -> io::Result<RawDraft> {
        self.write_waiting()?;
        Ok(self.draft)
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = CHUNK - self.waiting.len();
        let part = &bytes[..bytes.len().min(room)];
        self.waiting.extend_from_slice(part);
        if self.waiting.len() == CHUNK {
            self.write_waiting()?;
        }
        Ok(part.len())
    }

    /// The end writes what is buffered.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads the tokens of a Parquet file, whose columns are named like ours; an error about a value
/// names its row and column.
#[pyfunction]
pub(crate) fn read_parquet(
    py: Python<'_>,
    #[pyo3(from_py_with = path_of)] path: PathBuf,
) -> PyResult<Py<TokenVec>> {
    let store = long(py, usize::MAX, None, |workers| {
        let read = read(workers, &path);
        read.map_err(|error| error.named(&path))
    })?;
    Py::new(py, TokenVec::made_of(store))
}

fn read(workers: &Workers, path: &Path) -> Result<VecStore, Error> {
    let mut options = OpenOptions::new();
    // Opening a pipe then returns at once; for a regular file it means nothing.
    options.read(true).custom_flags(NON_BLOCKING);
    let file = options.open(path);
    let file = file.map_err(|error| Error::of_system(&error.to_string(), &error))?;
    let kind = file
        .metadata()
        .map_err(|error| Error::of_system(&error.to_string(), &error))?;
    if kind.is_dir() {
        let text = "is a folder, expected a Parquet file";
        return Err(Error::new(Class::Folder, text).errno(errno::IS_A_FOLDER));
    }
    if !kind.is_file() {
        let text = "is a special file, expected a Parquet file";
        return Err(Error::new(Class::Value, text));
    }
    let mut reader = TableReader::of_file(file, Format::Parquet, None)?;
    let stop = workers.stop_flag();
    let (mut store, mut tokens) = (VecStore::new(), Vec::new());
    while reader.read(&mut tokens)? {
        if stop.is_stopped() {
            // What stopped it is raised instead.
            return Err(Error::new(INTERNAL, "stopped before the file was read"));
        }
        store.append(&tokens)?;
        tokens.clear();
    }
    Ok(store)
}

/// `O_NONBLOCK` of the supported systems.
const NON_BLOCKING: i32 = if cfg!(target_os = "linux") { 0o4000 } else { 4 };
