use std::collections::HashMap;

use ng_parallel::Workers;
use ng_query::Matcher;
use ng_store::disk::{Dir, Followed};
use ng_token::{Token, TokenId};

use super::edit::remove_at;
use super::{ChangeOptions, ChangeReport, Edit, Tally};
use crate::{Dataset, DatasetError, Verb};

impl<R: Dir> Dataset<R>
where
    R::File: Followed + 'static,
{
    /// Puts tokens in the place of those with the same ids, and adds the others at the end, in one
    /// new generation: a dataset as a dictionary from ids to tokens.
    ///
    /// Afterwards each of the ids has one row: where its first one was, or behind all others, in a
    /// new shard, in the order in which the ids were given first. Further rows with the id are
    /// deleted. Of several tokens with one id that are given, the last one counts. Rows of other
    /// ids, of which there may be several each, stay as they are. The memory for it is
    /// proportional to the given tokens.
    ///
    /// It sees the rows that [`update`](Self::update) sees: a writer may append a token with one of
    /// the ids meanwhile. A new shard in the place of another has no order.
    ///
    /// # Errors
    ///
    /// Those of [`update`](Self::update), but for what assignments cannot store.
    pub fn upsert(
        &self,
        workers: &Workers,
        tokens: impl IntoIterator<Item = Token>,
        options: &ChangeOptions,
    ) -> Result<ChangeReport, DatasetError> {
        self.change(Verb::Upsert, workers, options, Upsert::new(tokens))
    }
}

struct Upsert {
    matcher: Matcher,
    indices: Vec<usize>,
    /// One for each id, and whether its row was found.
    tokens: Vec<(Token, bool)>,
    /// Which of the tokens has an id.
    places: HashMap<TokenId, usize>,
}

impl Upsert {
    fn new(given: impl IntoIterator<Item = Token>) -> Self {
        let (mut tokens, mut places) = (Vec::new(), HashMap::new());
        for token in given {
            let place = *places.entry(token.id()).or_insert(tokens.len());
            match tokens.get_mut(place) {
                Some(earlier) => *earlier = (token, false),
                None => tokens.push((token, false)),
            }
        }
        Self {
            matcher: Matcher::of_ids(tokens.iter().map(|(token, _)| token.id())),
            indices: Vec::new(),
            tokens,
            places,
        }
    }
}

impl Edit for Upsert {
    type Error = DatasetError;

    const KEEPS_COUNT: bool = false;

    fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    fn edit(
        &mut self,
        tokens: &mut Vec<Token>,
        first_position: u64,
    ) -> Result<Tally, DatasetError> {
        let indices = &mut self.indices;
        self.matcher.select(tokens, first_position, indices)?;
        let mut tally = Tally {
            matched: indices.len() as u64,
            ..Tally::default()
        };
        // What stays in the list is deleted.
        indices.retain(|&index| {
            let row = &mut tokens[index];
            let (token, is_found) = &mut self.tokens[self.places[&row.id()]];
            if *is_found {
                return true;
            }
            *is_found = true;
            tally.changed += u64::from(row != token);
            *row = *token;
            false
        });
        tally.deleted = indices.len() as u64;
        remove_at(tokens, indices);
        Ok(tally)
    }

    fn keeps_order(&self, _order: &str) -> bool {
        false
    }

    fn added(&mut self) -> Vec<Token> {
        let missing = self.tokens.iter().filter(|(_, is_found)| !is_found);
        missing.map(|(token, _)| *token).collect()
    }
}
