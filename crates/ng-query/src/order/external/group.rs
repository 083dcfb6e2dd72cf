use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ng_token::Token;

use super::Borders;
use crate::order::Order;

/// Groups tokens by the ranges of their keys.
pub(super) struct Grouper<'a> {
    order: &'a Order,
    borders: &'a Borders,
}

impl<'a> Grouper<'a> {
    pub(super) fn new(order: &'a Order, borders: &'a Borders) -> Self {
        Self { order, borders }
    }

    /// Appends `tokens` to `groups`, range by range and otherwise in order, and returns how many
    /// are in each.
    pub(super) fn group(&self, tokens: &[Token], groups: &mut Vec<Token>) -> Vec<usize> {
        let mut keys = vec![0; tokens.len()];
        self.order.keys(tokens, &mut keys);
        let mut counts = vec![0; self.borders.len()];
        for key in &mut keys {
            let range = self.borders.range_of(*key);
            counts[range] += 1;
            *key = range as u64;
        }
        let mut next: Vec<usize> = starts(&counts).collect();
        let mut ranks = vec![0; tokens.len()];
        for (index, &range) in keys.iter().enumerate() {
            let next = &mut next[range as usize];
            ranks[*next] = index;
            *next += 1;
        }
        groups.extend(ranks.into_iter().map(|index| tokens[index]));
        counts
    }
}

fn starts(counts: &[usize]) -> impl Iterator<Item = usize> + '_ {
    counts.iter().scan(0, |sum, count| {
        let start = *sum;
        *sum += count;
        Some(start)
    })
}

/// How many tokens of each range the batches have, from the thread that groups to the one that
/// writes.
#[derive(Default)]
pub(super) struct Counts(Mutex<HashMap<usize, Vec<usize>>>);

impl Counts {
    /// Keeps the counts of the batch whose first token is at `start`.
    pub(super) fn put(&self, start: usize, counts: Vec<usize>) {
        self.lock().insert(start, counts);
    }

    /// Takes the counts of that batch.
    pub(super) fn take(&self, start: usize) -> Option<Vec<usize>> {
        self.lock().remove(&start)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<usize, Vec<usize>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_in_order_and_stable_within() {
        let order: Order = "timestamp".parse().unwrap();
        let borders = Borders::all(vec![10, 20], 3);
        let tokens: Vec<Token> = [20, 5, 10, 25, 0, 19, 10]
            .into_iter()
            .zip(0..)
            .map(|(time, id)| Token::new(id).with_timestamp(time))
            .collect();
        let mut groups = vec![Token::ZERO];
        let counts = Grouper::new(&order, &borders).group(&tokens, &mut groups);
        assert_eq!(counts, [2, 3, 2]);
        let ids: Vec<u32> = groups[1..].iter().map(|token| token.id().raw()).collect();
        assert_eq!(ids, [1, 4, 2, 5, 6, 0, 3]);
    }
}
