//! The public surface of `ng-token`.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test may panic as the test may"
)]

mod any;
mod builder;
mod bytes;
mod compatibility;
mod distance;
mod entity;
mod flags;
mod golden;
mod id;
#[cfg(feature = "serde")]
mod serde;
mod space;
mod token;
mod validate;
