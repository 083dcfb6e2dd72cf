//! Checks the properties of any Hilbert curve without computing one.
//!
//! Every aligned cube of a curve's space is one contiguous piece of the curve. So a walk
//! along the curve enters each cube of every size once, while tokens in another order come
//! back to a cube that they have left.

use ng_token::{Space, Token, TokenId};

/// How many times each axis is halved for the checked cubes: 8, 4096 and 2^21 cubes.
const LEVELS: [u32; 3] = [1, 4, 7];

/// A checker of tokens in the order of a curve through a space, fed piece by piece.
pub(crate) struct OnCurve {
    space: Space,
    levels: [Level; LEVELS.len()],
    last: Option<Token>,
    out_of_turn: u64,
}

/// Cubes of one size.
struct Level {
    halvings: u32,
    entered: Vec<bool>,
    here: Option<usize>,
    again: u64,
}

impl OnCurve {
    pub(crate) fn new(space: Space) -> Self {
        Self {
            space,
            levels: LEVELS.map(Level::new),
            last: None,
            out_of_turn: 0,
        }
    }

    /// Takes the next tokens.
    pub(crate) fn add(&mut self, tokens: &[Token]) {
        for token in tokens {
            let steps = token.steps(self.space);
            for level in &mut self.levels {
                level.enter(steps);
            }
            let last = self.last.replace(*token);
            let alike = last.filter(|last| last.steps(self.space) == steps);
            let is_before = alike.is_none_or(|last| comes_before(&last, token));
            self.out_of_turn += u64::from(!is_before);
        }
    }

    /// How often a cube of any size was re-entered.
    pub(crate) fn entered_again(&self) -> u64 {
        self.levels.iter().map(|level| level.again).sum()
    }

    /// How many varied tokens of equal coordinates are not in their original order.
    pub(crate) fn out_of_turn(&self) -> u64 {
        self.out_of_turn
    }
}

impl Level {
    fn new(halvings: u32) -> Self {
        Self {
            halvings,
            entered: vec![false; 1 << (3 * halvings)],
            here: None,
            again: 0,
        }
    }

    fn enter(&mut self, steps: [i16; 3]) {
        let upper =
            |steps: i16| usize::from(steps.cast_unsigned() ^ 0x8000) >> (16 - self.halvings);
        let cube = steps
            .into_iter()
            .fold(0, |cube, steps| cube << self.halvings | upper(steps));
        if self.here != Some(cube) {
            self.here = Some(cube);
            self.again += u64::from(self.entered[cube]);
            self.entered[cube] = true;
        }
    }
}

/// Whether a varied token was made before another: its time is earlier, or equal with a
/// smaller local id.
pub(crate) fn comes_before(one: &Token, other: &Token) -> bool {
    let between = other.id().local().wrapping_sub(one.id().local()) & TokenId::LOCAL_MAX;
    match one.timestamp() == other.timestamp() {
        true => (1..=TokenId::LOCAL_MAX / 2).contains(&between),
        false => one.timestamp() < other.timestamp(),
    }
}

#[cfg(test)]
mod tests {
    use ng_query::ng_parallel::Workers;
    use ng_query::order::{Order, sort_positions};

    use super::*;
    use crate::oracle::varied;

    fn looked_at(tokens: &[Token]) -> [u64; 2] {
        let mut curve = OnCurve::new(Space::Motor);
        for piece in tokens.chunks(1000) {
            curve.add(piece);
        }
        [curve.entered_again(), curve.out_of_turn()]
    }

    fn sorted() -> Vec<Token> {
        let synth = varied();
        let mut tokens: Vec<Token> = (0..20_000).map(|index| synth.token(index)).collect();
        // Equal coordinates within the same second, and in a later one.
        for (one, other) in (0..10).flat_map(|at| [(at, at + 50), (at, at + 5000)]) {
            let steps = tokens[one].steps(Space::Motor);
            tokens[other] = tokens[other].with_coordinate(Space::Motor, steps);
        }
        let order = Order::by_space(Space::Motor);
        let workers = Workers::new(1).unwrap();
        let permutation = sort_positions(&workers, &tokens, &order).unwrap();
        let mut sorted = Vec::new();
        permutation.gather(&tokens, 0..tokens.len(), &mut sorted);
        sorted
    }

    #[test]
    fn a_curve_enters_each_cube_once() {
        assert_eq!(looked_at(&sorted()), [0, 0]);
    }

    #[test]
    fn tokens_not_in_curve_order_come_back() {
        let synth = varied();
        let tokens: Vec<Token> = (0..20_000).map(|index| synth.token(index)).collect();
        assert!(looked_at(&tokens)[0] > 10_000);
        let mut swapped = sorted();
        swapped.swap(3, 19_000);
        assert!(looked_at(&swapped)[0] > 0);
    }

    #[test]
    fn tokens_of_equal_coordinates_keep_their_order() {
        let tokens = sorted();
        let alike = |at: &usize| {
            let [one, other] = [tokens[*at], tokens[at + 1]];
            one.steps(Space::Motor) == other.steps(Space::Motor)
        };
        let pairs: Vec<usize> = (0..tokens.len() - 1).filter(alike).collect();
        assert!(pairs.len() >= 20, "{pairs:?}");
        for at in pairs {
            let mut swapped = tokens.clone();
            swapped.swap(at, at + 1);
            let [entered_again, out_of_turn] = looked_at(&swapped);
            assert_eq!(entered_again, 0);
            assert!(out_of_turn > 0, "{at}");
        }
    }
}
