//! Varied tokens from a seed, for measurements and tests: the same bytes on every machine.
//!
//! A [`Synth`] has a kind and a seed, and [`Synth::token`] is a pure function of these two
//! and an index. So any number of threads, in any order, make the same tokens, and each can
//! be made without those before it. All arithmetic is on integers, except for the weight,
//! which is an exact multiple of 2^-24: nothing here can differ between compilers,
//! processors or C libraries, and golden hashes check that.
//!
//! It is not cryptographically random, nor a model of real data. The crate does no I/O,
//! starts no thread and needs no `std`; [`Synth::clustered`] allocates once.
//!
//! ```
//! use ng_synth::Synth;
//!
//! let synth = Synth::clustered(7);
//! let tokens: Vec<_> = (0..1_000).map(|index| synth.token(index)).collect();
//! assert_eq!(tokens[999], Synth::clustered(7).token(999));
//! assert_ne!(tokens[999], Synth::clustered(8).token(999));
//! assert!(tokens.iter().all(|token| token.validate(1_800_000_000).is_ok()));
//! ```
//!
//! # What the tokens are like
//!
//! Fields are independent unless the table says otherwise; "any" means uniformly
//! distributed. A token is valid at any time from its own timestamp on.
//!
//! | field | uniform and clustered |
//! |---|---|
//! | local id | the low 24 bits of the index |
//! | domain, entity type | any of the 256 pairs, the next pair after each 2^24 tokens: ids are unique up to 2^32 tokens, in no order, then they repeat |
//! | entity type in the flags | that of the id |
//! | system flags | each independently, in 256ths: ACTIVE 240, PERSISTENT 128, MUTABLE 64, SYNCHRONIZED 192, COMPRESSED 32, ENCRYPTED 16, DIRTY 8, LOCKED 1 |
//! | user flags | any of 16 |
//! | weight | any multiple of 2^-24 from 0 to 1, excluding 1 |
//! | radius, strength | any of 256 stored values |
//! | timestamp | [`FIRST_TIMESTAMP`] plus one second after each [`TOKENS_PER_SECOND`] tokens; it repeats from 2^32 tokens on |
//!
//! | coordinates, in steps | |
//! |---|---|
//! | uniform | any of 65,536, on each axis of each space |
//! | clustered | the centre of the token's cluster plus a spread |
//!
//! There are [`CLUSTERS`] clusters, each with a centre in all eight spaces: tokens near
//! each other in one space are often near in the others. They come in eight sizes: 8
//! clusters share an eighth of the tokens, 16 another eighth, and so on up to 1024; so the
//! largest have 1 in 64 tokens each and the smallest 1 in 8192, following Zipf's law. A
//! token's cluster is drawn at random, independent of its index.
//!
//! A centre's coordinate is bell-shaped (the sum of four uniform draws) with a standard
//! deviation of 5978 steps around 0, and at most 20,706. The spread on each axis is
//! bell-shaped, too (three draws of 10 bits): 512 steps, and at most 1535. Together that is
//! about 6000 steps on each axis, subject to the few large clusters of a seed, and never
//! near the ends of the range.
//!
//! Start reading at `synth.rs`; `draws.rs` has the generator, `clusters.rs` the centres.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod clusters;
mod draws;
mod synth;

pub use ng_token;

pub use clusters::CLUSTERS;
pub use synth::{FIRST_TIMESTAMP, Synth, TOKENS_PER_SECOND};

/// Runs the examples of the README as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
