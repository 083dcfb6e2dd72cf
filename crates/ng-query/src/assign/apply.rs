use ng_token::Token;

use super::compute::{LANES, Stack};
use super::error::AssignError;
use super::store::{Refused, store, store_flag};
use super::tree::{Assignment, Assignments};

impl Assignments {
    /// Assigns to every token; the first of them is at a position, which only expressions with
    /// `position` and errors look at. Returns how many tokens are not the same bytes as before.
    ///
    /// # Errors
    ///
    /// [`AssignError::Value`] for the first token with a result that its column cannot store, and
    /// the first assignment with one. Tokens before it may be changed already; it and those behind
    /// it are not.
    pub fn apply(&self, tokens: &mut [Token], first_position: u64) -> Result<u64, AssignError> {
        self.apply_at(tokens, 0..tokens.len(), first_position)
    }

    /// Assigns to the tokens at some indices, ascending and distinct, as [`apply`](Self::apply)
    /// does to all.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply).
    ///
    /// # Panics
    ///
    /// If an index is not less than the number of tokens, or not greater than the one before.
    pub fn apply_at(
        &self,
        tokens: &mut [Token],
        indices: impl IntoIterator<Item = usize>,
        first_position: u64,
    ) -> Result<u64, AssignError> {
        let mut chunk = Chunk {
            moves_type: self.moves_type(),
            ..Chunk::default()
        };
        let mut changed = 0;
        let mut least = 0;
        for index in indices {
            assert!(index >= least, "index {index}, expected at least {least}");
            least = index + 1;
            chunk.take(index, tokens[index], first_position);
            if chunk.indices.len() == LANES {
                changed += chunk.finish(self, tokens)?;
            }
        }
        Ok(changed + chunk.finish(self, tokens)?)
    }
}

/// Some tokens, copied together.
#[derive(Default)]
struct Chunk {
    indices: Vec<usize>,
    positions: Vec<u64>,
    before: Vec<Token>,
    after: Vec<Token>,
    stack: Stack,
    moves_type: bool,
}

impl Chunk {
    fn take(&mut self, index: usize, token: Token, first_position: u64) {
        self.indices.push(index);
        self.positions
            .push(first_position.saturating_add(index as u64));
        self.before.push(token);
    }

    /// Assigns to the tokens, puts them back, and returns how many changed.
    fn finish(
        &mut self,
        assignments: &Assignments,
        tokens: &mut [Token],
    ) -> Result<u64, AssignError> {
        self.after.clone_from(&self.before);
        if let Some((lane, cause)) = self.assign(&assignments.all) {
            let position = self.positions[lane];
            return Err(AssignError::Value { position, cause });
        }
        if self.moves_type {
            self.move_type();
        }
        let mut changed = 0;
        for (lane, &index) in self.indices.iter().enumerate() {
            changed += u64::from(self.after[lane] != self.before[lane]);
            tokens[index] = self.after[lane];
        }
        self.indices.clear();
        self.positions.clear();
        self.before.clear();
        Ok(changed)
    }

    /// Makes each assignment for all tokens; returns the first token that cannot store a result,
    /// and the first result that it cannot.
    fn assign(&mut self, assignments: &[Assignment]) -> Option<Refused> {
        let mut first: Option<Refused> = None;
        for assignment in assignments {
            match assignment {
                Assignment::Flag(flag, logic) => {
                    store_flag(flag.bit, *logic, &self.before, &mut self.after);
                }
                Assignment::Column(column, expression) => {
                    let values = self
                        .stack
                        .compute(expression, &self.before, &self.positions);
                    if let Err(refused) = store(*column, values, &mut self.after) {
                        let is_earlier = |other: &Refused| refused.0 < other.0;
                        if first.as_ref().is_none_or(is_earlier) {
                            first = Some(refused);
                        }
                    }
                }
            }
        }
        first
    }

    /// The entity type in the flags follows that of the id, where they agreed before.
    fn move_type(&mut self) {
        for (before, after) in self.before.iter().zip(&mut self.after) {
            if before.id().entity_type() == before.flags().entity_type() {
                *after = after.with_id(after.id().raw());
            }
        }
    }
}
