use std::fmt;

/// Something wrong in a file's first 20 KiB that did not keep it from being
/// opened.
///
/// A power cut during a commit may leave [`SlotCopy`](Self::SlotCopy),
/// [`CopiesDiffer`](Self::CopiesDiffer) or
/// [`FirstCommitMissing`](Self::FirstCommitMissing) behind; the next commits write
/// over them. What was acknowledged is there all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Finding {
    /// The static header is damaged and was taken from a slot's copy. The file
    /// cannot be appended to.
    Header,
    /// One copy of a slot is damaged; the other was taken.
    SlotCopy {
        /// The slot, 0 or 1.
        slot: usize,
        /// The copy, 0 or 1.
        copy: usize,
    },
    /// The copies of a slot are two commits; the newer was taken.
    CopiesDiffer {
        /// The slot, 0 or 1.
        slot: usize,
    },
    /// Both copies of a slot are damaged; the other slot was taken. If this
    /// slot was the newer one, the commit before it is what is shown.
    Slot {
        /// The slot, 0 or 1.
        slot: usize,
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
    /// No commit was made by what the slots say, and one has left its traces: it
    /// was under way, or its slot is lost.
    FirstCommitMissing,
    /// The end of the last block was damaged, and restored from its image.
    TailRestored {
        /// The first token that the image holds.
        token_index: u64,
    },
}

impl Finding {
    /// Tells whether a power cut during a commit may have left it behind.
    /// Everything else is damage that came by itself.
    pub const fn may_be_of_a_power_cut(&self) -> bool {
        matches!(
            self,
            Self::SlotCopy { .. } | Self::CopiesDiffer { .. } | Self::FirstCommitMissing
        )
    }

    /// Tells whether a newer commit than the one that is shown may have been lost.
    pub const fn may_hide_a_commit(&self) -> bool {
        matches!(self, Self::Slot { .. } | Self::FirstCommitMissing)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => f.write_str("header damaged, read from a commit slot"),
            Self::SlotCopy { slot, copy } => {
                write!(
                    f,
                    "commit slot {slot}: copy {copy} damaged, read from the other"
                )
            }
            Self::CopiesDiffer { slot } => {
                write!(f, "commit slot {slot}: copies differ, the newer one taken")
            }
            Self::Slot { slot } => {
                write!(f, "commit slot {slot} damaged, the other slot taken")
            }
            Self::Gap { offset } => write!(f, "byte at {offset:#x} is not zero"),
            Self::TailImage { slot } => {
                write!(f, "tail image {slot} damaged, and not needed")
            }
            Self::FirstCommitMissing => {
                f.write_str("the first commit is not there: it was under way, or its slot is lost")
            }
            Self::TailRestored { token_index } => {
                write!(
                    f,
                    "tokens from {token_index} on restored from the tail image"
                )
            }
        }
    }
}
