//! Answers by a filter and an operation, whatever the query runs over.
//!
//! Filters and points are made before; binding the filter and finding everything is timed.

use anyhow::{Context, Result, bail};
use ng_arrow::Column;
use ng_query::{Ball, Comparison, End, Filter, GroupBy, Groups, Key, Measure};
use ng_query::{Neighbour, Neighbours, Points, Query, Ranked, Squared, Value};
use ng_token::{EntityType, Space, Token, TokenId};

use super::{DOUBLE, Ours};
use crate::queries::answer::{Answer, Found, Number, digest};
use crate::queries::params::{self, NEAREST, QUERIES, QUERIES_OF_ALL, RADIUS, TOP, WIDE_RADIUS};
use crate::queries::question::Ask;

pub(crate) fn count_weight<'o>(_: &'o Ours, query: Query<'o>) -> Result<Ask<'o>> {
    let filter = Filter::compare(Column::Weight, Comparison::Greater, 0.9)?;
    Ok(count(query, filter))
}

pub(crate) fn count_three<'o>(ours: &'o Ours, query: Query<'o>) -> Result<Ask<'o>> {
    let heavy = Filter::compare(Column::Weight, Comparison::GreaterOrEqual, 0.5)?;
    let types = [EntityType::Object, EntityType::Event].map(Filter::entity_type);
    let filter = heavy & Filter::any_of(types) & in_ball(ours, WIDE_RADIUS)?;
    Ok(count(query, filter))
}

pub(crate) fn count_ball<'o>(ours: &'o Ours, query: Query<'o>) -> Result<Ask<'o>> {
    Ok(count(query, in_ball(ours, RADIUS)?))
}

fn count(query: Query<'_>, filter: Filter) -> Ask<'_> {
    Box::new(move || {
        let count = query.clone().filter(&filter).count()?.value;
        Ok(Found::Answer(Answer::whole([count])))
    })
}

/// The ball around the token in the middle, in units: exact, as decimals of steps.
fn in_ball(ours: &Ours, radius: u64) -> Result<Filter> {
    let scale = f64::from(Space::Physical.scale());
    let centre = params::centre(ours.tokens()).steps(Space::Physical);
    let centre = centre.map(|steps| f64::from(steps) / scale);
    Ok(Filter::in_ball(
        Space::Physical,
        centre,
        radius as f64 / scale,
    )?)
}

pub(crate) fn group_by_type<'o>(_: &'o Ours, query: Query<'o>) -> Result<Ask<'o>> {
    let measures = [Measure::Count, Measure::Mean(Column::Weight)];
    Ok(Box::new(move || {
        let groups = query.aggregate(&[GroupBy::EntityType], &measures)?.value;
        Ok(Found::Answer(of_types(&groups)?))
    }))
}

/// The counts of the 16 entity types, and their means; 0 for types that do not occur.
fn of_types(groups: &Groups) -> Result<Answer> {
    let mut counts = [Number::Whole(0); 16];
    let mut means = [Number::Real(0.0); 16];
    for group in &groups.groups {
        let [Key::EntityType(entity_type)] = group.key[..] else {
            bail!("{:?}, expected an entity type", group.key);
        };
        let [count, mean] = numbers(&group.values)?;
        counts[usize::from(entity_type.bits())] = Number::Whole(count as i64);
        means[usize::from(entity_type.bits())] = Number::Real(mean);
    }
    Ok(Answer {
        numbers: counts.into_iter().chain(means).collect(),
        tolerance: DOUBLE,
    })
}

pub(crate) fn time_range<'o>(ours: &'o Ours, query: Query<'o>) -> Result<Ask<'o>> {
    let [first, last] = params::seconds(ours.tokens());
    let filter = Filter::between(Column::Timestamp, first, last)?;
    let measures = [Measure::Count, Measure::Sum(Column::Weight)];
    Ok(Box::new(move || {
        let query = query.clone().filter(&filter);
        let groups = query.aggregate(&[], &measures)?.value.groups;
        let group = groups.first().context("no group")?;
        let [count, sum] = numbers(&group.values)?;
        Ok(Found::Answer(Answer {
            numbers: vec![Number::Whole(count as i64), Number::Real(sum)],
            tolerance: DOUBLE,
        }))
    }))
}

/// The values of two measures; 0 for no tokens.
fn numbers(values: &[Value]) -> Result<[f64; 2]> {
    let [one, other] = values else {
        bail!("{values:?}, expected two");
    };
    Ok([one, other].map(|value| value.number().unwrap_or(0.0)))
}

pub(crate) fn nearest<'o>(ours: &'o Ours, query: Query<'o>) -> Result<Ask<'o>> {
    let mut points = Points::in_space(Space::Physical);
    points.add_token(&params::query(ours.tokens(), QUERIES / 2, QUERIES));
    Ok(around(query, points, |found| Answer::whole(squares(found))))
}

pub(crate) fn nearest_1000<'o>(ours: &'o Ours, query: Query<'o>) -> Result<Ask<'o>> {
    let mut points = Points::in_space(Space::Physical);
    queries(ours, QUERIES).for_each(|token| points.add_token(&token));
    Ok(around(query, points, |found| digest(squares(found))))
}

pub(crate) fn nearest_all<'o>(ours: &'o Ours, query: Query<'o>) -> Result<Ask<'o>> {
    let mut points = in_steps_of_all()?;
    points.add_token(&params::query(
        ours.tokens(),
        QUERIES_OF_ALL / 2,
        QUERIES_OF_ALL,
    ));
    Ok(around(query, points, |found| Answer::whole(squares(found))))
}

pub(crate) fn nearest_all_100<'o>(ours: &'o Ours, query: Query<'o>) -> Result<Ask<'o>> {
    let mut points = in_steps_of_all()?;
    queries(ours, QUERIES_OF_ALL).for_each(|token| points.add_token(&token));
    Ok(around(query, points, |found| {
        let last = found.iter().filter_map(|found| found.neighbours.last());
        Answer::whole([squares(found).sum()].into_iter().chain(last.map(square)))
    }))
}

/// Points in all spaces, weighted so that distances add up in steps, whatever the units.
fn in_steps_of_all() -> Result<Points> {
    let weights = Space::ALL.map(|space| (space, f64::from(space.scale()).powi(2)));
    Ok(Points::weighted(&weights)?)
}

fn queries(ours: &Ours, count: usize) -> impl Iterator<Item = Token> {
    (0..count).map(move |at| params::query(ours.tokens(), at, count))
}

fn around<'o>(
    query: Query<'o>,
    points: Points,
    answer: impl Fn(&[Neighbours]) -> Answer + 'o,
) -> Ask<'o> {
    Box::new(move || {
        let found = query.nearest(&points, NEAREST)?.value;
        Ok(Found::Answer(answer(&found)))
    })
}

/// The squared distances of all of them, in steps.
fn squares(found: &[Neighbours]) -> impl Iterator<Item = u64> {
    found.iter().flat_map(|found| &found.neighbours).map(square)
}

/// Weighted ones are whole numbers except for rounding errors, far below a half.
fn square(neighbour: &Neighbour) -> u64 {
    match neighbour.squared {
        Squared::Steps(squared) => squared,
        Squared::OffGrid(squared) | Squared::Units(squared) => squared.round() as u64,
        _ => u64::MAX,
    }
}

pub(crate) fn within_1000<'o>(ours: &'o Ours, query: Query<'o>) -> Result<Ask<'o>> {
    let balls = queries(ours, QUERIES).map(|token| {
        let centre = token.steps(Space::Physical).map(f64::from);
        Ball::of_steps(Space::Physical, centre, RADIUS as f64)
    });
    let balls = balls.collect::<Result<Vec<_>, _>>()?;
    Ok(Box::new(move || {
        let counts = query.within_counts(&balls)?.value;
        Ok(Found::Answer(digest(counts)))
    }))
}

pub(crate) fn top_100<'o>(_: &'o Ours, query: Query<'o>) -> Result<Ask<'o>> {
    Ok(Box::new(move || {
        let ranked = query.top(TOP, Column::Weight, End::Greatest)?.value.ranked;
        let weight = |ranked: &Ranked| ranked.value.number().unwrap_or(f64::NAN);
        let sum = ranked.iter().map(weight).sum();
        let least = ranked.last().map_or(f64::NAN, weight);
        let count = Number::Whole(ranked.len() as i64);
        Ok(Found::Answer(Answer {
            numbers: vec![count, Number::Real(sum), Number::Real(least)],
            tolerance: 0.0,
        }))
    }))
}

pub(crate) fn find_1000<'o>(ours: &'o Ours, query: Query<'o>) -> Result<Ask<'o>> {
    let ids: Vec<TokenId> = params::wanted(ours.tokens())
        .map(TokenId::from_raw)
        .collect();
    Ok(Box::new(move || {
        let found = query.find(&ids)?.value;
        let positions = found.iter().flat_map(|found| &found.positions);
        let (count, sum) = positions.fold((0, 0), |(count, sum), at| (count + 1, sum + at));
        Ok(Found::Answer(Answer::whole([count, sum])))
    }))
}
