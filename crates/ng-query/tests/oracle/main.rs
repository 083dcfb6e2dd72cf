//! Every operation over tokens of any number, against what a look at each of them says: on
//! every way that there is to ask, and in copies of other orders.
//!
//! `NG_TOKENS=10000000` says how many tokens; the answers are counted.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "../../../ng-store/tests/amount/mod.rs"]
#[allow(dead_code, reason = "shared with other tests, which skip some things")]
mod amount;
mod broken;
mod columns;
mod filters;
mod ordered;
mod place;
mod questions;
mod reply;
mod tokens;
mod whole;
