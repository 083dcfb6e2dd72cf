//! The public surface of the crate, on the file system of this machine.

mod creation;
mod damage;
mod follow;
mod writer;
