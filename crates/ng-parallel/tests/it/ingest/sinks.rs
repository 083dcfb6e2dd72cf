//! Sinks that record what they get: one in memory, one on a simulated disk.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ng_store::disk::sim::{SimFile, SimFs};
use ng_store::file::{Draft, Identity, Stamp, Writer};
use ng_store::{
    BLOCK_TOKENS, BlockHasher, CreateOptions, FileBlockHasher, TokenSink, WriteError, whole_blocks,
};
use ng_token::Token;

/// The only error of a [`Recorder`]: that of the append with this number.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("append {append} refused")]
pub(super) struct Refused {
    /// Or of the commit after this many appends.
    pub(super) append: usize,
}

/// A sink in memory that checks every hash, and remembers how it was called.
#[derive(Default)]
pub(super) struct Recorder {
    tokens: Vec<Token>,
    appends: Vec<usize>,
    commits: Vec<usize>,
    hashed: Arc<AtomicUsize>,
    refuse: Option<usize>,
    panic: Option<usize>,
    refuse_room: bool,
    refuse_commit: Option<usize>,
    panic_in_commit: Option<usize>,
}

impl Recorder {
    pub(super) fn new() -> Self {
        Self::holding(&[])
    }

    pub(super) fn holding(tokens: &[Token]) -> Self {
        Self {
            tokens: tokens.to_vec(),
            ..Self::default()
        }
    }

    /// Refuses the append with this number, and all behind it.
    pub(super) fn refusing(append: usize) -> Self {
        Self {
            refuse: Some(append),
            ..Self::new()
        }
    }

    /// Panics in the append with this number.
    pub(super) fn panicking(append: usize) -> Self {
        Self {
            panic: Some(append),
            ..Self::new()
        }
    }

    pub(super) fn without_room() -> Self {
        Self {
            refuse_room: true,
            ..Self::new()
        }
    }

    /// Refuses the commit with this number.
    pub(super) fn refusing_commit(commit: usize) -> Self {
        Self {
            refuse_commit: Some(commit),
            ..Self::new()
        }
    }

    /// Panics in the commit with this number.
    pub(super) fn panicking_in_commit(commit: usize) -> Self {
        Self {
            panic_in_commit: Some(commit),
            ..Self::new()
        }
    }

    pub(super) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// How many tokens each append had.
    pub(super) fn appends(&self) -> &[usize] {
        &self.appends
    }

    /// How many tokens there were at each commit.
    pub(super) fn commits(&self) -> &[usize] {
        &self.commits
    }

    /// How many blocks were hashed.
    pub(super) fn hashed(&self) -> usize {
        self.hashed.load(Ordering::Relaxed)
    }
}

fn hash(block_index: u64, tokens: &[Token]) -> u64 {
    assert_eq!(tokens.len(), BLOCK_TOKENS);
    let ids = tokens.iter().map(|token| u64::from(token.id().raw()));
    ids.fold(block_index, |hash, id| hash.wrapping_mul(31) ^ id)
}

#[derive(Clone)]
pub(super) struct CountingHasher(Arc<AtomicUsize>);

impl BlockHasher for CountingHasher {
    fn hash_block(&self, block_index: u64, tokens: &[Token]) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed);
        hash(block_index, tokens)
    }
}

impl TokenSink for Recorder {
    type Error = Refused;
    type Hasher = CountingHasher;

    fn appended_tokens(&self) -> u64 {
        self.tokens.len() as u64
    }

    fn reserve(&mut self, _additional: usize) -> Result<(), Refused> {
        match self.refuse_room {
            true => Err(Refused { append: 0 }),
            false => Ok(()),
        }
    }

    fn append(&mut self, _tokens: &[Token]) -> Result<(), Refused> {
        unreachable!("ingest hashes")
    }

    fn append_with(
        &mut self,
        _count: usize,
        _f: impl Fn(usize) -> Token + Sync,
    ) -> Result<(), Refused> {
        unreachable!("ingest fills itself")
    }

    fn block_hasher(&self) -> CountingHasher {
        CountingHasher(Arc::clone(&self.hashed))
    }

    fn append_hashed(&mut self, tokens: &[Token], hashes: &[u64]) -> Result<(), Refused> {
        let append = self.appends.len();
        assert_ne!(self.panic, Some(append), "on purpose, in append {append}");
        if self.refuse.is_some_and(|first| append >= first) {
            return Err(Refused { append });
        }
        let start = self.tokens.len();
        let expected: Vec<u64> = whole_blocks(start, tokens.len())
            .map(|block| {
                let first = block * BLOCK_TOKENS - start;
                hash(block as u64, &tokens[first..first + BLOCK_TOKENS])
            })
            .collect();
        assert_eq!(hashes, expected, "append {append}");
        self.tokens.extend_from_slice(tokens);
        self.appends.push(tokens.len());
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Refused> {
        let commit = self.commits.len();
        assert_ne!(
            self.panic_in_commit,
            Some(commit),
            "on purpose, in commit {commit}"
        );
        if self.refuse_commit == Some(commit) {
            let append = self.appends.len();
            return Err(Refused { append });
        }
        self.commits.push(self.tokens.len());
        Ok(())
    }
}

pub(super) const NAME: &str = "a.ngt";

/// A file on a simulated disk: the same one every time, byte for byte.
pub(super) struct OnDisk(pub(super) Writer<SimFile>);

impl OnDisk {
    /// Creates it with `tokens`, which are committed.
    pub(super) fn create(fs: &SimFs, tokens: &[Token]) -> Self {
        let identity = Identity {
            file_id: *b"sixteen bytes ok",
            created_ns: 1,
        };
        let options = CreateOptions::new().max_tokens(1 << 20);
        let draft = Draft::begin(fs.dir(), NAME, Path::new(NAME), &options, identity);
        let mut sink = Self(draft.unwrap().publish().unwrap());
        sink.append(tokens).unwrap();
        sink.commit().unwrap();
        sink
    }
}

impl TokenSink for OnDisk {
    type Error = WriteError;
    type Hasher = FileBlockHasher;

    fn appended_tokens(&self) -> u64 {
        self.0.appended_tokens()
    }

    fn reserve(&mut self, additional: usize) -> Result<(), WriteError> {
        self.0.reserve(additional as u64)
    }

    fn append(&mut self, tokens: &[Token]) -> Result<(), WriteError> {
        self.0.append(tokens)
    }

    fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token + Sync,
    ) -> Result<(), WriteError> {
        self.0.append_with(count, f)
    }

    fn block_hasher(&self) -> FileBlockHasher {
        self.0.block_hasher()
    }

    fn append_hashed(&mut self, tokens: &[Token], hashes: &[u64]) -> Result<(), WriteError> {
        self.0.append_hashed(tokens, hashes)
    }

    fn commit(&mut self) -> Result<(), WriteError> {
        self.0.commit(Stamp::default())
    }
}
