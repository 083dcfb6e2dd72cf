//! An Arrow file of one record batch, whose columns are plain arrays in place.
//!
//! - `layout.rs`: where each column begins, and the Arrow metadata that says so;
//! - `writer.rs`: a file whose pieces many threads write;
//! - `read.rs`: the pieces in place, each hashed before its first use;
//! - `marks.rs`: which pieces were hashed.
//!
//! Arrow readers use the metadata. This crate uses the offsets in the manifest, which has a hash:
//! so opening an index decodes no metadata and trusts none.

mod layout;
mod marks;
mod read;
mod writer;

pub(super) use layout::{ColumnSpec, Values};
pub(super) use read::{Kind, Rotten, Sheet};
pub(super) use writer::SheetWriter;
