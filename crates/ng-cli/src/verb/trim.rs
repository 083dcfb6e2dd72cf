use std::fmt;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use ng_store::{Counted, FileWriter, Shown};
use serde::Serialize;

use crate::args::FileArgs;
use crate::disk_room::allocated_bytes;
use crate::found::Found;
use crate::say::Report;
use crate::tool::Tool;

/// Gives the spare room behind the tokens back. It changes no token; opening the file to append
/// repeats its newest commit.
pub(crate) fn trim(args: &FileArgs, tool: &Tool) -> Result<ExitCode> {
    let _hold = tool.interrupt.hold()?;
    let mut writer = FileWriter::open_append(&args.file)?;
    let found = Found::new(writer.recovery());
    tool.say.warn(&found.warnings(&args.file));
    let before = Size::of(&args.file)?;
    writer.shrink_to_fit()?;
    let after = Size::of(&args.file)?;
    let info = writer.info();
    tool.say.report(&Trimmed {
        path: args.file.display().to_string(),
        tokens: info.tokens,
        generation: info.generation,
        length_before: before.length,
        length_after: after.length,
        allocated_before: before.allocated,
        allocated_after: after.allocated,
        found,
    })
}

struct Size {
    length: u64,
    /// `None` if the system does not tell.
    allocated: Option<u64>,
}

impl Size {
    fn of(path: &Path) -> Result<Self> {
        let metadata = fs::metadata(path).with_context(|| Shown(path).to_string())?;
        Ok(Self {
            length: metadata.len(),
            allocated: allocated_bytes(path),
        })
    }
}

#[derive(Serialize)]
struct Trimmed {
    path: String,
    tokens: u64,
    generation: u64,
    length_before: u64,
    length_after: u64,
    allocated_before: Option<u64>,
    allocated_after: Option<u64>,
    #[serde(flatten)]
    found: Found,
}

impl Report for Trimmed {}

impl fmt::Display for Trimmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = Shown(self.path.as_ref());
        let after = Counted(self.length_after, "byte");
        write!(f, "{path}: {} long, now {after}", self.length_before)?;
        if let (Some(before), Some(after)) = (self.allocated_before, self.allocated_after) {
            let after = Counted(after, "byte");
            write!(f, "; {before} allocated, now {after}")?;
        }
        writeln!(f)
    }
}
