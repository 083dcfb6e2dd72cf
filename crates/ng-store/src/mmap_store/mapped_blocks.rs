use std::ops::Range;

use crate::disk::{Disk, RealFile};
use crate::file::sealed::Sealed;
use crate::{BadBlock, BlockReader, IoError, OpenError, Snapshot, VerifyBlocks, VerifyReport};

/// The blocks of a mapped file, for verification in place.
///
/// Nothing is copied, so this is faster than a [`BlockReader`], which needs no promise
/// about the file.
#[derive(Clone, Debug)]
pub struct MappedBlocks<D = RealFile> {
    reader: BlockReader<D>,
    /// `None` if the map does not show the file: a commit that could not be shown.
    snapshot: Option<Snapshot>,
}

impl<D: Disk> MappedBlocks<D> {
    pub(super) fn new(reader: BlockReader<D>, snapshot: &Snapshot) -> Self {
        let all_are_shown = snapshot.commit().tokens == reader.len();
        Self {
            reader,
            snapshot: all_are_shown.then(|| snapshot.whole()),
        }
    }
}

impl Snapshot {
    /// Returns the blocks of the snapshot's commit, including those outside of a
    /// [`slice`](Self::slice), for verification in the map: by the hashes that `file`
    /// reads, and the commit's chain over them.
    ///
    /// ```
    /// use ng_store::{BlockReader, CreateOptions, MmapStore, TokenSink, VerifyBlocks};
    /// use ng_token::Token;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("first.ngt");
    /// // SAFETY: (1) nobody else knows of this file.
    /// let mut store = unsafe { MmapStore::create(&path, &CreateOptions::new()) }?;
    /// store.append_with(10_000, |index| Token::new(index as u32))?;
    /// store.commit()?;
    /// let snapshot = store.snapshot();
    /// store.append_with(10_000, |index| Token::new(index as u32))?;
    /// store.commit()?;
    /// let blocks = snapshot.mapped_blocks(&BlockReader::open(&path)?)?;
    /// assert_eq!(blocks.block_count(), 3);
    /// assert!(blocks.verify()?.is_clean());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`OpenError::Replaced`]: `file` is another file.
    /// [`OpenError::WentBack`]: its commit is an earlier one.
    /// [`OpenError::TakenBack`]: it has another commit of the same number.
    pub fn mapped_blocks<D: Disk>(
        &self,
        file: &BlockReader<D>,
    ) -> Result<MappedBlocks<D>, OpenError> {
        let (own, found) = (self.commit(), file.commit());
        if own.file_id != found.file_id {
            let path = file.path().to_owned();
            return Err(OpenError::Replaced { path });
        }
        if found.generation < own.generation {
            return Err(OpenError::WentBack {
                path: file.path().to_owned(),
                have: own.generation,
                found: found.generation,
            });
        }
        if found.generation == own.generation && found != *own {
            return Err(OpenError::TakenBack {
                path: file.path().to_owned(),
                generation: own.generation,
            });
        }
        Ok(MappedBlocks::new(file.as_of(own), self))
    }
}

impl<D> Sealed for MappedBlocks<D> {}

impl<D: Disk> VerifyBlocks for MappedBlocks<D> {
    fn block_count(&self) -> u64 {
        self.reader.block_count()
    }

    fn tokens_of(&self, block: u64) -> Range<u64> {
        self.reader.tokens_of(block)
    }

    fn verify_blocks(&self, range: Range<u64>) -> Result<Vec<BadBlock>, IoError> {
        match &self.snapshot {
            Some(snapshot) => self.reader.verify_shown(snapshot.tokens(), range),
            None => self.reader.verify_blocks(range),
        }
    }

    fn conclude(&self, bad: Vec<BadBlock>) -> Result<VerifyReport, IoError> {
        self.reader.conclude(bad)
    }
}
