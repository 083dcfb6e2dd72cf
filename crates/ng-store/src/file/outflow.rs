use crate::disk::{Disk, Source};
use crate::{CachePolicy, IoError};

/// What is written at once, and after how much writeback starts: 1 MiB. Of a stream
/// that bypasses the page cache, whole and aligned ones do.
pub(crate) const CHUNK_BYTES: u64 = 1 << 20;

/// How much is written before pages are dropped that went through the page cache, so
/// that the disk is never waited for: 64 MiB.
const LAG_BYTES: u64 = 64 << 20;

/// How much is dropped at once: 32 MiB.
const DROPPED_BYTES: u64 = 32 << 20;

/// Bytes on their way into a file, in the order of their offsets: written, on their
/// way to the disk at once, and by the policy dropped from the page cache.
///
/// Where the disk takes uncached writes, those are what drops them. Elsewhere, and
/// for pieces that are not whole chunks, pages are waited for and dropped some way
/// behind. The chunk that the stream ends in stays: the next append reads and
/// continues its last block.
#[derive(Debug)]
pub(crate) struct Outflow {
    policy: CachePolicy,
    /// From which byte on no writeback was started.
    started: u64,
    /// From which byte on pages are to be dropped, the begin of a chunk, once a
    /// stream bypasses the page cache.
    held: Option<u64>,
    /// Where the last piece ends that went through the page cache.
    held_end: u64,
    /// Whether the disk has not yet refused uncached writes.
    uncached: bool,
}

impl Outflow {
    /// A stream that begins at byte `start`.
    pub(crate) fn new(policy: CachePolicy, start: u64) -> Self {
        Self {
            policy,
            started: start,
            held: None,
            held_end: start,
            uncached: true,
        }
    }

    pub(crate) fn set_policy(&mut self, policy: CachePolicy) {
        self.policy = policy;
    }

    /// Writes the bytes that come next, of a commit that has `commit_bytes`, as far
    /// as is known.
    ///
    /// # Errors
    ///
    /// They cannot be written, or what was written before could not be written out.
    pub(crate) fn write<D: Disk>(
        &mut self,
        source: &Source<D>,
        bytes: &[u8],
        offset: u64,
        commit_bytes: u64,
    ) -> Result<(), IoError> {
        if !self.policy.bypasses_commit(commit_bytes) {
            return self.write_cached(source, bytes, offset);
        }
        self.held
            .get_or_insert(offset.next_multiple_of(CHUNK_BYTES));
        let end = offset + bytes.len() as u64;
        let first = end.min(offset.next_multiple_of(CHUNK_BYTES));
        let last = first.max(end - end % CHUNK_BYTES);
        let (begin, rest) = bytes.split_at((first - offset) as usize);
        let (chunks, rest) = rest.split_at((last - first) as usize);
        self.write_cached(source, begin, offset)?;
        self.write_chunks(source, chunks, first)?;
        self.write_cached(source, rest, last)?;
        self.drop_behind(source, end)
    }

    fn write_chunks<D: Disk>(
        &mut self,
        source: &Source<D>,
        chunks: &[u8],
        offset: u64,
    ) -> Result<(), IoError> {
        if chunks.is_empty() || !self.uncached {
            return self.write_cached(source, chunks, offset);
        }
        match source.write_uncached(chunks, offset) {
            Ok(()) => {
                // What the piece before left is not worth another call.
                self.started = offset + chunks.len() as u64;
                Ok(())
            }
            Err(error) if error.source.kind() == std::io::ErrorKind::Unsupported => {
                self.uncached = false;
                self.write_cached(source, chunks, offset)
            }
            Err(error) => Err(error),
        }
    }

    fn write_cached<D: Disk>(
        &mut self,
        source: &Source<D>,
        bytes: &[u8],
        offset: u64,
    ) -> Result<(), IoError> {
        if bytes.is_empty() {
            return Ok(());
        }
        source.write(bytes, offset)?;
        let end = offset + bytes.len() as u64;
        self.held_end = end;
        let dirty = end - self.started;
        if dirty >= CHUNK_BYTES {
            source.start_writeback(self.started, dirty)?;
            self.started = end;
        }
        Ok(())
    }

    /// Drops what went through the page cache and must be on the disk by now, of a
    /// stream that was written up to `end`.
    fn drop_behind<D: Disk>(&mut self, source: &Source<D>, end: u64) -> Result<(), IoError> {
        let Some(held) = &mut self.held else {
            return Ok(());
        };
        while end >= *held + LAG_BYTES {
            if *held < self.held_end {
                source.finish_writeback(*held, DROPPED_BYTES)?;
                source.disk().drop_cached(*held, DROPPED_BYTES);
            }
            *held += DROPPED_BYTES;
        }
        Ok(())
    }

    /// Drops what is left in the page cache of a commit of `commit_bytes`, which was
    /// synced and ends at byte `end`: all but the chunk that it ends in.
    pub(crate) fn synced<D: Disk>(&mut self, source: &Source<D>, end: u64, commit_bytes: u64) {
        if !self.policy.bypasses_commit(commit_bytes) {
            self.held = None;
            return;
        }
        let last = end - end % CHUNK_BYTES;
        if let Some(held) = &mut self.held
            && *held < last
        {
            source.disk().drop_cached(*held, last - *held);
            *held = last;
        }
    }

    /// Goes back: what comes next is written from byte `offset` on.
    pub(crate) fn go_back(&mut self, offset: u64) {
        self.started = self.started.min(offset);
        let chunk = offset.next_multiple_of(CHUNK_BYTES);
        self.held = self.held.map(|held| held.min(chunk));
    }
}
