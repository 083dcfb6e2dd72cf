use std::ops::Range;

/// What a [`VecStore`](crate::VecStore) can fail with. The store is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VecStoreError {
    /// More tokens than an address space holds.
    #[error("capacity overflow: {token_count} tokens, at most {max} fit an address space", max = Self::MAX_TOKENS)]
    CapacityOverflow {
        /// The capacity that was needed, in tokens; `usize::MAX` if it does not
        /// fit a `usize`.
        token_count: usize,
    },

    /// The system refused the memory.
    #[error("out of memory: {size_bytes} bytes refused")]
    OutOfMemory {
        /// The bytes that were asked for.
        size_bytes: usize,
    },

    /// Two filled ranges do not touch, or are in the wrong order.
    #[error("filled ranges do not touch: left {left:?}, right {right:?}")]
    NotAdjacent {
        /// The range that was to be the left one, relative to the append.
        left: Range<usize>,
        /// The range that was to follow it.
        right: Range<usize>,
    },

    /// The room that was lent came back filled only in part.
    #[error("room not filled: {filled:?} of {room} tokens")]
    RoomNotFilled {
        /// The range that came back, relative to the append.
        filled: Range<usize>,
        /// The tokens that were to be filled.
        room: usize,
    },
}

impl VecStoreError {
    pub(crate) const MAX_TOKENS: usize = isize::MAX as usize / size_of::<ng_token::Token>();
}
