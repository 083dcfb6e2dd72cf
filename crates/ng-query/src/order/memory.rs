use ng_store::available_bytes;
use ng_token::Token;

use super::radix::Layout;
use super::{Order, SortError};

/// How a sort divides its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Budget {
    /// The most tokens that are sorted at once.
    pub(super) sorted_tokens: u64,
    /// The bytes for tokens that partitions have not written yet.
    pub(super) buffer_bytes: u64,
}

/// Everything besides tokens and keys: the program, counts and buffers of the radix sort.
const FIXED_BYTES: u64 = 32 << 20;

/// Per thread: buffers of an ingest, what it reads, and windows of passes.
const THREAD_BYTES: u64 = 10 << 20;

/// The least that is left for tokens and keys: 16 MiB.
const LEAST_BYTES: u64 = 16 << 20;

/// Assumed if the system does not tell how much memory there is: 1 GiB.
const UNKNOWN_BYTES: u64 = 1 << 30;

impl Budget {
    /// Divides the given bytes, or half of those available.
    pub(super) fn of(asked: Option<u64>, threads: usize, order: &Order) -> Result<Self, SortError> {
        let others = FIXED_BYTES + (threads as u64).saturating_mul(THREAD_BYTES);
        let least = others.saturating_add(LEAST_BYTES);
        let half = || {
            available_bytes()
                .map_or(UNKNOWN_BYTES, |bytes| bytes / 2)
                .max(least)
        };
        let given = asked.unwrap_or_else(half);
        if given < least {
            return Err(SortError::Memory {
                given,
                least,
                threads,
            });
        }
        let left = given - others;
        Ok(Self {
            sorted_tokens: left / bytes_of_token(order, left),
            buffer_bytes: left,
        })
    }

    /// Tells whether a number of tokens can be sorted at once.
    pub(super) fn holds(&self, tokens: u64) -> bool {
        tokens <= self.sorted_tokens
    }
}

/// The bytes of a token with its key and its position, if `bytes` are for all of them.
fn bytes_of_token(order: &Order, bytes: u64) -> u64 {
    const TOKEN: u64 = Token::SIZE as u64;
    const NARROW: u64 = TOKEN + 16;
    let most = usize::try_from(bytes / NARROW).unwrap_or(usize::MAX);
    match Layout::of(order.bits(), most) {
        Some(_) => NARROW,
        None => TOKEN + 32,
    }
}
