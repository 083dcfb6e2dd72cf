//! What the fuzz targets share.
//!
//! - `lying_disk` is a file whose length and content are made up;
//! - `model` holds a writer on a failing disk against a vector;
//! - `reading` does with it all that a reader and an appender do at opening;
//! - `seal` makes checksums right, so that what they guard is reached;
//! - `allocator` bounds the memory that a header can ask for.

#[expect(unsafe_code, reason = "a global allocator that counts; nowhere else")]
pub mod allocator;
pub mod lying_disk;
pub mod model;
pub mod reading;
pub mod seal;
