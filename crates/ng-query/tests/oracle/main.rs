//! Every operation over any number of tokens, compared with a look at each token: on every path,
//! and in copies of other orders.
//!
//! `NG_TOKENS=10000000` sets how many tokens; the answers are counted.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "../../../ng-store/tests/amount/mod.rs"]
#[allow(dead_code, reason = "shared with other tests, which skip some things")]
mod amount;
mod broken;
mod columns;
mod filters;
mod ordered;
mod parts;
mod place;
mod questions;
mod reply;
mod tokens;
mod whole;
