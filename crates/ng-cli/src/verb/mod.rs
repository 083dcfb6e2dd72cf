//! The verbs, one per file: from arguments to a report.

mod append;
mod completions;
mod copy;
mod create;
mod dataset;
mod describe;
mod export;
mod head;
mod index;
mod info;
mod query;
mod repair;
mod sort;
mod trim;
mod verify;

pub(crate) use append::append;
pub(crate) use completions::completions;
pub(crate) use copy::copy;
pub(crate) use create::create;
pub(crate) use dataset::dataset;
pub(crate) use describe::describe;
pub(crate) use export::export;
pub(crate) use head::head;
pub(crate) use index::index;
pub(crate) use info::info;
pub(crate) use query::query;
pub(crate) use repair::repair;
pub(crate) use sort::sort;
pub(crate) use trim::trim;
pub(crate) use verify::verify;
