//! `count`, `any` and `positions`.

use std::ops::ControlFlow;

use ng_query::{Filter, QueryError};

use super::{Asked, Question, Questions, Selected};
use crate::filters::{EACH, Meant, NOW};
use crate::reply::Reply;

pub(crate) fn questions() -> Questions {
    vec![
        Box::new(Count),
        Box::new(Any),
        Box::new(CountEach),
        Box::new(Positions),
        Box::new(Tokens),
    ]
}

struct Count;

impl Question for Count {
    fn operation(&self) -> &'static str {
        "count"
    }

    fn ask(&self, asked: &Asked<'_>, reply: &mut Reply) -> Result<(), QueryError> {
        reply.exact(asked.query.count()?.value);
        Ok(())
    }

    fn look(&self, selected: &Selected<'_>, reply: &mut Reply) {
        reply.exact_count(selected.positions.len());
    }
}

struct Any;

impl Question for Any {
    fn operation(&self) -> &'static str {
        "any"
    }

    fn ask(&self, asked: &Asked<'_>, reply: &mut Reply) -> Result<(), QueryError> {
        reply.exact(asked.query.any()?.value);
        Ok(())
    }

    fn look(&self, selected: &Selected<'_>, reply: &mut Reply) {
        reply.exact(!selected.positions.is_empty());
    }
}

/// Counts of other filters among the selected, in one pass.
struct CountEach;

impl Question for CountEach {
    fn operation(&self) -> &'static str {
        "count each"
    }

    fn ask(&self, asked: &Asked<'_>, reply: &mut Reply) -> Result<(), QueryError> {
        let others = EACH.iter().filter(|meant| !meant.is_of_places);
        let filters: Vec<Filter> = others.map(Meant::filter).collect();
        let counts = asked.query.count_each_at(&filters, NOW)?.value;
        counts.into_iter().for_each(|count| reply.exact(count));
        Ok(())
    }

    fn look(&self, selected: &Selected<'_>, reply: &mut Reply) {
        for meant in EACH.iter().filter(|meant| !meant.is_of_places) {
            let each = selected.each();
            let holds = each.filter(|(position, token)| (meant.holds)(*position, token));
            reply.exact_count(holds.count());
        }
    }
}

struct Positions;

impl Question for Positions {
    fn operation(&self) -> &'static str {
        "positions"
    }

    fn ask(&self, asked: &Asked<'_>, reply: &mut Reply) -> Result<(), QueryError> {
        let mut count = 0;
        asked.query.positions::<QueryError>(|positions| {
            count += positions.len();
            reply.places(positions.iter().copied());
            Ok(ControlFlow::Continue(()))
        })?;
        reply.exact_count(count);
        Ok(())
    }

    fn look(&self, selected: &Selected<'_>, reply: &mut Reply) {
        reply.places(selected.positions.iter().copied());
        reply.exact_count(selected.positions.len());
    }
}

struct Tokens;

impl Question for Tokens {
    fn operation(&self) -> &'static str {
        "tokens"
    }

    fn ask(&self, asked: &Asked<'_>, reply: &mut Reply) -> Result<(), QueryError> {
        asked.query.tokens::<QueryError>(|positions, tokens| {
            assert_eq!(positions.len(), tokens.len());
            reply.places(positions.iter().copied());
            tokens.iter().for_each(|token| reply.token(token));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(())
    }

    fn look(&self, selected: &Selected<'_>, reply: &mut Reply) {
        for (position, token) in selected.each() {
            reply.place(position);
            reply.token(token);
        }
    }
}
