use std::fmt;
use std::process::ExitCode;

use anyhow::Result;
use ng_dataset::{CreateOptions, Dataset};
use ng_store::Shown;
use serde::Serialize;

use crate::args::DatasetCreateArgs;
use crate::say::Report;
use crate::tool::Tool;

/// Creates an empty dataset.
pub(super) fn create(args: &DatasetCreateArgs, tool: &Tool) -> Result<ExitCode> {
    let tags = args.tags.iter();
    let options = tags.fold(CreateOptions::new(), |options, tag| {
        options.tag(&tag.name, &tag.text)
    });
    let dataset = Dataset::create(&args.path, &options)?;
    tool.say.report(&Created {
        path: args.path.display().to_string(),
        dataset: dataset.id().to_string(),
        generation: 0,
    })
}

#[derive(Serialize)]
struct Created {
    path: String,
    dataset: String,
    generation: u64,
}

impl Report for Created {}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = Shown(self.path.as_ref());
        writeln!(f, "{path}: created, generation {}", self.generation)
    }
}
