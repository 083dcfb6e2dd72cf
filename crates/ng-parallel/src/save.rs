use ng_store::{CreateError, FileDraft, FileWriter, TokenSink, WriteError};
use ng_token::Token;

use crate::ingest::ingest_slice;
use crate::{IngestError, Workers};

/// Writes `tokens` to a new file, which gets its name once it is complete and durable, like
/// [`VecStore::save`], and returns its writer.
///
/// All threads of the operation hash; the calling one writes the tokens in place. The file
/// equals one written by `VecStore::save`, except for its id and times.
/// [`load`](crate::load()) has an example.
///
/// [`VecStore::save`]: ng_store::VecStore::save
///
/// # Errors
///
/// [`Create`](ParallelSaveError::Create) and [`Ingest`](ParallelSaveError::Ingest). An
/// existing file is unchanged, and no partial file is left.
pub fn save(
    workers: &Workers,
    tokens: &[Token],
    draft: FileDraft,
) -> Result<FileWriter, ParallelSaveError> {
    save_with(tokens, draft, |writer| {
        ingest_slice(workers, writer, tokens)
    })
}

/// Saves `tokens`, which `append` appends to a file with enough space.
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

/// Why a save by workers failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParallelSaveError {
    /// The file cannot be created, made durable or named.
    #[error(transparent)]
    Create(#[from] CreateError),

    /// The tokens cannot be written, or it was stopped, or the workers belong to another
    /// process.
    #[error(transparent)]
    Ingest(#[from] IngestError<WriteError>),
}

impl From<WriteError> for ParallelSaveError {
    fn from(error: WriteError) -> Self {
        Self::Create(error.into())
    }
}
