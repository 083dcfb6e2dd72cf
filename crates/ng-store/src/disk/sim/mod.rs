//! A file system in memory whose power can be cut and whose operations can
//! fail, for tests.
//!
//! # The model
//!
//! Every file has a volatile side, which reads and other openers see, and a durable side,
//! which a power cut leaves. A [`Choose`] decides what a power cut does to unsynced data:
//!
//! | unsynced | after the cut |
//! |---|---|
//! | a written sector (512 B) | any content it had since the last sync, or the synced one; each sector alone, so a longer write may be torn between sectors |
//! | a length | any length since the last sync, or the synced one; what lies beyond is cut, what was not kept below reads as zero |
//! | an allocation | kept or lost; a kept sector has its space in any case |
//! | a directory entry | every create, rename and unlink kept or lost alone; a rename is never half done; what a lost folder had is lost |
//!
//! That allows more than any one journaling file system: those keep changes of entries,
//! lengths and allocations in order, which is one of the combinations. A rename may survive
//! the loss of the create before it, as if both were in one transaction.
//!
//! [`Disk::sync`](super::Disk::sync) makes data, length and allocations of one
//! file durable, not its entry; [`Dir::sync`](super::Dir::sync) makes the entries of one
//! folder durable and no data. `start_writeback`, `finish_writeback` and uncached writes
//! make nothing durable.
//!
//! Sectors are atomic unless [`Atomicity`] says otherwise. Space is counted in allocated or
//! written sectors; space freed by an unsynced unlink or truncation is free at once.
//!
//! # What fails
//!
//! [`SimFs::inject`] makes a chosen operation fail ([`Fault`]). A failed sync leaves its
//! pages dirty or, like Linux, marks them clean without writing them: they still read as
//! written until they are [evicted](SimFs::evict) or dropped, no later sync writes them,
//! and a power cut may keep or lose each. Pages of an uncached write are dropped at once,
//! and uncached reads see what is on the disk. Every handle open at that time is notified
//! once, by its next sync or wait for writeback; handles opened later are not.
//!
//! Locks end with their process. [`SimFs::forget_locks`] releases them.
//!
//! # What is not simulated
//!
//! Folders that are renamed or removed, sectors that cannot be read, space freed only after
//! a journal commit.

mod atomicity;
mod call;
mod choose;
mod dir;
mod entries;
mod fault;
mod file;
mod fs;
mod inode;
mod machine;
mod moment;
mod page;
mod sectors;
#[cfg(test)]
mod tests;
mod volume;

pub use atomicity::Atomicity;
pub use call::{Call, CallKind};
pub use choose::{Choose, Exhaustive, KeepAll, LoseAll, Seeded};
pub use dir::SimDir;
pub use fault::{Failure, Fault, Killed, PowerCut, When};
pub use file::SimFile;
pub use fs::SimFs;
pub use moment::Moment;

/// The bytes of a sector, the unit that a power cut keeps or loses.
pub const SECTOR_BYTES: u64 = 512;
