use ng_store::{
    BLOCK_TOKENS, BlockPass, BlockReader, Filled, LoadError, ReadError, Vacant, VecStore,
    VecStoreError,
};
use ng_token::Token;

use crate::pieces::fill_pieces;
use crate::{Forked, ParallelError, Workers, serial};

/// Reads all tokens of a file into memory, verifying each block and the block table, like
/// [`VecStore::load`].
///
/// Each worker holds a block in addition to the store. The file is read in one
/// [pass](BlockReader::pass), which bypasses the page cache by the reader's policy.
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
/// [`Load`](ParallelLoadError::Load) with the error of `VecStore::load` for the first
/// failing shard: a file with a single bad block is not loaded, nor is one that may have
/// lost its newest commit. [`Parallel`](ParallelLoadError::Parallel) if it was stopped, or
/// called in a fork.
pub fn load(workers: &Workers, reader: &BlockReader) -> Result<VecStore, ParallelLoadError> {
    load_watched(workers, reader, |_| ())
}

/// Loads like [`load`], and calls `watch` after each shard with the number of tokens read,
/// on the thread that read them.
///
/// # Errors
///
/// As [`load`]; a panic in `watch` counts as one in reading the file.
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

/// Loads a file; `append` appends a whole pass to a store with enough space.
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

/// Fills `piece`, which begins at a block boundary, with the tokens at its positions.
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

/// Why a load by workers failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParallelLoadError {
    /// The file cannot be read or is damaged, or memory ran out.
    #[error(transparent)]
    Load(#[from] LoadError),

    /// It was stopped, or the workers belong to another process.
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
