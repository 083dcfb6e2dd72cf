//! An Arrow file of one record batch, whose columns are plain arrays in their places.
//!
//! - `layout.rs`: where each column stands, and the Arrow metadata that says so;
//! - `writer.rs`: a file that many threads write pieces of;
//! - `read.rs`: the pieces where they lie, each hashed before its first use;
//! - `marks.rs`: which ones were.
//!
//! Arrow readers go by the metadata. This crate goes by the offsets in the manifest, which
//! has a hash: so nothing has to be decoded when an index is opened, and no metadata has
//! to be believed.

mod layout;
mod marks;
mod read;
mod writer;

pub(super) use layout::{ColumnSpec, Values};
pub(super) use read::{Kind, Rotten, Sheet};
pub(super) use writer::SheetWriter;
