//! A token file that tokens are taken from: one rule for all verbs that do so.
//!
//! Each block is verified against its entry in the block table before its tokens are given; a bad
//! one fails and is named. The table as a whole is compared with the commit: if it differs, a block
//! may be an older version with its entry. If the slot of a newer commit may be lost, the older one
//! is used. Both are reported, the tokens are given all the same, and the program fails.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Error, Result};
use ng_store::{BLOCK_TOKENS, BlockReader, ReadError, VerifyBlocks};
use serde::Serialize;

use crate::ending::Ending;
use crate::found::{Found, ToldBlock};
use crate::say::Say;

pub(crate) struct Source {
    pub(crate) reader: BlockReader,
    pub(crate) path: PathBuf,
}

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        Ok(Self {
            reader: BlockReader::open(path)?,
            path: path.to_owned(),
        })
    }

    /// Checks everything but the blocks: 8 bytes for each, and the one that is not full, whose end
    /// may have been restored.
    pub(crate) fn look(&self) -> Result<Found> {
        let mut found = Found::new(self.reader.recovery());
        let end = bad_end(&self.reader)?;
        let restored = end.filter(ToldBlock::is_restorable);
        found.findings.extend(restored.map(|end| end.told()));
        match self.reader.check_table() {
            Err(ReadError::TableDamaged { .. }) => {}
            // Nothing is left that could be given.
            Err(error @ ReadError::Truncated { .. }) => return Err(error.into()),
            // Blocks whose entries can be read are given.
            Err(error) => found.findings.push(error.to_string()),
            Ok(()) => {
                found.table_matches = Some(true);
                return Ok(found);
            }
        }
        found.table_matches = Some(false);
        Ok(found)
    }

    /// Reports what [`look`](Self::look) found, before any token is given.
    pub(crate) fn warn(&self, found: &Found, say: Say) {
        found.warn(&self.path, say);
    }
}

/// Ends a verb that gave tokens: problems decide whether they were read or not.
pub(crate) fn ended(given: Result<()>, found: &Found) -> Result<ExitCode> {
    let reader_gone = |error: &Error| error.downcast_ref() == Some(&Ending::ReaderGone);
    match given {
        Err(error) if !found.is_doubtful() || !reader_gone(&error) => Err(error),
        _ if found.is_doubtful() => Ok(ExitCode::FAILURE),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// The last block, if it is not full and not as committed.
pub(crate) fn bad_end(reader: &BlockReader) -> Result<Option<ToldBlock>> {
    if reader.len().is_multiple_of(BLOCK_TOKENS as u64) {
        return Ok(None);
    }
    let bad = reader.verify_blocks(reader.block_count() - 1..reader.block_count())?;
    Ok(bad.first().map(|bad| ToldBlock::new(bad, reader.len())))
}

/// The findings, if the lines of standard output are tokens.
#[derive(Serialize)]
pub(crate) struct FoundAside<'a> {
    pub(crate) path: String,
    #[serde(flatten)]
    pub(crate) found: &'a Found,
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use ng_store::{CreateOptions, TokenSink, VecStore};
    use ng_token::Token;

    use super::*;

    /// It is not a table of other blocks, and is reported once.
    #[test]
    fn a_file_that_loses_its_table_after_it_was_opened_is_cut() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("a.ngt");
        let mut store = VecStore::new();
        store.append_with(10_000, |index| Token::new(index as u32))?;
        store.save(&path, &CreateOptions::new())?;
        let source = Source::open(&path)?;
        let file = OpenOptions::new().write(true).open(&path)?;
        file.set_len(0x10000)?;
        let told = source.look().map(|found| found.findings);
        let error = told.err().and_then(|error| error.downcast().ok());
        assert!(
            matches!(error, Some(ReadError::Truncated { have: 0x10000, .. })),
            "{error:?}"
        );
        Ok(())
    }
}
