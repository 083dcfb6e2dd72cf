//! Sequences of NeuroGraph tokens.
//!
//! Two traits and two stores:
//!
//! - [`TokenStore`] reads: a store is one `&[Token]`, with its memory cost;
//! - [`TokenSink`] writes: tokens are appended, then committed;
//! - [`VecStore`] is a page-aware `Vec<Token>`;
//! - [`MmapStore`] is a file, written at disk speed, opened instantly, and intact after a
//!   crash. Its constructors are `unsafe`, because a map depends on the file below it;
//!   [`BlockReader`] and [`VecStore::load`] read the same files without a map, verifying
//!   every block, and [`FileWriter`] and [`FileDraft`] write them.
//!
//! Committed tokens never change in place: change them in a [`PrivateStore`], which has an
//! example, in a [`VecStore`] or block by block, and write another file.
//!
//! [`VerifyBlocks::verify`] checks a file, [`repair`] saves the sound parts of a damaged
//! one; [`RawDraft`] writes raw records, and [`RawReader`] reads them.
//!
//! A failed write is an error, with one exception: Unix kills a process that exceeds its
//! file-size limit, unless it calls [`ignore_file_size_signal`].
//!
//! It has no thread pool and prints nothing. Callers may fill with many threads:
//! [`VecStore::append_in_place`] lends uninitialised capacity that can be split between
//! threads without `unsafe` on their side, and a sink's
//! [`block_hasher`](TokenSink::block_hasher) lets them hash what they fill.
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
//! # Where to start reading
//!
//! `store.rs` and `sink.rs` for the contracts, `vec_store.rs` and `mmap_store/` for the
//! stores, `raw/` for all the `unsafe`. For files: `format/` has the bytes, `file/` the
//! rules, `disk/` the traits to the system.
//!
//! Your own store should pass `ng_store::conformance` (feature `conformance`). With the
//! feature `rules`, `ng_store::file` and `ng_store::disk` are public: the rules and the
//! traits, for the other crates of this project. The feature `sim` adds a disk whose power
//! can be cut, for tests and measurements. Neither has stability guarantees.

mod commit;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(not(feature = "rules"))]
#[allow(dead_code, unreachable_pub, reason = "public with the feature `rules`")]
mod disk;
#[cfg(feature = "rules")]
pub mod disk;
#[cfg_attr(
    not(feature = "rules"),
    allow(unreachable_pub, reason = "public with the feature `rules`")
)]
mod environment;
mod error;
#[cfg(not(feature = "rules"))]
#[allow(dead_code, unreachable_pub, reason = "public with the feature `rules`")]
mod file;
#[cfg(feature = "rules")]
pub mod file;
mod file_draft;
mod file_writer;
mod format;
mod inode;
mod memory;
mod mmap_store;
mod policy;
#[expect(
    unsafe_code,
    reason = "page advice, the length of a vector filled in place, maps of files, closures that are lent; nowhere else"
)]
mod raw;
mod raw_draft;
mod raw_reader;
mod registered;
mod same_file;
mod sink;
mod store;
mod target;
mod vec_store;
mod whole_file;

// The traits expose its tokens: one dependency should be enough.
pub use ng_token;

pub use commit::Commit;
#[cfg(feature = "rules")]
pub use environment::now_ns;
pub use error::{
    Counted, CreateError, FileKind, IoError, LoadError, OpenError, Operation, ReadError,
    RepairError, Shown, VecStoreError, WriteError,
};
pub use file::{
    AppendOptions, BadBlock, Basis, Block, BlockReader, Blocks, Cause, CreateOptions, Cut,
    FileInfo, Finding, RepairOptions, RepairProgress, RepairReport, Savepoint, VerifyBlocks,
    VerifyReport,
};
pub use file_draft::FileDraft;
pub use file_writer::FileWriter;
pub use format::{DEFAULT_MAX_TOKENS, Expected, FileBlockHasher, HEADER_MAGIC};
pub use memory::{MemoryUsage, available_bytes};
pub use mmap_store::{MapOptions, MapPass, MapWindow, MappedBlocks, MmapStore, PrivateStore};
pub use policy::{ADVISED_MIN_BYTES, Access, BYPASS_MIN_BYTES, CachePolicy, PagePolicy};
pub use raw::{
    Filled, Loan, PREFETCHES, ProcessMark, Snapshot, Vacant, ignore_file_size_signal, lend,
    prefetch,
};
pub use raw_draft::RawDraft;
pub use raw_reader::RawReader;
pub use registered::has_readers;
pub use same_file::is_same_file;

pub use sink::{BLOCK_TOKENS, BlockHasher, NoHash, TokenSink, whole_blocks};
pub use store::TokenStore;
pub use vec_store::VecStore;
pub use whole_file::{repair, unwatched};

/// A pass over a file: the reader that [`BlockReader::pass`] returns, bound to its commit.
///
/// It borrows nothing: for a file it is a `BlockPass<'static>`, which can be stored and
/// sent to other threads. Without the feature `rules` this is its only name.
///
/// ```
/// use ng_store::{BlockPass, BlockReader, CreateOptions, ReadError, VecStore};
/// use ng_token::Token;
///
/// struct Scan {
///     pass: BlockPass<'static>,
///     seen: u64,
/// }
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("tokens.ngt");
/// # VecStore::from_iter((0..10_000).map(Token::new)).save(&path, &CreateOptions::new())?;
/// let pass = BlockReader::open(&path)?.pass();
/// let mut scan = Scan { pass, seen: 0 };
/// scan.pass.for_each(0..scan.pass.len(), |tokens| {
///     scan.seen += tokens.len() as u64;
///     Ok::<_, ReadError>(())
/// })?;
/// assert_eq!(scan.seen, 10_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type BlockPass<'d> = BlockReader<disk::Passing<'d>>;

/// The mapped blocks of a store, as returned by [`MmapStore::mapped_blocks`].
pub type StoreBlocks<'store> = MappedBlocks<&'store disk::RealFile>;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
