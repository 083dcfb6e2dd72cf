//! Boxes around points: what a nearest search can skip.
//!
//! A block is a leaf of a packed R-tree: the boxes of the blocks are its first level, those of 64
//! blocks each its second ([`Tree`]). Below a block there may be boxes of its pages of 64 tokens.
//! The answers are right for any order of the file; in a file without order, boxes overlap and
//! nothing can be skipped.

#[cfg(test)]
pub(crate) mod of_tokens;
mod tree;
mod trees;

use ng_token::Space;

pub(crate) use tree::{Cuboid, Row, Tree};
pub(crate) use trees::Trees;

/// What is known about where the points of a file's blocks are.
pub(crate) trait Boxes: std::fmt::Debug + Sync {
    /// The boxes of the blocks in one space.
    fn tree(&self, space: Space) -> &Tree;

    /// The boxes of a full block's 64 pages, if they are kept.
    fn pages(&self, space: Space, block: u64) -> Option<BoxRows<'_>>;
}

/// The ends of up to 64 boxes, one axis after the other.
#[derive(Clone, Copy)]
pub(crate) struct BoxRows<'b> {
    pub(crate) low: [&'b [i16]; 3],
    pub(crate) high: [&'b [i16]; 3],
}
