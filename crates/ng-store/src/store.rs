use ng_token::Token;

use crate::MemoryUsage;

/// Reads a sequence of tokens.
///
/// Indices and lengths count tokens, not bytes. The sequence is contiguous and
/// aligned to 64 bytes, so a loop over [`tokens`](Self::tokens) is a loop over
/// cache lines.
pub trait TokenStore {
    /// Returns the visible tokens, in the order they were appended.
    ///
    /// O(1). If the store is also a [`TokenSink`](crate::TokenSink), this includes
    /// everything appended before the last `commit`.
    fn tokens(&self) -> &[Token];

    /// Returns how many tokens are visible.
    fn len(&self) -> usize {
        self.tokens().len()
    }

    /// Tells whether no token is visible.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the token at `index`, or `None` from `len` on.
    fn get(&self, index: usize) -> Option<&Token> {
        self.tokens().get(index)
    }

    /// Measures what the tokens cost in memory.
    ///
    /// Queries the kernel, so do not call it in an inner loop: see [`MemoryUsage`].
    fn memory_usage(&self) -> MemoryUsage;
}
