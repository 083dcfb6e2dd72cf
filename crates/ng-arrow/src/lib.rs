//! NeuroGraph tokens as Arrow columns.

#![forbid(unsafe_code)]

mod column;

pub use ng_token;

pub use column::Column;
