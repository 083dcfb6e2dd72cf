//! Tokens to and from others as Arrow columns, in the same process: by the C stream interface
//! and its capsules; and Parquet.
//!
//! - `selected` gives the tokens that a question matches, some blocks at a time;
//! - `batches` makes record batches of them, `stream` hands those out;
//! - `c_stream` takes the streams of others in, `pieces` makes tokens of them;
//! - `parquet` writes and reads files.

mod batches;
#[expect(
    unsafe_code,
    reason = "a stream of another library is known by a pointer; nowhere else"
)]
mod c_stream;
mod errors;
mod parquet;
mod pieces;
mod selected;
mod stream;

pub(crate) use parquet::read_parquet;
pub(crate) use pieces::ArrowPieces;
pub(crate) use stream::{ArrowStream, batch_of};
