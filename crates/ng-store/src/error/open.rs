use std::fmt;
use std::path::PathBuf;

use super::io::Holder;
use crate::file::write_lost;
use crate::format::{Expected, FieldFault};
use crate::{Counted, FileKind, IoError, Shown};

/// Why a token file cannot be opened, or be read again.
///
/// Opening for reading writes nothing. Opening to append may have restored or closed
/// the last block by then, or made the newest commit once more.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The system refused.
    #[error(transparent)]
    Io(#[from] IoError),

    /// The path names no regular file.
    #[error("{}: is a {found}, expected a regular file", Shown(path))]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it names.
        found: FileKind,
    },

    /// The file does not begin like a token file.
    #[error(
        "{}: not a token file: magic {found:02x?} at 0x0, expected {:02x?}",
        Shown(path),
        crate::format::HEADER_MAGIC
    )]
    NotATokenFile {
        /// The file.
        path: PathBuf,
        /// Its first 8 bytes, zero beyond its end.
        found: [u8; 8],
    },

    /// The file has another major version.
    #[error("{}: format version {found} at 0x8, expected {expected}", Shown(path))]
    Version {
        /// The file.
        path: PathBuf,
        /// Its major version.
        found: u16,
        /// The one that this crate knows.
        expected: u16,
    },

    /// The file uses features without which it cannot be understood.
    #[error(
        "{}: incompatible features {unknown:#x} at 0x58, expected none of them",
        Shown(path)
    )]
    Features {
        /// The file.
        path: PathBuf,
        /// The bits that this crate does not know.
        unknown: u64,
    },

    /// A constant of the format has another value under a right checksum: the file
    /// is of a format that this crate does not know.
    #[error(
        "{}: {field} {found} at {offset:#x} is not supported, expected {expected}",
        Shown(path)
    )]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The offset of the field in the file.
        offset: u64,
        /// Its name.
        field: &'static str,
        /// What it holds.
        found: u64,
        /// What it holds in every file of this format.
        expected: Expected,
    },

    /// The file uses features without which it must not be written.
    #[error("{}: features {unknown:#x} at 0x60 allow reading only", Shown(path))]
    ReadOnlyFeatures {
        /// The file.
        path: PathBuf,
        /// The bits that this crate does not know.
        unknown: u64,
    },

    /// A field holds what it cannot hold.
    #[error("{}: {field} {found} at {offset:#x}, expected {expected}", Shown(path))]
    Field {
        /// The file.
        path: PathBuf,
        /// The offset of the field in the file.
        offset: u64,
        /// Its name.
        field: &'static str,
        /// What it holds.
        found: u64,
        /// What it should hold.
        expected: Expected,
    },

    /// The static header is damaged. A reader takes a slot's copy of it, if one
    /// is left; a writer refuses.
    #[error("{}: the header at 0x0 does not have its checksum", Shown(path))]
    HeaderDamaged {
        /// The file.
        path: PathBuf,
    },

    /// A commit slot is lost, and it may have held the newest commit: appending
    /// could write over tokens that were acknowledged.
    ///
    /// [`repair`](crate::repair) recovers what can be proven of that commit into a
    /// new file; [`AppendOptions::older_commit`](crate::AppendOptions::older_commit)
    /// gives it up.
    #[error(
        "{}: {}; repair the file, or give that commit up",
        Shown(path),
        Lost { slot: *slot, shown: *shown, lost: *lost }
    )]
    SlotLost {
        /// The file.
        path: PathBuf,
        /// The slot, 0 or 1.
        slot: usize,
        /// How many tokens the commit has that is left.
        shown: u64,
        /// How many the lost one had, where that is known.
        lost: Option<u64>,
    },

    /// The newest commit has the last number that the format counts, so that none
    /// can follow. The file can be read.
    #[error("{}: generation {last} is the last there can be", Shown(path))]
    LastGeneration {
        /// The file.
        path: PathBuf,
        /// The generation that stands.
        last: u64,
    },

    /// No copy of a commit slot is left.
    #[error("{}: no valid commit slot at 0x1000 and 0x3000", Shown(path))]
    NoCommit {
        /// The file.
        path: PathBuf,
    },

    /// The file is shorter than what was committed.
    #[error("{}: {} long, expected {need} or more", Shown(path), Counted(*have, "byte"))]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        have: u64,
        /// The least length of what was committed. Of a file cut within its
        /// first 64 KiB, the least length of any token file.
        need: u64,
    },

    /// The last block, which is not full, does not have its hash.
    #[error(
        "{}: block {block} at {offset:#x} has hash {found:#018x}, expected {expected:#018x}{}",
        Shown(path),
        if *restorable { "; opening for append restores it" } else { "" }
    )]
    TailDamaged {
        /// The file.
        path: PathBuf,
        /// The index of the block.
        block: u64,
        /// Where it begins.
        offset: u64,
        /// The hash of what is there.
        found: u64,
        /// The hash that was committed.
        expected: u64,
        /// Whether the tail image makes it whole again.
        restorable: bool,
    },

    /// Another appender holds the file.
    #[error("{}: locked by another appender{}", Shown(path), Holder(*holder))]
    Locked {
        /// The file.
        path: PathBuf,
        /// The process that took the lock, where the system tells.
        holder: Option<u32>,
    },

    /// The store was opened by another process, before a fork. What it shows can be
    /// read on; to go on from there, this process opens the file itself: the kernel
    /// tells a failed write once for both.
    #[error(
        "{}: opened by another process, before a fork; open it again here",
        Shown(path)
    )]
    Forked {
        /// The file.
        path: PathBuf,
    },

    /// The path names another file than it did, or the file has no name any more.
    #[error("{}: replaced by another file, or removed", Shown(path))]
    Replaced {
        /// The path.
        path: PathBuf,
    },

    /// The file shows an older commit than it did. Of what was shown, the store
    /// keeps what the commit before it holds, if the file still begins with that,
    /// and nothing else. Open the file again.
    #[error("{}: generation {found}, expected {have} or later", Shown(path))]
    WentBack {
        /// The file.
        path: PathBuf,
        /// The generation that was seen before.
        have: u64,
        /// The one that is there now.
        found: u64,
    },

    /// The commit that is shown was taken back, and the file goes on from another
    /// one: its last sync failed, or the slots of both were damaged. Its tokens
    /// may have been written over, so of what was shown the store keeps what the
    /// commit before it holds, if the file still begins with that, and nothing
    /// else; snapshots keep all of it. Open the file again.
    ///
    /// It is also said where nothing is left that proves the contrary: more than
    /// two commits were made since, and the block table is damaged.
    #[error(
        "{}: generation {generation}, which is shown, is not what the file goes on from",
        Shown(path)
    )]
    TakenBack {
        /// The file.
        path: PathBuf,
        /// The number of the commit that is shown.
        generation: u64,
    },

    /// There is a new commit, and whether it is durable cannot be known: a sync
    /// after it failed. It is not shown, even if a later sync succeeds, because
    /// the system tells a failure once. The next commit is shown again.
    ///
    /// In a forked child it is said of each new commit, since the child shares its
    /// parent's descriptor: open the file again there.
    #[error("{cause}; generation {generation} is not shown")]
    NotDurable {
        /// The file.
        path: PathBuf,
        /// The number of the commit.
        generation: u64,
        /// What the sync failed with.
        #[source]
        cause: IoError,
    },

    /// A map of the file shows other bytes than a read of it: another file was put
    /// under the open one, as where an overlay file system makes its own copy of a
    /// file at the first write, or the file system keeps maps and reads apart.
    #[error(
        "{}: the map of block {block} at {offset:#x} is not what is read there",
        Shown(path)
    )]
    MapDiffers {
        /// The file.
        path: PathBuf,
        /// The index of the block.
        block: u64,
        /// Where it begins.
        offset: u64,
    },
}

/// What may be missing where a slot is lost, in words.
struct Lost {
    slot: usize,
    shown: u64,
    lost: Option<u64>,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_lost(f, self.slot, self.shown, self.lost)
    }
}

impl OpenError {
    /// Names the field of a record that begins at `record_offset`.
    pub(crate) fn field(path: PathBuf, record_offset: u64, fault: FieldFault) -> Self {
        Self::Field {
            path,
            offset: record_offset + fault.offset,
            field: fault.field,
            found: fault.found,
            expected: fault.expected,
        }
    }
}
