//! What is derived from a token file and lies beside it: zones, columns, sorted ids.
//!
//! `tokens.ngt.index/` is a folder of Arrow files and a manifest; `docs/index-format.md` describes
//! every byte. It may be deleted at any time. [`build()`] makes it or brings it up to date;
//! [`Index`] uses only what it can verify for a commit: it belongs to its file by the file's id,
//! covers what the chain of the file's own block table vouches for, and every piece is hashed
//! before its first use.
//!
//! ```
//! use ng_query::index::{BuildOptions, Index, build};
//! use ng_query::{Column, Zone};
//! use ng_parallel::Workers;
//! use ng_store::{BlockReader, CreateOptions, VecStore};
//! use ng_token::Token;
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("tokens.ngt");
//! VecStore::from_iter((0..10_000).map(Token::new)).save(&path, &CreateOptions::new())?;
//! let reader = BlockReader::open(&path)?;
//! let options = BuildOptions::new().columns([Column::Weight]).ids(true);
//! let report = build(&Workers::new(2)?, &reader, &options, |_, _| ())?;
//! assert_eq!(report.index.blocks, 2);
//!
//! let index = Index::load(&reader).expect("it was built");
//! let mut tokens = Vec::new();
//! reader.read_block(1, &mut tokens)?;
//! assert_eq!(index.zone(1), Some(&Zone::of(&tokens)));
//! assert_eq!(index.values::<f32>(Column::Weight, 1), Some(&[0.0; 4096][..]));
//! // The tokens from 8192 on are in no full block.
//! assert_eq!(index.covered_blocks(), 2);
//! assert_eq!(index.positions(8_191), Some(vec![8_191]));
//! assert!(index.warnings().is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to begin reading
//!
//! `manifest.rs` for what there is, `open.rs` for what is believed, `opened.rs` for look-ups,
//! `build/mod.rs` for how it is made. `sheet/` is an Arrow file of one record batch: its layout,
//! its writer, and its pieces in place.

mod build;
mod columns;
mod error;
mod folder;
mod hash;
mod ids;
mod info;
mod manifest;
mod open;
mod opened;
mod pieces;
mod segment;
mod sheet;
mod warnings;
mod zones;

pub use build::{BuildOptions, BuildReport, build, remove};
pub use error::{IndexError, IndexWarning, ManifestFlaw};
pub use folder::{index_folder, is_in_index};
pub use ids::{IdPiece, SortedIds};
pub use info::IndexInfo;
pub use opened::Index;
pub use segment::PageBoxes;

use ng_store::BLOCK_TOKENS;

/// Blocks of every segment but the last: 2^20 tokens.
const SEGMENT_BLOCKS: u64 = 256;

/// Tokens of a block.
const BLOCK: u64 = BLOCK_TOKENS as u64;

/// Tokens of a page of 4 KiB, which has its own box.
const PAGE_TOKENS: u64 = crate::kernels::PAGE as u64;

/// Pages, and so boxes, of a block.
const BLOCK_PAGES: u64 = BLOCK / PAGE_TOKENS;
