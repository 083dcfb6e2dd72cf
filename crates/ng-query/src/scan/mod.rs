//! One pass: which blocks are looked at, by which worker, and what of each.
//!
//! [`Scan`] plans the blocks and hands them to the workers; a [`Stage`] is one worker's place in
//! the file, with the loaded columns of a block ([`Lanes`]) and its selected tokens. A [`Visitor`]
//! goes to single blocks in any order. A [`Matcher`] needs none of these: its tokens are given.

mod beyond;
mod candidates;
mod lanes;
mod matcher;
mod opened;
mod pass;
mod placed;
mod stage;
mod stop;
mod visitor;

pub(crate) use beyond::{Beyond, greatest, least};
pub(crate) use candidates::Candidate;
pub(crate) use lanes::{Lanes, whole_of, width};
pub use matcher::Matcher;
pub(crate) use opened::Opened;
pub(crate) use pass::{LONGEST_WAVE, Scan};
pub(crate) use placed::PlacedPart;
pub(crate) use stage::{Stage, for_each_one};
pub(crate) use stop::Stop;
#[cfg(test)]
pub(crate) use stop::testing::{Countdown, check_every_look};
pub(crate) use visitor::{Visited, Visitor};
