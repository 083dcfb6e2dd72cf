//! Boxes around points: what a search for the nearest need not look at.
//!
//! A block is a leaf of a packed R-tree whose first level are the boxes of the blocks, and
//! whose second those of 64 blocks each ([`Tree`]). Below a block there may be boxes of its
//! pages of 64 tokens. All of it serves any order of the file: where tokens are in none,
//! boxes overlap, and nothing can be left out.

#[cfg(test)]
pub(crate) mod of_tokens;
mod tree;
mod trees;

use ng_token::Space;

pub(crate) use tree::{Cuboid, Row, Tree};
pub(crate) use trees::Trees;

/// What is known of where the points of a file's blocks are.
pub(crate) trait Boxes: std::fmt::Debug + Sync {
    /// The boxes of the blocks in one space.
    fn tree(&self, space: Space) -> &Tree;

    /// The boxes of a full block's 64 pages, where they are kept.
    fn pages(&self, space: Space, block: u64) -> Option<BoxRows<'_>>;
}

/// The ends of up to 64 boxes, axis by axis.
#[derive(Clone, Copy)]
pub(crate) struct BoxRows<'b> {
    pub(crate) low: [&'b [i16]; 3],
    pub(crate) high: [&'b [i16]; 3],
}
