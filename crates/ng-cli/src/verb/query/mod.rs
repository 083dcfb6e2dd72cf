//! Queries over the tokens of a file or a dataset.
//!
//! A [`Subject`] is the file or the dataset, opened as requested. `ask.rs` turns each question into record
//! batches, `tokens.rs` those of tokens, `near.rs` those of places; a [`Sheet`] shows them in any
//! format.

mod ask;
mod near;
mod report;
mod sheet;
mod subject;
mod tokens;

use std::process::ExitCode;

use anyhow::Result;
use ng_query::{Plan, Query};

use crate::args::QueryArgs;
use crate::own_output::refuse_own_output;
use crate::source::ended;
use crate::tool::Tool;
pub(super) use report::{Bytes, Looked};
use sheet::Sheet;
pub(super) use subject::Subject;

/// The plan.
fn plan(args: &QueryArgs, query: &Query<'_>) -> Result<Plan> {
    Ok(match args.operation() {
        Some(operation) => query.explain_operation(operation)?,
        None => query.explain(),
    })
}

/// Answers a question on standard output, and shows on standard error what it took.
pub(crate) fn query(args: &QueryArgs, tool: &Tool) -> Result<ExitCode> {
    if let Some(out) = args.out() {
        refuse_own_output(&args.file, out)?;
    }
    let subject = Subject::open(&args.file, &args.way)?;
    subject.warn(tool.say);
    let query = subject.query(args.filter.as_ref(), &args.way)?;
    if args.explain {
        tool.say.plan(&plan(args, &query)?)?;
    }
    let mut sheet = Sheet::new(args, tool, subject.stop_flag())?;
    let answered = ask::ask(args, &subject, &query, &mut sheet);
    sheet.check()?;
    let asked = match answered {
        Ok(asked) => asked,
        Err(error) => return ended(Err(error), &subject.found),
    };
    sheet.finish()?;
    let looked = Looked {
        path: subject.path(),
        stats: &asked.stats,
        nan_weights: asked.nan_weights,
        found: &subject.found,
        index_warnings: subject.index_warnings(),
    };
    looked.tell(tool.say)
}
