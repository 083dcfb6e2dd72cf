use std::ops::Range;

/// Why an operation of a [`VecStore`](crate::VecStore) failed. The store is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VecStoreError {
    /// More tokens than an address space holds.
    #[error("capacity overflow: {token_count} tokens, at most {max} fit an address space", max = Self::MAX_TOKENS)]
    CapacityOverflow {
        /// The capacity needed, in tokens; `usize::MAX` if it does not fit a `usize`.
        token_count: usize,
    },

    /// The system refused the memory.
    #[error("out of memory: {size_bytes} bytes refused")]
    OutOfMemory {
        /// The requested bytes.
        size_bytes: usize,
    },

    /// Two filled ranges do not touch, or are in the wrong order.
    #[error("filled ranges do not touch: left {left:?}, right {right:?}")]
    NotAdjacent {
        /// The left range, relative to the append.
        left: Range<usize>,
        /// The right range.
        right: Range<usize>,
    },

    /// The lent capacity came back only partly filled.
    #[error("room not filled: {filled:?} of {room} tokens")]
    RoomNotFilled {
        /// The range filled, relative to the append.
        filled: Range<usize>,
        /// The tokens to fill.
        room: usize,
    },
}

impl VecStoreError {
    pub(crate) const MAX_TOKENS: usize = isize::MAX as usize / size_of::<ng_token::Token>();
}
