//! The parameters of the questions, by the same rules as in `queries.py`.

use ng_token::{Space, Token};

pub(crate) const RADIUS: u64 = 300;
pub(crate) const WIDE_RADIUS: u64 = 3_000;
pub(crate) const NEAREST: usize = 10;
pub(crate) const QUERIES: usize = 1_000;
pub(crate) const QUERIES_OF_ALL: usize = 100;
pub(crate) const TOP: usize = 100;

const WANTED: usize = 1_000;
const FIRST_SECONDS: u32 = 1_700_000_000;

/// The centre of the balls: the token in the middle.
pub(crate) fn centre(tokens: &[Token]) -> Token {
    tokens[tokens.len() / 2]
}

/// The first and the last second of the time range.
pub(crate) fn seconds(tokens: &[Token]) -> [u32; 2] {
    let first = FIRST_SECONDS + (tokens.len() / 200) as u32;
    [first, first + 99]
}

/// The points of query `query` of `count`, as a token with these points.
pub(crate) fn query(tokens: &[Token], query: usize, count: usize) -> Token {
    let mut points = tokens[spread(tokens, query, count)].coordinates();
    for (axis, steps) in points.as_flattened_mut().iter_mut().enumerate() {
        let beside = (query * 37 + axis * 13) % 101;
        *steps = steps.saturating_add(beside as i16 - 50);
    }
    Token::ZERO.with_coordinates(points)
}

/// The ids to find, of tokens spread over the file.
pub(crate) fn wanted(tokens: &[Token]) -> impl Iterator<Item = u32> {
    let count = WANTED.min(tokens.len());
    (0..count).map(move |at| tokens[spread(tokens, at, count)].id().raw())
}

/// The squared distance by all spaces, in steps.
pub(crate) fn by_all_spaces(one: &Token, other: &Token) -> u64 {
    let of_space = |space: &Space| one.squared_distance(other, *space);
    Space::ALL.iter().map(of_space).sum()
}

/// The physical space's, in steps.
pub(crate) fn by_physical(one: &Token, other: &Token) -> u64 {
    one.squared_distance(other, Space::Physical)
}

fn spread(tokens: &[Token], at: usize, count: usize) -> usize {
    at * (tokens.len() / count).max(1) % tokens.len()
}
