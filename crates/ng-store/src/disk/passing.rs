use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fmt, io, mem};

use memmap2::{MmapMut, MmapOptions};

use super::Disk;
use super::cached::Cached;
use crate::memory::available_bytes;
use crate::{CachePolicy, ProcessMark};

/// What one read takes that goes around the page cache: a huge page, as which the
/// memory that it goes to is asked for. Pieces that lie apart in memory are requests
/// of their own on a virtual disk: 8 GB took 2.0 s into huge pages and 6 s into base
/// pages, on one thread or four.
const WINDOW_BYTES: u64 = 2 << 20;

/// The least read that is part of a pass; what is less is of the head or the table.
const PASS_MIN_BYTES: usize = 64 << 10;

/// The most windows that are held. More threads than these read through the page cache.
const WINDOWS_MAX: usize = 64;

/// Of how many windows it is remembered whether they were read, those of 8 TiB: how long
/// a file says that it is costs its maker nothing.
const NOTED_MAX: u64 = 1 << 22;

/// A file that is passed over once, from one end to the other, by as many threads as
/// there are. Reads of 64 KiB or more are the pass; what is less is read as ever, and
/// nothing is written.
///
/// By the [`CachePolicy`] it leaves the page cache as it was: what is in memory is
/// read from there, and what is not is read around the page cache, in windows of
/// 2 MiB, mostly one for each thread. Where the file cannot be read so, what a window
/// brought into the page cache is dropped when its end was read. What was there before
/// the pass began is never dropped, and where the system does not tell what was,
/// everything is read as ever and stays.
///
/// Asking the kernel to read ahead (`POSIX_FADV_WILLNEED`) lost: it takes base pages,
/// and 8 GB took 6 s. Its own read-ahead, and dropping behind it, took 2.3 s where
/// the device reads 8 MiB ahead, and 3.0 s on one thread and 4 s on two where it reads
/// 128 KiB; reads of 2 MiB by two threads took 2.0 s in either case.
pub struct Passing<'d> {
    disk: Arc<dyn Disk + 'd>,
    around: Option<Around>,
}

/// What a pass that leaves the page cache as it was knows and holds.
struct Around {
    /// What was in the page cache before.
    before: Cached,
    /// A bit for each window: whether it was read, in part at least.
    passed: Box<[AtomicU64]>,
    /// Whether the disk has not yet refused uncached reads.
    uncached: AtomicBool,
    /// The begin of a window that could not be read at once.
    unreadable: AtomicU64,
    slots: Mutex<Vec<Slot>>,
    /// Whose windows they are: a fork has none of them.
    process: ProcessMark,
}

/// A place for a window, and what of it was handed out.
struct Slot {
    /// Where the window begins that is here, or on its way.
    start: u64,
    handed_out: usize,
    is_done: bool,
    window: Arc<Mutex<Window>>,
}

impl<'d> Passing<'d> {
    /// Begins a pass over some bytes of a file, by whose number the policy goes.
    pub fn over(disk: Arc<dyn Disk + 'd>, policy: CachePolicy, bytes: Range<u64>) -> Self {
        let count = bytes.end.saturating_sub(bytes.start);
        let bypasses = policy.bypasses_pass(count, available_bytes);
        Self {
            around: bypasses.then(|| Around::new(&*disk, bytes)).flatten(),
            disk,
        }
    }

    /// Tells whether it goes around the page cache, where that is needed.
    pub(crate) fn bypasses(&self) -> bool {
        self.around.is_some()
    }

    /// Reads the window that a byte is in, for a read to come. What is wrong with it
    /// that read will tell.
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
    /// Drops what is left: the last window, and pages that were still held when
    /// theirs was dropped.
    fn drop(&mut self) {
        let Some(around) = &mut self.around else {
            return;
        };
        if !around.process.is_this_process() {
            // They are not mapped here, and something else may be where they were.
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
    /// `None` where the system does not tell what is in the page cache.
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
            // Also where a window could not be read: this part of it may be.
            None => disk.read_at(buffer, offset)?,
        };
        self.note_passed(start / WINDOW_BYTES);
        let end = offset + read as u64;
        if end >= start + WINDOW_BYTES {
            self.drop_new(disk, start..end);
        }
        Ok(read)
    }

    /// Tells whether a window is to be read at once, and around the page cache.
    fn goes_around(&self, start: u64) -> bool {
        self.uncached.load(Ordering::Relaxed)
            && self.unreadable.load(Ordering::Relaxed) != start
            && self.process.is_this_process()
            && !self.before.is_mostly(&(start..start + WINDOW_BYTES))
    }

    /// Reads what is there of a window; `None` where it cannot be read so.
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
                // Nothing of it is there to be handed out.
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

    /// The window that begins at `start`, if it is here or on its way, or another one to
    /// read it into; `None` where there is none to be had.
    fn claim(&self, start: u64) -> Option<Arc<Mutex<Window>>> {
        let mut slots = lock(&self.slots);
        if let Some(slot) = slots.iter().find(|slot| slot.start == start) {
            return Some(Arc::clone(&slot.window));
        }
        // Nobody comes to a window but through here, under the lock.
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
        // A file that has grown, or is very long, has windows that are not noted.
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

    /// Drops of a range what was not in the page cache before.
    fn drop_new(&self, disk: &dyn Disk, bytes: Range<u64>) {
        let runs = self.before.runs_without(bytes);
        runs.for_each(|run| disk.drop_cached(run.start, run.end - run.start));
    }
}

/// A part of the file, in memory of its own.
struct Window {
    /// Where it begins, if it was read.
    start: Option<u64>,
    /// How much of it the file has.
    len: usize,
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
        #[cfg(target_os = "linux")]
        {
            // A fork while the disk writes to it would leave it with other bytes than
            // were read: open(2), on O_DIRECT and private memory.
            memory.advise(memmap2::Advice::DontFork)?;
            // Where there are no huge pages, it is slower.
            let _ = memory.advise_range(memmap2::Advice::HugePage, at, bytes);
        }
        Ok(Self {
            start: None,
            len: 0,
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a pass says to whoever would write.
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

    fn is_ours(&self) -> bool {
        self.disk.is_ours()
    }

    fn lock_holder(&self) -> Option<u32> {
        self.disk.lock_holder()
    }
}
