//! Proof of tokens: count, sum of ids, digest of all bytes.

use std::hash::Hasher;

use ng_lab::{Failure, Run};
use ng_token::Token;
use twox_hash::XxHash3_64;

use crate::oracle::{id_sum, varied_id_sum};

/// Sums the ids of `tokens`, wrapping at 2^64.
pub(crate) fn sum_ids(tokens: &[Token]) -> u64 {
    let mut sum = 0u64;
    for token in tokens {
        sum = sum.wrapping_add(u64::from(token.id().raw()));
    }
    sum
}

/// XXH3-64 of the tokens' bytes in order.
pub(crate) fn digest(tokens: &[Token]) -> String {
    let hash = XxHash3_64::oneshot(ng_token::as_bytes(tokens));
    format!("{hash:016x}")
}

/// Proves that `tokens` are the first `count` of the sequence.
pub(crate) fn prove_tokens(run: &mut Run, tokens: &[Token], count: u64) -> Result<(), Failure> {
    prove_ids(run, tokens, count)?;
    run.prove("digest", digest(tokens));
    Ok(())
}

/// The same without the digest, for tokens that carry a reading of the clock.
pub(crate) fn prove_ids(run: &mut Run, tokens: &[Token], count: u64) -> Result<(), Failure> {
    run.prove_equal("tokens", tokens.len() as u64, count)?;
    run.prove_equal("id_sum", sum_ids(tokens), id_sum(count))
}

/// Proves that `tokens` are the first `count` varied ones.
pub(crate) fn prove_varied(run: &mut Run, tokens: &[Token], count: u64) -> Result<(), Failure> {
    let mut pieces = Pieces::default();
    pieces.add(tokens);
    pieces.prove_sum(run, count, varied_id_sum(count))
}

/// Adds the hash of a list of figures to the proof, and checks the list against an oracle.
pub(crate) fn prove_figures(
    run: &mut Run,
    name: &str,
    found: &[u64],
    expected: &[u64],
) -> Result<(), Failure> {
    let bytes: Vec<u8> = found
        .iter()
        .flat_map(|figure| figure.to_le_bytes())
        .collect();
    run.prove(name, format!("{:016x}", XxHash3_64::oneshot(&bytes)));
    let pairs = found.iter().zip(expected);
    match pairs
        .enumerate()
        .find(|(_, (found, expected))| found != expected)
    {
        Some((at, (found, expected))) => {
            Err(format!("proof {name}: figure {at} is {found}, expected {expected}").into())
        }
        None if found.len() != expected.len() => Err(format!(
            "proof {name} has {} figures, expected {}",
            found.len(),
            expected.len()
        )
        .into()),
        None => Ok(()),
    }
}

/// The sum of the hashes of `tokens`, wrapping at 2^64: the same in every order.
pub(crate) fn sum_hashes(tokens: &[Token]) -> u64 {
    let hashes = tokens
        .iter()
        .map(|token| XxHash3_64::oneshot(token.as_bytes()));
    hashes.fold(0, u64::wrapping_add)
}

/// Proof of tokens that arrive in pieces.
#[derive(Default)]
pub(crate) struct Pieces {
    tokens: u64,
    id_sum: u64,
    hash: XxHash3_64,
}

impl Pieces {
    /// Takes the next tokens.
    pub(crate) fn add(&mut self, tokens: &[Token]) {
        self.tokens += tokens.len() as u64;
        self.id_sum = self.id_sum.wrapping_add(sum_ids(tokens));
        self.hash.write(ng_token::as_bytes(tokens));
    }

    /// XXH3-64 of the tokens' bytes so far.
    pub(crate) fn digest(&self) -> String {
        format!("{:016x}", self.hash.finish())
    }

    /// Proves that the tokens were the first `count` of the sequence.
    pub(crate) fn prove(self, run: &mut Run, count: u64) -> Result<(), Failure> {
        self.prove_sum(run, count, id_sum(count))
    }

    /// The same for `count` tokens with another sum of ids.
    pub(crate) fn prove_sum(self, run: &mut Run, count: u64, id_sum: u64) -> Result<(), Failure> {
        run.prove_equal("tokens", self.tokens, count)?;
        run.prove_equal("id_sum", self.id_sum, id_sum)?;
        run.prove("digest", self.digest());
        Ok(())
    }
}

/// [`prove_tokens`] for consecutive tokens in several vectors. More than one are
/// concatenated, which takes the same memory again.
pub(crate) fn prove_chunks(
    run: &mut Run,
    chunks: Vec<Vec<Token>>,
    count: u64,
) -> Result<(), Failure> {
    let tokens = <[Vec<Token>; 1]>::try_from(chunks);
    let tokens = tokens.map_or_else(|chunks| chunks.concat(), |[one]| one);
    prove_tokens(run, &tokens, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_prove_what_the_whole_proves() {
        let tokens: Vec<Token> = (0..10_000).map(Token::new).collect();
        let mut whole = Run::default();
        prove_tokens(&mut whole, &tokens, 10_000).unwrap();
        for size in [1, 7, 4096, 10_000] {
            let mut pieces = Pieces::default();
            tokens.chunks(size).for_each(|piece| pieces.add(piece));
            let mut run = Run::default();
            pieces.prove(&mut run, 10_000).unwrap();
            assert_eq!(run.proof(), whole.proof(), "pieces of {size}");
        }
    }
}
