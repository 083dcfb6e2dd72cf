//! What is measured of NeuroGraph tokens: the scenarios, on the lab of `ng-lab`.
//!
//! Six scenarios keep the names and the checks of the report that this project
//! began from; six more are about token files, and four about questions to tokens and
//! their order. How they are measured is the lab's affair; the binary `ng-stress` puts
//! both together.
//!
//! Begin reading at `scenarios/mod.rs`, then one file below it; at `claims/mod.rs`
//! for what that report says, and what of it holds; at `soak/mod.rs` for the long run.

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

/// What the lab calls the measured items, and their size.
pub const SUBJECT: Subject = Subject {
    items: "tokens",
    item_bytes: size_of::<ng_token::Token>() as u64,
};

/// What a dev build optimises against Cargo's default, as the report states it.
/// A test holds the workspace's manifest to this list.
pub const DEV_OVERRIDES: [&str; 2] = ["ng-lab: opt-level 3", "twox-hash: opt-level 3"];
