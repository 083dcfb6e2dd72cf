use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Dir, Disk};
use crate::{IoError, Operation};

/// A disk with the name used in errors. Reads and writes resume after an interruption or a
/// short call.
#[derive(Clone, Debug)]
pub(crate) struct Source<D> {
    disk: D,
    path: PathBuf,
}

impl<D: Disk> Source<D> {
    pub(crate) fn new(disk: D, path: impl Into<PathBuf>) -> Self {
        Self {
            disk,
            path: path.into(),
        }
    }

    /// Returns a source whose disk can be shared by other sources.
    pub(crate) fn shared(self) -> Source<Arc<D>> {
        Source {
            disk: Arc::new(self.disk),
            path: self.path,
        }
    }

    pub(crate) fn into_disk(self) -> D {
        self.disk
    }

    pub(crate) fn disk(&self) -> &D {
        &self.disk
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn len(&self) -> Result<u64, IoError> {
        uninterrupted(|| self.disk.len())
            .map_err(|source| self.error(Operation::Inspect, None, source))
    }

    /// Fills `buffer` from `offset` on, and returns how many bytes there were
    /// before the end of the file.
    pub(crate) fn read(&self, buffer: &mut [u8], offset: u64) -> Result<usize, IoError> {
        let mut done = 0;
        while done < buffer.len() {
            let at = offset + done as u64;
            match uninterrupted(|| self.disk.read_at(&mut buffer[done..], at)) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(source) => return Err(self.error(Operation::Read, Some(at), source)),
            }
        }
        Ok(done)
    }

    /// Writes all of `buffer`. A write of no bytes is an error.
    pub(crate) fn write(&self, buffer: &[u8], offset: u64) -> Result<(), IoError> {
        self.write_by(buffer, offset, |part, at| self.disk.write_at(part, at))
    }

    /// Writes all of `buffer`, and has its pages dropped once written back. After an
    /// `Unsupported` error the caller can write it the other way.
    pub(crate) fn write_uncached(&self, buffer: &[u8], offset: u64) -> Result<(), IoError> {
        self.write_by(buffer, offset, |part, at| {
            self.disk.write_uncached_at(part, at)
        })
    }

    fn write_by(
        &self,
        buffer: &[u8],
        offset: u64,
        mut write: impl FnMut(&[u8], u64) -> io::Result<usize>,
    ) -> Result<(), IoError> {
        let mut done = 0;
        while done < buffer.len() {
            let at = offset + done as u64;
            let written = uninterrupted(|| write(&buffer[done..], at));
            let written = match written {
                Ok(0) => Err(io::Error::from(io::ErrorKind::WriteZero)),
                other => other,
            };
            done += written.map_err(|source| self.error(Operation::Write, Some(at), source))?;
        }
        Ok(())
    }

    pub(crate) fn set_len(&self, len: u64) -> Result<(), IoError> {
        uninterrupted(|| self.disk.set_len(len))
            .map_err(|source| self.error(Operation::Cut, Some(len), source))
    }

    pub(crate) fn allocate(&self, offset: u64, len: u64) -> Result<(), IoError> {
        uninterrupted(|| self.disk.allocate(offset, len))
            .map_err(|source| self.error(Operation::Allocate, Some(offset), source))
    }

    pub(crate) fn start_writeback(&self, offset: u64, len: u64) -> Result<(), IoError> {
        uninterrupted(|| self.disk.start_writeback(offset, len))
            .map_err(|source| self.error(Operation::StartWriteback, Some(offset), source))
    }

    pub(crate) fn finish_writeback(&self, offset: u64, len: u64) -> Result<(), IoError> {
        uninterrupted(|| self.disk.finish_writeback(offset, len))
            .map_err(|source| self.error(Operation::FinishWriteback, Some(offset), source))
    }

    /// Makes data and length durable. Never retried: the kernel marks pages clean that it
    /// failed to write, and a second sync would succeed wrongly.
    pub(crate) fn sync(&self) -> Result<(), IoError> {
        self.disk
            .sync()
            .map_err(|source| self.error(Operation::Sync, None, source))
    }

    /// Makes the names in the file's folder durable. Never retried either.
    pub(crate) fn sync_folder<R: Dir>(&self, dir: &R) -> Result<(), IoError> {
        dir.sync()
            .map_err(|source| self.error(Operation::SyncFolder, None, source))
    }

    /// The error of a write into a file that ends before it should.
    pub(crate) fn ended(&self) -> IoError {
        let source = io::ErrorKind::UnexpectedEof.into();
        self.error(Operation::Write, None, source)
    }

    pub(super) fn error(
        &self,
        operation: Operation,
        offset: Option<u64>,
        source: io::Error,
    ) -> IoError {
        IoError {
            path: self.path.clone(),
            operation,
            offset,
            source,
        }
    }
}

fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
