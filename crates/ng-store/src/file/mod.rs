//! A token file over any [`Disk`](crate::disk::Disk): what is read at open, how
//! it is written, committed and checked. Knows no map, no lock holder and no
//! clock, so all of it runs on a simulated disk.
//!
//! - `head` reads header and slots and decides which commit counts; `finding`
//!   is what it says about the damage; `tail` checks the block that is not full;
//! - `writer` opens for append; its verbs are `append`, `grow` and `commit`; `outflow`
//!   is how tokens leave for the disk, through the page cache or around it;
//! - `savepoint` is what an append in many parts is taken back to;
//! - `new_file` is a file without its name, until it is published; `draft` is
//!   one that is written meanwhile; `lock` finds the file that has a name,
//!   whoever replaces it meanwhile;
//! - `info` is what a file says about itself;
//! - `reader` reads verified blocks, `read_ahead` many of them in their order; `verify`
//!   and `repair` are built on it, and `causes` tells them whether a block is damaged or its entry, `evidence` which
//!   commits a damaged file knows of, `sorted` what its blocks are worth;
//! - `zero_ahead` prepares the room that small commits write to;
//! - `follow` is the rule by which a reader goes from one commit to a later one.

mod append;
mod append_options;
mod causes;
mod commit;
mod draft;
mod evidence;
mod finding;
mod follow;
mod grow;
mod head;
mod info;
mod length;
mod lock;
mod new_file;
mod outflow;
mod read_ahead;
mod reader;
mod repair;
mod savepoint;
mod sorted;
mod tail;
mod verify;
mod writer;
mod zero_ahead;

pub use append_options::AppendOptions;
pub use commit::Stamp;
pub use draft::{CreateOptions, Draft, Identity};
pub use evidence::Basis;
pub(crate) use evidence::Damaged;
pub use finding::Finding;
pub(crate) use finding::write_lost;
pub use follow::Follower;
pub(crate) use follow::{Trust, judge};
pub(crate) use head::Head;
pub use info::FileInfo;
pub(crate) use lock::open_locked;
pub(crate) use new_file::{NewFile, is_temporary};
pub(crate) use outflow::Outflow;
pub use read_ahead::{Block, Blocks};
pub use reader::BlockReader;
#[cfg(feature = "sim")]
pub use repair::repair;
pub(crate) use repair::repair_into;
pub use repair::{RepairOptions, RepairProgress, RepairReport};
pub use savepoint::Savepoint;
pub(crate) use tail::Tail;
pub(crate) use verify::sealed;
pub use verify::{BadBlock, Cause, Cut, VerifyBlocks, VerifyReport};
pub use writer::Writer;
