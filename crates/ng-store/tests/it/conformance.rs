//! The suite holds for the store in memory, and fails for broken ones.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ng_store::conformance::{self, Claim, claims};
use ng_store::{
    BlockHasher, MemoryUsage, NoHash, PagePolicy, TokenSink, TokenStore, VecStore, VecStoreError,
};
use ng_token::Token;

#[test]
fn vec_store_conforms_under_every_policy() {
    for policy in [PagePolicy::Huge, PagePolicy::Base, PagePolicy::System] {
        conformance::check_all(|| VecStore::with_policy(policy));
    }
}

#[test]
fn claims_have_distinct_names() {
    let claims = claims::<VecStore>();
    let mut names: Vec<_> = claims.iter().map(Claim::name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), claims.len());
}

/// What a [`BrokenStore`] does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    DropsLastToken,
    Reorders,
    PublishesOnPanic,
    ForgetsUncommitted,
    LosesCommitted,
    SwallowsPanic,
    CountsFromStoreLength,
    CallsTwice,
    CountsCommittedOnly,
    TakesAnyHashes,
    HashesAtRandom,
    GetsBeyondTheEnd,
    ReservesByAppending,
    GrantsEverything,
    UsageByCapacity,
}

/// A store in memory with one fault.
struct BrokenStore {
    inner: VecStore,
    fault: Fault,
    committed: usize,
}

impl BrokenStore {
    fn new(fault: Fault) -> Self {
        Self {
            inner: VecStore::new(),
            fault,
            committed: 0,
        }
    }

    fn truncate(&mut self, len: usize) {
        let mut tokens = std::mem::take(&mut self.inner).into_vec();
        tokens.truncate(len);
        self.inner = VecStore::from_vec(tokens);
    }
}

impl TokenStore for BrokenStore {
    fn tokens(&self) -> &[Token] {
        self.inner.tokens()
    }

    fn get(&self, index: usize) -> Option<&Token> {
        match self.fault {
            Fault::GetsBeyondTheEnd if index == self.len() => self.tokens().last(),
            _ => self.inner.get(index),
        }
    }

    fn memory_usage(&self) -> MemoryUsage {
        let mut usage = self.inner.memory_usage();
        if self.fault == Fault::UsageByCapacity {
            usage.used_bytes = usage.reserved_bytes;
        }
        usage
    }
}

impl TokenSink for BrokenStore {
    type Error = VecStoreError;
    type Hasher = BrokenHasher;

    fn appended_tokens(&self) -> u64 {
        match self.fault {
            Fault::CountsCommittedOnly => self.committed as u64,
            _ => self.inner.appended_tokens(),
        }
    }

    fn reserve(&mut self, additional: usize) -> Result<(), VecStoreError> {
        match self.fault {
            Fault::GrantsEverything => Ok(()),
            Fault::ReservesByAppending if additional == 1 => self.inner.append(&[Token::new(0)]),
            _ => self.inner.reserve(additional),
        }
    }

    fn append(&mut self, tokens: &[Token]) -> Result<(), VecStoreError> {
        match self.fault {
            Fault::DropsLastToken if tokens.len() > 4000 => {
                self.inner.append(&tokens[..tokens.len() - 1])
            }
            Fault::Reorders if tokens.len() > 1 => {
                let mut tokens = tokens.to_vec();
                tokens.swap(0, 1);
                self.inner.append(&tokens)
            }
            _ => self.inner.append(tokens),
        }
    }

    fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token + Sync,
    ) -> Result<(), VecStoreError> {
        let start = self.len();
        match self.fault {
            Fault::PublishesOnPanic => {
                self.inner.reserve(count)?;
                (0..count).try_for_each(|index| self.inner.append(&[f(index)]))
            }
            Fault::SwallowsPanic => {
                let inner = &mut self.inner;
                catch_unwind(AssertUnwindSafe(|| inner.append_with(count, f))).unwrap_or(Ok(()))
            }
            Fault::CountsFromStoreLength => self.inner.append_with(count, |i| f(start + i)),
            Fault::CallsTwice => self.inner.append_with(count, |index| {
                f(index);
                f(index)
            }),
            _ => self.inner.append_with(count, f),
        }
    }

    fn block_hasher(&self) -> BrokenHasher {
        BrokenHasher(self.fault)
    }

    fn append_hashed(&mut self, tokens: &[Token], hashes: &[u64]) -> Result<(), VecStoreError> {
        match self.fault {
            Fault::TakesAnyHashes => self.inner.append(tokens),
            _ => self.inner.append_hashed(tokens, hashes),
        }
    }

    fn commit(&mut self) -> Result<(), VecStoreError> {
        match self.fault {
            Fault::ForgetsUncommitted if self.committed > 0 => self.truncate(self.committed),
            Fault::LosesCommitted if self.committed > 100 => self.truncate(self.committed - 1),
            _ => self.committed = self.len(),
        }
        self.inner.commit()
    }
}

#[derive(Clone)]
struct BrokenHasher(Fault);

impl BlockHasher for BrokenHasher {
    fn hash_block(&self, block_index: u64, tokens: &[Token]) -> u64 {
        thread_local!(static CALLS: Cell<u64> = const { Cell::new(0) });
        match self.0 {
            Fault::HashesAtRandom => CALLS.replace(CALLS.get() + 1),
            _ => NoHash.hash_block(block_index, tokens),
        }
    }
}

/// Returns the message the suite panics with, if it does.
fn failure(fault: Fault) -> Option<String> {
    let outcome = catch_unwind(|| conformance::check_all(|| BrokenStore::new(fault)));
    let payload = outcome.err()?;
    Some(
        payload
            .downcast_ref::<String>()
            .cloned()
            .unwrap_or_default(),
    )
}

#[test]
fn a_store_without_a_fault_passes() {
    assert_eq!(failure(Fault::None), None);
}

#[test]
fn each_fault_fails_the_claim_it_breaks() {
    for (fault, claim) in [
        (
            Fault::DropsLastToken,
            "lengths_around_blocks_and_pages_are_kept",
        ),
        (Fault::Reorders, "commit_shows_what_was_appended_in_order"),
        (
            Fault::PublishesOnPanic,
            "a_panicking_closure_leaves_the_store_unchanged",
        ),
        (
            Fault::ForgetsUncommitted,
            "commit_shows_what_was_appended_in_order",
        ),
        (
            Fault::LosesCommitted,
            "lengths_around_blocks_and_pages_are_kept",
        ),
        (
            Fault::SwallowsPanic,
            "a_panicking_closure_leaves_the_store_unchanged",
        ),
        (
            Fault::CountsFromStoreLength,
            "commit_shows_what_was_appended_in_order",
        ),
        (Fault::CallsTwice, "commit_shows_what_was_appended_in_order"),
        (
            Fault::CountsCommittedOnly,
            "commit_shows_what_was_appended_in_order",
        ),
        (Fault::TakesAnyHashes, "a_wrong_number_of_hashes_is_refused"),
        (
            Fault::HashesAtRandom,
            "append_hashed_equals_append_at_any_start",
        ),
        (
            Fault::GetsBeyondTheEnd,
            "commit_shows_what_was_appended_in_order",
        ),
        (Fault::ReservesByAppending, "reserving_changes_no_token"),
        (
            Fault::GrantsEverything,
            "what_cannot_fit_is_an_error_and_changes_nothing",
        ),
        (Fault::UsageByCapacity, "memory_usage_counts_the_tokens"),
    ] {
        let message = failure(fault).unwrap_or_else(|| panic!("{fault:?} passes the suite"));
        assert!(message.starts_with(claim), "{fault:?}: {message}");
    }
}

#[test]
fn a_failed_random_sequence_names_its_seed() {
    let random = claims()
        .into_iter()
        .find(|claim| claim.name() == "random_operations_agree_with_a_vector")
        .unwrap();
    let outcome = catch_unwind(|| random.check(|| BrokenStore::new(Fault::DropsLastToken)));
    let message = *outcome.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("seed "), "{message}");
}
