//! Boxes made from tokens in memory, as an index would have them.

use ng_store::BLOCK_TOKENS;
use ng_token::{Space, Token};

use super::{BoxRows, Boxes, Cuboid, Tree};
use crate::kernels::PAGE;

#[derive(Debug)]
pub(crate) struct OfTokens {
    trees: Vec<Tree>,
    /// One for each space, with its full blocks.
    pages: Vec<Vec<Pages>>,
    with_pages: Vec<Space>,
}

/// The ends of the boxes of a block's pages.
#[derive(Debug)]
struct Pages {
    low: [Vec<i16>; 3],
    high: [Vec<i16>; 3],
}

impl OfTokens {
    /// Covers the full blocks up to `covered` for which `is_known` is true.
    pub(crate) fn new(
        tokens: &[Token],
        covered: u64,
        with_pages: &[Space],
        is_known: impl Fn(u64) -> bool,
    ) -> Self {
        let blocks = covered.min((tokens.len() / BLOCK_TOKENS) as u64);
        let block = |block: u64| &tokens[block as usize * BLOCK_TOKENS..][..BLOCK_TOKENS];
        let tree = |space: Space| {
            Tree::new(blocks, |number| {
                is_known(number).then(|| cuboid(block(number), space))
            })
        };
        let pages = |space: Space| {
            let of_block = |number| {
                let cuboids: Vec<_> = block(number)
                    .chunks(PAGE)
                    .map(|page| cuboid(page, space))
                    .collect();
                let low = [0, 1, 2].map(|axis| cuboids.iter().map(|all| all.low[axis]).collect());
                let high = [0, 1, 2].map(|axis| cuboids.iter().map(|all| all.high[axis]).collect());
                Pages { low, high }
            };
            (0..blocks).map(of_block).collect()
        };
        Self {
            trees: Space::ALL.into_iter().map(tree).collect(),
            pages: Space::ALL.into_iter().map(pages).collect(),
            with_pages: with_pages.to_vec(),
        }
    }
}

fn cuboid(tokens: &[Token], space: Space) -> Cuboid {
    let ends = |axis: usize| tokens.iter().map(move |token| token.steps(space)[axis]);
    Cuboid {
        low: [0, 1, 2].map(|axis| ends(axis).min().unwrap()),
        high: [0, 1, 2].map(|axis| ends(axis).max().unwrap()),
    }
}

impl Boxes for OfTokens {
    fn tree(&self, space: Space) -> &Tree {
        &self.trees[space as usize]
    }

    fn pages(&self, space: Space, block: u64) -> Option<BoxRows<'_>> {
        let Pages { low, high } = self.pages[space as usize].get(block as usize)?;
        self.with_pages.contains(&space).then_some(BoxRows {
            low: low.each_ref().map(|axis| &axis[..]),
            high: high.each_ref().map(|axis| &axis[..]),
        })
    }
}
