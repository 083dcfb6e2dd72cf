use std::ops::Range;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context, Result};
use ng_parallel::{DEFAULT_SHARD_TOKENS, Shards, Workers, map_shards};
use ng_token::Token;

/// Makes the tokens of each shard of `tokens` on all workers, and hands them
/// over in the order of the shards, on the calling thread.
///
/// `make` gets an empty buffer to fill, and may return something beside it.
/// Shards begin at multiples of a block from the start of the range. While a
/// batch of them is taken the next one is made: four shards a worker, 8 MiB, are
/// in memory.
pub(crate) fn in_order<T: Send>(
    workers: &Workers,
    tokens: Range<u64>,
    make: impl Fn(Range<u64>, &mut Vec<Token>) -> Result<T> + Sync,
    mut take: impl FnMut(&[Token], T) -> Result<()>,
) -> Result<()> {
    let spent = Spent::default();
    let make = |range| {
        let mut tokens = spent.buffer();
        let beside = make(range, &mut tokens)?;
        Ok((tokens, beside))
    };
    thread::scope(|scope| {
        // Of no length: a batch waits with who made it.
        let (sender, batches) = sync_channel(0);
        let maker = thread::Builder::new();
        maker
            .spawn_scoped(scope, || make_batches(workers, tokens, make, sender))
            .context("cannot start a thread")?;
        for batch in batches {
            for made in batch? {
                let (tokens, beside) = made?;
                take(&tokens, beside)?;
                spent.give(tokens);
            }
        }
        Ok(())
    })
}

type Batch<T> = Result<Vec<Result<T>>>;

/// Makes one batch after the other, until one fails or nobody takes them.
fn make_batches<T: Send>(
    workers: &Workers,
    tokens: Range<u64>,
    make: impl Fn(Range<u64>) -> Result<T> + Sync,
    sender: SyncSender<Batch<T>>,
) {
    let batch_tokens = (2 * workers.threads() * DEFAULT_SHARD_TOKENS) as u64;
    let mut start = tokens.start;
    while start < tokens.end {
        let count = batch_tokens.min(tokens.end - start);
        let made = map_shards(workers, Shards::new(count as usize), |shard| {
            make(start + shard.range.start as u64..start + shard.range.end as u64)
        });
        let failed = made.is_err();
        if sender.send(made.map_err(Into::into)).is_err() || failed {
            return;
        }
        start += count;
    }
}

/// Buffers that were taken, for those who make more: fresh memory would cost a
/// fault a page.
#[derive(Default)]
struct Spent(Mutex<Vec<Vec<Token>>>);

impl Spent {
    fn buffer(&self) -> Vec<Token> {
        let spent = self.lock().pop();
        spent.unwrap_or_else(|| Vec::with_capacity(DEFAULT_SHARD_TOKENS))
    }

    fn give(&self, mut buffer: Vec<Token>) {
        buffer.clear();
        self.lock().push(buffer);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Vec<Token>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    fn workers(threads: usize) -> Workers {
        Workers::new(threads).unwrap()
    }

    fn make(range: Range<u64>, tokens: &mut Vec<Token>) -> Result<u64> {
        assert!(tokens.is_empty(), "a buffer came back full");
        let start = range.start;
        tokens.extend(range.map(|index| Token::new(index as u32)));
        Ok(start)
    }

    #[test]
    fn tokens_come_in_order_and_all_of_them() {
        for (threads, range) in [
            (1, 5..5),
            (1, 0..1),
            (2, 3..600_003),
            (3, 100..300_000),
            (7, 0..8 * DEFAULT_SHARD_TOKENS as u64),
        ] {
            let mut next = range.start;
            in_order(&workers(threads), range.clone(), make, |tokens, start| {
                assert_eq!(start, next);
                for token in tokens {
                    assert_eq!(u64::from(token.id().raw()), next);
                    next += 1;
                }
                Ok(())
            })
            .unwrap();
            assert_eq!(next, range.end);
        }
    }

    #[test]
    fn what_was_made_before_a_failure_is_taken() {
        let bad_shard = 5 * DEFAULT_SHARD_TOKENS as u64;
        let mut taken = 0;
        let fail = |range: Range<u64>, tokens: &mut Vec<Token>| match range.contains(&bad_shard) {
            true => bail!("on purpose"),
            false => make(range, tokens),
        };
        let outcome = in_order(&workers(2), 0..u64::MAX, fail, |tokens, _| {
            taken += tokens.len() as u64;
            Ok(())
        });
        assert_eq!(outcome.unwrap_err().to_string(), "on purpose");
        assert_eq!(taken, bad_shard);
    }

    #[test]
    fn a_taker_that_fails_ends_it() {
        for threads in [1, 2] {
            let mut taken = 0;
            let outcome = in_order(&workers(threads), 0..u64::MAX, make, |_, _| {
                taken += 1;
                match taken {
                    7 => bail!("enough"),
                    _ => Ok(()),
                }
            });
            assert_eq!(outcome.unwrap_err().to_string(), "enough");
            assert_eq!(taken, 7);
        }
    }

    #[test]
    fn a_panic_is_an_error() {
        let panic = |_, _: &mut Vec<Token>| -> Result<()> { panic!("on purpose") };
        let outcome = in_order(&workers(2), 0..1, panic, |_, ()| Ok(()));
        let told = outcome.unwrap_err().to_string();
        assert_eq!(told, "shard 0 panicked: on purpose");
    }
}
