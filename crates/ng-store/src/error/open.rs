use std::fmt;
use std::path::PathBuf;

use super::io::Holder;
use crate::file::write_lost;
use crate::format::{Expected, FieldFault};
use crate::{Counted, FileKind, IoError, Shown};

/// Why a token file cannot be opened or refreshed.
///
/// Opening for reading writes nothing. Opening to append may by then have restored or
/// closed the last block, or repeated the newest commit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The system refused.
    #[error(transparent)]
    Io(#[from] IoError),

    /// The path does not name a regular file.
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
        /// The supported version.
        expected: u16,
    },

    /// The file uses features that a reader must know.
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

    /// A constant of the format differs under a valid checksum: this crate does not know
    /// the file's format.
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
        /// Its value in every file of this format.
        expected: Expected,
    },

    /// The file uses features that a writer must know.
    #[error("{}: features {unknown:#x} at 0x60 allow reading only", Shown(path))]
    ReadOnlyFeatures {
        /// The file.
        path: PathBuf,
        /// The bits that this crate does not know.
        unknown: u64,
    },

    /// A field holds an invalid value.
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

    /// The static header is damaged. A reader uses a slot's copy of it, if one is left; a
    /// writer refuses.
    #[error("{}: checksum mismatch in the header at 0x0", Shown(path))]
    HeaderDamaged {
        /// The file.
        path: PathBuf,
    },

    /// A commit slot is lost, and may have held the newest commit: appending could
    /// overwrite acknowledged tokens.
    ///
    /// [`repair`](crate::repair) recovers the provable part of that commit into a new file;
    /// [`AppendOptions::older_commit`](crate::AppendOptions::older_commit) gives it up.
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
        /// How many tokens the remaining commit has.
        shown: u64,
        /// How many the lost one had, if known.
        lost: Option<u64>,
    },

    /// The newest commit has the highest possible generation, so none can follow. The file
    /// can be read.
    #[error("{}: generation {last} is the last possible", Shown(path))]
    LastGeneration {
        /// The file.
        path: PathBuf,
        /// The current generation.
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
        /// The minimum length for the commit. For a file truncated within its first 64 KiB,
        /// the minimum length of any token file.
        need: u64,
    },

    /// The last, partial block fails its hash.
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
        /// The hash found.
        found: u64,
        /// The hash that was committed.
        expected: u64,
        /// Whether the tail image can restore it.
        restorable: bool,
    },

    /// Another appender holds the file.
    #[error("{}: locked by another appender{}", Shown(path), Holder(*holder))]
    Locked {
        /// The file.
        path: PathBuf,
        /// The process that took the lock, if the system says.
        holder: Option<u32>,
    },

    /// The store was opened by another process, before a fork. What it shows stays
    /// readable; to refresh, this process must open the file itself, since the kernel
    /// reports a failed write only once for both.
    #[error(
        "{}: opened by another process, before a fork; open it again here",
        Shown(path)
    )]
    Forked {
        /// The file.
        path: PathBuf,
    },

    /// The path names another file now, or the file has no name left.
    #[error("{}: replaced by another file, or removed", Shown(path))]
    Replaced {
        /// The path.
        path: PathBuf,
    },

    /// The file was rolled back to an older commit. The store keeps showing only the tokens
    /// of the previous commit, if the file still begins with them, and nothing else. Open
    /// the file again.
    #[error("{}: generation {found}, expected {have} or later", Shown(path))]
    WentBack {
        /// The file.
        path: PathBuf,
        /// The generation shown before.
        have: u64,
        /// The generation found now.
        found: u64,
    },

    /// The commit shown was taken back, and the file continues from another one: its last
    /// sync failed, or the slots of both were damaged. Its tokens may have been
    /// overwritten, so the store keeps showing only the tokens of the previous commit, if
    /// the file still begins with them, and nothing else; snapshots keep everything. Open
    /// the file again.
    ///
    /// Also returned if nothing proves the contrary: more than two commits were made since,
    /// and the block table is damaged.
    #[error(
        "{}: generation {generation} was taken back; the file continues from another commit",
        Shown(path)
    )]
    TakenBack {
        /// The file.
        path: PathBuf,
        /// The generation shown.
        generation: u64,
    },

    /// There is a new commit that may not be durable: a sync after it failed. It is never
    /// shown, even if a later sync succeeds, because the system reports a failure only
    /// once. The next commit is shown again.
    ///
    /// A forked child gets this for each new commit, since it shares its parent's
    /// descriptor: open the file again there.
    #[error("{cause}; generation {generation} is not shown")]
    NotDurable {
        /// The file.
        path: PathBuf,
        /// The number of the commit.
        generation: u64,
        /// Why the sync failed.
        #[source]
        cause: IoError,
    },

    /// A map of the file shows other bytes than a read: the open file was replaced
    /// underneath, as when an overlay file system copies a file at its first write, or the
    /// file system does not keep maps and reads coherent.
    #[error(
        "{}: the map of block {block} at {offset:#x} differs from what is read",
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

/// What may be missing if a slot is lost, in words.
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
