//! Whether a path still names the file that was looked at.

use ng_store::{BLOCK_TOKENS, BlockReader, Commit};

use crate::error::{CHANGED, Error, Value};

/// What is known of a file: its id, and what it begins with.
pub(crate) struct Known {
    pub(crate) file_id: [u8; 16],
    pub(crate) tokens: u64,
    /// The chain over the blocks that these tokens fill.
    pub(crate) chain: u64,
    /// What was done to the file, such as "opened".
    pub(crate) verb: &'static str,
}

impl Known {
    /// What is known of a file that was opened with this commit.
    pub(crate) fn opened(commit: &Commit) -> Self {
        Self {
            file_id: commit.file_id,
            tokens: commit.tokens,
            chain: commit.table_chain,
            verb: "opened",
        }
    }

    /// Refuses another file, or one that lost tokens.
    ///
    /// # Errors
    ///
    /// `ChangedError`.
    pub(crate) fn expect_file(&self, reader: &BlockReader) -> Result<(), Error> {
        let found = reader.commit();
        if found.file_id != self.file_id {
            let (found, expected) = (hex(&found.file_id), hex(&self.file_id));
            return Err(self.changed(reader, "file id", found, expected));
        }
        if found.tokens < self.tokens {
            let expected = format!("{} or more", self.tokens);
            let found = found.tokens.to_string();
            return Err(self.changed(reader, "tokens", found, expected));
        }
        Ok(())
    }

    /// Refuses what [`expect_file`](Self::expect_file) does, or a file with other tokens in the
    /// known blocks.
    ///
    /// # Errors
    ///
    /// `ChangedError`; or the table of the blocks is damaged.
    pub(crate) fn expect_in(&self, reader: &BlockReader) -> Result<(), Error> {
        self.expect_file(reader)?;
        let begins_with = reader.table_chains(&[self.tokens / BLOCK_TOKENS as u64])?;
        if begins_with == [self.chain] {
            return Ok(());
        }
        let found = format!("{:#018x}", begins_with[0]);
        let expected = format!("{:#018x}", self.chain);
        Err(self.changed(reader, "chain of the blocks", found, expected))
    }

    fn changed(&self, reader: &BlockReader, what: &str, found: String, expected: String) -> Error {
        let (path, verb) = (reader.path(), self.verb);
        let text = format!(
            "{}: {what} {found}, expected {expected}: not the file that was {verb}",
            path.display()
        );
        Error::new(CHANGED, text)
            .at(path)
            .of(what, Value::Text(found), expected)
    }
}

/// Bytes as two digits each.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
