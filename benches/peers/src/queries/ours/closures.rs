//! What programs did before there were filters: a closure over all records.

use std::collections::HashSet;

use anyhow::{Context, Result};
use ng_parallel::{Shard, ingest, map_reduce};
use ng_store::TokenSink;
use ng_token::{EntityType, Space, Token};

use super::{DOUBLE, Ours};
use crate::maps::create_store;
use crate::queries::answer::{Answer, Found, Number};
use crate::queries::params::{self, NEAREST, QUERIES, QUERIES_OF_ALL, RADIUS, TOP, WIDE_RADIUS};
use crate::queries::question::Ask;

impl Ours {
    /// Passes over all records.
    fn pass<R: Send>(
        &self,
        map: impl Fn(Shard, &[Token]) -> R + Sync,
        reduce: impl Fn(R, R) -> R,
    ) -> Result<R> {
        map_reduce(&self.workers, self.tokens(), map, reduce)?.context("no tokens")
    }

    fn count(&self, is_meant: impl Fn(&Token) -> bool + Sync) -> Result<Found> {
        let count = |_, tokens: &[Token]| tokens.iter().filter(|token| is_meant(token)).count();
        let count = self.pass(count, |left, right| left + right)?;
        Ok(Found::Answer(Answer::whole([count as u64])))
    }

    /// The least distances, and nothing else of the tokens.
    fn nearest(&self, distance: impl Fn(&Token) -> u64 + Sync) -> Result<Found> {
        let of_shard = |_, tokens: &[Token]| {
            let mut best = Vec::with_capacity(NEAREST + 1);
            for distance in tokens.iter().map(&distance) {
                if best.len() < NEAREST || best.last().is_some_and(|last| distance < *last) {
                    best.insert(best.partition_point(|other| *other <= distance), distance);
                    best.truncate(NEAREST);
                }
            }
            best
        };
        let best = self.pass(of_shard, |mut left, right| {
            left.extend(right);
            left.sort_unstable();
            left.truncate(NEAREST);
            left
        })?;
        Ok(Found::Answer(Answer::whole(best)))
    }
}

pub(crate) fn count_weight(ours: &Ours) -> Result<Ask<'_>> {
    Ok(Box::new(|| ours.count(|token| token.weight() > 0.9)))
}

pub(crate) fn count_three(ours: &Ours) -> Result<Ask<'_>> {
    let centre = params::centre(ours.tokens());
    Ok(Box::new(move || {
        ours.count(|token| {
            let entity_type = token.id().entity_type();
            token.weight() >= 0.5
                && matches!(entity_type, EntityType::Object | EntityType::Event)
                && params::by_physical(token, &centre) <= WIDE_RADIUS * WIDE_RADIUS
        })
    }))
}

pub(crate) fn count_ball(ours: &Ours) -> Result<Ask<'_>> {
    let centre = params::centre(ours.tokens());
    Ok(Box::new(move || {
        ours.count(|token| params::by_physical(token, &centre) <= RADIUS * RADIUS)
    }))
}

pub(crate) fn group_by_type(ours: &Ours) -> Result<Ask<'_>> {
    let of_shard = |_, tokens: &[Token]| {
        let mut groups = [(0_u64, 0.0_f64); 16];
        for token in tokens {
            let (count, sum) = &mut groups[usize::from(token.id().entity_type().bits())];
            *count += 1;
            *sum += f64::from(token.weight());
        }
        groups
    };
    let join = |mut left: [(u64, f64); 16], right: [(u64, f64); 16]| {
        for (left, right) in left.iter_mut().zip(right) {
            *left = (left.0 + right.0, left.1 + right.1);
        }
        left
    };
    Ok(Box::new(move || {
        let groups = ours.pass(of_shard, join)?;
        let counts = groups.iter().map(|(count, _)| Number::Whole(*count as i64));
        let mean = |(count, sum): &(u64, f64)| Number::Real(sum / (*count).max(1) as f64);
        Ok(Found::Answer(Answer {
            numbers: counts.chain(groups.iter().map(mean)).collect(),
            tolerance: DOUBLE,
        }))
    }))
}

pub(crate) fn time_range(ours: &Ours) -> Result<Ask<'_>> {
    let [first, last] = params::seconds(ours.tokens());
    Ok(Box::new(move || {
        let of_shard = |_, tokens: &[Token]| {
            let within = tokens
                .iter()
                .filter(|token| (first..=last).contains(&token.timestamp()));
            within.fold((0, 0.0), |(count, sum), token| {
                (count + 1, sum + f64::from(token.weight()))
            })
        };
        let (count, sum) =
            ours.pass(of_shard, |left, right| (left.0 + right.0, left.1 + right.1))?;
        Ok(Found::Answer(Answer {
            numbers: vec![Number::Whole(count), Number::Real(sum)],
            tolerance: DOUBLE,
        }))
    }))
}

pub(crate) fn nearest(ours: &Ours) -> Result<Ask<'_>> {
    let query = params::query(ours.tokens(), QUERIES / 2, QUERIES);
    Ok(Box::new(move || {
        ours.nearest(|token| token.squared_distance(&query, Space::Physical))
    }))
}

pub(crate) fn nearest_all(ours: &Ours) -> Result<Ask<'_>> {
    let query = params::query(ours.tokens(), QUERIES_OF_ALL / 2, QUERIES_OF_ALL);
    Ok(Box::new(move || {
        ours.nearest(|token| params::by_all_spaces(token, &query))
    }))
}

/// Weights of 0 and more are ordered like their bits.
pub(crate) fn top_100(ours: &Ours) -> Result<Ask<'_>> {
    let greatest = |mut weights: Vec<u32>| {
        if weights.len() > TOP {
            weights.select_nth_unstable_by(TOP, |left, right| right.cmp(left));
            weights.truncate(TOP);
        }
        weights
    };
    let of_shard = move |_, tokens: &[Token]| {
        greatest(
            tokens
                .iter()
                .map(|token| token.weight().to_bits())
                .collect(),
        )
    };
    Ok(Box::new(move || {
        let weights = ours.pass(of_shard, |mut left, right| {
            left.extend(right);
            greatest(left)
        })?;
        let weights = weights
            .into_iter()
            .map(|bits| f64::from(f32::from_bits(bits)));
        let (sum, least) = weights
            .clone()
            .fold((0.0, f64::MAX), |(sum, least), weight| {
                (sum + weight, weight.min(least))
            });
        let count = Number::Whole(weights.len() as i64);
        Ok(Found::Answer(Answer {
            numbers: vec![count, Number::Real(sum), Number::Real(least)],
            tolerance: 0.0,
        }))
    }))
}

/// A stable sort of the positions, and one gather; at most 2^32 tokens.
pub(crate) fn sort_weight(ours: &Ours) -> Result<Ask<'_>> {
    Ok(Box::new(|| {
        let tokens = ours.tokens();
        let mut order: Vec<u32> = (0..tokens.len() as u32).collect();
        order.sort_by_key(|position| tokens[*position as usize].weight().to_bits());
        let path = ours.new_file("ngt");
        let mut sorted = create_store(&path)?;
        sorted.reserve_exact(tokens.len() as u64)?;
        ingest(&ours.workers, &mut sorted, order.len(), |index| {
            tokens[order[index] as usize]
        })?;
        sorted.commit()?;
        Ok(Found::File(path))
    }))
}

pub(crate) fn find_1000(ours: &Ours) -> Result<Ask<'_>> {
    let wanted: HashSet<u32> = params::wanted(ours.tokens()).collect();
    Ok(Box::new(move || {
        let of_shard = |shard: Shard, tokens: &[Token]| {
            let positions = (shard.range.start as u64..).zip(tokens);
            let found = positions.filter(|(_, token)| wanted.contains(&token.id().raw()));
            found.fold((0, 0), |(count, sum), (position, _)| {
                (count + 1, sum + position)
            })
        };
        let (count, sum) =
            ours.pass(of_shard, |left, right| (left.0 + right.0, left.1 + right.1))?;
        Ok(Found::Answer(Answer::whole([count, sum])))
    }))
}
