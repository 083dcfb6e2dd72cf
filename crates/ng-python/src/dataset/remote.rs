//! Folders and files that Python's file systems read, by ranges.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use ng_dataset::{FileId, IndexOf};
use ng_query::index::Index;
use ng_store::BlockPass;
use ng_store::disk::{Dir, Disk, ReadBuffer};
use pyo3::exceptions::{PyFileNotFoundError, PyOSError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// A folder of a file system of Python's, for reading: `ngtoken._remote.Folder`.
///
/// Each call takes the GIL for a moment, on whatever thread reads.
#[derive(Clone)]
pub(crate) struct RemoteFolder(Arc<Py<PyAny>>);

/// A file of it.
pub(crate) struct RemoteFile {
    file: Py<PyAny>,
    len: u64,
    buffer: ReadBuffer,
}

impl RemoteFolder {
    pub(crate) fn new(folder: &Bound<'_, PyAny>) -> Self {
        Self(Arc::new(folder.clone().unbind()))
    }

    fn call<T>(&self, call: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>) -> io::Result<T> {
        called(&self.0, call)
    }

    /// Copies the zones of shards, to be opened.
    pub(crate) fn index_of(&self) -> Arc<IndexOf> {
        let folder = self.clone();
        Arc::new(move |file, pass| folder.shard_zones(file, pass))
    }

    /// Opens the zones of a shard, if there are any: a copy of them.
    pub(super) fn shard_zones(&self, file: FileId, pass: &BlockPass<'static>) -> Option<Index> {
        let name = format!("{file}.ngt.index");
        let files: Vec<(String, Vec<u8>)> = self
            .call(|folder| folder.call_method1("zones", (name,))?.extract())
            .ok()?;
        if files.is_empty() {
            return None;
        }
        let copy = tempfile::tempdir().ok()?;
        for (name, bytes) in files {
            fs::write(copy.path().join(name), bytes).ok()?;
        }
        Index::load_zones_from(copy.path(), pass)
    }
}

/// Calls Python; its exception becomes an error of the system, which keeps it.
fn called<T>(
    object: &Py<PyAny>,
    call: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>,
) -> io::Result<T> {
    Python::attach(|py| {
        call(object.bind(py)).map_err(|raised| {
            if raised.is_instance_of::<PyFileNotFoundError>(py) {
                return ErrorKind::NotFound.into();
            }
            let errno = raised.is_instance_of::<PyOSError>(py).then(|| {
                let errno = raised.value(py).getattr("errno").ok()?;
                errno.extract::<i32>().ok()
            });
            match errno.flatten() {
                Some(errno) => io::Error::from_raw_os_error(errno),
                None => io::Error::other(raised),
            }
        })
    })
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
                file: file.unbind(),
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
        let bytes = called(&self.file, |file| {
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
