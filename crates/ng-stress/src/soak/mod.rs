//! The soak: mixed work on one mapped token file.
//!
//! The lab (`ng_lab::soak`) schedules and times operations; they are defined here. Start
//! reading at `tokens.rs`.

mod room;
mod sequence;
mod tokens;

pub use room::{FEWEST_TOKENS, Room, room};
pub use tokens::serve;
