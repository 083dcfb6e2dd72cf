use ng_parallel::Workers;
use ng_store::disk::Dir;

use super::plan::cut_anew;
use super::rewrite::Stand;
use super::{ReshapeReport, ReshardOptions};
use crate::{Dataset, DatasetError, Snapshot, Verb};

/// The most new shards that one is cut into without a look whether it has the rows: the plan takes
/// memory for each.
const MOST_UNSEEN: u64 = 1 << 20;

impl<R: Dir> Dataset<R> {
    /// Cuts all sealed rows into shards of one length, in one pass; their order stays. Shards that
    /// are such already stay as they are.
    ///
    /// Open tails are not touched, nor are the rows that they have so far: they come behind. If all
    /// shards stay, so do the tails. Otherwise it is as [`compact`](Self::compact) says.
    ///
    /// # Errors
    ///
    /// Those of [`compact`](Self::compact).
    pub fn reshard(
        &self,
        workers: &Workers,
        options: &ReshardOptions,
        watch: impl Fn(u64, u64) + Sync,
    ) -> Result<ReshapeReport, DatasetError> {
        let change = (Verb::Reshard, Stand::InFront);
        let plan = |newest: &Snapshot<R>| {
            let shard_tokens = options.shard_tokens(newest.manifest().sealed_rows());
            for (number, shard) in newest.shards().iter().enumerate() {
                if shard.len() / shard_tokens > MOST_UNSEEN {
                    newest.open_shard(number)?;
                }
            }
            Ok(vec![cut_anew(&newest.manifest().entries, shard_tokens)])
        };
        self.rewrite(change, workers, plan, &watch)
    }
}
