//! Limits of files: the least that a durable write, a cold read and a sync take.

use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use memmap2::MmapOptions;

use crate::limits::{Limit, LimitReading, reading};
use crate::page_cache::{COLD_SHARE, evict};
use crate::pages::SMALL_PAGE_BYTES;
use crate::raw;
use crate::rng::SplitMix64;

/// Bytes of one write or read.
const CHUNK_BYTES: u64 = 1 << 20;
/// Bytes that are brought into the page cache at once: 1 MiB gave 3.1 GB/s,
/// 4 MiB 3.9 and 16 MiB 4.0 on ext4 over a virtual disk.
const WINDOW_BYTES: u64 = 8 << 20;
/// Repetitions of each way; the best one counts.
const REPEATS: usize = 2;
/// A file of this size takes seconds, in which short disturbances even out.
const ONCE_FROM_BYTES: u64 = 1 << 30;
/// Pages that are made durable one by one.
const SMALL_SYNCS: u64 = 16;

pub(super) fn probe(
    dir: &Path,
    bytes: u64,
    threads: usize,
    wanted: &[Limit],
) -> io::Result<Vec<LimitReading>> {
    let mut readings = Vec::new();
    let file = ProbeFile::new(dir, bytes, threads);
    if wanted.contains(&Limit::DurableWrite) {
        let ns = file.best(&[Way::WriteOutAtOnce, Way::WriteOutInSync])?;
        readings.push(reading(Limit::DurableWrite, ns));
    }
    if wanted.contains(&Limit::ColdRead) {
        if !wanted.contains(&Limit::DurableWrite) {
            file.time(Way::WriteOutInSync)?;
        }
        let ns = file.best(&[Way::Read, Way::Populate])?;
        readings.push(reading(Limit::ColdRead, ns));
    }
    if wanted.contains(&Limit::SmallSync) {
        readings.push(reading(Limit::SmallSync, file.small_sync()?));
    }
    Ok(readings)
}

#[derive(Clone, Copy)]
enum Way {
    /// Writing, each chunk on its way to the disk at once.
    WriteOutAtOnce,
    /// Writing, and all the rest by the sync.
    WriteOutInSync,
    /// Reading into a buffer.
    Read,
    /// Bringing windows into the page cache through a map.
    Populate,
}

/// The file that is written and read; removed when it is dropped.
struct ProbeFile {
    path: PathBuf,
    bytes: u64,
    threads: usize,
}

impl ProbeFile {
    fn new(dir: &Path, bytes: u64, threads: usize) -> Self {
        Self {
            path: dir.join("probe"),
            bytes,
            threads,
        }
    }

    /// The best time of any of the `ways`, in nanoseconds a byte.
    fn best(&self, ways: &[Way]) -> io::Result<f64> {
        let repeats = if self.bytes < ONCE_FROM_BYTES {
            REPEATS
        } else {
            1
        };
        let mut best = f64::INFINITY;
        for _ in 0..repeats {
            for way in ways {
                best = best.min(self.time(*way)?);
            }
        }
        // A system that lacks a way has no time of it.
        if best.is_finite() {
            return Ok(best);
        }
        Err(io::ErrorKind::Unsupported.into())
    }

    fn time(&self, way: Way) -> io::Result<f64> {
        let elapsed = match way {
            Way::WriteOutAtOnce => self.write(true),
            Way::WriteOutInSync => self.write(false),
            Way::Read => self.read(),
            Way::Populate => self.populate(),
        };
        match elapsed {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(f64::INFINITY),
            elapsed => Ok(elapsed? / self.bytes.max(1) as f64),
        }
    }

    /// Writes a new file with room of its own.
    fn write(&self, out_at_once: bool) -> io::Result<f64> {
        self.remove();
        let file = File::create_new(&self.path)?;
        allocate(&file, self.bytes)?;
        let start = Instant::now();
        self.on_ranges(|range| {
            let mut chunk = noise(CHUNK_BYTES as usize);
            in_steps(range, CHUNK_BYTES, |offset, bytes| {
                stamp(&mut chunk, offset);
                file.write_all_at(&chunk[..bytes as usize], offset)?;
                if out_at_once {
                    raw::start_writeback(&file, offset, bytes)?;
                }
                Ok(())
            })
        })?;
        file.sync_data()?;
        Ok(start.elapsed().as_nanos() as f64)
    }

    fn read(&self) -> io::Result<f64> {
        self.evict()?;
        let start = Instant::now();
        self.on_ranges(|range| {
            // Read-ahead is kept by each opening of a file.
            let file = File::open(&self.path)?;
            advise_sequential(&file);
            let mut chunk = vec![0u8; CHUNK_BYTES as usize];
            in_steps(range, CHUNK_BYTES, |offset, bytes| {
                file.read_exact_at(&mut chunk[..bytes as usize], offset)
            })
        })?;
        Ok(start.elapsed().as_nanos() as f64)
    }

    #[cfg(target_os = "linux")]
    fn populate(&self) -> io::Result<f64> {
        self.evict()?;
        let file = File::open(&self.path)?;
        let start = Instant::now();
        let map = MmapOptions::new().map_raw_read_only(&file)?;
        self.on_ranges(|range| {
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
        })?;
        Ok(start.elapsed().as_nanos() as f64)
    }

    #[cfg(not(target_os = "linux"))]
    fn populate(&self) -> io::Result<f64> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Makes the file cold, and holds the kernel to it.
    fn evict(&self) -> io::Result<()> {
        let left = evict(&self.path)?;
        if left.share() <= COLD_SHARE {
            return Ok(());
        }
        Err(io::Error::other(format!(
            "cold_read: {} of {} pages of the file stayed in memory",
            left.resident, left.file_pages
        )))
    }

    /// The best time to make one page durable, in nanoseconds. The pages have
    /// their room and were written before, so that nothing else is.
    fn small_sync(&self) -> io::Result<f64> {
        self.remove();
        let file = File::create_new(&self.path)?;
        let page_bytes = SMALL_PAGE_BYTES as u64;
        let page = noise(SMALL_PAGE_BYTES);
        for number in 0..SMALL_SYNCS {
            file.write_all_at(&page, number * page_bytes)?;
        }
        file.sync_all()?;
        let mut best = f64::INFINITY;
        for number in 0..SMALL_SYNCS {
            let start = Instant::now();
            file.write_all_at(&page, number * page_bytes)?;
            file.sync_data()?;
            best = best.min(start.elapsed().as_nanos() as f64);
        }
        Ok(best)
    }

    /// Runs `work` on equal parts of the file, each on a thread of its own.
    fn on_ranges(&self, work: impl Fn(Range<u64>) -> io::Result<()> + Sync) -> io::Result<()> {
        if self.threads <= 1 {
            return work(0..self.bytes);
        }
        let part = self.bytes.div_ceil(self.threads as u64);
        let part = part.next_multiple_of(CHUNK_BYTES) as usize;
        let work = &work;
        thread::scope(|scope| {
            let workers: Vec<_> = (0..self.bytes)
                .step_by(part)
                .map(|start| start..(start + part as u64).min(self.bytes))
                .map(|range| scope.spawn(move || work(range)))
                .collect();
            workers.into_iter().try_for_each(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
        })
    }

    fn remove(&self) {
        // Where it cannot be removed, it cannot be created anew either.
        let _ = fs::remove_file(&self.path);
    }
}

impl Drop for ProbeFile {
    fn drop(&mut self) {
        self.remove();
    }
}

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

/// Bytes that no disk can leave out or pack.
fn noise(len: usize) -> Vec<u8> {
    let mut rng = SplitMix64::new(len as u64);
    let words = (0..len.div_ceil(8)).flat_map(|_| rng.next_u64().to_le_bytes());
    words.take(len).collect()
}

/// Makes every page of a chunk another one than in any other chunk.
fn stamp(chunk: &mut [u8], offset: u64) {
    for (number, page) in chunk.chunks_exact_mut(SMALL_PAGE_BYTES).enumerate() {
        let here = offset + (number * SMALL_PAGE_BYTES) as u64;
        page[..8].copy_from_slice(&here.to_le_bytes());
    }
}

/// Gives the file room. Where the file system cannot, writing does.
#[cfg(target_os = "linux")]
fn allocate(file: &File, bytes: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;

    match fallocate(file, FallocateFlags::empty(), 0, bytes.max(1)) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        allocated => Ok(allocated?),
    }
}

#[cfg(not(target_os = "linux"))]
fn allocate(_file: &File, _bytes: u64) -> io::Result<()> {
    Ok(())
}

#[cfg(target_os = "linux")]
fn advise_sequential(file: &File) {
    // Advice that is not taken costs nothing but time.
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::Sequential);
}

#[cfg(not(target_os = "linux"))]
fn advise_sequential(_file: &File) {}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    /// Beside this program: the system's temporary folder may be memory, where
    /// nothing is cold.
    fn folder() -> Option<tempfile::TempDir> {
        let program = std::env::current_exe().unwrap();
        let folder = tempfile::tempdir_in(program.parent().unwrap()).unwrap();
        let volume = crate::volume::Volume::of(folder.path()).unwrap();
        if volume.is_in_memory() {
            eprintln!("skipped: limits of files need a disk");
            return None;
        }
        Some(folder)
    }

    #[test]
    fn every_limit_that_is_wanted_is_read_and_no_file_is_left() {
        let Some(folder) = folder() else { return };
        for bytes in [64, 4096, (3 << 20) + 64] {
            for threads in [1, 3] {
                let all: Vec<Limit> = Limit::of_files(threads).collect();
                for wanted in all.iter().map(std::slice::from_ref).chain([&all[..], &[]]) {
                    let found = probe(folder.path(), bytes, threads, wanted).unwrap();
                    let limits: Vec<Limit> = found.iter().map(|found| found.limit).collect();
                    assert_eq!(limits, wanted, "{bytes} bytes on {threads} threads");
                    let sane = |found: &LimitReading| {
                        found.ns_per_unit > 0.0 && found.ns_per_unit.is_finite()
                    };
                    assert!(found.iter().all(sane), "{found:?}");
                    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
                }
            }
        }
    }

    #[test]
    fn what_is_written_is_whole_and_no_two_pages_are_the_same() {
        let Some(folder) = folder() else { return };
        let bytes = (5 << 20) + 4096;
        for threads in [1, 2] {
            for way in [Way::WriteOutAtOnce, Way::WriteOutInSync] {
                let file = ProbeFile::new(folder.path(), bytes, threads);
                file.time(way).unwrap();
                let written = fs::read(&file.path).unwrap();
                assert_eq!(written.len() as u64, bytes);
                for (number, page) in written.chunks(SMALL_PAGE_BYTES).enumerate() {
                    let stamp = (number * SMALL_PAGE_BYTES) as u64;
                    assert_eq!(page[..8], stamp.to_le_bytes());
                    let zeros = page.iter().filter(|byte| **byte == 0).count();
                    assert!(
                        zeros < SMALL_PAGE_BYTES / 20,
                        "page {number}: {zeros} zeros"
                    );
                }
            }
        }
    }

    #[test]
    fn a_file_that_stays_in_memory_is_no_cold_read() {
        let Some(folder) = folder() else { return };
        let file = ProbeFile::new(folder.path(), 8 << 20, 1);
        file.time(Way::WriteOutAtOnce).unwrap();
        let opened = File::open(&file.path).unwrap();
        let map = MmapOptions::new().map_raw_read_only(&opened).unwrap();
        map.advise(memmap2::Advice::PopulateRead).unwrap();
        for way in [Way::Read, Way::Populate] {
            let error = file.time(way).unwrap_err().to_string();
            assert!(error.starts_with("cold_read: "), "{error}");
            assert!(error.ends_with("stayed in memory"), "{error}");
        }
        drop(map);
        assert!(file.time(Way::Read).is_ok());
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let all: Vec<Limit> = Limit::of_files(1).collect();
        for limit in &all {
            let wanted = std::slice::from_ref(limit);
            assert!(probe(Path::new("/nowhere/at/all"), 4096, 1, wanted).is_err());
        }
    }
}
