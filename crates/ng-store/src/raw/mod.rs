//! Memory that the compiler cannot vouch for: all `unsafe` of this crate.
//!
//! - `allocate` reserves and advises, `room` lends the spare capacity of a
//!   vector out and takes it back;
//! - `map` shows a file's tokens, or those in plain memory, as one slice;
//! - `promise` takes the promise that a map rests on, in the constructors that
//!   ask for it;
//! - `writeback` is the one system call that no safe crate wraps.

mod allocate;
mod map;
mod promise;
mod room;
mod writeback;

pub(crate) use allocate::allocate;
pub use map::Snapshot;
pub(crate) use map::{Map, PrivateMap};
pub(crate) use promise::Promise;
pub(crate) use room::fill_in_place;
pub use room::{Filled, Vacant};
pub(crate) use writeback::start_writeback;
