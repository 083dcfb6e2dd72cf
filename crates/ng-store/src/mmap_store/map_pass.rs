use std::io;
use std::ops::{Deref, Range};

use ng_token::Token;

use crate::disk::Cached;
use crate::memory::available_bytes;
use crate::{CachePolicy, Snapshot};

/// How many tokens a window of [`MapPass::windows`] has: 8 MiB.
const WINDOW_TOKENS: usize = (8 << 20) / Token::SIZE;

/// A pass over the tokens of a map, from end to end, on any number of threads.
///
/// By its [`CachePolicy`] it loads each window before use and drops it afterwards, so that
/// a file larger than memory is read at disk speed: 8 GB took 12.5 s by plain access, and
/// 2.4 s in windows. Pages in memory before the pass, and pages that others have mapped,
/// stay. If the system does not say what was there, nothing is dropped.
///
/// ```
/// use ng_store::{CachePolicy, CreateOptions, MmapStore, TokenSink};
/// use ng_token::Token;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("first.ngt");
/// // SAFETY: (1) nobody else knows of this file.
/// let mut store = unsafe { MmapStore::create(&path, &CreateOptions::new()) }?;
/// store.append_with(1_000, |index| Token::new(index as u32))?;
/// store.commit()?;
/// let snapshot = store.snapshot();
/// let pass = snapshot.pass(CachePolicy::Auto);
/// let mut sum = 0;
/// for window in pass.windows(0..snapshot.len()) {
///     sum += window?.iter().map(|token| u64::from(token.id().raw())).sum::<u64>();
/// }
/// assert_eq!(sum, 499_500);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MapPass<'snapshot> {
    snapshot: &'snapshot Snapshot,
    bypasses: bool,
    /// What was in memory before; `None` if irrelevant or unknown.
    before: Option<Cached>,
}

/// Some tokens of a map, loaded into memory. Dropping it may evict them.
#[derive(Debug)]
pub struct MapWindow<'pass> {
    pass: &'pass MapPass<'pass>,
    range: Range<usize>,
}

impl Snapshot {
    /// Starts a pass over the tokens. If the policy bypasses the page cache, checks which
    /// are in memory: 10 ms per GB.
    pub fn pass(&self, policy: CachePolicy) -> MapPass<'_> {
        let bytes = self.bytes().start as u64..self.bytes().end as u64;
        let bypasses = policy.bypasses_pass(bytes.end - bytes.start, available_bytes);
        let look = || Cached::of_pages(bytes, |each| self.cached_pages(each));
        MapPass {
            snapshot: self,
            bypasses,
            before: bypasses.then(look).flatten(),
        }
    }
}

impl<'snapshot> MapPass<'snapshot> {
    /// Returns the tokens of the pass.
    pub fn snapshot(&self) -> &'snapshot Snapshot {
        self.snapshot
    }

    /// Loads a range of tokens, if the policy does so, and returns it.
    ///
    /// # Errors
    ///
    /// As [`Snapshot::populate`].
    ///
    /// # Panics
    ///
    /// If the range is not within the snapshot.
    pub fn window(&self, range: Range<usize>) -> io::Result<MapWindow<'_>> {
        assert!(
            range.start <= range.end && range.end <= self.snapshot.len(),
            "tokens {range:?} of {}",
            self.snapshot.len()
        );
        // Before loading: if that fails, the loaded part is dropped with it.
        let window = MapWindow {
            pass: self,
            range: range.clone(),
        };
        if self.bypasses {
            self.snapshot.populate(range)?;
        }
        Ok(window)
    }

    /// Returns a range in windows of 8 MiB, each loaded when requested.
    ///
    /// # Panics
    ///
    /// As [`window`](Self::window), at the first window out of range.
    pub fn windows(&self, range: Range<usize>) -> impl Iterator<Item = io::Result<MapWindow<'_>>> {
        let end = range.end;
        let starts = range.step_by(WINDOW_TOKENS);
        starts.map(move |start| self.window(start..end.min(start.saturating_add(WINDOW_TOKENS))))
    }
}

impl Deref for MapWindow<'_> {
    type Target = [Token];

    fn deref(&self) -> &[Token] {
        &self.pass.snapshot.tokens()[self.range.clone()]
    }
}

impl Drop for MapWindow<'_> {
    fn drop(&mut self) {
        let first = self.pass.snapshot.start();
        let byte = |token: usize| ((first + token) * Token::SIZE) as u64;
        let bytes = byte(self.range.start)..byte(self.range.end);
        let before = self.pass.before.iter();
        before
            .flat_map(|before| before.runs_without(bytes.clone()))
            .for_each(|run| self.pass.snapshot.drop_pages(run));
    }
}
