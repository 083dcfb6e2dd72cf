//! Whole tokens copied out from random positions.

use anyhow::{Result, ensure};
use ng_lab::{Cell, Failure, Run, Scenario, Variant};
use ng_store::VecStore;
use ng_token::Token;

use super::reading::{READERS, reading_bytes, warm_reader};
use super::{failure, variants, who};
use crate::records::{positions, token};

/// Look-ups.
pub(super) struct RandomRead;

impl Scenario for RandomRead {
    fn name(&self) -> &'static str {
        "random_read"
    }

    fn about(&self) -> &'static str {
        "1M whole tokens, or a tenth of them, copied out from random positions"
    }

    fn variants(&self, threads: &[usize]) -> Vec<Variant> {
        variants(&READERS, threads)
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        let copied = positions(cell.items).len() * (Token::SIZE + size_of::<usize>());
        reading_bytes(cell) + copied as u64
    }

    fn runs_at_a_fraction(&self) -> bool {
        false
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        random_read(cell, run).map_err(failure)
    }
}

fn random_read(cell: &Cell, run: &mut Run) -> Result<()> {
    let positions = positions(cell.items);
    let mut out = touched(cell, positions.len())?;
    // In order, and last: so all caches then hold the end of the tokens.
    let reader = warm_reader(cell)?;
    let phase = run.phase("random_read", positions.len() as u64);
    phase.time(|| reader.copy_out(&positions, &mut out))?;
    check(&positions, &out)
}

/// Room for the copies that was touched before, on the same pages as the reader's.
fn touched(cell: &Cell, count: usize) -> Result<Vec<Token>> {
    let mut out = match who(cell)?.is_ours() {
        true => VecStore::try_with_capacity(count)?.into_vec(),
        false => Vec::with_capacity(count),
    };
    out.resize(count, Token::ZERO);
    out.clear();
    Ok(out)
}

fn check(positions: &[usize], out: &[Token]) -> Result<()> {
    ensure!(
        out.len() == positions.len(),
        "{} tokens, expected {}",
        out.len(),
        positions.len()
    );
    for (position, found) in positions.iter().zip(out) {
        let expected = token(*position);
        ensure!(
            *found == expected,
            "token {position} is {found:?}, expected {expected:?}"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_held_against_the_tokens_at_their_positions() {
        let right: Vec<Token> = [7, 0, 7].map(token).into();
        check(&[7, 0, 7], &right).unwrap();
        let short = check(&[7, 0], &right).unwrap_err().to_string();
        assert_eq!(short, "3 tokens, expected 2");
        let other = check(&[7, 1, 7], &right).unwrap_err().to_string();
        assert!(other.starts_with("token 1 is "), "{other}");
    }
}
