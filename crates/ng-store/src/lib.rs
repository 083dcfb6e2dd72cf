//! Sequences of NeuroGraph tokens.
//!
//! Two seams and one store in memory:
//!
//! - [`TokenStore`] reads: a store is one `&[Token]`, with what it costs beside it;
//! - [`TokenSink`] writes: tokens are appended, then committed;
//! - [`VecStore`] is a `Vec<Token>` that knows about pages.
//!
//! It holds no thread pool and prints nothing. Filling by many threads is the
//! caller's: [`VecStore::append_in_place`] lends uninitialised room that can be
//! split between threads without `unsafe` on their side.
//!
//! ```
//! use ng_store::{TokenSink, TokenStore, VecStore};
//! use ng_token::Token;
//!
//! let mut store = VecStore::try_with_capacity(1_000)?;
//! store.append_with(1_000, |index| Token::new(index as u32))?;
//! store.commit()?;
//!
//! let sum: u64 = store.tokens().iter().map(|token| u64::from(token.id().raw())).sum();
//! assert_eq!(sum, 499_500);
//! # Ok::<(), ng_store::VecStoreError>(())
//! ```
//!
//! # Where to begin reading
//!
//! `store.rs` and `sink.rs` for the contracts, `vec_store.rs` for the store,
//! `reserved/` for all the `unsafe` there is. A store of your own passes
//! `ng_store::conformance` (feature `conformance`).

#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod memory;
mod policy;
#[expect(
    unsafe_code,
    reason = "page advice and the length of a vector filled in place; nowhere else"
)]
mod reserved;
mod sink;
mod store;
mod vec_store;

// The seams are about its tokens: one dependency shall be enough.
pub use ng_token;

pub use error::VecStoreError;
pub use memory::MemoryUsage;
pub use policy::{ADVISED_MIN_BYTES, PagePolicy};
pub use reserved::{Filled, Vacant};
pub use sink::{BLOCK_TOKENS, BlockHasher, NoHash, TokenSink, whole_blocks};
pub use store::TokenStore;
pub use vec_store::VecStore;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
