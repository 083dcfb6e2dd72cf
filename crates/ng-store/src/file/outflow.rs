use crate::disk::{Disk, Source};
use crate::{CachePolicy, IoError};

/// The size of one write, after which writeback starts: 1 MiB. In a stream that bypasses
/// the page cache, whole and aligned chunks do.
pub(crate) const CHUNK_BYTES: u64 = 1 << 20;

/// How far behind the writes cached pages are dropped, so as never to wait for the disk: 64
/// MiB.
const LAG_BYTES: u64 = 64 << 20;

/// How much is dropped at once: 32 MiB.
const DROPPED_BYTES: u64 = 32 << 20;

/// Bytes on their way into a file, in offset order: written, with writeback started at
/// once, and by the policy dropped from the page cache.
///
/// If the disk supports uncached writes, they drop the pages. Otherwise, and for pieces
/// that are not whole chunks, pages are waited for and dropped some way behind. The last
/// chunk of the stream stays: the next append reads and continues its last block.
#[derive(Debug)]
pub(crate) struct Outflow {
    policy: CachePolicy,
    /// The byte from which on no writeback was started.
    started: u64,
    /// The byte, at a chunk start, from which on pages are to be dropped, once a stream
    /// bypasses the page cache.
    held: Option<u64>,
    /// The end of the pieces that may have gone through the page cache.
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

    /// Writes the next bytes of a commit of `commit_bytes`, as far as known.
    ///
    /// # Errors
    ///
    /// They cannot be written, or earlier writeback failed.
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
        self.drop_behind(source, last)?;
        self.write_cached(source, rest, last)
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
                // The rest of the previous piece is not worth another call.
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

    /// Drops cached pages that must be on the disk by now, of a stream written up to `end`.
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

    /// Drops the remaining cached pages of a synced commit of `commit_bytes` that ends at
    /// byte `end`: all but its last chunk.
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

    /// Rolls back: the next bytes are written from byte `offset` on.
    pub(crate) fn go_back(&mut self, offset: u64) {
        self.started = self.started.min(offset);
        let chunk = offset.next_multiple_of(CHUNK_BYTES);
        self.held = self.held.map(|held| held.min(chunk));
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;

    use super::*;

    const MIB: u64 = 1 << 20;

    /// A call, with where it begins and ends.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Did {
        Write(u64, u64),
        WriteUncached(u64, u64),
        Start(u64, u64),
        Finish(u64, u64),
        Drop(u64, u64),
    }
    use Did::{Drop, Finish, Start, Write, WriteUncached};

    /// A disk that stores nothing and records its calls.
    struct Noting {
        uncached: bool,
        did: Mutex<Vec<Did>>,
    }

    impl Noting {
        fn new(uncached: bool) -> Self {
            Self {
                uncached,
                did: Mutex::default(),
            }
        }

        fn note(&self, did: fn(u64, u64) -> Did, offset: u64, len: u64) {
            self.did.lock().unwrap().push(did(offset, offset + len));
        }
    }

    impl Disk for Noting {
        fn len(&self) -> io::Result<u64> {
            unreachable!()
        }

        fn set_len(&self, _: u64) -> io::Result<()> {
            unreachable!()
        }

        fn read_at(&self, _: &mut [u8], _: u64) -> io::Result<usize> {
            unreachable!()
        }

        fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
            self.note(Write, offset, buffer.len() as u64);
            Ok(buffer.len())
        }

        fn write_uncached_at(&self, buffer: &[u8], offset: u64) -> io::Result<usize> {
            if !self.uncached {
                return Err(io::ErrorKind::Unsupported.into());
            }
            self.note(WriteUncached, offset, buffer.len() as u64);
            Ok(buffer.len())
        }

        fn allocate(&self, _: u64, _: u64) -> io::Result<()> {
            unreachable!()
        }

        fn start_writeback(&self, offset: u64, len: u64) -> io::Result<()> {
            self.note(Start, offset, len);
            Ok(())
        }

        fn finish_writeback(&self, offset: u64, len: u64) -> io::Result<()> {
            self.note(Finish, offset, len);
            Ok(())
        }

        fn drop_cached(&self, offset: u64, len: u64) {
            self.note(Drop, offset, len);
        }

        fn sync(&self) -> io::Result<()> {
            unreachable!()
        }
    }

    /// Writes pieces of one length from `start` to `end`, of one commit.
    fn stream(policy: CachePolicy, uncached: bool, start: u64, end: u64, piece: u64) -> Vec<Did> {
        let disk = Noting::new(uncached);
        let source = Source::new(&disk, "a");
        let mut outflow = Outflow::new(policy, start);
        let bytes = vec![0; piece as usize];
        let mut at = start;
        while at < end {
            let count = piece.min(end - at);
            let flow = outflow.write(&source, &bytes[..count as usize], at, end - start);
            flow.unwrap();
            at += count;
        }
        outflow.synced(&source, end, end - start);
        disk.did.into_inner().unwrap()
    }

    #[test]
    fn a_stream_that_is_kept_is_written_and_on_its_way_each_mib() {
        let did = stream(CachePolicy::Keep, true, 5, 5 + 2 * MIB, MIB / 2);
        let half = |number: u64| 5 + number * MIB / 2;
        let expected = [
            Write(half(0), half(1)),
            Write(half(1), half(2)),
            Start(half(0), half(2)),
            Write(half(2), half(3)),
            Write(half(3), half(4)),
            Start(half(2), half(4)),
        ];
        assert_eq!(did, expected);
    }

    #[test]
    fn whole_chunks_go_around_the_page_cache_and_are_waited_for_nowhere() {
        let end = 100 * MIB + 7;
        let did = stream(CachePolicy::Bypass, true, 5, end, 200 * MIB);
        let expected = [
            Write(5, MIB),
            WriteUncached(MIB, 100 * MIB),
            Write(100 * MIB, end),
        ];
        assert_eq!(did[..3], expected);
        assert!(matches!(did[3..], [Drop(_, dropped)] if dropped == 100 * MIB));
        let did = stream(CachePolicy::Bypass, true, 0, end, MIB);
        let chunk = |number: u64| WriteUncached(number * MIB, (number + 1) * MIB);
        assert!(did[..100].iter().copied().eq((0..100).map(chunk)));
        assert_eq!(did[100], Write(100 * MIB, end));
        assert!(matches!(did[101..], [Drop(..)]));
    }

    #[test]
    fn without_uncached_writes_pages_are_waited_for_and_dropped_some_way_behind() {
        let did = stream(CachePolicy::Bypass, false, 0, 200 * MIB + 7, MIB);
        let mut written = 0;
        let mut dropped = 0;
        for did in &did {
            match *did {
                Write(start, end) => {
                    assert_eq!(start, written);
                    written = end;
                }
                Finish(start, end) => {
                    assert_eq!(start, dropped);
                    assert!(written >= start + LAG_BYTES && end <= written);
                }
                Drop(start, end) => {
                    assert_eq!(start, dropped);
                    dropped = end;
                }
                Start(_, end) => assert!(end <= written),
                WriteUncached(..) => panic!("{did:?}"),
            }
            assert!(written - dropped <= LAG_BYTES + DROPPED_BYTES);
        }
        // All but the chunk that it ends in.
        assert_eq!((written, dropped), (200 * MIB + 7, 200 * MIB));
        let finished = did.iter().filter(|did| matches!(did, Finish(..))).count();
        assert_eq!(finished as u64, (200 * MIB - LAG_BYTES) / DROPPED_BYTES + 1);
    }

    #[test]
    fn a_stream_in_odd_pieces_is_dropped_behind_although_chunks_go_around() {
        // No piece has a whole chunk.
        let did = stream(CachePolicy::Bypass, true, 0, 150 * MIB, MIB * 3 / 4);
        assert!(!did.iter().any(|did| matches!(did, WriteUncached(..))));
        let dropped = did.iter().filter_map(|did| match did {
            Drop(start, end) => Some(end - start),
            _ => None,
        });
        assert_eq!(dropped.sum::<u64>(), 150 * MIB);
    }

    #[test]
    fn a_commit_that_grows_unannounced_goes_around_from_where_it_is_large() {
        let disk = Noting::new(true);
        let source = Source::new(&disk, "a");
        let mut outflow = Outflow::new(CachePolicy::Auto, 0);
        let bytes = vec![0; MIB as usize];
        let (min, end) = (crate::BYPASS_MIN_BYTES, crate::BYPASS_MIN_BYTES + 80 * MIB);
        for at in (0..end).step_by(MIB as usize) {
            outflow.write(&source, &bytes, at, at + MIB).unwrap();
        }
        outflow.synced(&source, end, end);
        let did = disk.did.into_inner().unwrap();
        let cached = did.iter().filter(|did| matches!(did, Write(..))).count() as u64;
        assert_eq!(cached, min / MIB);
        assert!(!did.iter().any(|did| matches!(did, Finish(..))));
        let dropped: Vec<_> = did.iter().filter(|did| matches!(did, Drop(..))).collect();
        assert!(
            dropped
                .iter()
                .all(|did| matches!(did, Drop(start, _) if *start >= min))
        );
    }

    #[test]
    fn a_commit_that_is_kept_ends_what_is_dropped() {
        let disk = Noting::new(false);
        let source = Source::new(&disk, "a");
        let mut outflow = Outflow::new(CachePolicy::Auto, 0);
        let (small, large) = (MIB, crate::BYPASS_MIN_BYTES + 1);
        let bytes = vec![0; MIB as usize];
        let mut at = 0;
        for commit_bytes in [large, small, large] {
            outflow.write(&source, &bytes, at, commit_bytes).unwrap();
            at += MIB;
            outflow.synced(&source, at, commit_bytes);
        }
        let did = disk.did.into_inner().unwrap();
        let drops: Vec<_> = did.iter().filter(|did| matches!(did, Drop(..))).collect();
        assert_eq!(drops, [&Drop(0, MIB), &Drop(2 * MIB, 3 * MIB)]);
    }

    #[test]
    fn what_is_written_again_is_on_its_way_and_dropped_again() {
        let disk = Noting::new(false);
        let source = Source::new(&disk, "a");
        let mut outflow = Outflow::new(CachePolicy::Bypass, 0);
        let bytes = vec![0; 2 * MIB as usize];
        outflow.write(&source, &bytes, 0, 0).unwrap();
        outflow.go_back(MIB + 5);
        outflow.write(&source, &bytes, MIB + 5, 0).unwrap();
        outflow.synced(&source, 3 * MIB + 5, 0);
        let did = disk.did.into_inner().unwrap();
        assert!(did.contains(&Start(MIB + 5, 3 * MIB)), "{did:?}");
        assert_eq!(did.last(), Some(&Drop(0, 3 * MIB)));
    }
}
