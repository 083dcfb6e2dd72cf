//! Ids, and samples.

use std::collections::{BTreeMap, HashMap};

use ng_query::QueryError;
use ng_query::ng_token::{Token, TokenId};

use super::{Asked, Question, Questions, Selected};
use crate::reply::Reply;

pub(crate) fn questions(tokens: &[Token]) -> Questions {
    let some = tokens.iter().step_by(tokens.len() / 300 + 1);
    let mut ids: Vec<TokenId> = some.map(Token::id).collect();
    // One twice, and some that may not occur.
    ids.extend(ids.first().copied());
    ids.extend([0, 1, 0x00FF_FFFF, 0x7000_0001, u32::MAX].map(TokenId::from));
    vec![
        Box::new(Find(ids[..1].to_vec())),
        Box::new(Find(ids)),
        Box::new(Duplicates(40)),
        Box::new(Sample(1, 3)),
        Box::new(Sample(700, 12)),
    ]
}

struct Find(Vec<TokenId>);

impl Question for Find {
    fn operation(&self) -> &'static str {
        "find"
    }

    fn detail(&self) -> String {
        format!("{} ids", self.0.len())
    }

    fn ask(&self, asked: &Asked<'_>, reply: &mut Reply) -> Result<(), QueryError> {
        for found in asked.query.find(&self.0)?.value {
            told(reply, found.id, &found.positions);
        }
        Ok(())
    }

    fn look(&self, selected: &Selected<'_>, reply: &mut Reply) {
        let mut found: HashMap<TokenId, Vec<u64>> =
            self.0.iter().map(|id| (*id, Vec::new())).collect();
        for (position, token) in selected.each() {
            if let Some(positions) = found.get_mut(&token.id()) {
                positions.push(position);
            }
        }
        self.0.iter().for_each(|id| told(reply, *id, &found[id]));
    }
}

fn told(reply: &mut Reply, id: TokenId, positions: &[u64]) {
    reply.exact(id.raw());
    reply.exact_count(positions.len());
    reply.places(positions.iter().copied());
}

/// How many of the least ids are returned.
struct Duplicates(usize);

impl Question for Duplicates {
    fn operation(&self) -> &'static str {
        "duplicates"
    }

    fn ask(&self, asked: &Asked<'_>, reply: &mut Reply) -> Result<(), QueryError> {
        let found = asked.query.duplicates(self.0)?.value;
        reply.exact(found.id_count);
        reply.exact(found.repeats);
        for found in &found.ids {
            told(reply, found.id, &found.positions);
        }
        Ok(())
    }

    fn look(&self, selected: &Selected<'_>, reply: &mut Reply) {
        let mut by_id: Vec<(u32, u64)> = selected
            .each()
            .map(|(position, token)| (token.id().raw(), position))
            .collect();
        by_id.sort_unstable();
        let mut twice: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        for alike in by_id.chunk_by(|left, right| left.0 == right.0) {
            if alike.len() > 1 {
                let positions = alike.iter().map(|(_, position)| *position);
                twice.insert(alike[0].0, positions.collect());
            }
        }
        reply.exact_count(twice.len());
        reply.exact_count(twice.values().map(|positions| positions.len() - 1).sum());
        for (id, positions) in twice.iter().take(self.0) {
            told(reply, TokenId::from(*id), positions);
        }
    }
}

/// A sample by a seed: the oracle knows only that it is some of the selected, and the same on every
/// path.
struct Sample(usize, u64);

impl Question for Sample {
    fn operation(&self) -> &'static str {
        "sample"
    }

    fn detail(&self) -> String {
        format!("of {}", self.0)
    }

    fn ask(&self, asked: &Asked<'_>, reply: &mut Reply) -> Result<(), QueryError> {
        let drawn = asked.query.sample(self.0, self.1)?.value;
        let tokens = asked.source.tokens_at(&drawn)?;
        let selected = drawn.iter().zip(&tokens.value);
        let selected = selected.filter(|(at, token)| (asked.meant.holds)(**at, token));
        reply.exact_count(selected.count());
        reply.exact(drawn.windows(2).all(|pair| pair[0] < pair[1]));
        reply.exact_count(drawn.len());
        reply.places(drawn);
        Ok(())
    }

    fn look(&self, selected: &Selected<'_>, reply: &mut Reply) {
        let count = self.0.min(selected.positions.len());
        reply.exact_count(count);
        reply.exact(true);
        reply.exact_count(count);
    }
}
