//! The files of an index in place: mapped, or read into memory.
//!
//! A map is as good as the file below it. The caller who opens an index by maps makes the promise
//! for all of its files once, in [`Index::open`].

use std::fs::File;
use std::io::{self, Read};
use std::ops::Deref;

use bytemuck::{Pod, Zeroable};
use memmap2::{Mmap, MmapOptions};
use ng_store::BlockReader;

use crate::index::Index;

/// The bytes of a file, at an address that is a multiple of 64.
#[derive(Debug)]
pub(crate) enum FileBytes {
    Mapped(Mmap),
    Read { lines: Vec<Line>, len: usize },
}

/// The unit in which memory is allocated, so that it is aligned.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C, align(64))]
pub(crate) struct Line([u8; 64]);

/// How the files of an index are opened.
pub(crate) enum Look {
    /// Mapped, as was promised.
    Map(Promise),
    /// Read into memory.
    Read,
}

/// The promise that nobody changes or truncates the files of an index while they are mapped.
pub(crate) struct Promise(());

impl Look {
    /// Takes the first `len` bytes of a file that has at least that many.
    pub(crate) fn bytes(&self, file: &mut File, len: usize) -> io::Result<FileBytes> {
        match self {
            Self::Map(promise) => Ok(FileBytes::Mapped(promise.map(file, len)?)),
            Self::Read => FileBytes::read(file, len),
        }
    }
}

impl FileBytes {
    pub(crate) fn read(file: &mut File, len: usize) -> io::Result<Self> {
        let count = len.div_ceil(size_of::<Line>());
        let mut lines = Vec::new();
        // A sparse file may be long and hold nothing, and a manifest may name it.
        lines.try_reserve_exact(count)?;
        lines.resize(count, Line::zeroed());
        file.read_exact(&mut bytemuck::cast_slice_mut(&mut lines)[..len])?;
        Ok(Self::Read { lines, len })
    }
}

impl Deref for FileBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Read { lines, len } => &bytemuck::cast_slice(lines)[..*len],
        }
    }
}

impl Promise {
    fn map(&self, file: &File, len: usize) -> io::Result<Mmap> {
        // SAFETY: (1) Nobody changes or truncates the file while it is mapped: the caller of
        // `Index::open` promised so for all files of an index.
        unsafe { MmapOptions::new().len(len).map(file) }
    }
}

impl Index {
    /// Opens the index beside the file of `reader`, as far as it can be believed of the commit that
    /// is read; `None` if there is none. Its files are mapped.
    ///
    /// It reads the block table, 8 bytes a block, and the zones, 148 a block; a column is read when
    /// it is used.
    ///
    /// A faulty index is no error: it is derived from the file, which answers as well.
    /// [`warnings`](Self::warnings) lists what was put aside.
    ///
    /// # Safety
    ///
    /// Nobody changes or truncates the files of the index while it is open. `ng_query` itself never
    /// does: it writes new files, names them once they are complete, and removes the old ones.
    pub unsafe fn open(reader: &BlockReader) -> Option<Self> {
        Self::look(reader, &Look::Map(Promise(())))
    }
}
