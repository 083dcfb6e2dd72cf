//! The verbs of `ng dataset`, one per file.

mod create;
mod info;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::DatasetVerb;
use crate::tool::Tool;

pub(crate) fn dataset(verb: &DatasetVerb, tool: &Tool) -> Result<ExitCode> {
    match verb {
        DatasetVerb::Create(args) => create::create(args, tool),
        DatasetVerb::Info(args) => info::info(args, tool),
        DatasetVerb::Query(args) => super::query(args, tool),
        DatasetVerb::Describe(args) => super::describe(args, tool),
        DatasetVerb::Head(args) => super::head(args, tool),
        DatasetVerb::Export(args) => super::export(args, tool),
    }
}
