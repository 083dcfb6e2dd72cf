use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fmt, io};

use memmap2::{MmapMut, MmapOptions};

use super::Disk;
use super::cached::Cached;
use crate::CachePolicy;
use crate::memory::available_bytes;

/// What one read takes that goes around the page cache: a huge page, as which the
/// memory that it goes to is asked for. Pieces that lie apart in memory are requests
/// of their own on a virtual disk: 8 GB took 2.0 s into huge pages and 6 s into base
/// pages, on one thread or four.
const WINDOW_BYTES: u64 = 2 << 20;

/// The least read that is part of a pass; what is less is of the head or the table.
const PASS_MIN_BYTES: usize = 64 << 10;

/// The most windows that are kept with nobody reading them.
const IDLE_MAX: usize = 16;

/// A file that is passed over once, from one end to the other, by as many threads as
/// there are. Reads of 64 KiB or more are the pass; what is less is read as ever.
///
/// By the [`CachePolicy`] it leaves the page cache as it was: what is in memory is
/// read from there, and what is not is read around the page cache, in windows of
/// 2 MiB, one for each thread. Where the file cannot be read so, what a window brought
/// into the page cache is dropped when its end was read. What was there before the
/// pass began is never dropped, and nothing is where the system does not tell what
/// was.
///
/// Asking the kernel to read ahead (`POSIX_FADV_WILLNEED`) lost: it takes base pages,
/// and 8 GB took 6 s. Its own read-ahead, and dropping behind it, took 2.3 s where
/// the device reads 8 MiB ahead, on one thread, and 3.0 s where it reads 128 KiB.
pub struct Passing<'d> {
    disk: &'d dyn Disk,
    around: Option<Around>,
}

/// What a pass that leaves the page cache as it was knows and holds.
struct Around {
    /// What was in the page cache before; `None` where the system does not tell.
    before: Option<Cached>,
    /// Whether the disk has not yet refused uncached reads.
    uncached: AtomicBool,
    idle: Mutex<Vec<Window>>,
    /// The begin and the end of what was read.
    first: AtomicU64,
    end: AtomicU64,
}

impl<'d> Passing<'d> {
    /// Begins a pass over so many `bytes` of a file, by which the policy goes.
    pub fn over(disk: &'d dyn Disk, policy: CachePolicy, bytes: u64) -> Self {
        let bypasses = policy.bypasses_pass(bytes, available_bytes);
        let around = || Around {
            before: disk.len().ok().and_then(|len| Cached::look(disk, len)),
            uncached: AtomicBool::new(true),
            idle: Mutex::default(),
            first: AtomicU64::new(u64::MAX),
            end: AtomicU64::new(0),
        };
        Self {
            disk,
            around: bypasses.then(around),
        }
    }
}

impl Drop for Passing<'_> {
    /// Drops what is left: the last window, and pages that were still held when
    /// theirs was dropped.
    fn drop(&mut self) {
        if let Some(around) = &self.around {
            let first = around.first.load(Ordering::Relaxed);
            let end = around.end.load(Ordering::Relaxed);
            around.drop_new(self.disk, first.min(end)..end);
        }
    }
}

impl fmt::Debug for Passing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passing")
            .field("bypasses", &self.around.is_some())
            .finish_non_exhaustive()
    }
}

impl Around {
    fn read(&self, disk: &dyn Disk, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let start = offset - offset % WINDOW_BYTES;
        let window = start..start + WINDOW_BYTES;
        let is_there = |before: &Cached| before.is_mostly(&window);
        let read = match self.before.as_ref().is_some_and(is_there) {
            false => self.read_uncached(disk, buffer, offset),
            true => None,
        };
        let read = match read {
            Some(count) => count,
            // Also where a window could not be read: this part of it may be.
            None => disk.read_at(buffer, offset)?,
        };
        let end = offset + read as u64;
        self.first.fetch_min(offset, Ordering::Relaxed);
        self.end.fetch_max(end, Ordering::Relaxed);
        if end >= window.end {
            self.drop_new(disk, start..end);
        }
        Ok(read)
    }

    /// Reads what is there of a window; `None` where it cannot be read so.
    fn read_uncached(&self, disk: &dyn Disk, buffer: &mut [u8], offset: u64) -> Option<usize> {
        if !self.uncached.load(Ordering::Relaxed) {
            return None;
        }
        let at = (offset % WINDOW_BYTES) as usize;
        let mut window = self.take(offset - at as u64).ok()?;
        let read = match window.fill(disk, offset - at as u64) {
            Err(error) => {
                let refused = error.kind() == io::ErrorKind::Unsupported;
                self.uncached.fetch_and(!refused, Ordering::Relaxed);
                None
            }
            Ok(bytes) => bytes.get(at..).filter(|rest| !rest.is_empty()).map(|rest| {
                let count = rest.len().min(buffer.len());
                buffer[..count].copy_from_slice(&rest[..count]);
                count
            }),
        };
        window.is_done = read.is_none_or(|count| at + count == window.len);
        self.lock().push(window);
        read
    }

    /// Takes the window that begins at `start`, if it was read and nobody has it, or
    /// one that is done, or a new one.
    fn take(&self, start: u64) -> io::Result<Window> {
        let mut idle = self.lock();
        let same = idle.iter().position(|window| window.start == Some(start));
        let found = same.or_else(|| idle.iter().position(|window| window.is_done));
        match found.or_else(|| (idle.len() >= IDLE_MAX).then_some(0)) {
            Some(found) => Ok(idle.remove(found)),
            None => Window::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Window>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops of a range what was not in the page cache before.
    fn drop_new(&self, disk: &dyn Disk, bytes: Range<u64>) {
        let runs = self
            .before
            .iter()
            .flat_map(|it| it.runs_without(bytes.clone()));
        runs.for_each(|run| disk.drop_cached(run.start, run.end - run.start));
    }
}

/// A part of the file, in memory of its own.
struct Window {
    /// Where it begins, if it was read.
    start: Option<u64>,
    /// How much of it the file has.
    len: usize,
    /// Whether its last byte was handed out.
    is_done: bool,
    memory: MmapMut,
    /// Where the memory has the begin of a page as large as a window.
    at: usize,
}

impl Window {
    fn new() -> io::Result<Self> {
        let bytes = WINDOW_BYTES as usize;
        let memory = MmapOptions::new().len(2 * bytes).map_anon()?;
        let at = memory.as_ptr().align_offset(bytes);
        if at > bytes {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        // Where there are no huge pages, it is slower.
        #[cfg(target_os = "linux")]
        let _ = memory.advise_range(memmap2::Advice::HugePage, at, bytes);
        Ok(Self {
            start: None,
            len: 0,
            is_done: false,
            memory,
            at,
        })
    }

    /// Reads the window that begins at `start`, unless it is this one.
    fn fill(&mut self, disk: &dyn Disk, start: u64) -> io::Result<&[u8]> {
        let bytes = WINDOW_BYTES as usize;
        if self.start != Some(start) {
            (self.start, self.len) = (None, 0);
            while self.len < bytes && self.len.is_multiple_of(super::UNCACHED_ALIGN) {
                let room = &mut self.memory[self.at + self.len..self.at + bytes];
                match disk.read_uncached_at(room, start + self.len as u64) {
                    Ok(0) => break,
                    Ok(count) => self.len += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            self.start = Some(start);
        }
        Ok(&self.memory[self.at..self.at + self.len])
    }
}

impl Disk for Passing<'_> {
    fn len(&self) -> io::Result<u64> {
        self.disk.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.set_len(len)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match &self.around {
            Some(around) if buffer.len() >= PASS_MIN_BYTES => {
                around.read(self.disk, buffer, offset)
            }
            _ => self.disk.read_at(buffer, offset),
        }
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
        self.disk.write_at(buffer, offset)
    }

    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        self.disk.allocate(offset, len)
    }

    fn start_writeback(&self, offset: u64, len: u64) -> io::Result<()> {
        self.disk.start_writeback(offset, len)
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.sync()
    }
}
