//! What is wrong with a file: the same keys and the same words for every verb.

use std::path::Path;

use ng_store::{BLOCK_TOKENS, BadBlock, Cause, Finding, Shown};
use serde::Serialize;

/// What was found of a file; what a verb does not look at is `None`.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bad: Option<Vec<ToldBlock>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) table_matches: Option<bool>,
    pub(crate) findings: Vec<String>,
}

impl Found {
    /// What a file's first bytes show.
    pub(crate) fn new(findings: &[Finding]) -> Self {
        Self {
            bad: None,
            table_matches: None,
            findings: findings.iter().map(ToString::to_string).collect(),
        }
    }

    /// Tells whether the block table is another one than was committed.
    pub(crate) fn has_other_table(&self) -> bool {
        self.table_matches == Some(false)
    }

    /// All of it as warnings, a line each. Neighbouring blocks that are bad in the
    /// same way share theirs.
    pub(crate) fn warnings(&self, path: &Path) -> Vec<String> {
        let bad = self.bad.as_deref().unwrap_or_default();
        let blocks = bad.chunk_by(ToldBlock::is_followed_by).map(told);
        let table = self.has_other_table().then(|| {
            "the block table is not the one that was committed; a block that fits its entry may \
             be an older one"
                .to_owned()
        });
        let lines = blocks.chain(table).chain(self.findings.iter().cloned());
        lines.map(|line| warning(path, &line)).collect()
    }
}

pub(crate) fn warning(path: &Path, line: &str) -> String {
    format!("warning: {}: {line}", Shown(path))
}

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
    explained: Explained,
}

/// What a cause means, for one block and for several.
#[derive(Clone, Copy, Debug)]
struct Explained {
    one: &'static str,
    several: &'static str,
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

    /// Tells of this block, with its hashes.
    pub(crate) fn told(&self) -> String {
        format!(
            "block {} (tokens {}..{}) at {:#x}: {} (hash {}, expected {})",
            self.block,
            self.first_token,
            self.end_token,
            self.offset,
            self.explained.one,
            self.found,
            self.expected
        )
    }

    pub(crate) fn is_restorable(&self) -> bool {
        self.cause == RESTORABLE
    }

    fn is_followed_by(&self, next: &Self) -> bool {
        self.block + 1 == next.block && self.cause == next.cause
    }
}

/// Tells of neighbouring blocks that are bad in the same way.
fn told(run: &[ToldBlock]) -> String {
    match run {
        [] => String::new(),
        [only] => only.told(),
        [first, .., last] => format!(
            "blocks {}..{} (tokens {}..{}) at {:#x}: {}",
            first.block,
            last.block + 1,
            first.first_token,
            last.end_token,
            first.offset,
            first.explained.several
        ),
    }
}

const RESTORABLE: &str = "restorable_tail";

fn explain(cause: Cause) -> (&'static str, Explained) {
    let alike = |text| Explained {
        one: text,
        several: text,
    };
    match cause {
        Cause::Data => ("data", alike("the tokens are damaged")),
        Cause::Table => (
            "table",
            Explained {
                one: "its entry in the block table is damaged, the tokens are whole",
                several: "their entries in the block table are damaged, the tokens are whole",
            },
        ),
        Cause::RestorableTail => (
            RESTORABLE,
            alike(
                "the end of the file is damaged, and its image makes it whole: opening for append \
                 restores it",
            ),
        ),
        Cause::Unreadable => (
            "unreadable",
            alike("the tokens cannot be read from the disk"),
        ),
        Cause::Cut => ("cut", alike("the file ends before the tokens do")),
        _ => (
            "unknown",
            alike("the tokens are damaged or their entry in the block table, it cannot be told"),
        ),
    }
}
