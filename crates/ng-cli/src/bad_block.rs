use std::fmt;

use ng_store::{BLOCK_TOKENS, BadBlock, Cause};
use serde::Serialize;

/// A bad block, as it is told.
#[derive(Debug, Serialize)]
pub(crate) struct ToldBlock {
    block: u64,
    first_token: u64,
    end_token: u64,
    offset: u64,
    cause: &'static str,
    found: String,
    expected: String,
    #[serde(skip)]
    explained: &'static str,
}

impl ToldBlock {
    /// Tells of `bad`, in a file of `len` tokens.
    pub(crate) fn new(bad: &BadBlock, len: u64) -> Self {
        let first_token = bad.block * BLOCK_TOKENS as u64;
        let (cause, explained) = explain(bad.cause);
        Self {
            block: bad.block,
            first_token,
            end_token: len.min(first_token + BLOCK_TOKENS as u64),
            offset: bad.offset,
            cause,
            found: format!("{:#018x}", bad.found),
            expected: format!("{:#018x}", bad.expected),
            explained,
        }
    }
}

impl fmt::Display for ToldBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "block {} at {:#x}, tokens {}..{}: {} (hash {}, expected {})",
            self.block,
            self.offset,
            self.first_token,
            self.end_token,
            self.explained,
            self.found,
            self.expected
        )
    }
}

fn explain(cause: Cause) -> (&'static str, &'static str) {
    match cause {
        Cause::Data => ("data", "the tokens are damaged"),
        Cause::Table => (
            "table",
            "its entry in the block table is damaged, the tokens are whole",
        ),
        Cause::RestorableTail => (
            "restorable_tail",
            "the end of the file is damaged, and its image makes it whole",
        ),
        Cause::Unreadable => ("unreadable", "the tokens cannot be read from the disk"),
        Cause::Cut => ("cut", "the file ends before the tokens do"),
        _ => (
            "unknown",
            "the tokens are damaged or their entry in the block table, it cannot be told",
        ),
    }
}
