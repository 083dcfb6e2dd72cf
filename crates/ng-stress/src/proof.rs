//! Proof that the tokens are there: count, sum of ids, digest of all bytes.

use ng_lab::{Failure, Run};
use ng_token::Token;
use twox_hash::XxHash3_64;

use crate::oracle::id_sum;

/// Sums the ids of `tokens`, wrapping at 2^64.
pub(crate) fn sum_ids(tokens: &[Token]) -> u64 {
    let mut sum = 0u64;
    for token in tokens {
        sum = sum.wrapping_add(u64::from(token.id().raw()));
    }
    sum
}

/// XXH3-64 of the tokens' bytes in their order.
pub(crate) fn digest(tokens: &[Token]) -> String {
    let hash = XxHash3_64::oneshot(ng_token::as_bytes(tokens));
    format!("{hash:016x}")
}

/// Proves that `tokens` are the `count` first ones of the sequence.
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

/// [`prove_tokens`] of tokens that lie in several vectors, one behind the other.
/// Several are put into one for it, which takes as much memory once more.
pub(crate) fn prove_chunks(
    run: &mut Run,
    chunks: Vec<Vec<Token>>,
    count: u64,
) -> Result<(), Failure> {
    let tokens = <[Vec<Token>; 1]>::try_from(chunks);
    let tokens = tokens.map_or_else(|chunks| chunks.concat(), |[one]| one);
    prove_tokens(run, &tokens, count)
}
