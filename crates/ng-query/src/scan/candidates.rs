use std::ops::Range;

use ng_store::BLOCK_TOKENS;

use crate::bound::{Bound, Condition};
use crate::index::{Index, Verdict, Zone};

/// A block that may have an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) block: u64,
    /// Whether it is known without a look that the filter selects every token.
    pub(crate) is_all: bool,
}

/// The blocks of `tokens` tokens that may have some that are selected, in order.
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

/// What is known of the tokens at some positions without a look at them.
fn verdict(bound: &Bound, positions: &Range<u64>, zone: Option<&Zone>) -> Verdict {
    let of = |bound: &Bound| verdict(bound, positions, zone);
    match bound {
        Bound::All => Verdict::All,
        Bound::Nothing => Verdict::None,
        Bound::Not(inner) => not(of(inner)),
        Bound::And(parts) => not(any(parts.iter().map(|part| not(of(part))))),
        Bound::Or(parts) => any(parts.iter().map(of)),
        Bound::Is(Condition::Position(range)) => {
            if *range.start() <= positions.start && positions.end - 1 <= *range.end() {
                Verdict::All
            } else if *range.end() < positions.start || positions.end <= *range.start() {
                Verdict::None
            } else {
                Verdict::Some
            }
        }
        Bound::Is(_) => zone.map_or(Verdict::Some, |zone| zone.test(bound, positions.start)),
    }
}

fn not(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::None => Verdict::All,
        Verdict::Some => Verdict::Some,
        Verdict::All => Verdict::None,
    }
}

fn any(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let mut known = Verdict::None;
    for verdict in verdicts {
        match verdict {
            Verdict::All => return Verdict::All,
            Verdict::Some => known = Verdict::Some,
            Verdict::None => {}
        }
    }
    known
}
