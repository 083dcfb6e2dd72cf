//! What keeps the folder in order.
//!
//! `collect/` removes what is no longer needed, `log.rs` and `info.rs` tell what is there,
//! `checkout.rs` goes back, `verify/` finds damage, and `repair/` replaces what is damaged. Nothing
//! here changes a file.

mod checkout;
mod collect;
mod found;
mod info;
mod log;
mod named;
mod real;
mod repair;
#[cfg(test)]
mod tests;
mod verify;

pub(crate) use collect::collect;
pub use collect::{CollectOptions, CollectReport};
pub use info::{DatasetInfo, TailInfo};
pub use log::{GenerationInfo, GenerationSummary, ParentState};
pub use repair::{LeftShard, Orphan, OrphanState, RepairOptions, RepairReport, RepairedShard};
pub use verify::{
    DatasetReport, ManifestFault, ManifestProblem, ShardProblem, ShardReport, VerifyOptions,
    VerifyProgress,
};
