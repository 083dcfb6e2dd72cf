use ng_parallel::IngestError;
use ng_store::{FileBlockHasher, FileWriter, TokenSink, WriteError};
use ng_token::Token;
use thiserror::Error;

use crate::ending::Ending;
use crate::interrupt::Hold;
use crate::progress::Progress;

/// A writer that shows its progress, and checks before each write whether the program is to end.
pub(crate) struct Watched<'a> {
    pub(crate) writer: &'a mut FileWriter,
    pub(crate) progress: &'a Progress,
    pub(crate) hold: &'a Hold<'a>,
}

/// Why tokens were not appended.
#[derive(Debug, Error)]
pub(crate) enum NotAppended {
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Ended(#[from] Ending),
    #[error(transparent)]
    Taken(#[from] anyhow::Error),
}

/// The original error of an ingest, without its wrapping.
pub(crate) fn cause_of<M>(error: IngestError<NotAppended, M>) -> anyhow::Error
where
    M: std::error::Error + Send + Sync + 'static,
{
    match error {
        IngestError::Sink(NotAppended::Write(error)) => error.into(),
        IngestError::Sink(NotAppended::Ended(ending)) => ending.into(),
        IngestError::Sink(NotAppended::Taken(error)) => error,
        IngestError::Failed { source, .. } => source.into(),
        error => error.into(),
    }
}

impl Watched<'_> {
    fn look(&self, tokens: &[Token]) -> Result<(), Ending> {
        self.progress.add(tokens.len() as u64);
        self.hold.check()
    }
}

impl TokenSink for Watched<'_> {
    type Error = NotAppended;
    type Hasher = FileBlockHasher;

    fn appended_tokens(&self) -> u64 {
        self.writer.appended_tokens()
    }

    fn reserve(&mut self, additional: usize) -> Result<(), NotAppended> {
        Ok(self.writer.reserve_exact(additional as u64)?)
    }

    fn append(&mut self, tokens: &[Token]) -> Result<(), NotAppended> {
        self.look(tokens)?;
        Ok(self.writer.append(tokens)?)
    }

    fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token + Sync,
    ) -> Result<(), NotAppended> {
        self.hold.check()?;
        Ok(self.writer.append_with(count, f)?)
    }

    fn block_hasher(&self) -> FileBlockHasher {
        self.writer.block_hasher()
    }

    fn append_hashed(&mut self, tokens: &[Token], hashes: &[u64]) -> Result<(), NotAppended> {
        self.look(tokens)?;
        Ok(self.writer.append_hashed(tokens, hashes)?)
    }

    fn commit(&mut self) -> Result<(), NotAppended> {
        Ok(self.writer.commit()?)
    }
}
