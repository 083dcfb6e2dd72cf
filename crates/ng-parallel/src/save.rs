use ng_store::{CreateError, FileDraft, FileWriter, TokenSink, WriteError};
use ng_token::Token;

use crate::ingest::ingest_slice;
use crate::{IngestError, Workers};

/// Writes `tokens` to a new file, which gets its name when it is whole and durable, as
/// [`VecStore::save`] does, and returns the writer that goes on with it.
///
/// All threads of the operation hash; the calling one writes, from where the tokens are.
/// The file is the same as one that was written by `VecStore::save`, but for its id and
/// its times. [`load`](crate::load()) has an example.
///
/// [`VecStore::save`]: ng_store::VecStore::save
///
/// # Errors
///
/// [`Create`](ParallelSaveError::Create) and [`Ingest`](ParallelSaveError::Ingest). An
/// existing file is as it was, and none is half written.
pub fn save(
    workers: &Workers,
    tokens: &[Token],
    draft: FileDraft,
) -> Result<FileWriter, ParallelSaveError> {
    save_with(tokens, draft, |writer| {
        ingest_slice(workers, writer, tokens)
    })
}

/// Saves `tokens`, which `append` appends to a file that has room.
pub(crate) fn save_with(
    tokens: &[Token],
    mut draft: FileDraft,
    append: impl FnOnce(&mut FileWriter) -> Result<(), IngestError<WriteError>>,
) -> Result<FileWriter, ParallelSaveError> {
    let writer = draft.writer();
    writer.reserve_exact(tokens.len() as u64)?;
    append(writer)?;
    writer.commit()?;
    Ok(draft.publish()?)
}

/// What a save by workers can fail with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParallelSaveError {
    /// The file cannot be created, made durable or named.
    #[error(transparent)]
    Create(#[from] CreateError),

    /// The tokens cannot be written, or it was stopped, or the workers are those of
    /// another process.
    #[error(transparent)]
    Ingest(#[from] IngestError<WriteError>),
}

impl From<WriteError> for ParallelSaveError {
    fn from(error: WriteError) -> Self {
        Self::Create(error.into())
    }
}
