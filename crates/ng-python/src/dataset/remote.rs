//! Folders and files that Python's file systems read, by ranges.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use ng_dataset::{FileId, IndexOf};
use ng_query::index::Index;
use ng_store::disk::{Dir, Disk, ReadBuffer};
use ng_store::{BlockPass, ProcessMark};
use pyo3::exceptions::PyFileNotFoundError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::OfPython;

/// A folder of a file system of Python's, for reading: `ngtoken._remote.Folder`.
///
/// Each call takes the GIL for a moment, on whatever thread reads.
///
/// A forked child is refused: file systems have threads and connections, which it has not.
#[derive(Clone)]
pub(crate) struct RemoteFolder(Arc<Object>);

/// A file of it.
pub(crate) struct RemoteFile {
    file: Object,
    len: u64,
    buffer: ReadBuffer,
}

impl RemoteFolder {
    pub(crate) fn new(folder: &Bound<'_, PyAny>) -> Self {
        Self(Arc::new(Object::new(folder)))
    }

    fn call<T>(&self, call: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>) -> io::Result<T> {
        self.0.call(call)
    }

    /// Copies the zones of shards, to be opened.
    pub(crate) fn index_of(&self) -> Arc<IndexOf> {
        let folder = self.clone();
        Arc::new(move |file, pass| folder.shard_zones(file, pass))
    }

    /// Opens the zones of a shard, if there are any: a copy of them.
    pub(super) fn shard_zones(
        &self,
        file: FileId,
        pass: &BlockPass<'static>,
    ) -> io::Result<Option<Index>> {
        let name = format!("{file}.ngt.index");
        let files: Vec<(String, Vec<u8>)> =
            self.call(|folder| folder.call_method1("zones", (name,))?.extract())?;
        if files.is_empty() {
            return Ok(None);
        }
        let copy = tempfile::tempdir()?;
        for (name, bytes) in files {
            fs::write(copy.path().join(name), bytes)?;
        }
        Ok(Index::load_zones_from(copy.path(), pass))
    }
}

/// An object of Python's, for the process that opened it.
struct Object {
    object: Py<PyAny>,
    process: ProcessMark,
}

impl Object {
    fn new(object: &Bound<'_, PyAny>) -> Self {
        Self {
            object: object.clone().unbind(),
            process: ProcessMark::of_this_process(),
        }
    }

    /// Refuses a forked child.
    fn check_process(&self) -> io::Result<()> {
        match self.process.is_this_process() {
            true => Ok(()),
            false => Err(io::Error::other(OfPython::Forked)),
        }
    }

    /// Calls Python; its exception becomes an error of the system, which keeps it.
    fn call<T>(&self, call: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>) -> io::Result<T> {
        self.check_process()?;
        Python::attach(|py| {
            call(self.object.bind(py)).map_err(|raised| {
                let kind = match raised.is_instance_of::<PyFileNotFoundError>(py) {
                    true => ErrorKind::NotFound,
                    false => ErrorKind::Other,
                };
                io::Error::new(kind, OfPython::Raised(Arc::new(raised)))
            })
        })
    }
}

/// The error of writes.
fn read_only<T>() -> io::Result<T> {
    Err(ErrorKind::ReadOnlyFilesystem.into())
}

impl fmt::Debug for RemoteFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RemoteFolder")
    }
}

impl Dir for RemoteFolder {
    type File = RemoteFile;

    fn create_exclusive(&self, _name: &str) -> io::Result<RemoteFile> {
        read_only()
    }

    fn open(&self, name: &str, writable: bool) -> io::Result<RemoteFile> {
        if writable {
            return read_only();
        }
        self.call(|folder| {
            let file = folder.call_method1("open", (name,))?;
            Ok(RemoteFile {
                len: file.getattr("size")?.extract()?,
                file: Object::new(&file),
                buffer: ReadBuffer::default(),
            })
        })
    }

    fn folder(&self, name: &str) -> io::Result<Self> {
        self.call(|folder| Ok(Self::new(&folder.call_method1("folder", (name,))?)))
    }

    fn rename_noreplace(&self, _from: &str, _to: &str) -> io::Result<()> {
        read_only()
    }

    fn rename(&self, _from: &str, _to: &str) -> io::Result<()> {
        read_only()
    }

    fn unlink(&self, _name: &str) -> io::Result<()> {
        read_only()
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn names(&self) -> io::Result<Vec<String>> {
        self.call(|folder| folder.call_method0("names")?.extract())
    }
}

impl RemoteFile {
    fn fetch(&self, offset: u64, len: u64) -> io::Result<Arc<[u8]>> {
        let len = len.min(self.len - offset);
        let bytes = self.file.call(|file| {
            let bytes = file.call_method1("read_at", (offset, len))?;
            Ok(Arc::<[u8]>::from(bytes.cast::<PyBytes>()?.as_bytes()))
        })?;
        match bytes.len() as u64 == len {
            true => Ok(bytes),
            // It is shorter than it was.
            false => Err(ErrorKind::UnexpectedEof.into()),
        }
    }
}

#[allow(clippy::missing_errors_doc, reason = "as the trait")]
impl Disk for RemoteFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.len)
    }

    fn set_len(&self, _len: u64) -> io::Result<()> {
        read_only()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset >= self.len || buffer.is_empty() {
            return Ok(0);
        }
        // What another thread had locked stays locked in a fork.
        self.file.check_process()?;
        let fetch = |offset, len| self.fetch(offset, len);
        self.buffer.read_at(buffer, offset, fetch)
    }

    fn write_at(&self, _buffer: &[u8], _offset: u64) -> io::Result<usize> {
        read_only()
    }

    fn allocate(&self, _offset: u64, _len: u64) -> io::Result<()> {
        read_only()
    }

    fn start_writeback(&self, _offset: u64, _len: u64) -> io::Result<()> {
        read_only()
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// The name of a folder, for messages.
pub(super) fn name_of(folder: &Bound<'_, PyAny>) -> PyResult<std::path::PathBuf> {
    folder
        .getattr("name")?
        .extract::<String>()
        .map(|name| Path::new(&name).to_owned())
}
