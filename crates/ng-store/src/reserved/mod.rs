//! Memory that a vector has reserved and not yet filled.
//!
//! All `unsafe` of this crate is here. `allocate` reserves and advises, `room`
//! lends the spare capacity out and takes it back.

mod allocate;
mod room;

pub(crate) use allocate::allocate;
pub(crate) use room::fill_in_place;
pub use room::{Filled, Vacant};
