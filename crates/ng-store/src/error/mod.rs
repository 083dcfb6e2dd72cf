//! Errors: one enum for each family of operations.
//!
//! `io` is what they share: a failed system call, with file, operation and offset.

mod create;
mod io;
mod open;
mod read;
mod repair;
mod shown;
mod vec_store;
mod write;

pub use create::CreateError;
pub use io::{FileKind, IoError, Operation};
pub use open::OpenError;
pub use read::{LoadError, ReadError};
pub use repair::RepairError;
pub use shown::{Counted, Shown};
pub use vec_store::VecStoreError;
pub use write::WriteError;
