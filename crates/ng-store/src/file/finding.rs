use std::fmt;

/// A fault in a file's first 20 KiB, or with its folder, that did not prevent opening it.
///
/// A power cut during a commit may leave [`SlotCopy`](Self::SlotCopy),
/// [`CopiesDiffer`](Self::CopiesDiffer) or [`FirstCommitMissing`](Self::FirstCommitMissing)
/// behind; the next commits overwrite them. No acknowledged commit is affected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Finding {
    /// The static header is damaged and was read from a copy. The file cannot be appended
    /// to.
    Header,
    /// One copy of a slot is damaged; the other was used.
    SlotCopy {
        /// The slot, 0 or 1.
        slot: usize,
        /// The copy, 0 or 1.
        copy: usize,
    },
    /// The copies of a slot are two commits; the newer was used.
    CopiesDiffer {
        /// The slot, 0 or 1.
        slot: usize,
    },
    /// Both copies of a slot are damaged. It held the commit before the one shown, so
    /// nothing is missing.
    Slot {
        /// The slot, 0 or 1.
        slot: usize,
    },
    /// Both copies of a slot are damaged, and it may have held a newer commit than the one
    /// shown. No power cut does that with whole sectors.
    ///
    /// The file cannot be appended to, unless
    /// [`AppendOptions::older_commit`](super::AppendOptions::older_commit) gives that
    /// commit up. [`repair`](crate::repair) recovers its provable part.
    SlotLost {
        /// The slot, 0 or 1.
        slot: usize,
        /// How many tokens the commit shown has.
        shown: u64,
        /// How many the lost one had; `None` if its intent is lost, too, or the file has
        /// format 1.0.
        lost: Option<u64>,
    },
    /// Bytes that should be zero are not.
    Gap {
        /// The offset of the first of them.
        offset: u64,
    },
    /// The tail image of the newest commit is damaged. It was not needed.
    TailImage {
        /// The slot it belongs to, 0 or 1.
        slot: usize,
    },
    /// The slots show no commit, but there are traces of one: it was in progress, or its
    /// slot is lost.
    FirstCommitMissing,
    /// The folder could not be synced, because it may not be read or the file system has no
    /// such call. The file is fine; but if its creator died before its own sync, a power
    /// cut may lose the name.
    FolderNotSynced,
    /// The end of the last block was damaged, and was restored from its image.
    TailRestored {
        /// The first token that the image holds.
        token_index: u64,
    },
    /// The last block is damaged, and was closed: zero tokens fill it up, and it stays
    /// marked as damaged.
    TailClosed {
        /// The block.
        block: u64,
    },
}

impl Finding {
    /// Tells whether a power cut during a commit may have left it behind. Everything else
    /// is other damage.
    pub const fn may_be_of_a_power_cut(&self) -> bool {
        matches!(
            self,
            Self::SlotCopy { .. } | Self::CopiesDiffer { .. } | Self::FirstCommitMissing
        )
    }

    /// Tells whether a newer commit than the one shown may have been lost.
    pub const fn may_hide_a_commit(&self) -> bool {
        matches!(self, Self::SlotLost { .. } | Self::FirstCommitMissing)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => f.write_str("header damaged, read from a copy of it"),
            Self::SlotCopy { slot, copy } => {
                write!(
                    f,
                    "commit slot {slot}: copy {copy} damaged, read from the other"
                )
            }
            Self::CopiesDiffer { slot } => {
                write!(f, "commit slot {slot}: copies differ, the newer one used")
            }
            Self::Slot { slot } => {
                write!(f, "commit slot {slot} damaged; it held an older commit")
            }
            Self::SlotLost { slot, shown, lost } => write_lost(f, *slot, *shown, *lost),
            Self::Gap { offset } => write!(f, "byte at {offset:#x} is not zero"),
            Self::TailImage { slot } => {
                write!(f, "tail image {slot} damaged, and not needed")
            }
            Self::FirstCommitMissing => f.write_str(
                "the first commit is not there: it was under way, or its slot is lost; \
                     opening for append makes it again if it is whole",
            ),
            Self::FolderNotSynced => f.write_str(
                "the folder cannot be synced: a power cut may lose the name of a new file",
            ),
            Self::TailRestored { token_index } => {
                write!(
                    f,
                    "tokens from {token_index} on restored from the tail image"
                )
            }
            Self::TailClosed { block } => {
                write!(
                    f,
                    "block {block} damaged; it was filled up and left damaged"
                )
            }
        }
    }
}

/// Says what may be missing if a slot is lost.
pub(crate) fn write_lost(
    f: &mut fmt::Formatter<'_>,
    slot: usize,
    shown: u64,
    lost: Option<u64>,
) -> fmt::Result {
    write!(
        f,
        "commit slot {slot} is lost and may have held the newest commit: "
    )?;
    match lost {
        Some(lost) if lost > shown => write!(f, "tokens {shown}..{lost} may be missing"),
        Some(_) => f.write_str("its tag may be missing, but no tokens"),
        None => write!(
            f,
            "an unknown number of tokens from {shown} on may be missing"
        ),
    }
}
