//! Tokens stamped with their time of creation, as in the seed.

use std::ops::Range;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use ng_lab::Failure;
use ng_token::Token;

use crate::scenarios::fill::token;

/// The token at `index`, with a reading of the clock.
#[inline]
pub(super) fn stamped(index: usize) -> Token {
    token(index).with_timestamp(now_s())
}

/// Seconds since 1970; 0 if the clock is set earlier.
pub(super) fn now_s() -> u32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |since| since.as_secs() as u32)
}

/// A plain vector of the tokens at `indices`, each with a reading of the clock.
pub(super) fn pushed_stamped(indices: Range<usize>) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(indices.len());
    for index in indices {
        tokens.push(stamped(index));
    }
    tokens
}

/// The first `count` tokens in equal chunks, each made on its own thread; with one thread
/// as well, so that speed-ups compare the same code.
pub(super) fn stamped_chunks(count: usize, threads: usize) -> Result<Vec<Vec<Token>>, Failure> {
    let chunk = count.div_ceil(threads.max(1));
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| (thread * chunk).min(count)..((thread + 1) * chunk).min(count))
            .map(|indices| scope.spawn(|| pushed_stamped(indices)))
            .collect();
        workers
            .into_iter()
            .map(|worker| Ok(worker.join().map_err(|_| "a thread panicked")?))
            .collect()
    })
}

/// Clears the times in place, so that the tokens are the same in every run.
pub(super) fn take_times(tokens: &mut [Token]) {
    for token in tokens {
        *token = token.with_timestamp(0);
    }
}
