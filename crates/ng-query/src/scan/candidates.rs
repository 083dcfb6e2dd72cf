use ng_store::BLOCK_TOKENS;

use crate::bound::Bound;
use crate::index::Index;
use crate::zone::{Verdict, verdict};

/// A block that may have an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) block: u64,
    /// Whether the filter is known to select every token.
    pub(crate) is_all: bool,
}

/// The blocks of `tokens` tokens that may have selected tokens, in order.
pub(super) fn candidates(tokens: u64, bound: &Bound, index: Option<&Index>) -> Vec<Candidate> {
    let candidate = |block: u64| {
        let first = block * BLOCK_TOKENS as u64;
        let positions = first..tokens.min(first + BLOCK_TOKENS as u64);
        let zone = index.and_then(|index| index.zone(block));
        let verdict = verdict(bound, &positions, zone);
        (verdict != Verdict::None).then_some(Candidate {
            block,
            is_all: verdict == Verdict::All,
        })
    };
    let blocks = 0..tokens.div_ceil(BLOCK_TOKENS as u64);
    blocks.filter_map(candidate).collect()
}
