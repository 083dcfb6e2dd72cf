//! The files of an index where they lie: mapped, or read into memory.
//!
//! A map is as good as the file below it, and whoever
//! opens an index by maps promises what that needs, once, in [`Index::open`].

use std::fs::File;
use std::io::{self, Read};
use std::ops::Deref;

use bytemuck::{Pod, Zeroable};
use memmap2::{Mmap, MmapOptions};
use ng_store::BlockReader;

use crate::index::Index;

/// The bytes of a file, from an address that is a multiple of 64 on.
#[derive(Debug)]
pub(crate) enum FileBytes {
    Mapped(Mmap),
    Read { lines: Vec<Line>, len: usize },
}

/// What memory is asked for in, so that it is aligned.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C, align(64))]
pub(crate) struct Line([u8; 64]);

/// How the files of an index are looked at.
pub(crate) enum Look {
    /// By maps, as was promised.
    Map(Promise),
    /// By reads.
    Read,
}

/// That nobody changes or cuts the files of an index while they are mapped.
pub(crate) struct Promise(());

impl Look {
    /// Takes the first `len` bytes of a file that has as many.
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
        // A file may be long and hold nothing, and a manifest may name it.
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
        // SAFETY: (1) Nobody changes or cuts the file while it is mapped: whoever made
        // the promise, the caller of `Index::open`, gave it for all files of an index.
        unsafe { MmapOptions::new().len(len).map(file) }
    }
}

impl Index {
    /// Opens the index that lies beside the file of `reader`, as far as it can be believed
    /// of the commit that is read; `None` where there is none. Its files are mapped.
    ///
    /// It costs a look at the block table, 8 bytes a block, and at the zones, 148 a block;
    /// a column is looked at where it is asked for.
    ///
    /// Nothing that is wrong with an index is an error: it is derived from the file, which
    /// answers as well. What was put aside is told by [`warnings`](Self::warnings).
    ///
    /// # Safety
    ///
    /// Nobody changes or cuts the files of the index while it is open. `ng_query` itself
    /// never does: it writes new files, gives them their names when they are whole, and
    /// removes the old ones.
    pub unsafe fn open(reader: &BlockReader) -> Option<Self> {
        Self::look(reader, &Look::Map(Promise(())))
    }
}
