//! Many files of NeuroGraph tokens as one.
//!
//! A token file only grows. A [`Dataset`] is a folder of them, with manifests: each manifest is a
//! generation, which names the rows of files that count, and is never changed. So tokens can be
//! changed and deleted, a stream can go on without end and forget its beginning, and several
//! processes can write: all change is new files and a new manifest.
//!
//! It prints nothing, and starts only threads that end soon: those that seal a full tail, and those
//! that read ahead in the shards of a change. The format of a token file, its commits and its
//! recovery are `ng-store`'s; queries are `ng-query`'s.
//!
//! # Where to begin reading
//!
//! `manifest/` for what a generation is, `place/` for how the newest is found and the next is
//! published, `snapshot/` for what a reader sees. `writer/` and `follow/` are streams, `change/`
//! rewrites shards, `reshape/` cuts and sorts them, `upkeep/` keeps the folder in order, `task/` cuts
//! a snapshot into pieces for engines.

mod change;
mod dataset;
mod error;
mod follow;
mod manifest;
mod place;
mod reshape;
mod shard;
mod snapshot;
mod task;
#[cfg(test)]
mod testing;
mod upkeep;
mod writer;

pub use {ng_parallel, ng_query, ng_store, ng_token};

pub use change::{ChangeOptions, ChangeReport};
pub use dataset::{CreateOptions, Dataset};
pub use error::{Conflict, DatasetError, Finding, ManifestFlaw};
pub use follow::{Batch, Cursor, CursorError, FollowOptions, Followed, Follower};
pub use manifest::{Entry, Manifest, Parent, Rows, Sealed, Tags, Verb};
pub use ng_query::sealed::FileId;
pub use reshape::{CompactOptions, ReshapeReport, ReshardOptions, SortOptions};
pub use snapshot::{IndexOf, Passes, Shard, Snapshot};
pub use task::{Ask, Known, Piece, Task, TaskFlaw, Want};
pub use upkeep::{
    CollectOptions, CollectReport, DatasetInfo, DatasetReport, GenerationInfo, GenerationSummary,
    LeftShard, ManifestFault, ManifestProblem, Orphan, OrphanState, ParentState, RepairOptions,
    RepairReport, RepairedShard, ShardProblem, ShardReport, TailInfo, VerifyOptions,
    VerifyProgress,
};
pub use writer::{CommitEvery, Retention, Roll, Writer, WriterOptions};

/// Runs the examples of the README as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
