//! Ways to write a file durably and to read it cold.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::CHUNK_BYTES;
use crate::machine::pages::{HUGE_PAGE_BYTES, PageBuffer, SMALL_PAGE_BYTES};
use crate::machine::raw;
use crate::model::Pages;
use crate::stats::rng::SplitMix64;

/// Bytes populated at once: 1 MiB gave 3.1 GB/s, 4 MiB 3.9 and 16 MiB 4.0 on ext4 over
/// a virtual disk.
const WINDOW_BYTES: u64 = 8 << 20;
/// Bytes of a direct read or write, in huge pages: a virtual disk splits a request at
/// discontiguous memory.
const DIRECT_BYTES: u64 = 2 * HUGE_PAGE_BYTES as u64;
/// How far behind a write its pages are dropped.
const WRITE_LAG_BYTES: u64 = 64 << 20;
/// How much is dropped at once.
const DROPPED_BYTES: u64 = 32 << 20;
/// The largest read or write.
pub(super) const LARGEST_CHUNK_BYTES: u64 = WINDOW_BYTES;

/// The ways to write a file durably, usually fastest first.
pub(super) const WRITES: &[Way] = &[
    Way::WriteUncached,
    Way::WriteDirect,
    Way::WriteDropped,
    Way::WriteAtOnce,
    Way::WriteInSync,
];

/// The ways to read a cold file, usually fastest first.
pub(super) const READS: &[Way] = &[Way::ReadDirect, Way::ReadDropped, Way::Populate, Way::Read];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Writing with immediate writeback of each chunk, after which its pages are dropped
    /// (`RWF_DONTCACHE`).
    WriteUncached,
    /// Writing around the page cache.
    WriteDirect,
    /// Writing with immediate writeback of each chunk, waiting for and dropping older
    /// pages.
    WriteDropped,
    /// Writing with immediate writeback of each chunk.
    WriteAtOnce,
    /// Writing, and leaving writeback to the sync.
    WriteInSync,
    /// Reading around the page cache, at least two reads at a time.
    ReadDirect,
    /// Reading into a buffer, and dropping pages already read.
    ReadDropped,
    /// Populating windows of a map.
    Populate,
    /// Reading into a buffer.
    Read,
}

impl Way {
    pub(super) fn is_a_write(self) -> bool {
        !READS.contains(&self)
    }

    /// The fewest concurrent reads.
    pub(super) fn least_readers(self) -> usize {
        match self {
            Self::ReadDirect => 2,
            _ => 1,
        }
    }

    /// Writes a range of the file at `path`, open as `file`.
    pub(super) fn write(self, path: &Path, file: &File, range: Range<u64>) -> io::Result<()> {
        match self {
            Self::WriteDirect => write_direct(path, file, range),
            Self::WriteDropped => {
                let mut dropped = range.start;
                write_chunks(range, |chunk, offset| {
                    file.write_all_at(chunk, offset)?;
                    raw::start_writeback(file, offset, chunk.len() as u64)?;
                    while offset >= dropped + WRITE_LAG_BYTES {
                        raw::finish_writeback(file, dropped, DROPPED_BYTES)?;
                        drop_pages(file, dropped, DROPPED_BYTES);
                        dropped += DROPPED_BYTES;
                    }
                    Ok(())
                })
            }
            Self::WriteUncached => {
                write_chunks(range, |chunk, offset| write_uncached(file, chunk, offset))
            }
            Self::WriteAtOnce => write_chunks(range, |chunk, offset| {
                file.write_all_at(chunk, offset)?;
                raw::start_writeback(file, offset, chunk.len() as u64)
            }),
            _ => write_chunks(range, |chunk, offset| file.write_all_at(chunk, offset)),
        }
    }

    /// Reads a range of the file at `path`.
    pub(super) fn read(self, path: &Path, range: Range<u64>) -> io::Result<()> {
        match self {
            Self::ReadDirect => read_direct(path, range),
            Self::Populate => populate(path, range),
            _ => {
                // Each open file has its own read-ahead state.
                let file = File::open(path)?;
                advise_sequential(&file);
                let mut chunk = vec![0u8; CHUNK_BYTES as usize];
                let mut dropped = range.start;
                in_steps(range, CHUNK_BYTES, |offset, bytes| {
                    file.read_exact_at(&mut chunk[..bytes as usize], offset)?;
                    let end = offset + bytes;
                    if self == Self::ReadDropped && end >= dropped + DROPPED_BYTES {
                        drop_pages(&file, dropped, end - dropped);
                        dropped = end;
                    }
                    Ok(())
                })
            }
        }
    }
}

fn write_chunks(
    range: Range<u64>,
    mut write: impl FnMut(&[u8], u64) -> io::Result<()>,
) -> io::Result<()> {
    let mut chunk = noise(CHUNK_BYTES as usize);
    in_steps(range, CHUNK_BYTES, |offset, bytes| {
        stamp(&mut chunk, offset);
        write(&chunk[..bytes as usize], offset)
    })
}

/// Writes whole pages around the page cache, and the rest through it.
fn write_direct(path: &Path, file: &File, range: Range<u64>) -> io::Result<()> {
    let direct = open_direct(path, true)?;
    let mut buffer = PageBuffer::new(DIRECT_BYTES as usize, Pages::Huge)?;
    let buffer = buffer.bytes();
    buffer.copy_from_slice(&noise(DIRECT_BYTES as usize));
    in_steps(range, DIRECT_BYTES, |offset, bytes| {
        stamp(buffer, offset);
        let (pages, rest) = buffer[..bytes as usize].split_at(whole_pages(bytes));
        no_direct_io(direct.write_all_at(pages, offset))?;
        file.write_all_at(rest, offset + pages.len() as u64)
    })
}

fn read_direct(path: &Path, range: Range<u64>) -> io::Result<()> {
    let (file, direct) = (File::open(path)?, open_direct(path, false)?);
    let mut buffer = PageBuffer::new(DIRECT_BYTES as usize, Pages::Huge)?;
    let buffer = buffer.bytes();
    in_steps(range, DIRECT_BYTES, |offset, bytes| {
        let (pages, rest) = buffer[..bytes as usize].split_at_mut(whole_pages(bytes));
        no_direct_io(direct.read_exact_at(pages, offset))?;
        file.read_exact_at(rest, offset + pages.len() as u64)
    })
}

fn whole_pages(bytes: u64) -> usize {
    bytes as usize / SMALL_PAGE_BYTES * SMALL_PAGE_BYTES
}

/// Translates the error of a file system without direct I/O.
fn no_direct_io(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            Err(io::ErrorKind::Unsupported.into())
        }
        outcome => outcome,
    }
}

#[cfg(target_os = "linux")]
fn open_direct(path: &Path, writable: bool) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    let flags = rustix::fs::OFlags::DIRECT.bits() as i32;
    let mut options = File::options();
    let options = options.read(true).write(writable).custom_flags(flags);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            Err(io::ErrorKind::Unsupported.into())
        }
        opened => opened,
    }
}

#[cfg(not(target_os = "linux"))]
fn open_direct(_path: &Path, _writable: bool) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(target_os = "linux")]
fn write_uncached(file: &File, chunk: &[u8], offset: u64) -> io::Result<()> {
    use rustix::io::{Errno, ReadWriteFlags, pwritev2};

    /// `RWF_DONTCACHE` of Linux 6.14, `include/uapi/linux/fs.h`.
    const DONT_CACHE: ReadWriteFlags = ReadWriteFlags::from_bits_retain(0x80);

    let mut done = 0;
    while done < chunk.len() {
        let rest = [io::IoSlice::new(&chunk[done..])];
        match pwritev2(file, &rest, offset + done as u64, DONT_CACHE) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => done += count,
            Err(Errno::INTR) => {}
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
                return Err(io::ErrorKind::Unsupported.into());
            }
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn write_uncached(_file: &File, _chunk: &[u8], _offset: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(target_os = "linux")]
fn populate(path: &Path, range: Range<u64>) -> io::Result<()> {
    let map = memmap2::MmapOptions::new().map_raw_read_only(&File::open(path)?)?;
    in_steps(range, WINDOW_BYTES, |offset, bytes| {
        let advice = memmap2::Advice::PopulateRead;
        match map.advise_range(advice, offset as usize, bytes as usize) {
            // Kernels before 5.14.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                Err(io::ErrorKind::Unsupported.into())
            }
            populated => populated,
        }
    })
}

#[cfg(not(target_os = "linux"))]
fn populate(_path: &Path, _range: Range<u64>) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

// If the kernel ignores the advice, only time is lost.

#[cfg(target_os = "linux")]
fn advise_sequential(file: &File) {
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::Sequential);
}

#[cfg(not(target_os = "linux"))]
fn advise_sequential(_file: &File) {}

#[cfg(target_os = "linux")]
fn drop_pages(file: &File, offset: u64, bytes: u64) {
    let bytes = std::num::NonZeroU64::new(bytes);
    let _ = rustix::fs::fadvise(file, offset, bytes, rustix::fs::Advice::DontNeed);
}

#[cfg(not(target_os = "linux"))]
fn drop_pages(_file: &File, _offset: u64, _bytes: u64) {}

fn in_steps(
    range: Range<u64>,
    step: u64,
    mut work: impl FnMut(u64, u64) -> io::Result<()>,
) -> io::Result<()> {
    let mut offset = range.start;
    while offset < range.end {
        let bytes = step.min(range.end - offset);
        work(offset, bytes)?;
        offset += bytes;
    }
    Ok(())
}

/// Incompressible bytes without zero runs.
pub(super) fn noise(len: usize) -> Vec<u8> {
    let mut rng = SplitMix64::new(len as u64);
    let words = (0..len.div_ceil(8)).flat_map(|_| rng.next_u64().to_le_bytes());
    words.take(len).collect()
}

/// Makes every page of a chunk unique in the file.
fn stamp(chunk: &mut [u8], offset: u64) {
    for (number, page) in chunk.chunks_exact_mut(SMALL_PAGE_BYTES).enumerate() {
        let here = offset + (number * SMALL_PAGE_BYTES) as u64;
        page[..8].copy_from_slice(&here.to_le_bytes());
    }
}
