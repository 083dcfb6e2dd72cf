//! The files of a dataset: how one is made, and how one that a generation names is opened.

mod index;
mod new;
mod read;
mod sink;
mod unpublished;

pub(crate) use index::{index, index_real, remove_index};
pub(crate) use new::{Finished, NewShard, ShardOptions, sealed};
pub(crate) use read::{check_chain, check_rows, check_sealed, for_each_row, open_file, open_tail};
pub(crate) use sink::ShardSink;
pub(crate) use unpublished::Unpublished;
