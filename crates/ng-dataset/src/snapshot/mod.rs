//! What a reader sees: a generation, and of each open tail what was committed when it looked.

#[expect(
    unsafe_code,
    reason = "maps of shards and of their indexes, whose promise is taken once; nowhere else"
)]
mod mapped;
mod parts;
mod passes;
mod restore;
mod shard;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use ng_store::disk::{Dir, Followed, RealDir};
use ng_store::{BlockReader, Commit};

pub use passes::{IndexOf, Passes};
pub use shard::Shard;

use parts::{Access, Opened};

use crate::place::{Pinned, Place};
use crate::shard::{for_each_row, open_tail};
use crate::{DatasetError, Finding, Manifest};

/// A dataset at one moment: tokens that never change, in the order of the entries.
///
/// Of each open tail it has a prefix, as of its opening. There is no one order across writers.
/// While it lives, no file that it names is removed by a collector on this machine.
pub struct Snapshot<R: Dir = RealDir> {
    place: Arc<Place<R>>,
    pinned: Arc<Pinned<R>>,
    shards: Arc<[Shard<R::File>]>,
    findings: Arc<[Finding]>,
    access: Access,
    opened: Arc<Opened>,
}

impl<R: Dir> Snapshot<R> {
    pub(crate) fn newest(place: Arc<Place<R>>) -> Result<Self, DatasetError> {
        let (pinned, findings) = place.newest_readable()?;
        Self::of(place, pinned, findings)
    }

    pub(crate) fn place(&self) -> &Place<R> {
        &self.place
    }

    pub(crate) fn of(
        place: Arc<Place<R>>,
        pinned: Pinned<R>,
        mut findings: Vec<Finding>,
    ) -> Result<Self, DatasetError> {
        let shards = shard::all(&place, &pinned, &mut findings)?;
        Ok(Self::of_shards(place, pinned, shards, findings))
    }

    fn of_shards(
        place: Arc<Place<R>>,
        pinned: Pinned<R>,
        shards: Vec<Shard<R::File>>,
        findings: Vec<Finding>,
    ) -> Self {
        Self {
            place,
            pinned: Arc::new(pinned),
            shards: shards.into(),
            findings: findings.into(),
            access: Access::default(),
            opened: Arc::default(),
        }
    }

    /// Moves on to the newest generation, and to what is committed of its open tails; tells whether
    /// anything has changed.
    ///
    /// # Errors
    ///
    /// [`DatasetError`]; the snapshot stays as it is.
    pub fn refresh(&mut self) -> Result<bool, DatasetError> {
        let newest = Self::newest(self.place.clone())?;
        let is_same = newest.pinned.generation == self.pinned.generation
            && newest
                .shards
                .iter()
                .map(Shard::rows)
                .eq(self.shards.iter().map(Shard::rows));
        let access = self.access;
        *self = Self { access, ..newest };
        Ok(!is_same)
    }

    /// Returns the generation.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.pinned
    }

    /// Returns the shards in their order: one for each entry of the generation.
    #[must_use]
    pub fn shards(&self) -> &[Shard<R::File>] {
        &self.shards
    }

    /// Returns the commits that it shows of open tails, by which another process takes the same
    /// snapshot: [`Dataset::snapshot_as`](crate::Dataset::snapshot_as).
    #[must_use]
    pub fn tails(&self) -> Vec<Commit> {
        self.shards.iter().filter_map(Shard::tail).collect()
    }

    /// Returns the number of tokens.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.shards.last().map_or(0, |last| last.positions().end)
    }

    /// Tells whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the damage that was found when it was taken.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    pub(crate) fn shared_findings(&self) -> Arc<[Finding]> {
        self.findings.clone()
    }

    /// Returns the shard of a position, and the row in its file.
    #[must_use]
    pub fn locate(&self, position: u64) -> Option<(usize, u64)> {
        let after = self
            .shards
            .partition_point(|shard| shard.positions().end <= position);
        let shard = self.shards.get(after)?;
        let row = shard.rows().start + (position - shard.positions().start);
        Some((after, row))
    }

    /// Opens the file of a shard, and checks that it is the one that the generation names.
    ///
    /// Its rows are those of the file: [`Shard::rows`] are the ones that count.
    ///
    /// # Errors
    ///
    /// [`DatasetError`].
    ///
    /// # Panics
    ///
    /// If there is no such shard.
    pub fn open_shard(&self, shard: usize) -> Result<BlockReader<R::File>, DatasetError> {
        self.shards[shard].open(&self.place)
    }

    /// Passes the tokens of some positions to `take`, verified, in order, up to a block at a time,
    /// with the position of the first.
    ///
    /// # Errors
    ///
    /// [`DatasetError`], and what `take` returns.
    ///
    /// # Panics
    ///
    /// If the range is not within the snapshot.
    pub fn for_each<E: From<DatasetError>>(
        &self,
        positions: Range<u64>,
        mut take: impl FnMut(u64, &[ng_token::Token]) -> Result<(), E>,
    ) -> Result<(), E> {
        assert!(
            positions.start <= positions.end && positions.end <= self.len(),
            "positions {positions:?} of {}",
            self.len()
        );
        for (number, shard) in self.shards.iter().enumerate() {
            let of_shard = shard.positions();
            let start = positions.start.max(of_shard.start);
            let end = positions.end.min(of_shard.end);
            if start >= end {
                continue;
            }
            let first_row = shard.rows().start + (start - of_shard.start);
            let rows = first_row..first_row + (end - start);
            let reader = self.open_shard(number)?;
            let mut position = start;
            for_each_row(&reader, rows, |tokens| {
                let first = position;
                position += tokens.len() as u64;
                take(first, tokens)
            })?;
        }
        Ok(())
    }
}

impl<R: Dir> Snapshot<R>
where
    R::File: Followed,
{
    /// Takes one for a change, which must not miss a row: a tail that cannot be read is an error.
    ///
    /// What it shows of open tails is made durable, unless nothing will be published: a generation
    /// names how many rows they had.
    pub(crate) fn whole(
        place: Arc<Place<R>>,
        pinned: Pinned<R>,
        is_published: bool,
    ) -> Result<Self, DatasetError> {
        let shards = shard::placed(&pinned, |entry| {
            let mut tail = open_tail(&place, entry)?;
            if is_published {
                tail.refresh()?;
            }
            Ok(Some((tail, None)))
        })?;
        Ok(Self::of_shards(place, pinned, shards, Vec::new()))
    }
}

impl<R: Dir> Clone for Snapshot<R> {
    fn clone(&self) -> Self {
        Self {
            place: self.place.clone(),
            pinned: self.pinned.clone(),
            shards: self.shards.clone(),
            findings: self.findings.clone(),
            access: self.access,
            opened: self.opened.clone(),
        }
    }
}

impl<R: Dir> fmt::Debug for Snapshot<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("path", &self.place.path())
            .field("generation", &self.pinned.generation)
            .field("tokens", &self.len())
            .finish_non_exhaustive()
    }
}
