//! A suite of what every readable and writable store must do.
//!
//! It uses only [`TokenStore`] and [`TokenSink`], and reads appended tokens only after a
//! `commit`. The oracle is a `Vec<Token>`.
//!
//! ```
//! use ng_store::{VecStore, conformance};
//!
//! conformance::check_all(VecStore::new);
//! ```
//!
//! [`claims`] is the table behind it, for a test runner that shows each claim as a separate
//! test. The closures of the suite panic on purpose, so it needs `panic = "unwind"` and
//! leaves their messages on standard error.

mod claims;
mod random;
mod subject;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{TokenSink, TokenStore};

pub use claims::claims;

/// One thing that every store must do.
#[derive(Debug)]
pub struct Claim<S> {
    name: &'static str,
    check: Check<S>,
}

type Check<S> = fn(&dyn Fn() -> S);

impl<S> Clone for Claim<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Claim<S> {}

impl<S> Claim<S> {
    /// Returns the claim in words, as a test would be named.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Checks the claim on stores that `make` returns empty.
    ///
    /// # Panics
    ///
    /// If the claim does not hold, with its name and what was seen.
    pub fn check(&self, make: impl Fn() -> S) {
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.check)(&make)));
        if let Err(payload) = outcome {
            let seen = payload
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| payload.downcast_ref::<&str>().copied())
                .unwrap_or("a panic without a message");
            panic!("{}: {seen}", self.name);
        }
    }
}

/// Checks all [`claims`] on stores that `make` returns empty. Takes seconds in a
/// debug build.
///
/// # Panics
///
/// If a claim does not hold, with its name and what was seen.
pub fn check_all<S: TokenStore + TokenSink>(make: impl Fn() -> S) {
    for claim in claims() {
        claim.check(&make);
    }
}
