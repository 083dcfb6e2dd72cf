//! Folders and files that Python's file systems read, by ranges.

use std::collections::VecDeque;
use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Arc, Mutex};

use ng_dataset::{FileId, IndexOf};
use ng_query::index::Index;
use ng_store::BlockPass;
use ng_store::disk::{Dir, Disk};
use pyo3::exceptions::{PyFileNotFoundError, PyOSError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::work::lock;

/// A folder of a file system of Python's, for reading: `ngtoken._remote.Folder`.
///
/// Each call takes the GIL for a moment, on whatever thread reads.
#[derive(Clone)]
pub(crate) struct RemoteFolder(Arc<Py<PyAny>>);

/// A file of it.
pub(crate) struct RemoteFile {
    file: Py<PyAny>,
    len: u64,
    /// Of the head, the table of blocks and the manifest.
    pages: Ranges,
    /// Of the tokens.
    windows: Ranges,
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
                pages: Ranges::new(PAGES),
                windows: Ranges::new(WINDOWS),
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

/// Smaller reads are of the head or of the table of blocks, and are made in pages.
const SMALL: usize = 64 << 10;
/// How many pages are kept: the table of 2 million blocks.
const PAGES: usize = 256;
/// The most that is read at once, if tokens are read one block after another.
const LONGEST: u64 = 8 << 20;
/// How many runs of blocks are kept: each thread has one, and reads one ahead.
const WINDOWS: usize = 8;

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

    /// Reads a page of the file, or what is left of it.
    fn read_page(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if let Some(count) = self.pages.copy(buffer, offset) {
            return Ok(count);
        }
        let start = offset - offset % SMALL as u64;
        self.pages.keep(start, self.fetch(start, SMALL as u64)?);
        Ok(self.pages.copy(buffer, offset).unwrap_or(0))
    }

    /// Reads blocks: more at once, the longer they are read one after another.
    fn read_run(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if let Some(count) = self.windows.copy(buffer, offset) {
            return Ok(count);
        }
        let before = self.windows.len_before(offset).unwrap_or(0);
        let len = (2 * before).min(LONGEST).max(buffer.len() as u64);
        let run = self.fetch(offset, len)?;
        let count = buffer.len().min(run.len());
        buffer[..count].copy_from_slice(&run[..count]);
        self.windows.keep(offset, run);
        Ok(count)
    }
}

/// What was read last of a file, by where it begins.
struct Ranges {
    most: usize,
    kept: Mutex<VecDeque<(u64, Arc<[u8]>)>>,
}

impl Ranges {
    fn new(most: usize) -> Self {
        Self {
            most,
            kept: Mutex::default(),
        }
    }

    /// Copies what is there from an offset on.
    fn copy(&self, buffer: &mut [u8], offset: u64) -> Option<usize> {
        let kept = lock(&self.kept);
        let holds = |(start, bytes): &&(u64, Arc<[u8]>)| {
            (*start..*start + bytes.len() as u64).contains(&offset)
        };
        let (start, bytes) = kept.iter().find(holds)?;
        let rest = &bytes[(offset - start) as usize..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Some(count)
    }

    /// The length of what ends at an offset.
    fn len_before(&self, offset: u64) -> Option<u64> {
        let kept = lock(&self.kept);
        let lens = kept
            .iter()
            .map(|(start, bytes)| (*start, bytes.len() as u64));
        let mut before = lens.filter(|(start, len)| start + len == offset);
        before.next().map(|(_, len)| len)
    }

    fn keep(&self, start: u64, bytes: Arc<[u8]>) {
        let mut kept = lock(&self.kept);
        kept.push_back((start, bytes));
        if kept.len() > self.most {
            kept.pop_front();
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
        match buffer.len() < SMALL {
            true => self.read_page(buffer, offset),
            false => self.read_run(buffer, offset),
        }
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
