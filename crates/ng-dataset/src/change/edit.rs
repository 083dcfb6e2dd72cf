use ng_query::Matcher;
use ng_token::Token;

use crate::DatasetError;

/// What a change does to rows, a block at a time, in the order of their positions.
pub(super) trait Edit {
    type Error: From<DatasetError>;

    /// Whether it leaves as many rows as it finds.
    const KEEPS_COUNT: bool;

    /// What selects the rows that may change.
    fn matcher(&self) -> &Matcher;

    /// Changes rows of a block, or removes them.
    fn edit(&mut self, tokens: &mut Vec<Token>, first_position: u64) -> Result<Tally, Self::Error>;

    /// Tells whether rows that were sorted by an order still are.
    fn keeps_order(&self, order: &str) -> bool;

    /// Returns rows to be added at the end.
    fn added(&mut self) -> Vec<Token> {
        Vec::new()
    }
}

/// What became of the rows of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) matched: u64,
    pub(super) changed: u64,
    pub(super) deleted: u64,
}

impl Tally {
    pub(super) fn is_change(self) -> bool {
        self.changed + self.deleted > 0
    }
}

/// Removes the tokens at some indices, ascending.
pub(super) fn remove_at(tokens: &mut Vec<Token>, indices: &[usize]) {
    let (mut gone, mut index) = (indices.iter().copied().peekable(), 0);
    tokens.retain(|_| {
        let goes = gone.next_if_eq(&index).is_some();
        index += 1;
        !goes
    });
}
