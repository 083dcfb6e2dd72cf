//! What keeps the folder in order.

mod collect;
mod real;

pub(crate) use collect::collect;
pub use collect::{CollectOptions, CollectReport};
