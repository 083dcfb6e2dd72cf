use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Smaller reads are of the head or of the table of blocks, and are made in pages.
const PAGE: u64 = 64 << 10;
/// How many pages are kept: the table of 2 million blocks.
const MOST_PAGES: usize = 256;
/// The most that is read at once, if tokens are read one block after another.
const LONGEST_RUN: u64 = 8 << 20;
/// How many runs are kept that somebody may still read from.
const MOST_RUNS: usize = 4;
/// How many ends of runs are remembered: about as many threads may read at once.
const MOST_ENDS: usize = 64;

type Bytes = Arc<[u8]>;

/// What was read of a file whose every request is slow, as those over a network are.
///
/// Small reads are made in pages, which are kept. Of blocks that are read one after another, by
/// however many threads, more and more is fetched at once, up to 8 MiB; other blocks are fetched
/// alone. It holds at most 16 MiB of pages and 32 MiB of blocks, and no block that was read.
#[derive(Default)]
pub struct ReadBuffer {
    pages: Pages,
    runs: Runs,
}

impl ReadBuffer {
    /// Reads at least a byte at `offset`, which is before the end of the file; `fetch` returns what
    /// is at an offset, of a length or up to the end.
    ///
    /// # Errors
    ///
    /// Those of `fetch`.
    pub fn read_at(
        &self,
        buffer: &mut [u8],
        offset: u64,
        fetch: impl FnOnce(u64, u64) -> io::Result<Arc<[u8]>>,
    ) -> io::Result<usize> {
        match (buffer.len() as u64) < PAGE {
            true => self.pages.read(buffer, offset, fetch),
            false => self.runs.read(buffer, offset, fetch),
        }
    }
}

impl std::fmt::Debug for ReadBuffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadBuffer").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Pages of a file, by where they begin.
#[derive(Default)]
struct Pages(Mutex<VecDeque<(u64, Bytes)>>);

impl Pages {
    /// Reads from a page, or what is left of it.
    fn read(
        &self,
        buffer: &mut [u8],
        offset: u64,
        fetch: impl FnOnce(u64, u64) -> io::Result<Bytes>,
    ) -> io::Result<usize> {
        let start = offset - offset % PAGE;
        let kept = lock(&self.0)
            .iter()
            .find(|(first, _)| *first == start)
            .map(|(_, bytes)| Arc::clone(bytes));
        let bytes = match kept {
            Some(bytes) => bytes,
            None => {
                let bytes = fetch(start, PAGE)?;
                let mut pages = lock(&self.0);
                pages.push_back((start, Arc::clone(&bytes)));
                if pages.len() > MOST_PAGES {
                    pages.pop_front();
                }
                bytes
            }
        };
        Ok(copied(buffer, &bytes, offset - start))
    }
}

/// Runs of blocks, of which several threads read.
#[derive(Default)]
struct Runs(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// Those that are fetched, and those of which not everything was read yet.
    runs: VecDeque<Arc<Run>>,
    /// Where the last ones ended, and how long they were.
    ends: VecDeque<(u64, u64)>,
}

struct Run {
    start: u64,
    len: u64,
    /// Locked while it is fetched, so that it is fetched once.
    fetched: Mutex<Fetched>,
}

#[derive(Default)]
struct Fetched {
    bytes: Option<Bytes>,
    /// How many bytes were read from it.
    taken: u64,
}

impl Runs {
    /// Reads from the run that has the offset: more at once, the longer blocks are read one after
    /// another.
    fn read(
        &self,
        buffer: &mut [u8],
        offset: u64,
        fetch: impl FnOnce(u64, u64) -> io::Result<Bytes>,
    ) -> io::Result<usize> {
        let run = lock(&self.0).run_at(offset, buffer.len() as u64);
        let mut fetched = lock(&run.fetched);
        let bytes = match &fetched.bytes {
            Some(bytes) => Arc::clone(bytes),
            None => {
                let got = fetch(run.start, run.len).inspect_err(|_| self.forget(&run))?;
                fetched.bytes = Some(Arc::clone(&got));
                got
            }
        };
        let count = copied(buffer, &bytes, offset - run.start);
        fetched.taken += count as u64;
        if fetched.taken >= bytes.len() as u64 {
            self.forget(&run);
        }
        Ok(count)
    }

    fn forget(&self, run: &Arc<Run>) {
        lock(&self.0).runs.retain(|kept| !Arc::ptr_eq(kept, run));
    }
}

impl Known {
    /// The run that has an offset, or a new one that begins there.
    fn run_at(&mut self, offset: u64, wanted: u64) -> Arc<Run> {
        let has = |run: &&Arc<Run>| (run.start..run.start + run.len).contains(&offset);
        if let Some(run) = self.runs.iter().find(has) {
            return Arc::clone(run);
        }
        let before = self.ends.iter().find(|(end, _)| *end == offset);
        let before = before.map_or(0, |(_, len)| *len);
        let len = (2 * before).min(LONGEST_RUN).max(wanted);
        let run = Arc::new(Run {
            start: offset,
            len,
            fetched: Mutex::default(),
        });
        self.runs.push_back(Arc::clone(&run));
        if self.runs.len() > MOST_RUNS {
            self.runs.pop_front();
        }
        self.ends.push_back((offset + len, len));
        if self.ends.len() > MOST_ENDS {
            self.ends.pop_front();
        }
        run
    }
}

/// Copies what is there from `at` on.
fn copied(buffer: &mut [u8], bytes: &[u8], at: u64) -> usize {
    let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..));
    let rest = rest.unwrap_or_default();
    let count = rest.len().min(buffer.len());
    buffer[..count].copy_from_slice(&rest[..count]);
    count
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    const BLOCK: usize = 256 << 10;

    /// A file of which each byte is known, and how it is read.
    struct File {
        bytes: Vec<u8>,
        calls: AtomicU64,
        read: AtomicU64,
    }

    impl File {
        fn new(blocks: usize) -> Self {
            let bytes = (0..blocks * BLOCK).map(|at| (at % 251) as u8).collect();
            Self {
                bytes,
                calls: AtomicU64::new(0),
                read: AtomicU64::new(0),
            }
        }

        fn fetch(&self, offset: u64, len: u64) -> io::Result<Bytes> {
            let end = self.bytes.len().min((offset + len) as usize);
            self.calls.fetch_add(1, Ordering::Relaxed);
            self.read.fetch_add(end as u64 - offset, Ordering::Relaxed);
            Ok(Arc::from(&self.bytes[offset as usize..end]))
        }

        fn read_block(&self, runs: &Runs, block: usize) {
            let mut buffer = vec![0; BLOCK];
            let mut at = 0;
            while at < BLOCK {
                let offset = (block * BLOCK + at) as u64;
                let fetch = |offset, len| self.fetch(offset, len);
                at += runs.read(&mut buffer[at..], offset, fetch).unwrap();
            }
            assert!(
                buffer == self.bytes[block * BLOCK..][..BLOCK],
                "block {block}"
            );
        }
    }

    #[test]
    fn threads_that_share_a_scan_fetch_each_byte_once() {
        let (file, runs) = (File::new(200), Runs::default());
        let next = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    loop {
                        let block = next.fetch_add(1, Ordering::Relaxed) as usize;
                        if block >= 200 {
                            break;
                        }
                        file.read_block(&runs, block);
                    }
                });
            }
        });
        let (calls, read) = (file.calls.into_inner(), file.read.into_inner());
        // A thread that falls behind may find its run gone.
        assert!(read < file.bytes.len() as u64 * 11 / 10, "{read} bytes");
        assert!(calls < 25, "{calls} calls");
        assert!(lock(&runs.0).runs.len() <= 1);
    }

    #[test]
    fn blocks_here_and_there_are_read_alone() {
        let (file, runs) = (File::new(100), Runs::default());
        for block in [3, 90, 50, 7] {
            file.read_block(&runs, block);
        }
        assert_eq!(file.read.into_inner(), 4 * BLOCK as u64);
    }

    #[test]
    fn what_failed_is_fetched_again() {
        let runs = Runs::default();
        let mut buffer = [0; 4];
        let failed = runs.read(&mut buffer, 0, |_, _| Err(io::Error::other("gone")));
        failed.unwrap_err();
        let fetch = |_, _| Ok(Bytes::from([1, 2, 3, 4]));
        assert_eq!(runs.read(&mut buffer, 0, fetch).unwrap(), 4);
        assert_eq!(buffer, [1, 2, 3, 4]);
    }

    #[test]
    fn pages_are_read_once() {
        let (file, pages) = (File::new(1), Pages::default());
        let mut buffer = [0; 512];
        for offset in [0, 100, 65_536, 65_000, 0] {
            let count = pages
                .read(&mut buffer, offset, |offset, len| file.fetch(offset, len))
                .unwrap();
            assert!(buffer[..count] == file.bytes[offset as usize..][..count]);
        }
        assert_eq!(file.calls.into_inner(), 2);
    }
}
