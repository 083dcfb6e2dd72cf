//! The scenarios that measure NeuroGraph tokens with `ng-lab`.
//!
//! Six scenarios keep the names and checks of the report that this project started from;
//! six more are about token files, and four about queries and sorting. The lab measures
//! them; the binary `ng-stress` combines both.
//!
//! Start reading at `scenarios/mod.rs` and one file below it; at `claims/mod.rs` for that
//! report's claims and which of them hold; at `soak/mod.rs` for the long run.

pub mod claims;
mod count;
mod curve;
mod oracle;
#[expect(
    unsafe_code,
    reason = "maps of files in a worker's own folder; nowhere else"
)]
mod own_file;
mod proof;
pub mod scenarios;
pub mod soak;
mod writer;

pub use count::{CountError, MAX_TOKENS, parse_count};
pub use oracle::{id_sum, stride_sum, varied_id_sum};
pub use writer::{WRITER_ARGUMENT, use_program, write_until_killed};

use ng_lab::Subject;

/// The measured items, and their size.
pub const SUBJECT: Subject = Subject {
    items: "tokens",
    item_bytes: size_of::<ng_token::Token>() as u64,
};

/// What a dev build optimises contrary to Cargo's default, as the report states it. A test
/// compares the workspace's manifest with this list.
pub const DEV_OVERRIDES: [&str; 2] = ["ng-lab: opt-level 3", "twox-hash: opt-level 3"];
