use ng_parallel::Workers;
use ng_store::disk::Dir;

use super::plan::cut_anew;
use super::rewrite::Stand;
use super::{ReshapeReport, ReshardOptions};
use crate::{Dataset, DatasetError, Verb};

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
        let plan = |entries: &[_]| {
            let total = entries.iter().filter_map(crate::Entry::row_count).sum();
            vec![cut_anew(entries, options.shard_tokens(total))]
        };
        self.rewrite(change, workers, plan, &watch)
    }
}
