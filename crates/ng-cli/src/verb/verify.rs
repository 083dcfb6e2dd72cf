use std::fmt;
use std::process::ExitCode;

use anyhow::Result;
use ng_parallel::{VerifyError, verify_watched};
use ng_store::{BlockReader, Finding, VerifyReport};
use serde::Serialize;

use crate::args::VerifyArgs;
use crate::bad_block::ToldBlock;
use crate::say::Report;
use crate::tool::{Tool, workers};

pub(crate) fn verify(args: &VerifyArgs, tool: &Tool) -> Result<ExitCode> {
    let reader = BlockReader::open(&args.file)?;
    let found = verify_on_all(&reader, args, tool)?;
    tool.say.report(&Verified {
        path: args.file.display().to_string(),
        tokens: reader.len(),
        blocks: found.blocks,
        clean: found.is_clean() && is_sound(&found.findings),
        bad: found
            .bad
            .iter()
            .map(|bad| ToldBlock::new(bad, reader.len()))
            .collect(),
        table_matches: found.table_matches,
        findings: found.findings.iter().map(ToString::to_string).collect(),
    })
}

fn verify_on_all(reader: &BlockReader, args: &VerifyArgs, tool: &Tool) -> Result<VerifyReport> {
    let workers = workers(args.threads)?;
    let progress = tool.progress("verifying", Some(reader.len()));
    verify_watched(&workers, reader, |tokens| progress.add(tokens)).map_err(|error| match error {
        // What JSON calls it is told by the error of the file.
        VerifyError::Io(error) => error.into(),
        error => error.into(),
    })
}

/// What a power cut may leave behind is told, and is no damage.
fn is_sound(findings: &[Finding]) -> bool {
    findings.iter().all(Finding::may_be_of_a_power_cut)
}

#[derive(Serialize)]
struct Verified {
    path: String,
    tokens: u64,
    blocks: u64,
    clean: bool,
    bad: Vec<ToldBlock>,
    table_matches: bool,
    findings: Vec<String>,
}

impl Report for Verified {
    fn is_good(&self) -> bool {
        self.clean
    }

    fn warns(&self) -> bool {
        !self.findings.is_empty()
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, tokens, blocks) = (&self.path, self.tokens, self.blocks);
        match (self.clean, self.bad.len()) {
            (true, _) => writeln!(f, "{path}: {tokens} tokens in {blocks} blocks are sound")?,
            (false, 0) => writeln!(f, "{path}: damaged; its {blocks} blocks are sound")?,
            (false, bad) => writeln!(f, "{path}: damaged; {bad} of {blocks} blocks are bad")?,
        }
        for bad in &self.bad {
            writeln!(f, "{bad}")?;
        }
        if !self.table_matches {
            writeln!(f, "the block table is not the one that was committed")?;
        }
        self.findings
            .iter()
            .try_for_each(|finding| writeln!(f, "{finding}"))
    }
}
