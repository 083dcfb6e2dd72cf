//! Sharded parallel work over NeuroGraph token stores.
//!
//! [`Shards`] is the plan, [`Workers`] run it, and each operation is one function:
//! [`fill`], [`for_each_shard`], [`for_each_shard_mut`], [`map_reduce`], [`map_shards`],
//! [`gather`] over tokens in memory, [`ingest`], [`ingest_batches`], [`ingest_shards`],
//! [`load`], [`save`], [`verify`] and [`map_reduce_pass`] for those in files.
//!
//! - Results never depend on the number of threads, even in floating point: shards are cut
//!   independently of the thread count, and reduced in order.
//! - A panic in a closure becomes an error at the caller that names the shard. The other
//!   shards stop early, and nothing is published in part: what an ingest has appended by
//!   then is not committed, unless it commits on the way.
//! - A [`StopFlag`] ends long work at the next shard boundary.
//! - The calling thread works as well, and an operation waits only for its own closures,
//!   whatever the workers are doing; [`Workers`] explains the consequences.
//!
//! The crate reads no clock, prints nothing, knows no path and has no `unsafe`. It moves
//! work to threads; closures work on slices of tokens, so loops stay tight, even in debug
//! builds.
//!
//! ```
//! use ng_parallel::{Workers, fill, map_reduce};
//! use ng_store::{TokenStore, VecStore};
//! use ng_token::Token;
//!
//! let workers = Workers::new(2)?;
//! let mut store = VecStore::new();
//! fill(&workers, &mut store, 100_000, |index| Token::new(index as u32))?;
//!
//! let sum_ids = |_, tokens: &[Token]| -> u64 {
//!     tokens.iter().map(|token| u64::from(token.id().raw())).sum()
//! };
//! let sum = map_reduce(&workers, store.tokens(), sum_ids, |left, right| left + right)?;
//! assert_eq!(sum, Some(4_999_950_000));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to start reading
//!
//! `serial.rs` shows what each operation does, on one thread. `queue.rs` is all the
//! coordination between threads, except for an ingest's, which is `ingest/writer.rs`.
//! `crew.rs` decides which operation has which workers, `pool.rs` puts them and the calling
//! thread to work.

#![forbid(unsafe_code)]

mod crew;
mod error;
mod fill;
mod for_each_shard;
mod for_each_shard_mut;
mod gather;
mod ingest;
mod load;
mod map_reduce;
mod map_shards;
mod pieces;
mod pool;
mod queue;
mod save;
pub mod serial;
mod shards;
mod stop_flag;
mod verify;
mod within;
mod workers;

// The operations expose these stores and tokens: one dependency should be enough.
pub use {ng_store, ng_token};
// The version whose pools `Workers::adopt` accepts.
#[cfg(feature = "rayon")]
pub use rayon;

pub use error::{Forked, ParallelError};
pub use fill::fill;
pub use for_each_shard::for_each_shard;
pub use for_each_shard_mut::for_each_shard_mut;
pub use gather::gather;
pub use ingest::{
    DEFAULT_BUFFER_TOKENS, DEFAULT_DEPTH, IngestError, IngestOptions, ingest, ingest_batches,
    ingest_batches_with, ingest_shards, ingest_shards_with, ingest_with,
};
pub use load::{ParallelLoadError, load, load_watched};
pub use map_reduce::{PassError, map_reduce, map_reduce_pass};
pub use map_shards::map_shards;
pub use save::{ParallelSaveError, save};
pub use shards::{DEFAULT_SHARD_TOKENS, Shard, Shards, ShardsIter};
pub use stop_flag::StopFlag;
pub use verify::{VerifyError, verify, verify_watched};
pub use workers::{Workers, WorkersError};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
