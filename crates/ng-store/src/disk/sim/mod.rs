//! A file system in memory whose power can be cut and whose operations can
//! fail, for tests.
//!
//! # The model
//!
//! Every file has a volatile side, which reads and other openers see, and a
//! durable side, which a power cut leaves. What a power cut makes of what was
//! not synced is up to a [`Choose`]:
//!
//! | unsynced | after the cut |
//! |---|---|
//! | a written sector (512 B) | any content it had since the last sync, or the synced one; each sector alone, so a longer write may be torn between sectors |
//! | a length | any length since the last sync, or the synced one; what lies beyond is cut, what was not kept below reads as zero |
//! | an allocation | kept or lost; a kept sector has its space in any case |
//! | a directory entry | every create, rename and unlink kept or lost alone; a rename is never half done |
//!
//! That is more than one journaling file system does: those keep changes of
//! entries, lengths and allocations in order, which is one of the combinations.
//! A rename may survive the loss of the create before it, as where both went
//! into one transaction.
//!
//! [`Disk::sync`](super::Disk::sync) makes data, length and allocations of one
//! file durable, not its entry; [`Dir::sync`](super::Dir::sync) makes entries
//! durable and no data. `start_writeback`, `finish_writeback` and uncached writes make
//! nothing durable.
//!
//! Sectors are atomic unless [`Atomicity`] says otherwise. Space is counted in
//! sectors, by what is allocated or was written; what an unsynced unlink or cut
//! gives back is free at once.
//!
//! # What fails
//!
//! [`SimFs::inject`] lets a chosen operation fail ([`Fault`]). A failed sync
//! leaves its pages dirty or, as Linux does, calls them clean without having
//! written them: they still read as written until they are
//! [evicted](SimFs::evict) or dropped, no later sync writes them, and a power cut may
//! keep or lose each. Those of an uncached write are dropped at once, and uncached
//! reads see what is on the disk. Every handle that was open then is told so by its
//! next sync, or when it next waits for writeback, once; one that is opened later is
//! not.
//!
//! Locks go with their process. [`SimFs::forget_locks`] makes them free.
//!
//! # What is not simulated
//!
//! More than one folder, sectors that cannot be read, space freed only after a
//! journal commit.

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
