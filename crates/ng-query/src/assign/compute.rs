use ng_arrow::Column;
use ng_token::{Axis, Space, Token};

use super::tree::{Binary, Expression, Node, Unary};
use crate::ordered::steps_per_unit;

/// How many tokens are looked at together: the operands of few of them fit the nearest cache.
pub(super) const LANES: usize = 128;

/// The operands of an expression, each for a chunk of tokens.
#[derive(Default)]
pub(super) struct Stack {
    values: Vec<[f64; LANES]>,
}

impl Stack {
    /// Returns the value for each of at most [`LANES`] tokens, which are at the positions.
    pub(super) fn compute(
        &mut self,
        expression: &Expression,
        tokens: &[Token],
        positions: &[u64],
    ) -> &[f64] {
        let lanes = tokens.len();
        let mut height = 0;
        for node in &expression.nodes {
            match *node {
                Node::Number(_, number) => self.at(height)[..lanes].fill(number),
                Node::Column(Column::Position) => each(self.at(height), positions, position),
                Node::Column(column) => load(column, tokens, self.at(height)),
                Node::One(unary) => {
                    height -= 1;
                    one(unary, &mut self.at(height)[..lanes]);
                }
                Node::Two(binary) => {
                    height -= 2;
                    let (left, right) = self.values.split_at_mut(height + 1);
                    two(binary, &mut left[height][..lanes], &right[0]);
                }
            }
            height += 1;
        }
        &self.at(0)[..lanes]
    }

    fn at(&mut self, height: usize) -> &mut [f64; LANES] {
        if height == self.values.len() {
            self.values.push([0.0; LANES]);
        }
        &mut self.values[height]
    }
}

const fn position(position: u64) -> f64 {
    position as f64
}

/// Decodes a column of the tokens, in units.
fn load(column: Column, tokens: &[Token], values: &mut [f64; LANES]) {
    let scale = f64::from(steps_per_unit(column).unwrap_or(1));
    match column {
        Column::Position => unreachable!("not stored"),
        Column::Id => each(values, tokens, |token| token.id().raw().into()),
        Column::Domain => each(values, tokens, |token| token.id().domain().into()),
        Column::EntityType => each(values, tokens, |token| {
            token.id().entity_type().bits().into()
        }),
        Column::LocalId => each(values, tokens, |token| token.id().local().into()),
        Column::Flags => each(values, tokens, |token| token.flags().bits().into()),
        Column::FlagsEntityType => each(values, tokens, |token| {
            token.flags().entity_type().bits().into()
        }),
        Column::Weight => each(values, tokens, |token| token.weight().into()),
        Column::Radius => each(values, tokens, |token| {
            f64::from(token.radius_raw()) / scale
        }),
        Column::Strength => each(values, tokens, |token| {
            f64::from(token.strength_raw()) / scale
        }),
        Column::Timestamp => each(values, tokens, |token| token.timestamp().into()),
        Column::Coordinate(space, axis) => load_coordinate((space, axis), tokens, values),
    }
}

fn load_coordinate((space, axis): (Space, Axis), tokens: &[Token], values: &mut [f64; LANES]) {
    let scale = f64::from(space.scale());
    each(values, tokens, |token| {
        f64::from(token.steps(space)[axis as usize]) / scale
    });
}

fn each<T: Copy>(values: &mut [f64], of: &[T], value: impl Fn(T) -> f64) {
    for (place, &item) in values.iter_mut().zip(of) {
        *place = value(item);
    }
}

fn one(operator: Unary, values: &mut [f64]) {
    match operator {
        Unary::Negate => map(values, |value| -value),
        Unary::Abs => map(values, f64::abs),
        Unary::Floor => map(values, f64::floor),
        Unary::Round => map(values, f64::round),
    }
}

fn map(values: &mut [f64], change: impl Fn(f64) -> f64) {
    for value in values {
        *value = change(*value);
    }
}

fn two(operator: Binary, left: &mut [f64], right: &[f64]) {
    match operator {
        Binary::Add => join(left, right, |left, right| left + right),
        Binary::Subtract => join(left, right, |left, right| left - right),
        Binary::Multiply => join(left, right, |left, right| left * right),
        Binary::Divide => join(left, right, |left, right| left / right),
        // Unlike `f64::min`, NaN if either is, and of equal ones the second, even of 0.0 and -0.0.
        Binary::Min => join(left, right, |left, right| {
            if left < right || left.is_nan() {
                left
            } else {
                right
            }
        }),
        Binary::Max => join(left, right, |left, right| {
            if left > right || left.is_nan() {
                left
            } else {
                right
            }
        }),
    }
}

fn join(left: &mut [f64], right: &[f64], result: impl Fn(f64, f64) -> f64) {
    for (left, right) in left.iter_mut().zip(right) {
        *left = result(*left, *right);
    }
}
