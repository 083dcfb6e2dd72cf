use super::Scan;
use crate::zone::{Verdict, verdict};

/// A block that may have an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) block: u64,
    /// Which of the sources that are open at once has the block.
    pub(super) place: u32,
    /// Whether the filter is known to select every token.
    pub(crate) is_all: bool,
}

impl Candidate {
    /// A block whose tokens are all selected.
    pub(super) fn of_all(block: u64) -> Self {
        Self {
            block,
            place: 0,
            is_all: true,
        }
    }
}

impl Scan<'_> {
    /// The blocks that may have selected tokens, in order; not for parts, which know their own.
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        let candidate = |block: u64| {
            let verdict = match self.is_all {
                true => Verdict::All,
                false => {
                    let zone = self.index.and_then(|index| index.zone(block));
                    verdict(self.selector.bound(), &self.positions(block), zone)
                }
            };
            (verdict != Verdict::None).then_some(Candidate {
                block,
                place: 0,
                is_all: verdict == Verdict::All,
            })
        };
        (0..self.blocks()).filter_map(candidate).collect()
    }
}
