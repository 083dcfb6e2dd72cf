use std::fmt;
use std::mem;
use std::ops::Range;

use ng_parallel::StopFlag;
use ng_store::BLOCK_TOKENS;
use ng_token::{Token, TokenId};

use super::stage::Kit;
use super::{Opened, Stage, Stop, for_each_one};
use crate::bound::Bound;
use crate::kernels::Kernels;
use crate::memory::reserve;
use crate::ops::find::{one_of, sorted};
use crate::select::Selector;
use crate::zone::{Verdict, verdict};
use crate::{Filter, QueryError, Source, Zone};

/// A filter for tokens that are on their way: block after block, on the calling thread.
///
/// ```
/// use ng_query::Matcher;
/// use ng_query::ng_token::Token;
///
/// let mut matcher = Matcher::new(&"id < 3 or position = 107".parse()?, 0);
/// let tokens: Vec<Token> = (0..10).map(Token::new).collect();
/// let mut indices = Vec::new();
/// matcher.select(&tokens, 100, &mut indices)?;
/// assert_eq!(indices, [0, 1, 2, 7]);
/// assert!(!matcher.can_match(None, 100..100));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Matcher {
    selector: Selector,
    kernels: Kernels,
    stop: Stop,
    kit: Kit,
}

impl Matcher {
    /// Makes a filter ready; `valid` means at `now`, in seconds since 1970 UTC.
    #[must_use]
    pub fn new(filter: &Filter, now: u32) -> Self {
        Self::of(filter.bind(now))
    }

    /// Makes one for the tokens with any of some ids.
    #[must_use]
    pub fn of_ids(ids: impl IntoIterator<Item = TokenId>) -> Self {
        let ids = ids.into_iter().map(TokenId::raw).collect();
        Self::of(one_of(&sorted(ids)))
    }

    fn of(bound: Bound) -> Self {
        Self {
            selector: Selector::new(bound),
            kernels: Kernels::detect(),
            stop: Stop::new(StopFlag::new()),
            kit: Kit::default(),
        }
    }

    /// Tells whether a token at some positions may match, by the zone of all of them if it is
    /// known.
    #[must_use]
    pub fn can_match(&self, zone: Option<&Zone>, positions: Range<u64>) -> bool {
        let verdict = || verdict(self.selector.bound(), &positions, zone);
        !positions.is_empty() && verdict() != Verdict::None
    }

    /// Replaces `indices` by those of the tokens that match, ascending; the first token is at a
    /// position.
    ///
    /// # Errors
    ///
    /// [`QueryError::OutOfMemory`] if there is none for the indices.
    pub fn select(
        &mut self,
        tokens: &[Token],
        first_position: u64,
        indices: &mut Vec<usize>,
    ) -> Result<(), QueryError> {
        indices.clear();
        let mut opened = Opened::few(Source::Tokens(tokens));
        opened.base = first_position;
        let kit = mem::take(&mut self.kit);
        let mut stage = Stage::of(self.kernels, &self.stop, &opened, kit);
        let mut blocks = 0..tokens.len().div_ceil(BLOCK_TOKENS);
        let done =
            blocks.try_for_each(|block| select_in(block, &self.selector, &mut stage, indices));
        self.kit = stage.into_kit();
        done
    }
}

fn select_in(
    block: usize,
    selector: &Selector,
    stage: &mut Stage<'_>,
    indices: &mut Vec<usize>,
) -> Result<(), QueryError> {
    stage.enter(block as u64);
    let mut mask = stage.masks.take();
    let selected = &mut mask[..stage.len()];
    let mut evaluated = selector.evaluate(stage, selected);
    if evaluated.is_ok() {
        evaluated = reserve(indices, stage.kernels.count(selected), "indices");
    }
    if evaluated.is_ok() {
        for_each_one(selected, |place| indices.push(block * BLOCK_TOKENS + place));
    }
    stage.masks.give(mask);
    evaluated
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Matcher")
            .field(self.selector.bound())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::arbitrary;

    proptest! {
        #[test]
        fn what_is_selected_is_what_matches_one_by_one(
            bound in arbitrary::filter(),
            tokens in arbitrary::tokens(),
            times in prop::sample::select(vec![1, 60]),
            first in prop::sample::select(vec![0, 5, 1 << 40]),
        ) {
            let tokens = tokens.repeat(times);
            let mut matcher = Matcher::of(bound.clone());
            let mut indices = vec![7];
            // The second time with buffers of the first.
            for _ in 0..2 {
                matcher.select(&tokens, first, &mut indices).unwrap();
                let matches = |index: &usize| {
                    arbitrary::matches(&bound, first + *index as u64, &tokens[*index])
                };
                let expected: Vec<usize> = (0..tokens.len()).filter(matches).collect();
                prop_assert_eq!(&indices, &expected);
                let positions = first..first + tokens.len() as u64;
                let can_match = matcher.can_match(None, positions);
                prop_assert!(can_match || indices.is_empty());
            }
        }
    }
}
