use std::fmt;
use std::process::ExitCode;

use anyhow::Result;
use ng_store::{AppendOptions, Counted, FileWriter, Shown};
use serde::Serialize;

use crate::args::AppendArgs;
use crate::found::Found;
use crate::input::{Input, Reading};
use crate::own_output::refuse_own_output;
use crate::pour::{Check, Pour, pour};
use crate::say::Report;
use crate::tool::Tool;

/// Appends in one commit at the end. If it ends earlier, the file keeps the tokens it had.
pub(crate) fn append(args: &AppendArgs, tool: &Tool) -> Result<ExitCode> {
    let hold = tool.interrupt.hold()?;
    // Errors in the input must be known before the file is touched.
    let reading = Reading {
        kind: args.from_args.of(&args.from),
        expected: args.count.expect,
        cache: args.cache.policy(),
        is_stream: false,
    };
    let input = Input::open(&args.from, reading, &hold)?;
    refuse_own_output(&args.from, &args.file)?;
    let options = AppendOptions::new()
        .older_commit(args.older_commit)
        .damaged_tail(args.damaged_tail)
        .cache(args.cache.policy());
    let mut writer = FileWriter::open_append_with(&args.file, &options)?;
    let tokens_before = writer.committed_tokens();
    let mut found = Found::new(writer.recovery());
    if let Some(lost) = &found.slot_lost {
        found.settle(lost.given_up());
    }
    tool.say.warn(&found.warnings(&args.file));
    let what = Pour {
        input,
        check: Check::by(args.from_args.validate),
        doing: "appending",
    };
    pour(what, &mut writer, tool, &hold)?;
    writer.commit_tagged(args.tag.unwrap_or(writer.info().tag))?;
    let info = writer.info();
    tool.say.report(&Appended {
        path: args.file.display().to_string(),
        tokens_before,
        tokens_after: info.tokens,
        generation: info.generation,
        tag: info.tag,
        found,
    })
}

#[derive(Serialize)]
struct Appended {
    path: String,
    tokens_before: u64,
    tokens_after: u64,
    generation: u64,
    tag: u64,
    #[serde(flatten)]
    found: Found,
}

impl Report for Appended {}

impl fmt::Display for Appended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let added = self.tokens_after - self.tokens_before;
        writeln!(
            f,
            "{}: {} appended to {}, now {}, generation {}",
            Shown(self.path.as_ref()),
            Counted(added, "token"),
            self.tokens_before,
            self.tokens_after,
            self.generation
        )
    }
}
