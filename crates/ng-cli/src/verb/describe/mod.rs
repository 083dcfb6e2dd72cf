//! What the tokens of a file are like, for people.
//!
//! `gather.rs` asks, in few passes, and makes a `Description` of the answers, which is
//! what JSON has. `report.rs` puts it on pages of 80 columns: `table.rs` the numbers,
//! `bars.rs` what is counted by kind.

mod bars;
mod description;
mod gather;
mod number;
mod report;
mod table;

use std::process::ExitCode;

use anyhow::Result;

use super::query::{Bytes, Looked, Subject};
use crate::args::DescribeArgs;
use crate::tool::Tool;

/// Describes tokens on standard output, and tells on standard error what it took.
pub(crate) fn describe(args: &DescribeArgs, tool: &Tool) -> Result<ExitCode> {
    let subject = Subject::open(&args.file, &args.way)?;
    subject.source().warn(&subject.found, tool.say);
    let (description, stats) = gather::gather(args, &subject)?;
    let code = tool.say.answer(&description)?;
    if tool.say.is_json() {
        return Ok(code);
    }
    let looked = Looked {
        path: subject.path(),
        stats: &stats,
        // The description has it.
        nan_weights: 0,
        found: &subject.found,
        index_warnings: subject.index_warnings(),
    };
    looked.tell(tool.say)
}
