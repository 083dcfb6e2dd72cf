use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use ng_parallel::{VerifyError, Workers, verify_watched};
use ng_store::{BadBlock, BlockReader, Cause, Counted, Finding, Shown, VerifyReport};
use serde::Serialize;

use crate::args::VerifyArgs;
use crate::found::{Found, RECOVER};
use crate::progress::Progress;
use crate::say::Report;
use crate::tool::{Tool, workers};

pub(crate) fn verify(args: &VerifyArgs, tool: &Tool) -> Result<ExitCode> {
    let reader = BlockReader::open(&args.file)?.with_cache(args.cache.policy());
    let report = verify_on_all(&reader, &workers(args.threads)?, tool)?;
    let verified = Verified::new(&args.file, reader.len(), &report);
    tool.say.warn(&verified.lines(&args.file, &report));
    tool.say.report(&verified)
}

/// Looks at every block, with a bar.
pub(super) fn verify_on_all(
    reader: &BlockReader,
    workers: &Workers,
    tool: &Tool,
) -> Result<VerifyReport> {
    verify_shown(
        reader,
        workers,
        &tool.progress("verifying", Some(reader.len())),
    )
}

/// Looks at every block, on a bar that may go on.
pub(super) fn verify_shown(
    reader: &BlockReader,
    workers: &Workers,
    progress: &Progress,
) -> Result<VerifyReport> {
    verify_watched(workers, reader, |tokens| progress.add(tokens)).map_err(|error| match error {
        // The error of the file decides what JSON calls it.
        VerifyError::Io(error) => error.into(),
        error => error.into(),
    })
}

/// What a power cut may leave behind is reported, but is no damage.
fn is_sound(findings: &[Finding]) -> bool {
    findings.iter().all(Finding::may_be_of_a_power_cut)
}

/// What to do about damage.
fn next_step(report: &VerifyReport, found: &Found) -> &'static str {
    if found.slot_lost.is_some() {
        return RECOVER;
    }
    let restorable = |bad: &BadBlock| bad.cause == Cause::RestorableTail;
    let rest_is_sound = report.table_matches && is_sound(&report.findings);
    match rest_is_sound && report.bad.iter().all(restorable) {
        true => "opening for append restores it, as `ng append FILE --from /dev/null` does",
        false => "`ng repair FILE NEW` saves what is whole",
    }
}

#[derive(Serialize)]
struct Verified {
    path: String,
    tokens: u64,
    blocks: u64,
    clean: bool,
    #[serde(flatten)]
    found: Found,
}

impl Verified {
    fn new(path: &Path, tokens: u64, report: &VerifyReport) -> Self {
        Self {
            path: path.display().to_string(),
            tokens,
            blocks: report.blocks,
            clean: report.is_clean() && is_sound(&report.findings),
            found: Found::of_report(report, tokens),
        }
    }

    /// The problems: the verdict, each finding, and the next step.
    fn lines(&self, path: &Path, report: &VerifyReport) -> Vec<String> {
        let next = (!self.clean).then(|| format!("next: {}", next_step(report, &self.found)));
        let told = self.found.warnings(path);
        self.verdict(report)
            .into_iter()
            .chain(told)
            .chain(next)
            .collect()
    }

    /// Says in a line that the file is damaged, if it is.
    fn verdict(&self, report: &VerifyReport) -> Option<String> {
        let blocks = Counted(self.blocks, "block");
        let what = match (self.clean, report.bad.len()) {
            (true, _) => return None,
            (false, 0) if report.cut.is_some() => {
                "the blocks are sound, but the file was cut".to_owned()
            }
            (false, 0) if self.found.slot_lost.is_some() => {
                "the blocks are sound, but a newer commit may be lost".to_owned()
            }
            (false, 0) if report.table_matches => {
                "the blocks are sound, but the head of the file is damaged".to_owned()
            }
            (false, 0) => {
                "the blocks are sound by their entries, but the block table is not".to_owned()
            }
            (false, bad) => format!("damaged, {bad} of {blocks} bad"),
        };
        Some(format!("error: {}: {what}", Shown(self.path.as_ref())))
    }
}

impl Report for Verified {
    fn is_good(&self) -> bool {
        self.clean
    }
}

/// Empty if the file is damaged: then the problems say so.
impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.clean {
            return Ok(());
        }
        writeln!(
            f,
            "{}: {} in {}, all sound",
            Shown(self.path.as_ref()),
            Counted(self.tokens, "token"),
            Counted(self.blocks, "block")
        )
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use ng_store::{CreateOptions, TokenSink, VecStore, VerifyBlocks};
    use ng_token::Token;

    use super::*;

    /// No other process can truncate a file at the right moment.
    #[test]
    fn a_file_that_is_cut_while_it_is_verified_is_told_with_both_lengths() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("a.ngt");
        let mut store = VecStore::new();
        store.append_with(10_000, |index| Token::new(index as u32))?;
        store.save(&path, &CreateOptions::new())?;
        let reader = BlockReader::open(&path)?;
        let need = reader.info().length;
        let have = need - 64 * 9_000;
        OpenOptions::new().write(true).open(&path)?.set_len(have)?;

        let report = reader.verify()?;
        let verified = Verified::new(&path, reader.len(), &report);
        let lines = verified.lines(&path, &report).join("\n");
        let told = format!("the file is now {have} bytes long, the commit needs {need}");
        assert_eq!(lines.matches(&told).count(), 1, "{lines}");
        let blocks = "blocks 0..3 (tokens 0..10000) at 0xa00000: the file ends before the tokens";
        assert!(lines.contains(blocks), "{lines}");
        assert!(lines.contains("damaged, 3 of 3 blocks bad"), "{lines}");
        assert!(!lines.contains("hash"), "{lines}");
        assert!(lines.ends_with("next: `ng repair FILE NEW` saves what is whole"));
        let json = serde_json::to_value(&verified)?;
        assert_eq!(json["cut"]["length"], have);
        assert_eq!(json["cut"]["needed"], need);
        Ok(())
    }
}
