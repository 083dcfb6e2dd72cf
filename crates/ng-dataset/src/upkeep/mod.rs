//! What keeps the folder in order.

mod collect;
mod real;

#[cfg_attr(
    not(test),
    expect(unused_imports, reason = "the retention of a writer calls it")
)]
pub(crate) use collect::collect;
pub use collect::{CollectOptions, CollectReport};
