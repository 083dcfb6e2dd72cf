use ng_store::{Filled, Vacant, VecStoreError};

use crate::pool::Pool;
use crate::{ParallelError, Shards, ShardsIter};

/// Lets `work` fill `vacant`, shard by shard, and returns the proof of all of it.
pub(crate) fn fill_pieces<'room, E>(
    pool: Pool<'_>,
    vacant: Vacant<'room>,
    work: impl Fn(Vacant<'room>) -> Result<Filled<'room>, E> + Sync,
) -> Result<Filled<'room>, E>
where
    E: From<ParallelError> + From<VecStoreError> + Send,
{
    let (empty, rest) = vacant.split_at(0);
    let filled = pool.run(Pieces::new(rest), &work)?;
    let join = |left: Filled<'room>, right| Ok(left.join(right)?);
    filled.into_iter().try_fold(work(empty)?, join)
}

/// The pieces of a vacant range, one for each shard of a plan for as many tokens as fit.
struct Pieces<'room> {
    shards: ShardsIter,
    /// The rest of the range; `None` only while it is being split.
    rest: Option<Vacant<'room>>,
}

impl<'room> Pieces<'room> {
    fn new(vacant: Vacant<'room>) -> Self {
        Self {
            shards: Shards::new(vacant.len()).iter(),
            rest: Some(vacant),
        }
    }
}

impl<'room> Iterator for Pieces<'room> {
    type Item = Vacant<'room>;

    fn next(&mut self) -> Option<Self::Item> {
        let shard = self.shards.next()?;
        let (piece, rest) = self.rest.take()?.split_at(shard.range.len());
        self.rest = Some(rest);
        Some(piece)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.shards.size_hint()
    }
}

impl ExactSizeIterator for Pieces<'_> {}
