//! Exchanges tokens with other libraries as Arrow columns, in the same process: by the C stream
//! interface and its capsules; and Parquet.
//!
//! - `selected` gives the tokens that a query matches, some blocks at a time;
//! - `batches` makes record batches of them, `stream` exports those;
//! - `c_stream` imports the streams of others, `pieces` makes tokens of them;
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
pub(crate) use stream::{ArrowStream, batch_of, layout_of};
