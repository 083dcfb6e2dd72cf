use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fmt, io, mem};

use memmap2::{MmapMut, MmapOptions};

use super::Disk;
use super::cached::Cached;
use crate::memory::available_bytes;
use crate::{CachePolicy, ProcessMark};

/// The size of one read that bypasses the page cache: a huge page, since its buffer is one.
/// On a virtual disk, separate pieces of memory are separate requests: 8 GB took 2.0 s into
/// huge pages and 6 s into base pages, on one thread or four.
const WINDOW_BYTES: u64 = 2 << 20;

/// The smallest read that belongs to a pass; smaller ones are of the head or the table.
const PASS_MIN_BYTES: usize = 64 << 10;

/// The maximum number of windows held. Further threads read through the page cache.
const WINDOWS_MAX: usize = 64;

/// For how many windows it is remembered whether they were read: those of 8 TiB. A forged
/// file length costs its author nothing.
const NOTED_MAX: u64 = 1 << 22;

/// A file read once from end to end, by any number of threads. Reads of 64 KiB or more
/// belong to the pass; smaller ones are ordinary reads, and nothing is written.
///
/// By the [`CachePolicy`] it leaves the page cache unchanged: cached data is read from
/// there, the rest bypasses it in windows of 2 MiB, mostly one per thread. If the file
/// cannot be read that way, the pages that a window brought into the cache are dropped once
/// its end was read. Pages cached before the pass are never dropped; if the system does not
/// say which those are, everything is read normally and stays.
///
/// Prefetching by the kernel (`POSIX_FADV_WILLNEED`) lost: it uses base pages, and 8 GB
/// took 6 s. The kernel's own read-ahead with dropping behind took 2.3 s if the device
/// reads 8 MiB ahead; with 128 KiB, 3.0 s on one thread and 4 s on two. Reads of 2 MiB by
/// two threads took 2.0 s in either case.
pub struct Passing<'d> {
    disk: Arc<dyn Disk + 'd>,
    around: Option<Around>,
}

/// The state of a pass that leaves the page cache unchanged.
struct Around {
    /// What was cached before.
    before: Cached,
    /// A bit for each window: whether any of it was read.
    passed: Box<[AtomicU64]>,
    /// Whether the disk has not yet refused uncached reads.
    uncached: AtomicBool,
    /// The start of a window that could not be read at once.
    unreadable: AtomicU64,
    slots: Mutex<Vec<Slot>>,
    /// The owner of the windows: a fork has none of them.
    process: ProcessMark,
}

/// A slot for a window, and how much of it was handed out.
struct Slot {
    /// The start of the window that is loaded or loading.
    start: u64,
    handed_out: usize,
    is_done: bool,
    window: Arc<Mutex<Window>>,
}

impl<'d> Passing<'d> {
    /// Starts a pass over some bytes of a file; their number decides by the policy.
    pub fn over(disk: Arc<dyn Disk + 'd>, policy: CachePolicy, bytes: Range<u64>) -> Self {
        let count = bytes.end.saturating_sub(bytes.start);
        let bypasses = policy.bypasses_pass(count, available_bytes);
        Self {
            around: bypasses.then(|| Around::new(&*disk, bytes)).flatten(),
            disk,
        }
    }

    /// Tells whether it bypasses the page cache where necessary.
    pub(crate) fn bypasses(&self) -> bool {
        self.around.is_some()
    }

    /// Loads the window of a byte, for a later read, which will report any error.
    pub(crate) fn read_ahead(&self, offset: u64) {
        if let Some(around) = &self.around {
            let start = offset - offset % WINDOW_BYTES;
            if around.goes_around(start)
                && let Some(window) = around.claim(start)
            {
                let _ = lock(&window).fill(&*self.disk, start);
            }
        }
    }

    /// How many bytes a pass reads at once.
    pub(crate) const fn window_bytes() -> u64 {
        WINDOW_BYTES
    }
}

impl Drop for Passing<'_> {
    /// Drops the rest: the last window, and pages that were still in use when their window
    /// was dropped.
    fn drop(&mut self) {
        let Some(around) = &mut self.around else {
            return;
        };
        if !around.process.is_this_process() {
            // They are not mapped here, and something else may be at their addresses.
            let slots = around.slots.get_mut();
            mem::forget(mem::take(slots.unwrap_or_else(PoisonError::into_inner)));
            return;
        }
        around
            .passed_runs()
            .for_each(|run| around.drop_new(&*self.disk, run));
    }
}

impl fmt::Debug for Passing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passing")
            .field("bypasses", &self.bypasses())
            .finish_non_exhaustive()
    }
}

impl Around {
    /// `None` if the system does not say what is cached.
    fn new(disk: &dyn Disk, bytes: Range<u64>) -> Option<Self> {
        let end = disk.len().ok()?.min(bytes.end);
        let noted = end.div_ceil(WINDOW_BYTES).min(NOTED_MAX);
        let words = noted.div_ceil(u64::BITS.into());
        Some(Self {
            before: Cached::look(disk, bytes.start.min(end)..end)?,
            passed: (0..words).map(|_| AtomicU64::new(0)).collect(),
            uncached: AtomicBool::new(true),
            unreadable: AtomicU64::new(u64::MAX),
            slots: Mutex::default(),
            process: ProcessMark::of_this_process(),
        })
    }

    fn read(&self, disk: &dyn Disk, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let start = offset - offset % WINDOW_BYTES;
        let read = match self.goes_around(start) {
            true => self.read_window(disk, buffer, offset),
            false => None,
        };
        let read = match read {
            Some(count) => count,
            // Even if the whole window could not be read, this part may be readable.
            None => disk.read_at(buffer, offset)?,
        };
        self.note_passed(start / WINDOW_BYTES);
        let end = offset + read as u64;
        if end >= start + WINDOW_BYTES {
            self.drop_new(disk, start..end);
        }
        Ok(read)
    }

    /// Tells whether a window should be read at once, bypassing the page cache.
    fn goes_around(&self, start: u64) -> bool {
        self.uncached.load(Ordering::Relaxed)
            && self.unreadable.load(Ordering::Relaxed) != start
            && self.process.is_this_process()
            && !self.before.is_mostly(&(start..start + WINDOW_BYTES))
    }

    /// Reads the existing part of a window; `None` if it cannot be read that way.
    fn read_window(&self, disk: &dyn Disk, buffer: &mut [u8], offset: u64) -> Option<usize> {
        let at = (offset % WINDOW_BYTES) as usize;
        let start = offset - at as u64;
        let window = self.claim(start)?;
        let mut window = lock(&window);
        let bytes = match window.fill(disk, start) {
            Ok(bytes) => bytes,
            Err(error) => {
                match error.kind() {
                    io::ErrorKind::Unsupported => self.uncached.store(false, Ordering::Relaxed),
                    _ => self.unreadable.store(start, Ordering::Relaxed),
                }
                // There is nothing to hand out.
                self.note_handed_out(start, 0, 0);
                return None;
            }
        };
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.note_handed_out(start, count, bytes.len());
        Some(count)
    }

    /// The window that begins at `start`, if loaded or loading, or a free one to load it
    /// into; `None` if none is available.
    fn claim(&self, start: u64) -> Option<Arc<Mutex<Window>>> {
        let mut slots = lock(&self.slots);
        if let Some(slot) = slots.iter().find(|slot| slot.start == start) {
            return Some(Arc::clone(&slot.window));
        }
        // Windows are only reached through here, under the lock.
        let is_idle = |slot: &Slot| Arc::strong_count(&slot.window) == 1;
        let done = slots.iter().position(|slot| slot.is_done && is_idle(slot));
        let place = match done {
            Some(done) => done,
            None if slots.len() < WINDOWS_MAX => {
                slots.push(Slot {
                    start,
                    handed_out: 0,
                    is_done: false,
                    window: Arc::new(Mutex::new(Window::new().ok()?)),
                });
                slots.len() - 1
            }
            None => slots.iter().position(is_idle)?,
        };
        let slot = &mut slots[place];
        (slot.start, slot.handed_out, slot.is_done) = (start, 0, false);
        Some(Arc::clone(&slot.window))
    }

    fn note_handed_out(&self, start: u64, count: usize, of: usize) {
        let mut slots = lock(&self.slots);
        if let Some(slot) = slots.iter_mut().find(|slot| slot.start == start) {
            slot.handed_out += count;
            slot.is_done = slot.handed_out >= of;
        }
    }

    fn note_passed(&self, window: u64) {
        // A grown or very long file has windows that are not recorded.
        if let Some(word) = self.passed.get((window / 64) as usize) {
            word.fetch_or(1 << (window % 64), Ordering::Relaxed);
        }
    }

    /// The runs of windows that were read, in bytes.
    fn passed_runs(&self) -> impl Iterator<Item = Range<u64>> {
        let has = |window: u64| {
            let word = self.passed.get((window / 64) as usize);
            word.is_some_and(|word| word.load(Ordering::Relaxed) & 1 << (window % 64) != 0)
        };
        let (mut window, end) = (0, self.passed.len() as u64 * 64);
        std::iter::from_fn(move || {
            window = (window..end).find(|window| has(*window))?;
            let start = window;
            window = (window..end).find(|window| !has(*window)).unwrap_or(end);
            Some(start * WINDOW_BYTES..window * WINDOW_BYTES)
        })
    }

    /// Drops what was not cached before from a range.
    fn drop_new(&self, disk: &dyn Disk, bytes: Range<u64>) {
        let runs = self.before.runs_without(bytes);
        runs.for_each(|run| disk.drop_cached(run.start, run.end - run.start));
    }
}

/// A part of the file, in its own memory.
struct Window {
    /// Where it begins, if it was read.
    start: Option<u64>,
    /// How much of it the file contains.
    len: usize,
    memory: MmapMut,
    /// The offset in the memory that is aligned to the window size.
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
        #[cfg(target_os = "linux")]
        {
            // A fork during a direct read could leave other bytes here than were read:
            // open(2), on O_DIRECT and private memory.
            memory.advise(memmap2::Advice::DontFork)?;
            // Without huge pages it is slower.
            let _ = memory.advise_range(memmap2::Advice::HugePage, at, bytes);
        }
        Ok(Self {
            start: None,
            len: 0,
            memory,
            at,
        })
    }

    /// Loads the window that begins at `start`, unless it is this one.
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The error of writes to a pass.
fn reads_only<T>() -> io::Result<T> {
    Err(io::ErrorKind::PermissionDenied.into())
}

impl Disk for Passing<'_> {
    fn len(&self) -> io::Result<u64> {
        self.disk.len()
    }

    fn set_len(&self, _len: u64) -> io::Result<()> {
        reads_only()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match &self.around {
            Some(around) if buffer.len() >= PASS_MIN_BYTES => {
                around.read(&*self.disk, buffer, offset)
            }
            _ => self.disk.read_at(buffer, offset),
        }
    }

    fn write_at(&self, _buffer: &[u8], _offset: u64) -> io::Result<usize> {
        reads_only()
    }

    fn allocate(&self, _offset: u64, _len: u64) -> io::Result<()> {
        reads_only()
    }

    fn start_writeback(&self, _offset: u64, _len: u64) -> io::Result<()> {
        reads_only()
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.sync()
    }

    fn try_lock(&self) -> io::Result<()> {
        self.disk.try_lock()
    }

    fn try_lock_shared(&self) -> io::Result<()> {
        self.disk.try_lock_shared()
    }

    fn unlock(&self) -> io::Result<()> {
        self.disk.unlock()
    }

    fn is_ours(&self) -> bool {
        self.disk.is_ours()
    }

    fn lock_holder(&self) -> Option<u32> {
        self.disk.lock_holder()
    }
}
