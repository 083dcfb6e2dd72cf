//! The operations, and the simplest answer to each.

pub(crate) mod aggregates;
mod counts;
mod ids;
mod near;
mod ranks;

use ng_query::ng_token::Token;
use ng_query::{Query, QueryError, Source};

use crate::filters::Meant;
use crate::reply::Reply;

/// A query over tokens.
pub(crate) trait Question: Sync {
    /// Its operation.
    fn operation(&self) -> &'static str;

    /// Its parameters.
    fn detail(&self) -> String {
        String::new()
    }

    /// Runs it.
    fn ask(&self, asked: &Asked<'_>, reply: &mut Reply) -> Result<(), QueryError>;

    /// Looks at each selected token.
    fn look(&self, selected: &Selected<'_>, reply: &mut Reply);
}

pub(crate) type Questions = Vec<Box<dyn Question>>;

/// The queries for every filter.
pub(crate) fn of_each_filter() -> Questions {
    counts::questions()
}

/// Every operation.
pub(crate) fn all(tokens: &[Token]) -> Questions {
    let parts = [
        counts::questions(),
        aggregates::questions(),
        ranks::questions(),
        near::questions(tokens),
        ids::questions(tokens),
    ];
    parts.into_iter().flatten().collect()
}

/// A query, where it came from, and what its filter means.
pub(crate) struct Asked<'q> {
    pub(crate) query: Query<'q>,
    pub(crate) source: Source<'q>,
    pub(crate) meant: Meant,
}

/// The selected tokens, by position.
pub(crate) struct Selected<'t> {
    pub(crate) tokens: &'t [Token],
    pub(crate) positions: Vec<u64>,
}

impl<'t> Selected<'t> {
    pub(crate) fn of(tokens: &'t [Token], meant: Meant) -> Self {
        let holds = |position: &u64| (meant.holds)(*position, &tokens[*position as usize]);
        Self {
            tokens,
            positions: (0..tokens.len() as u64).filter(holds).collect(),
        }
    }

    pub(crate) fn each(&self) -> impl Iterator<Item = (u64, &'t Token)> {
        let tokens = self.tokens;
        self.positions
            .iter()
            .map(move |&position| (position, &tokens[position as usize]))
    }
}

/// The first `k` of a list in order, without sorting all of it.
pub(crate) fn first_of<T: Copy>(
    mut all: Vec<T>,
    k: usize,
    order: impl Fn(&T, &T) -> std::cmp::Ordering,
) -> Vec<T> {
    if k < all.len() {
        all.select_nth_unstable_by(k, &order);
        all.truncate(k);
    }
    all.sort_unstable_by(order);
    all
}
