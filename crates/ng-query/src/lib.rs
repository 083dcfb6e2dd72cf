//! Questions to files of NeuroGraph tokens.

mod bound;
mod filter;

pub use {ng_arrow, ng_parallel, ng_store, ng_token};

pub use ng_arrow::Column;
