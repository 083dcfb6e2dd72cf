use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use ng_token::Token;

use crate::{BLOCK_TOKENS, BlockHasher, TokenSink, TokenStore, whole_blocks};

/// The operations on a store. Counts are tokens.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    Reserve(usize),
    ReserveTooMuch,
    Append(usize),
    AppendWith(usize),
    AppendTooMuch,
    AppendPanicking { count: usize, panic_at: usize },
    AppendHashed(usize),
    AppendMiscounted(usize),
    Commit,
}

/// A store with the oracle beside it.
pub(super) struct Subject<S> {
    store: S,
    oracle: Vec<Token>,
    committed: usize,
}

/// The token at position `index` of every store under test: no two are equal.
pub(super) fn token(index: usize) -> Token {
    Token::new(index as u32).with_timestamp(!(index as u32))
}

fn tokens(start: usize, count: usize) -> Vec<Token> {
    (start..start + count).map(token).collect()
}

impl<S: TokenStore + TokenSink> Subject<S> {
    pub(super) fn new(make: &dyn Fn() -> S) -> Self {
        Self {
            store: make(),
            oracle: Vec::new(),
            committed: 0,
        }
    }

    /// Applies each operation, commits, and checks what can be seen.
    ///
    /// `context` names the sequence in the message of a failure.
    pub(super) fn run(&mut self, operations: &[Operation], context: &dyn Debug) {
        for (step, &operation) in operations.iter().enumerate() {
            let context = format!("{context:?}, step {step}, {operation:?}");
            self.apply(operation, &context);
            self.check_appended(&context);
            self.check_committed(&context);
        }
        self.commit();
        self.check(&format!("{context:?}, after the last commit"));
    }

    pub(super) fn store(&self) -> &S {
        &self.store
    }

    /// Returns the tokens that were appended, in order.
    pub(super) fn oracle(&self) -> &[Token] {
        &self.oracle
    }

    fn apply(&mut self, operation: Operation, context: &str) {
        match operation {
            Operation::Reserve(additional) => succeed(self.store.reserve(additional), context),
            Operation::ReserveTooMuch => self.reserve_too_much(context),
            Operation::Append(count) => self.append(count, context),
            Operation::AppendWith(count) => self.append_with(count, context),
            Operation::AppendTooMuch => self.append_too_much(context),
            Operation::AppendPanicking { count, panic_at } => {
                self.append_panicking(count, panic_at, context);
            }
            Operation::AppendHashed(count) => self.append_hashed(count, context),
            Operation::AppendMiscounted(count) => self.append_miscounted(count, context),
            Operation::Commit => {
                self.commit();
                self.check(context);
            }
        }
    }

    fn reserve_too_much(&mut self, context: &str) {
        let reserved = self.store.reserve(usize::MAX);
        assert!(reserved.is_err(), "{context}: usize::MAX tokens fit");
    }

    fn append(&mut self, count: usize, context: &str) {
        let new = tokens(self.oracle.len(), count);
        succeed(self.store.append(&new), context);
        self.oracle.extend(new);
    }

    fn append_with(&mut self, count: usize, context: &str) {
        let start = self.oracle.len();
        let calls = AtomicUsize::new(0);
        let appended = self.store.append_with(count, |index| {
            calls.fetch_add(1, Ordering::Relaxed);
            assert!(index < count, "{context}: f({index}) of {count}");
            token(start + index)
        });
        succeed(appended, context);
        let calls = calls.into_inner();
        assert_eq!(calls, count, "{context}: calls of f");
        self.oracle.extend(tokens(start, count));
    }

    fn append_too_much(&mut self, context: &str) {
        let appended = self.store.append_with(usize::MAX, |_| {
            panic!("{context}: f is called although there is no room")
        });
        assert!(appended.is_err(), "{context}: usize::MAX tokens fit");
    }

    fn append_panicking(&mut self, count: usize, panic_at: usize, context: &str) {
        let store = &mut self.store;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            store.append_with(count, |index| {
                assert!(index != panic_at, "on purpose, by the conformance suite");
                token(index)
            })
        }));
        assert!(outcome.is_err(), "{context}: the panic of f is lost");
    }

    fn append_hashed(&mut self, count: usize, context: &str) {
        let start = self.oracle.len();
        let new = tokens(start, count);
        let hashes = self.hashes(start, &new, context);
        succeed(self.store.append_hashed(&new, &hashes), context);
        self.oracle.extend(new);
    }

    fn append_miscounted(&mut self, count: usize, context: &str) {
        let start = self.oracle.len();
        let new = tokens(start, count);
        let mut hashes = self.hashes(start, &new, context);
        hashes.push(0);
        let store = &mut self.store;
        let outcome = catch_unwind(AssertUnwindSafe(|| store.append_hashed(&new, &hashes)));
        assert!(outcome.is_err(), "{context}: one hash too many is taken");
    }

    /// Hashes the whole blocks of `new` as a worker would: by a clone of the
    /// hasher, on another thread.
    fn hashes(&self, start: usize, new: &[Token], context: &str) -> Vec<u64> {
        let hasher = self.store.block_hasher();
        let by_another_thread = std::thread::scope(|scope| {
            let hasher = hasher.clone();
            let worker = scope.spawn(move || hash_blocks(&hasher, start, new));
            worker.join()
        });
        let hashes = by_another_thread.unwrap_or_else(|_| panic!("{context}: the hasher panics"));
        let here = hash_blocks(&hasher, start, new);
        assert_eq!(hashes, here, "{context}: clones of the hasher disagree");
        hashes
    }

    fn commit(&mut self) {
        succeed(self.store.commit(), "commit");
        self.committed = self.oracle.len();
    }

    fn check_appended(&self, context: &str) {
        let appended = self.store.appended_tokens();
        assert_eq!(appended, self.oracle.len() as u64, "{context}: appended");
    }

    fn check_committed(&self, context: &str) {
        let seen = self.store.tokens();
        assert!(
            seen.len() >= self.committed,
            "{context}: {} tokens seen, {} were committed",
            seen.len(),
            self.committed
        );
        let oracle = &self.oracle[..self.committed];
        assert_same(&seen[..self.committed], oracle, context);
    }

    fn check(&self, context: &str) {
        let len = self.oracle.len();
        assert_same(self.store.tokens(), &self.oracle, context);
        assert_eq!(self.store.len(), len, "{context}: len");
        assert_eq!(self.store.is_empty(), len == 0, "{context}: is_empty");
        assert_eq!(self.store.get(len), None, "{context}: get({len})");
    }
}

fn hash_blocks(hasher: &impl BlockHasher, start: usize, new: &[Token]) -> Vec<u64> {
    whole_blocks(start, new.len())
        .map(|block| {
            let first = block * BLOCK_TOKENS - start;
            hasher.hash_block(block as u64, &new[first..first + BLOCK_TOKENS])
        })
        .collect()
}

fn succeed<E: std::error::Error>(result: Result<(), E>, context: &str) {
    result.unwrap_or_else(|error| panic!("{context}: {error}"));
}

fn assert_same(seen: &[Token], oracle: &[Token], context: &str) {
    let same = seen.iter().zip(oracle).take_while(|(s, o)| s == o).count();
    assert!(
        same == seen.len() && same == oracle.len(),
        "{context}: {} tokens seen, {} expected, first difference at {same}: {:?}, expected {:?}",
        seen.len(),
        oracle.len(),
        seen.get(same),
        oracle.get(same)
    );
}
