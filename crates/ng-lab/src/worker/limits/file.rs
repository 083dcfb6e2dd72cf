//! Limits of files: the least time of a durable write, a cold read and a sync.
//!
//! Each is the best of several ways, because any one may have a bottleneck unrelated to
//! the disk: the page cache of a virtual machine costs up to eight times as much if the
//! host must find memory for it.

mod ways;

use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use crate::machine::page_cache::{COLD_SHARE, evict};
use crate::machine::pages::SMALL_PAGE_BYTES;
use crate::model::Limit;
use crate::worker::limits::{LimitReading, reading};
use ways::{READS, WRITES, Way};

/// Bytes of one write or read through the page cache.
const CHUNK_BYTES: u64 = 1 << 20;
/// Repetitions of each way; the best counts.
const REPEATS: usize = 2;
/// From this size a file is probed once: it takes seconds, in which short disturbances
/// even out.
const ONCE_FROM_BYTES: u64 = 1 << 30;
/// The most that is written or read in one way. For a longer file the steady rate counts,
/// after a first part has used up the buffers of the disk and the kernel.
pub(crate) const PROBED_MOST_BYTES: u64 = LEAD_BYTES + STEADY_BYTES;
const LEAD_BYTES: u64 = 1 << 30;
const STEADY_BYTES: u64 = 2 << 30;
/// A way this many times slower than the best over its first part is abandoned; of files
/// that are probed whole, that part has `TRIED_BYTES`.
const HOPELESS: f64 = 2.0;
const TRIED_BYTES: u64 = 256 << 20;
/// Pages made durable one by one.
const SMALL_SYNCS: u64 = 16;

/// Probes the `wanted` limits of files of `bytes` in `dir` on `threads` threads, and
/// leaves `dir` as it was.
///
/// # Errors
/// A file cannot be written, read or evicted from the page cache.
pub fn probe(
    dir: &Path,
    bytes: u64,
    threads: usize,
    wanted: &[Limit],
) -> io::Result<Vec<LimitReading>> {
    let mut readings = Vec::new();
    let file = ProbeFile::new(dir, bytes, threads);
    if wanted.contains(&Limit::DurableWrite) {
        let ns = file.best(WRITES)?;
        readings.push(reading(Limit::DurableWrite, ns));
    }
    if wanted.contains(&Limit::ColdRead) {
        file.fill()?;
        let ns = file.best(READS)?;
        readings.push(reading(Limit::ColdRead, ns));
    }
    if wanted.contains(&Limit::SmallSync) {
        readings.push(reading(Limit::SmallSync, file.small_sync()?));
    }
    Ok(readings)
}

/// The parts of a file: a first one, after which a way may be abandoned, and the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Course {
    first: u64,
    end: u64,
    /// Whether the first part is timed as well.
    is_whole: bool,
}

impl Course {
    fn of(bytes: u64) -> Self {
        let (first, end) = match bytes {
            PROBED_MOST_BYTES.. => (LEAD_BYTES, PROBED_MOST_BYTES),
            ONCE_FROM_BYTES.. => (TRIED_BYTES, bytes),
            _ => (0, bytes),
        };
        Self {
            first,
            end,
            is_whole: end < PROBED_MOST_BYTES,
        }
    }
}

/// The file that is written and read, removed on drop.
struct ProbeFile {
    path: PathBuf,
    course: Course,
    threads: usize,
}

impl ProbeFile {
    fn new(dir: &Path, bytes: u64, threads: usize) -> Self {
        Self {
            path: dir.join("probe"),
            course: Course::of(bytes),
            threads,
        }
    }

    /// Writes the whole file in the first way that the system has.
    fn fill(&self) -> io::Result<()> {
        for way in [Way::WriteUncached, Way::WriteInSync] {
            if self.time(way, f64::INFINITY)?.is_finite() {
                break;
            }
        }
        Ok(())
    }

    /// The best time of the `ways`, in nanoseconds per byte.
    fn best(&self, ways: &[Way]) -> io::Result<f64> {
        let repeats = match self.course.end < ONCE_FROM_BYTES {
            true => REPEATS,
            false => 1,
        };
        best_of(ways, repeats, |way, best| self.time(way, best))
    }

    /// The time of one way, in nanoseconds per byte; infinite if the system lacks it or it
    /// cannot beat `best`.
    fn time(&self, way: Way, best: f64) -> io::Result<f64> {
        let timed = match way.is_a_write() {
            true => self.write(way, best),
            false => self.read(way, best),
        };
        match timed {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(f64::INFINITY),
            timed => timed,
        }
    }

    /// Writes a new, preallocated file.
    fn write(&self, way: Way, best: f64) -> io::Result<f64> {
        self.remove();
        let file = File::create_new(&self.path)?;
        allocate(&file, self.course.end)?;
        self.run(best, |range| {
            self.on_ranges(range, self.threads, |range| {
                way.write(&self.path, &file, range)
            })?;
            file.sync_data()
        })
    }

    fn read(&self, way: Way, best: f64) -> io::Result<f64> {
        self.evict()?;
        let threads = self.threads.max(way.least_readers());
        self.run(best, |range| {
            self.on_ranges(range, threads, |range| way.read(&self.path, range))
        })
    }

    /// Runs the course, and times the parts that count.
    fn run(&self, best: f64, work: impl Fn(Range<u64>) -> io::Result<()>) -> io::Result<f64> {
        let Course {
            first,
            end,
            is_whole,
        } = self.course;
        let timed = |range: Range<u64>| {
            let start = Instant::now();
            work(range)?;
            Ok::<_, io::Error>(start.elapsed().as_nanos() as f64)
        };
        let mut first_ns = 0.0;
        if first > 0 {
            first_ns = timed(0..first)?;
            if first_ns / first as f64 > HOPELESS * best {
                return Ok(f64::INFINITY);
            }
        }
        let rest_ns = timed(first..end)?;
        Ok(match is_whole {
            true => (first_ns + rest_ns) / end.max(1) as f64,
            false => rest_ns / (end - first) as f64,
        })
    }

    /// Makes the file cold, and checks that it is.
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

    /// The best time to make one page durable, in nanoseconds. The pages were written
    /// before, so that no metadata changes.
    fn small_sync(&self) -> io::Result<f64> {
        self.remove();
        let file = File::create_new(&self.path)?;
        let page_bytes = SMALL_PAGE_BYTES as u64;
        let page = ways::noise(SMALL_PAGE_BYTES);
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

    /// Runs `work` on equal parts of a range, each on its own thread.
    fn on_ranges(
        &self,
        range: Range<u64>,
        threads: usize,
        work: impl Fn(Range<u64>) -> io::Result<()> + Sync,
    ) -> io::Result<()> {
        if threads <= 1 {
            return work(range);
        }
        let part = (range.end - range.start).div_ceil(threads as u64);
        let part = part.next_multiple_of(ways::LARGEST_CHUNK_BYTES);
        let work = &work;
        thread::scope(|scope| {
            let starts = range.clone().step_by(part as usize);
            let workers: Vec<_> = starts
                .map(|start| start..range.end.min(start + part))
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
        // If this fails, creating the file fails and says so.
        let _ = fs::remove_file(&self.path);
    }
}

impl Drop for ProbeFile {
    fn drop(&mut self) {
        self.remove();
    }
}

/// The best `time` over all ways and repeats; `time` receives the best so far.
fn best_of(
    ways: &[Way],
    repeats: usize,
    mut time: impl FnMut(Way, f64) -> io::Result<f64>,
) -> io::Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..repeats {
        for way in ways {
            best = best.min(time(*way, best)?);
        }
    }
    match best.is_finite() {
        true => Ok(best),
        false => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Preallocates the file, if the file system can.
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

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use memmap2::MmapOptions;

    use super::*;
    use crate::machine::volume::folder_on_disk;

    #[test]
    fn exactly_the_wanted_limits_are_read_and_no_file_is_left() {
        let Some(folder) = folder_on_disk() else {
            return;
        };
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
    fn the_whole_file_is_written_and_no_two_pages_are_equal() {
        let Some(folder) = folder_on_disk() else {
            return;
        };
        let bytes = (5 << 20) + 4096;
        for threads in [1, 2] {
            for way in WRITES {
                let file = ProbeFile::new(folder.path(), bytes, threads);
                if !file.time(*way, f64::INFINITY).unwrap().is_finite() {
                    eprintln!("skipped: {way:?}: this system has no such way");
                    continue;
                }
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
        let Some(folder) = folder_on_disk() else {
            return;
        };
        let file = ProbeFile::new(folder.path(), 8 << 20, 1);
        file.time(Way::WriteInSync, f64::INFINITY).unwrap();
        let opened = File::open(&file.path).unwrap();
        let map = MmapOptions::new().map_raw_read_only(&opened).unwrap();
        map.advise(memmap2::Advice::PopulateRead).unwrap();
        for way in READS {
            let error = file.time(*way, f64::INFINITY).unwrap_err().to_string();
            assert!(error.starts_with("cold_read: "), "{error}");
            assert!(error.ends_with("stayed in memory"), "{error}");
        }
        drop(map);
        assert!(file.time(Way::Read, f64::INFINITY).is_ok());
    }

    /// The limit once used the page cache, as the store does. Where that cost eight times
    /// as much as the disk, both paid it, and the store was at 100 % of the limit.
    #[test]
    fn a_store_behind_a_slow_page_cache_has_a_small_share_of_the_limit() {
        let through_the_cache = [Way::WriteAtOnce, Way::WriteInSync, Way::Read, Way::Populate];
        let time = |way: Way, _| match through_the_cache.contains(&way) {
            true => Ok(8.0),
            false => Ok(1.0),
        };
        for (ways, store) in [(WRITES, Way::WriteAtOnce), (READS, Way::Read)] {
            let share = best_of(ways, 1, time).unwrap() / time(store, 0.0).unwrap();
            assert_eq!(share, 0.125, "{store:?}");
        }
    }

    #[test]
    fn a_system_without_any_way_has_no_limit() {
        let error = best_of(WRITES, 2, |_, _| Ok(f64::INFINITY)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        let two = |way, _| Ok(if way == Way::Read { 2.0 } else { f64::INFINITY });
        assert_eq!(best_of(READS, 1, two).unwrap(), 2.0);
    }

    #[test]
    fn long_files_are_probed_in_part() {
        for (bytes, first, end, is_whole) in [
            (0, 0, 0, true),
            (64, 0, 64, true),
            (ONCE_FROM_BYTES - 1, 0, ONCE_FROM_BYTES - 1, true),
            (ONCE_FROM_BYTES, TRIED_BYTES, ONCE_FROM_BYTES, true),
            (PROBED_MOST_BYTES, LEAD_BYTES, PROBED_MOST_BYTES, false),
            (1 << 40, LEAD_BYTES, PROBED_MOST_BYTES, false),
        ] {
            let course = Course {
                first,
                end,
                is_whole,
            };
            assert_eq!(Course::of(bytes), course, "{bytes}");
        }
    }

    #[test]
    fn a_way_that_cannot_win_is_abandoned_after_its_first_part() {
        let file = |first, end, is_whole| ProbeFile {
            path: PathBuf::new(),
            course: Course {
                first,
                end,
                is_whole,
            },
            threads: 1,
        };
        let ns = |file: &ProbeFile, best| {
            let done = std::cell::Cell::new(0);
            let work = |range: Range<u64>| {
                done.set(range.end);
                thread::sleep(std::time::Duration::from_micros(
                    10 * (range.end - range.start),
                ));
                Ok(())
            };
            (file.run(best, work).unwrap(), done.get())
        };
        let (whole, part) = (file(100, 300, true), file(100, 300, false));
        for file in [&whole, &part] {
            let (endless, done) = ns(file, 1.0);
            assert!(endless.is_infinite() && done == 100);
            let (found, done) = ns(file, f64::INFINITY);
            assert!(found >= 10_000.0 && done == 300, "{found}");
        }
        assert_eq!(ns(&file(0, 300, true), 1.0).1, 300);
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
