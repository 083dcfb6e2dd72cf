//! What is wrong with a file: the same keys and the same words for every verb.

use std::path::Path;

use ng_dataset::FileId;
use ng_store::{BLOCK_TOKENS, BadBlock, Cause, Counted, Cut, Finding, Shown, VerifyReport};
use serde::Serialize;

use crate::say::Say;

/// What was found in a file; `None` for what a verb does not look at.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bad: Option<Vec<ToldBlock>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) table_matches: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cut: Option<ToldCut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) slot_lost: Option<LostSlot>,
    /// Whether rows of a dataset are missing, or an older generation is shown.
    #[serde(skip)]
    pub(crate) is_incomplete: bool,
    pub(crate) findings: Vec<String>,
}

/// What to do if the newest commit may be lost.
pub(crate) const RECOVER: &str = "`ng repair FILE NEW` recovers what can be proven of that commit, \
                                  `--older-commit` of `ng repair` and `ng append` gives it up";

/// What to do if the block table is not the committed one.
const SAVE: &str = "`ng verify FILE` names what is damaged, `ng repair FILE NEW` saves what is \
                    whole";

/// What to do if a dataset shows less than it should.
pub(crate) const REPAIR_DATASET: &str = "`ng dataset verify PATH` names what is damaged, `ng dataset repair \
                              PATH` goes on with what is whole";

impl Found {
    /// What a file's first bytes show.
    pub(crate) fn new(findings: &[Finding]) -> Self {
        Self {
            bad: None,
            table_matches: None,
            cut: None,
            slot_lost: findings.iter().find_map(LostSlot::of),
            is_incomplete: false,
            findings: findings.iter().map(ToString::to_string).collect(),
        }
    }

    /// What was found when a snapshot of a dataset was taken.
    pub(crate) fn of_dataset(findings: &[ng_dataset::Finding]) -> Self {
        Self {
            is_incomplete: !findings.is_empty(),
            findings: findings.iter().map(ToString::to_string).collect(),
            ..Self::new(&[])
        }
    }

    /// What was found by looking at every block.
    pub(crate) fn of_report(report: &VerifyReport, tokens: u64) -> Self {
        let bad = report.bad.iter();
        Self {
            bad: Some(bad.map(|bad| ToldBlock::new(bad, tokens)).collect()),
            table_matches: Some(report.table_matches),
            cut: report.cut.map(ToldCut::new),
            ..Self::new(&report.findings)
        }
    }

    /// The bad blocks, among those looked at, by their places among all blocks.
    pub(crate) fn bad_blocks(&self) -> Vec<u64> {
        let bad = self.bad.iter().flatten();
        bad.map(|bad| bad.place).collect()
    }

    pub(crate) fn has_bad_blocks(&self) -> bool {
        self.bad.iter().flatten().next().is_some()
    }

    /// Tells whether the block table is not the committed one.
    pub(crate) fn has_other_table(&self) -> bool {
        self.table_matches == Some(false)
    }

    /// Tells whether tokens that match their hashes may still not be those committed last.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.has_other_table() || self.slot_lost.is_some() || self.is_incomplete
    }

    /// What to do about that.
    pub(crate) fn next(&self) -> Option<String> {
        let next = match (&self.slot_lost, self.has_other_table()) {
            (Some(_), _) => RECOVER,
            (None, true) => SAVE,
            (None, false) if self.is_incomplete => REPAIR_DATASET,
            (None, false) => return None,
        };
        Some(format!("next: {next}"))
    }

    /// Adds what happened to the commit that a lost slot may have held, in place of its finding if
    /// there is one.
    pub(crate) fn settle(&mut self, told: String) {
        match self.findings.iter().position(|line| self.is_of_slot(line)) {
            Some(found) => self.findings[found] = told,
            None => self.findings.push(told),
        }
    }

    /// All findings, one line each: warnings, and an error if a commit may be missing. Neighbouring
    /// blocks that are bad in the same way share a line.
    pub(crate) fn warnings(&self, path: &Path) -> Vec<String> {
        let bad = self.bad.as_deref().unwrap_or_default();
        let blocks = bad.chunk_by(ToldBlock::is_followed_by).map(told);
        let table = self.has_other_table().then(|| {
            "the block table is not the one that was committed; a block that fits its entry may \
             be an older one"
                .to_owned()
        });
        let cut = self.cut.iter().map(ToldCut::told);
        let rest = cut.chain(blocks).chain(table);
        let rest = rest.map(|line| warning(path, &line));
        let findings = self
            .findings
            .iter()
            .map(|line| match self.is_of_slot(line) {
                true => error(path, line),
                false => warning(path, line),
            });
        rest.chain(findings).collect()
    }

    /// Reports all findings, and what to do next.
    pub(crate) fn warn(&self, path: &Path, say: Say) {
        let mut lines = self.warnings(path);
        lines.extend(self.next());
        say.warn(&lines);
    }

    /// Tells whether a finding is about the lost slot.
    fn is_of_slot(&self, finding: &str) -> bool {
        let lost = self.slot_lost.as_ref();
        lost.is_some_and(|slot| slot.told == finding)
    }
}

pub(crate) fn warning(path: &Path, line: &str) -> String {
    format!("warning: {}: {line}", Shown(path))
}

fn error(path: &Path, line: &str) -> String {
    format!("error: {}: {line}", Shown(path))
}

/// A file that became too short.
#[derive(Debug, Serialize)]
pub(crate) struct ToldCut {
    length: u64,
    needed: u64,
}

impl ToldCut {
    pub(crate) fn new(cut: Cut) -> Self {
        Self {
            length: cut.have,
            needed: cut.need,
        }
    }

    fn told(&self) -> String {
        let length = Counted(self.length, "byte");
        format!(
            "the file is now {length} long, the commit needs {}",
            self.needed
        )
    }
}

/// A lost slot that may have held the newest commit.
#[derive(Debug, Serialize)]
pub(crate) struct LostSlot {
    pub(crate) slot: usize,
    /// How many tokens the commit before it has.
    tokens: u64,
    /// How many tokens the lost one had, if known.
    lost_tokens: Option<u64>,
    #[serde(skip)]
    told: String,
}

impl LostSlot {
    fn of(finding: &Finding) -> Option<Self> {
        match *finding {
            Finding::SlotLost { slot, shown, lost } => Some(Self {
                slot,
                tokens: shown,
                lost_tokens: lost,
                told: finding.to_string(),
            }),
            _ => None,
        }
    }

    /// The message if the commit is given up.
    pub(crate) fn given_up(&self) -> String {
        let slot = self.slot;
        let what = match (self.tokens, self.lost_tokens) {
            (tokens, Some(lost)) if lost > tokens => format!("tokens {tokens}..{lost} with it"),
            (_, Some(_)) => "and no token with it".to_owned(),
            (tokens, None) => format!("and all tokens from {tokens} on that it may have had"),
        };
        format!("commit slot {slot} is lost; its commit is given up as asked, {what}")
    }
}

/// A bad block, as reported.
#[derive(Debug, Serialize)]
pub(crate) struct ToldBlock {
    block: u64,
    first_token: u64,
    end_token: u64,
    offset: u64,
    cause: &'static str,
    found: String,
    expected: String,
    /// The shard of a dataset.
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<String>,
    /// Its place among all blocks of a file, or of a dataset.
    #[serde(skip)]
    place: u64,
    #[serde(skip)]
    explained: Explained,
}

/// The meaning of a cause, for one block and for several.
#[derive(Clone, Copy, Debug)]
struct Explained {
    one: &'static str,
    several: &'static str,
}

impl ToldBlock {
    /// Describes `bad`, in a file of `len` tokens.
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
            shard: None,
            place: bad.block,
            explained,
        }
    }

    /// Says in which shard of a dataset it is, and its place among the blocks of all.
    pub(crate) fn in_shard(self, shard: FileId, place: u64) -> Self {
        Self {
            shard: Some(shard.to_string()),
            place,
            ..self
        }
    }

    /// What comes before its name.
    fn whose(&self) -> String {
        let shard = self.shard.as_ref();
        shard.map_or_else(String::new, |shard| format!("shard {shard}: "))
    }

    /// Describes this block, with its hashes if it was read.
    pub(crate) fn told(&self) -> String {
        let what = format!(
            "{}block {} (tokens {}..{}) at {:#x}: {}",
            self.whose(),
            self.block,
            self.first_token,
            self.end_token,
            self.offset,
            self.explained.one
        );
        match self.cause {
            CUT | UNREADABLE => what,
            _ => format!("{what} (hash {}, expected {})", self.found, self.expected),
        }
    }

    pub(crate) fn is_restorable(&self) -> bool {
        self.cause == RESTORABLE
    }

    fn is_followed_by(&self, next: &Self) -> bool {
        let is_next = self.block + 1 == next.block && self.shard == next.shard;
        is_next && self.cause == next.cause
    }
}

/// Describes neighbouring blocks that are bad in the same way.
fn told(run: &[ToldBlock]) -> String {
    match run {
        [] => String::new(),
        [only] => only.told(),
        [first, .., last] => format!(
            "{}blocks {}..{} (tokens {}..{}) at {:#x}: {}",
            first.whose(),
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
const UNREADABLE: &str = "unreadable";
const CUT: &str = "cut";

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
        Cause::Unreadable => (UNREADABLE, alike("the tokens cannot be read from the disk")),
        Cause::Cut => (CUT, alike("the file ends before the tokens do")),
        _ => (
            "unknown",
            alike(
                "the tokens or their entry in the block table are damaged, it cannot be told which",
            ),
        ),
    }
}
