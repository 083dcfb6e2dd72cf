//! The soak: mixed work on one mapped token file for as long as is wanted.
//!
//! The lab (`ng_lab::soak`) says when an operation is due and takes its times; here
//! is what an operation is. Begin reading at `tokens.rs`.

mod room;
mod sequence;
mod tokens;

pub use room::{FEWEST_TOKENS, Room, room};
pub use tokens::serve;
