use ng_store::{
    BLOCK_TOKENS, BlockPass, BlockReader, Filled, LoadError, ReadError, Vacant, VecStore,
    VecStoreError,
};
use ng_token::Token;

use crate::pieces::fill_pieces;
use crate::{Forked, ParallelError, Workers, serial};

/// Reads all tokens of a file into memory, each block verified, and the block table too,
/// as [`VecStore::load`] does.
///
/// Each worker holds a block beside the store. The file is read in one
/// [pass](BlockReader::pass), around the page cache by the reader's policy.
///
/// ```
/// use ng_parallel::{Workers, load, save};
/// use ng_store::{BlockReader, CreateOptions, FileDraft, TokenSink, TokenStore, VecStore};
/// use ng_token::Token;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("tokens.ngt");
/// let mut store = VecStore::new();
/// store.append_with(100_000, |index| Token::new(index as u32))?;
///
/// let workers = Workers::new(2)?;
/// save(&workers, store.tokens(), FileDraft::begin(&path, &CreateOptions::new())?)?;
/// let loaded = load(&workers, &BlockReader::open(&path)?)?;
/// assert_eq!(loaded.tokens(), store.tokens());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`Load`](ParallelLoadError::Load) with what `VecStore::load` would say, of the first
/// shard that has something to say: a file with a single bad block is not loaded, nor is
/// one that may have lost its newest commit. [`Parallel`](ParallelLoadError::Parallel)
/// when it was stopped, or called in a fork.
pub fn load(workers: &Workers, reader: &BlockReader) -> Result<VecStore, ParallelLoadError> {
    load_watched(workers, reader, |_| ())
}

/// Loads as [`load`] does, and tells `watch` after each shard how many tokens were read,
/// on the thread that read them.
///
/// # Errors
///
/// As [`load`]; a panic of `watch` is one of what reads the file.
pub fn load_watched(
    workers: &Workers,
    reader: &BlockReader,
    watch: impl Fn(u64) + Sync,
) -> Result<VecStore, ParallelLoadError> {
    let Some(pool) = workers.pool()? else {
        return serial::load_watched(workers.stop(), reader, watch);
    };
    load_with(reader, |store, pass, count| {
        store.append_in_place(count, |vacant| {
            fill_pieces(pool, vacant, |piece| load_piece(pass, piece, &watch))
        })
    })
}

/// Loads a file; `append` appends all of a pass to a store that has room.
pub(crate) fn load_with(
    reader: &BlockReader,
    append: impl FnOnce(&mut VecStore, &BlockPass<'_>, usize) -> Result<(), ParallelLoadError>,
) -> Result<VecStore, ParallelLoadError> {
    reader.refuse_lost().map_err(LoadError::from)?;
    reader.check_table()?;
    let count = usize::try_from(reader.len()).unwrap_or(usize::MAX);
    let mut store = VecStore::new();
    store.reserve_exact(count)?;
    append(&mut store, &reader.pass(), count)?;
    Ok(store)
}

/// Fills `piece`, which begins where a block does, with the tokens at its positions.
pub(crate) fn load_piece<'room>(
    pass: &BlockPass<'_>,
    piece: Vacant<'room>,
    watch: impl Fn(u64),
) -> Result<Filled<'room>, ParallelLoadError> {
    let count = piece.len() as u64;
    let mut tokens = Vec::with_capacity(BLOCK_TOKENS);
    let (empty, mut rest) = piece.split_at(0);
    let mut filled = copy(&[], empty);
    while !rest.is_empty() {
        let block = rest.first_index() / BLOCK_TOKENS;
        pass.read_block(block as u64, &mut tokens)?;
        let (here, behind) = rest.split_at(tokens.len());
        filled = filled.join(copy(&tokens, here))?;
        rest = behind;
    }
    watch(count);
    Ok(filled)
}

fn copy<'room>(tokens: &[Token], room: Vacant<'room>) -> Filled<'room> {
    let first = room.first_index();
    room.fill(|index| tokens[index - first])
}

/// What a load by workers can fail with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParallelLoadError {
    /// The file cannot be read, or is damaged, or there is not enough memory.
    #[error(transparent)]
    Load(#[from] LoadError),

    /// It was stopped, or the workers are those of another process.
    #[error(transparent)]
    Parallel(#[from] ParallelError),
}

impl From<ReadError> for ParallelLoadError {
    fn from(error: ReadError) -> Self {
        Self::Load(error.into())
    }
}

impl From<VecStoreError> for ParallelLoadError {
    fn from(error: VecStoreError) -> Self {
        Self::Load(error.into())
    }
}

impl From<Forked> for ParallelLoadError {
    fn from(forked: Forked) -> Self {
        Self::Parallel(forked.into())
    }
}
