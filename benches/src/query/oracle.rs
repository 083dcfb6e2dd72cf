//! The answers, by a look at each token, and the parameters of the queries.

use anyhow::{Context, Result};
use ng_query::{Column, Comparison, Filter, Points};
use ng_token::{EntityType, Space, Token, TokenId};

pub(super) const NEAREST: usize = 10;
pub(super) const TOP: usize = 100;

/// Radius in steps of the ball counted alone, and of the one among three conditions.
const RADIUS: u64 = 300;
const WIDE_RADIUS: u64 = 3_000;

/// How many ids are looked up.
const WANTED: usize = 1_000;

/// Makes one number of many, which depends on their order.
pub(super) fn digest(numbers: impl IntoIterator<Item = u64>) -> u64 {
    let mut digest = 0_u64;
    for number in numbers {
        digest = digest
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(number)
            .rotate_left(7);
    }
    digest
}

/// Counts and means of the entity types that occur. The weights are multiples of 2^-24 below 1, so
/// their sums are exact.
pub(super) fn by_type(tokens: &[Token]) -> u64 {
    let mut groups = [(0_u64, 0.0_f64); 16];
    for token in tokens {
        let (count, sum) = &mut groups[usize::from(token.id().entity_type().bits())];
        *count += 1;
        *sum += f64::from(token.weight());
    }
    let groups = (0..).zip(groups).filter(|(_, (count, _))| *count > 0);
    digest(groups.flat_map(|(of, (count, sum))| [of, count, (sum / count as f64).to_bits()]))
}

/// The positions of the greatest weights, ties by position.
pub(super) fn top(tokens: &[Token]) -> u64 {
    let mut positions: Vec<usize> = (0..tokens.len()).collect();
    let key = |position: &usize| (-f64::from(tokens[*position].weight()), *position);
    let by_weight = |left: &usize, right: &usize| {
        let ((left, at), (right, other)) = (key(left), key(right));
        left.total_cmp(&right).then(at.cmp(&other))
    };
    if positions.len() > TOP {
        positions.select_nth_unstable_by(TOP, by_weight);
        positions.truncate(TOP);
    }
    positions.sort_unstable_by(by_weight);
    digest(positions.into_iter().map(|position| position as u64))
}

/// Ids of tokens spread over all of them.
pub(super) fn wanted(tokens: &[Token]) -> Vec<TokenId> {
    let positions = wanted_positions(tokens.len());
    positions.map(|position| tokens[position].id()).collect()
}

/// No id occurs twice.
pub(super) fn found(tokens: &[Token]) -> u64 {
    digest(wanted_positions(tokens.len()).map(|position| position as u64))
}

fn wanted_positions(count: usize) -> impl Iterator<Item = usize> {
    let wanted = WANTED.min(count);
    // Not in the order of the file.
    (0..wanted).map(move |number| (wanted - 1 - number) * (count / wanted))
}

/// All ids with their positions, sorted as a program would keep them for look-ups.
pub(super) struct SortedIds(Vec<(u32, u32)>);

impl SortedIds {
    pub(super) fn of(tokens: &[Token]) -> Self {
        let ids = tokens.iter().map(|token| token.id().raw());
        let mut sorted: Vec<(u32, u32)> = ids.zip(0..).collect();
        sorted.sort_unstable();
        Self(sorted)
    }

    pub(super) fn find(&self, ids: &[u32]) -> u64 {
        digest(ids.iter().map(|wanted| {
            let place = self.0.binary_search_by_key(wanted, |(id, _)| *id);
            place.map_or(u64::MAX, |place| self.0[place].1.into())
        }))
    }
}

/// The search points: at the token in the middle, and near it.
pub(super) struct Parameters {
    centre: Token,
    beside: Token,
}

impl Parameters {
    pub(super) fn of(tokens: &[Token]) -> Result<Self> {
        let centre = *tokens.get(tokens.len() / 2).context("no tokens")?;
        let mut points = centre.coordinates();
        for (axis, steps) in (0..).zip(points.as_flattened_mut()) {
            *steps = steps.saturating_add(13 * axis % 101 - 50);
        }
        let beside = Token::ZERO.with_coordinates(points);
        Ok(Self { centre, beside })
    }

    pub(super) fn filter_of_ball(&self) -> Result<Filter> {
        self.in_ball(RADIUS)
    }

    pub(super) fn ball(&self, tokens: &[Token]) -> u64 {
        let within = tokens.iter().filter(|token| self.is_within(RADIUS, token));
        within.count() as u64
    }

    pub(super) fn filter_of_three(&self) -> Result<Filter> {
        let heavy = Filter::compare(Column::Weight, Comparison::GreaterOrEqual, 0.5)?;
        let types = [EntityType::Object, EntityType::Event].map(Filter::entity_type);
        Ok(heavy & Filter::any_of(types) & self.in_ball(WIDE_RADIUS)?)
    }

    pub(super) fn three(&self, tokens: &[Token]) -> u64 {
        let is_meant = |token: &&Token| {
            let of = token.id().entity_type();
            token.weight() >= 0.5
                && matches!(of, EntityType::Object | EntityType::Event)
                && self.is_within(WIDE_RADIUS, token)
        };
        tokens.iter().filter(is_meant).count() as u64
    }

    /// In units: exact, as decimals of steps.
    fn in_ball(&self, radius: u64) -> Result<Filter> {
        let scale = f64::from(Space::Physical.scale());
        let centre = self.centre.steps(Space::Physical);
        let centre = centre.map(|steps| f64::from(steps) / scale);
        let radius = radius as f64 / scale;
        Ok(Filter::in_ball(Space::Physical, centre, radius)?)
    }

    fn is_within(&self, radius: u64, token: &Token) -> bool {
        token.squared_distance(&self.centre, Space::Physical) <= radius * radius
    }

    pub(super) fn point(&self) -> Points {
        let mut points = Points::in_space(Space::Physical);
        points.add_token(&self.beside);
        points
    }

    pub(super) fn nearest(&self, tokens: &[Token]) -> u64 {
        least(tokens, |token| {
            token.squared_distance(&self.beside, Space::Physical)
        })
    }

    /// In all spaces, weighted so that distances add up in steps, whatever the units.
    pub(super) fn point_in_all(&self) -> Result<Points> {
        let weights = Space::ALL.map(|space| (space, f64::from(space.scale()).powi(2)));
        let mut points = Points::weighted(&weights)?;
        points.add_token(&self.beside);
        Ok(points)
    }

    pub(super) fn nearest_of_all(&self, tokens: &[Token]) -> u64 {
        least(tokens, |token| {
            let of_space = |space| token.squared_distance(&self.beside, space);
            Space::ALL.into_iter().map(of_space).sum()
        })
    }
}

/// The least of the distances that `distance` gives for the tokens.
fn least(tokens: &[Token], distance: impl Fn(&Token) -> u64) -> u64 {
    let mut squares: Vec<u64> = tokens.iter().map(distance).collect();
    if squares.len() > NEAREST {
        squares.select_nth_unstable(NEAREST);
        squares.truncate(NEAREST);
    }
    squares.sort_unstable();
    digest(squares)
}
