//! The verbs of `ng dataset`, one per file.

mod append;
mod care;
mod change;
mod create;
mod follow;
mod gc;
mod history;
mod index;
mod info;
mod reshape;

use std::num::NonZeroUsize;
use std::process::ExitCode;

use anyhow::{Error, Result};
use ng_dataset::DatasetError;
use ng_parallel::Workers;

use crate::args::DatasetVerb;
use crate::tool::{Tool, workers};

pub(crate) fn dataset(verb: &DatasetVerb, tool: &Tool) -> Result<ExitCode> {
    match verb {
        DatasetVerb::Create(args) => create::create(args, tool),
        DatasetVerb::Append(args) => append::append(args, tool),
        DatasetVerb::Follow(args) => follow::follow(args, tool),
        DatasetVerb::Update(args) => change::update(args, tool),
        DatasetVerb::Delete(args) => change::delete(args, tool),
        DatasetVerb::Upsert(args) => change::upsert(args, tool),
        DatasetVerb::Sort(args) => reshape::sort(args, tool),
        DatasetVerb::Reshard(args) => reshape::reshard(args, tool),
        DatasetVerb::Compact(args) => reshape::compact(args, tool),
        DatasetVerb::Verify(args) => care::verify(args, tool),
        DatasetVerb::Repair(args) => care::repair(args, tool),
        DatasetVerb::Log(args) => history::log(args, tool),
        DatasetVerb::Checkout(args) => history::checkout(args, tool),
        DatasetVerb::Gc(args) => gc::gc(args, tool),
        DatasetVerb::Index(args) => index::index(args, tool),
        DatasetVerb::Info(args) => info::info(args, tool),
        DatasetVerb::Query(args) => super::query(args, tool),
        DatasetVerb::Describe(args) => super::describe(args, tool),
        DatasetVerb::Head(args) => super::head(args, tool),
        DatasetVerb::Export(args) => super::export(args, tool),
    }
}

/// Works with a dataset on threads, until the user wants that to end.
fn stoppable<T>(
    threads: Option<NonZeroUsize>,
    tool: &Tool,
    work: impl FnOnce(&Workers) -> Result<T, DatasetError>,
) -> Result<T> {
    let workers = workers(threads)?;
    let hold = tool.interrupt.hold()?;
    let stop = workers.stop_flag();
    hold.on_wish(move || stop.stop());
    // Nothing else stops it.
    work(&workers).map_err(|error| hold.check().map_or_else(Error::from, |()| error.into()))
}
