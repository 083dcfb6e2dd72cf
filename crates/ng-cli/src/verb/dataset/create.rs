use std::fmt;
use std::process::ExitCode;

use anyhow::Result;
use ng_dataset::{CreateOptions, Dataset};
use ng_store::{Counted, Shown};
use serde::Serialize;

use super::append::{Flow, open_input};
use crate::args::DatasetCreateArgs;
use crate::pour::Check;
use crate::say::Report;
use crate::tool::Tool;

/// Creates a dataset, empty or from an input.
pub(super) fn create(args: &DatasetCreateArgs, tool: &Tool) -> Result<ExitCode> {
    let hold = tool.interrupt.hold()?;
    // Errors in the input must be known before anything is created.
    let input = match &args.from {
        Some(from) => Some(open_input(from, &args.stream, &hold)?),
        None => None,
    };
    let tags = args.tags.iter();
    let options = tags.fold(CreateOptions::new(), |options, tag| {
        options.tag(&tag.name, &tag.text)
    });
    let dataset = Dataset::create(&args.path, &options)?;
    let mut created = Created {
        path: args.path.display().to_string(),
        dataset: dataset.id().to_string(),
        tokens: 0,
        generation: 0,
    };
    let Some(input) = input else {
        return tool.say.report(&created);
    };
    let flow = Flow {
        path: &args.path,
        dataset: &dataset,
        options: args.stream.options(),
        check: Check::by(args.stream.from_args.validate),
    };
    let (appended, ended) = flow.run(input, tool, &hold)?;
    created.tokens = appended.tokens;
    created.generation = appended.generation;
    let code = tool.say.report(&created)?;
    ended.map(|()| code)
}

#[derive(Serialize)]
struct Created {
    path: String,
    dataset: String,
    tokens: u64,
    generation: u64,
}

impl Report for Created {}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = Shown(self.path.as_ref());
        let tokens = Counted(self.tokens, "token");
        writeln!(
            f,
            "{path}: created, {tokens}, generation {}",
            self.generation
        )
    }
}
