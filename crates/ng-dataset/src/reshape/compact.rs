use ng_parallel::Workers;
use ng_store::disk::Dir;

use super::plan::put_together;
use super::rewrite::Stand;
use super::{CompactOptions, ReshapeReport};
use crate::{Dataset, DatasetError, Snapshot, Verb};

impl<R: Dir> Dataset<R> {
    /// Puts neighbouring small shards together, and rows of files that are few; the order of all rows
    /// stays. Shards are neighbours if no large one and no open tail is between them.
    ///
    /// All blocks that are copied are verified. A new shard counts as committed when the newest of
    /// its parts was, so retention by age drops none of them too early. It is in an order only if
    /// all parts are, and each goes on where the one before it ends.
    ///
    /// `watch` is called with how many tokens are copied, and how many there are to copy, on any
    /// thread.
    ///
    /// # Errors
    ///
    /// [`DatasetError`]: the newest generation stands, and nothing is left of the new shards.
    /// [`DatasetError::Locked`] while another change is at work, [`DatasetError::Conflict`] if
    /// retention dropped some of the rows meanwhile, or a repair corrected what is known of their
    /// shard, [`DatasetError::NoRoom`], [`DatasetError::Read`] for a damaged block, which it names,
    /// and [`DatasetError::Parallel`] if it was stopped.
    pub fn compact(
        &self,
        workers: &Workers,
        options: &CompactOptions,
        watch: impl Fn(u64, u64) + Sync,
    ) -> Result<ReshapeReport, DatasetError> {
        let change = (Verb::Compact, Stand::InPlace);
        let target = options.target_tokens();
        let is_small = |tokens| options.is_small(tokens);
        let plan = |newest: &Snapshot<R>| {
            let entries = &newest.manifest().entries;
            Ok(put_together(entries, target, is_small))
        };
        self.rewrite(change, workers, plan, &watch)
    }
}
