//! What an object shows at a moment, kept for as long as it is looked at.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use ng_parallel::{Shards, Workers, ingest_batches, load, map_shards};
use ng_query::Source;
use ng_store::{BLOCK_TOKENS, BlockReader, Commit, Snapshot, VecStore};
use ng_token::Token;

use crate::dataset::ShardSet;
use crate::error::Error;
use crate::memory::{Memory, Slice};
use crate::room::{append, collected, try_collected};

/// Tokens that do not change when the store does, except for writes through a writable view of a
/// vector, which [`unwritten`](Self::unwritten) prevents.
#[derive(Clone)]
pub(crate) enum Shown {
    /// Some of a vector.
    Memory(Arc<Memory>, Range<usize>),
    /// Some of a commit, mapped.
    Map(Snapshot),
    /// Some of a commit, to be read and verified.
    File(Arc<Verified>, Range<usize>),
    /// Some of a dataset, to be read shard by shard.
    Shards(Arc<ShardSet>, Range<usize>),
}

/// A commit of a file that is read, and its tokens once all were wanted.
pub(crate) struct Verified {
    reader: BlockReader,
    loaded: OnceLock<Arc<Memory>>,
}

impl Verified {
    pub(crate) fn new(reader: BlockReader) -> Self {
        Self {
            reader,
            loaded: OnceLock::new(),
        }
    }

    pub(crate) fn reader(&self) -> &BlockReader {
        &self.reader
    }

    /// How many of its bytes are in memory.
    pub(crate) fn loaded_tokens(&self) -> usize {
        self.loaded.get().map_or(0, |memory| memory.len())
    }
}

impl Shown {
    pub(crate) fn of_memory(memory: Arc<Memory>) -> Self {
        let all = 0..memory.len();
        Self::Memory(memory, all)
    }

    pub(crate) fn of_file(file: Arc<Verified>) -> Self {
        let all = 0..usize::try_from(file.reader.len()).unwrap_or(usize::MAX);
        Self::File(file, all)
    }

    pub(crate) fn of_shards(shards: Arc<ShardSet>) -> Self {
        let all = 0..shards.len();
        Self::Shards(shards, all)
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Memory(_, range) | Self::File(_, range) | Self::Shards(_, range) => range.len(),
            Self::Map(snapshot) => snapshot.len(),
        }
    }

    /// Whether the tokens are still to be read.
    pub(crate) fn is_in_file(&self) -> bool {
        match self {
            Self::Memory(..) | Self::Map(_) => false,
            Self::File(file, _) => file.loaded.get().is_none(),
            Self::Shards(shards, _) => shards.loaded().is_none(),
        }
    }

    /// Whether the tokens are in files that are read, or were.
    pub(crate) fn is_of_files(&self) -> bool {
        matches!(self, Self::File(..) | Self::Shards(..))
    }

    /// The commit of the tokens, if they are from a file.
    pub(crate) fn commit(&self) -> Option<Commit> {
        match self {
            Self::Memory(..) | Self::Shards(..) => None,
            Self::Map(snapshot) => Some(*snapshot.commit()),
            Self::File(file, _) => Some(file.reader.commit()),
        }
    }

    /// Prevents writable views of a vector while the result is held.
    ///
    /// # Errors
    ///
    /// `BufferError` if there is one.
    pub(crate) fn unwritten(&self) -> Result<Option<Slice>, Error> {
        match self {
            Self::Memory(memory, range) => memory.slice(range.clone()).map(Some),
            Self::Map(_) | Self::File(..) | Self::Shards(..) => Ok(None),
        }
    }

    /// Some of the tokens, which must be within.
    pub(crate) fn slice(&self, some: Range<usize>) -> Self {
        let of = |range: &Range<usize>| range.start + some.start..range.start + some.end;
        match self {
            Self::Memory(memory, range) => Self::Memory(Arc::clone(memory), of(range)),
            Self::File(file, range) => Self::File(Arc::clone(file), of(range)),
            Self::Shards(shards, range) => Self::Shards(Arc::clone(shards), of(range)),
            Self::Map(snapshot) => Self::Map(snapshot.slice(some)),
        }
    }

    /// The same tokens, ready to be looked at: those of a file are read and verified, all of them
    /// once, or some of them each time.
    pub(crate) fn at_hand(&self, workers: &Workers) -> Result<Self, Error> {
        let (file, range) = match self {
            Self::Memory(..) | Self::Map(_) => return Ok(self.clone()),
            Self::Shards(shards, range) => return shards.at_hand(workers, range.clone()),
            Self::File(file, range) => (file, range),
        };
        let is_all = range.len() as u64 == file.reader.len();
        if let Some(memory) = file.loaded.get() {
            return Ok(Self::Memory(Arc::clone(memory), range.clone()));
        }
        if !is_all {
            return self.passing(workers);
        }
        // `load` refuses a file that may have lost a commit, which its user knows already.
        let all = match file.reader.refuse_lost() {
            Ok(()) => load(workers, &file.reader)?,
            Err(_) => read(workers, &file.reader, range.clone())?,
        };
        let memory = Arc::new(Memory::of(all));
        let first = file.loaded.get_or_init(|| memory);
        Ok(Self::of_memory(Arc::clone(first)))
    }

    /// Does what [`at_hand`](Self::at_hand) does, but keeps no tokens for later.
    pub(crate) fn passing(&self, workers: &Workers) -> Result<Self, Error> {
        match self {
            Self::File(file, range) if self.is_in_file() => {
                let some = read(workers, &file.reader, range.clone())?;
                Ok(Self::of_memory(Arc::new(Memory::of(some))))
            }
            Self::Shards(shards, range) => shards.passing(workers, range.clone()),
            _ => self.at_hand(workers),
        }
    }

    /// Calls `look` with the tokens as a slice; those of a file are read first.
    pub(crate) fn with_tokens<R>(
        &self,
        workers: &Workers,
        look: impl FnOnce(&[Token]) -> Result<R, Error>,
    ) -> Result<R, Error> {
        match self.at_hand(workers)? {
            Self::Memory(memory, range) => look(&memory.slice(range)?),
            Self::Map(snapshot) => look(&snapshot),
            Self::File(..) | Self::Shards(..) => unreachable!("it was brought in"),
        }
    }

    /// Calls `ask` with the tokens as the source of a query. Positions are those of what is shown.
    /// A whole file is verified block by block by the query, rather than loaded first.
    pub(crate) fn with_source<R>(
        &self,
        workers: &Workers,
        ask: impl FnOnce(Source<'_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        match self {
            Self::Map(snapshot) => ask(snapshot.into()),
            Self::File(file, range) if range.len() as u64 == file.reader.len() => {
                ask((&file.reader).into())
            }
            Self::Shards(shards, range) if range.len() == shards.len() => ask(shards.source()),
            _ => self.with_tokens(workers, |tokens| ask(tokens.into())),
        }
    }

    /// Appends copies of at most `count` tokens from a position on to `batch`. For a file at most
    /// the rest of a block, verified.
    pub(crate) fn copy_from(
        &self,
        position: usize,
        most: usize,
        batch: &mut Vec<Token>,
    ) -> Result<(), Error> {
        let end = self.len().min(position.saturating_add(most));
        match self {
            Self::Memory(memory, range) => {
                let indices = range.start + position..range.start + end;
                batch.extend(indices.map(|index| memory.token(index)));
            }
            Self::Map(snapshot) => batch.extend_from_slice(&snapshot[position..end]),
            Self::File(file, range) => {
                let (first, block) = (range.start + position, BLOCK_TOKENS);
                let end = (range.start + end).min(first - first % block + block);
                file.reader.for_each(first as u64..end as u64, |tokens| {
                    batch.extend_from_slice(tokens);
                    Ok::<_, Error>(())
                })?;
            }
            Self::Shards(shards, range) => {
                let (first, block) = (range.start + position, BLOCK_TOKENS);
                let end = (range.start + end).min(first - first % block + block);
                shards.for_each(first as u64..end as u64, |tokens| {
                    batch.extend_from_slice(tokens);
                })?;
            }
        }
        Ok(())
    }

    /// Calls `look` with all tokens of a range, in order; those of a file are verified as they are
    /// read, and only a block is held.
    pub(crate) fn for_each(
        &self,
        some: Range<usize>,
        mut look: impl FnMut(&[Token]),
    ) -> Result<(), Error> {
        match self.slice(some) {
            Self::Memory(memory, range) => look(&memory.slice(range)?),
            Self::Map(snapshot) => look(&snapshot),
            Self::File(file, range) => {
                let range = range.start as u64..range.end as u64;
                file.reader.for_each(range, |tokens| {
                    look(tokens);
                    Ok::<_, Error>(())
                })?;
            }
            Self::Shards(shards, range) => {
                shards.for_each(range.start as u64..range.end as u64, look)?;
            }
        }
        Ok(())
    }

    /// Copies the tokens at ascending positions, which must be within.
    pub(crate) fn tokens_at(
        &self,
        workers: &Workers,
        ascending: &[usize],
    ) -> Result<Vec<Token>, Error> {
        let (source, range) = match self {
            Self::File(file, range) => (Source::Reader(&file.reader), range),
            Self::Shards(shards, range) => (shards.source(), range),
            Self::Memory(..) | Self::Map(_) => {
                let tokens = ascending.iter().map(|&position| self.token(position));
                return try_collected(tokens);
            }
        };
        let read = map_shards(workers, Shards::new(ascending.len()), |shard| {
            let some = ascending[shard.range].iter();
            let positions = collected(some.map(|at| (range.start + at) as u64))?;
            Ok::<_, Error>(source.tokens_at(&positions)?)
        })?;
        let mut tokens = Vec::new();
        for some in read {
            append(&mut tokens, some?.value.into_iter())?;
        }
        Ok(tokens)
    }

    /// Copies one token, which must be within.
    pub(crate) fn token(&self, position: usize) -> Result<Token, Error> {
        match self {
            Self::Memory(memory, range) => Ok(memory.token(range.start + position)),
            Self::Map(snapshot) => Ok(snapshot[position]),
            Self::File(file, range) => match file.loaded.get() {
                Some(memory) => Ok(memory.token(range.start + position)),
                None => {
                    let token = file.reader.get((range.start + position) as u64)?;
                    token.ok_or_else(|| Error::index(position as i128, range.len()))
                }
            },
            Self::Shards(shards, range) => shards.token(range.start + position),
        }
    }
}

/// Reads and verifies some tokens of a file.
fn read(workers: &Workers, reader: &BlockReader, range: Range<usize>) -> Result<VecStore, Error> {
    read_by(workers, range, |some, tokens| {
        reader.for_each(some, |verified| {
            tokens.extend_from_slice(verified);
            Ok::<_, Error>(())
        })
    })
}

/// Reads some tokens by all workers: each calls `read` with a range of its own.
pub(crate) fn read_by(
    workers: &Workers,
    range: Range<usize>,
    read: impl Fn(Range<u64>, &mut Vec<Token>) -> Result<(), Error> + Sync,
) -> Result<VecStore, Error> {
    let mut store = VecStore::try_with_capacity(range.len())?;
    let first = range.start;
    ingest_batches(workers, &mut store, range.len(), |some, tokens| {
        read(
            (first + some.start) as u64..(first + some.end) as u64,
            tokens,
        )
    })?;
    Ok(store)
}
