//! A token file over any [`Disk`](crate::disk::Disk): opening, writing, committing and
//! checking. Knows no map, lock holder or clock, so all of it runs on a simulated disk.
//!
//! - `head` reads header and slots and decides which commit counts; `finding` describes
//!   damage; `tail` checks the partial block;
//! - `writer` opens for append; its verbs are `append`, `grow` and `commit`; `outflow`
//!   writes tokens to the disk, through the page cache or bypassing it;
//! - `savepoint` is what a multi-part append rolls back to;
//! - `new_file` is an unnamed file until it is published; `draft` is one being written;
//!   `lock` finds the file that has a name, even while it is being replaced;
//! - `whole` publishes a small file of other bytes;
//! - `info` is what a file says about itself;
//! - `reader` reads verified blocks, `read_ahead` many of them in order; `verify` and
//!   `repair` build on it, with `causes` deciding whether a block or its entry is damaged,
//!   `evidence` which commits a damaged file records, `sorted` which of its blocks are
//!   sound;
//! - `zero_ahead` prepares the space for small commits;
//! - `follow` has the rules by which a reader moves to a later commit.

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
mod whole;
mod writer;
mod zero_ahead;

pub use append_options::AppendOptions;
pub use commit::Stamp;
pub use draft::{CreateOptions, Draft, Identity};
pub use evidence::{Basis, Damaged};
pub use finding::Finding;
pub(crate) use finding::write_lost;
pub use follow::Follower;
pub(crate) use follow::{Trust, judge};
pub(crate) use head::Head;
pub use info::FileInfo;
pub(crate) use lock::open_locked;
pub use new_file::is_temporary;
#[cfg(feature = "rules")]
pub use new_file::remove_leftovers;
pub(crate) use new_file::{Naming, NewFile};

pub(crate) use outflow::Outflow;
pub use read_ahead::{Block, Blocks};
pub use reader::BlockReader;
#[cfg(feature = "rules")]
pub use repair::repair;
pub(crate) use repair::repair_into;
pub use repair::{RepairOptions, RepairProgress, RepairReport};
pub use savepoint::Savepoint;
pub(crate) use tail::Tail;
pub(crate) use verify::sealed;
pub use verify::{BadBlock, Cause, Cut, VerifyBlocks, VerifyReport};
#[cfg(any(test, feature = "rules"))]
pub use whole::publish_whole;
pub use writer::Writer;
