//! Counts a file's pages in the page cache, and evicts them.

use std::fs::File;
use std::io;
use std::iter::Sum;
use std::ops::Range;
use std::path::Path;

use memmap2::MmapOptions;

use crate::machine::raw;
use crate::model::Flag;

/// Share of a cold file that may still be in memory: the kernel reads around other
/// reads, and never drops a page in use.
pub(crate) const COLD_SHARE: f64 = Flag::NotCold.threshold();
/// Attempts to evict a file. Pages under writeback survive the first.
const EVICTIONS: usize = 3;

/// How many pages of a file hold data, and how many of these are in memory. Holes do
/// not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Residency {
    pub(crate) file_pages: u64,
    pub(crate) resident: u64,
}

impl Residency {
    /// Counts the pages of the file at `path`.
    ///
    /// # Errors
    /// The file cannot be opened, or the system does not report it.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Self::of_file(&File::open(path)?)
    }

    fn of_file(file: &File) -> io::Result<Self> {
        let mut counted = Self::default();
        let length = file.metadata()?.len();
        if length == 0 {
            return Ok(counted);
        }
        let map = MmapOptions::new().map_raw_read_only(file)?;
        let page_bytes = rustix::param::page_size();
        let mut from = 0;
        while let Some(data) = data_from(file, from, length)? {
            // Blocks can be smaller than pages.
            let start = data.start as usize / page_bytes * page_bytes;
            let part = start.max(from as usize)..data.end as usize;
            from = data.end.next_multiple_of(page_bytes as u64);
            counted.file_pages += part.len().div_ceil(page_bytes) as u64;
            counted.resident += raw::resident_pages(&map, part)?;
        }
        Ok(counted)
    }

    /// The part of the file that is in memory.
    pub(crate) fn share(self) -> f64 {
        self.resident as f64 / self.file_pages.max(1) as f64
    }
}

impl Sum for Residency {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, next| Self {
            file_pages: sum.file_pages + next.file_pages,
            resident: sum.resident + next.resident,
        })
    }
}

/// Writes out the file's dirty pages, drops it from the page cache, and counts what
/// remains. Mapped pages stay.
///
/// # Errors
/// The file cannot be opened or synced, or the system does not report it.
pub(crate) fn evict(path: &Path) -> io::Result<Residency> {
    let file = File::open(path)?;
    file.sync_data()?;
    let mut left = drop_pages(&file)?;
    for _ in 1..EVICTIONS {
        if left.share() <= COLD_SHARE {
            break;
        }
        left = drop_pages(&file)?;
    }
    Ok(left)
}

/// The next range of data at or after `from`, in a file of `length` bytes.
#[cfg(target_os = "linux")]
fn data_from(file: &File, from: u64, length: u64) -> io::Result<Option<Range<u64>>> {
    use rustix::fs::{SeekFrom, seek};
    use rustix::io::Errno;

    if from >= length {
        return Ok(None);
    }
    match seek(file, SeekFrom::Data(from)) {
        // No more data.
        Err(Errno::NXIO) => Ok(None),
        // A file system without holes.
        Err(Errno::INVAL) => Ok(Some(from..length)),
        start => {
            let start = start?;
            let end = seek(file, SeekFrom::Hole(start))?;
            Ok(Some(start..end.min(length)))
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn data_from(_file: &File, from: u64, length: u64) -> io::Result<Option<Range<u64>>> {
    Ok((from < length).then_some(from..length))
}

#[cfg(target_os = "linux")]
fn drop_pages(file: &File) -> io::Result<Residency> {
    rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed)?;
    Residency::of_file(file)
}

#[cfg(not(target_os = "linux"))]
fn drop_pages(_file: &File) -> io::Result<Residency> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::machine::volume::folder_on_disk;

    #[test]
    fn what_is_written_is_resident_until_it_is_evicted() {
        let Some(folder) = folder_on_disk() else {
            return;
        };
        let path = folder.path().join("pages");
        // More than one query's chunk, and not a whole number of pages.
        let bytes = (65 << 20) + 100;
        std::fs::write(&path, vec![7u8; bytes]).unwrap();
        let pages = bytes.div_ceil(rustix::param::page_size()) as u64;
        let written = Residency::of(&path).unwrap();
        assert_eq!((written.file_pages, written.resident), (pages, pages));
        let evicted = evict(&path).unwrap();
        assert_eq!(evicted.file_pages, pages);
        assert!(evicted.share() <= COLD_SHARE, "{evicted:?}");
    }

    #[test]
    fn a_hole_has_no_pages() {
        use std::os::unix::fs::FileExt;

        let Some(folder) = folder_on_disk() else {
            return;
        };
        let path = folder.path().join("sparse");
        let file = File::create(&path).unwrap();
        file.set_len(1 << 30).unwrap();
        // Larger than the blocks of any known file system.
        let written = vec![7u8; 1 << 20];
        for offset in [0, 512 << 20] {
            file.write_all_at(&written, offset).unwrap();
        }
        let pages = (2 << 20) / rustix::param::page_size() as u64;
        let counted = Residency::of(&path).unwrap();
        assert_eq!((counted.file_pages, counted.resident), (pages, pages));
    }

    #[test]
    fn an_empty_file_has_no_pages_and_a_missing_one_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let none = Residency::default();
        assert_eq!(Residency::of(file.path()).unwrap(), none);
        assert_eq!(none.share(), 0.0);
        assert!(evict(Path::new("/nowhere/at/all")).is_err());
    }
}
