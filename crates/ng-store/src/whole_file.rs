//! Whole files by their paths: load, save and repair. No map, no promise.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use crate::disk::{Passing, RealFile, Source};
use crate::file::{CreateOptions, Damaged, Identity, RepairProgress, repair_into};
use crate::target::{refuse_to_replace, target};
use crate::{
    BlockReader, CreateError, FileDraft, IoError, LoadError, Operation, RepairError, RepairOptions,
    RepairReport, TokenSink, TokenStore, VecStore,
};

impl VecStore {
    /// Reads all committed tokens of a file, verifying each block and the block table.
    ///
    /// # Errors
    ///
    /// [`LoadError`]; a file with a single bad block is not loaded, nor is one that may
    /// have lost its newest commit ([`OpenError::SlotLost`](crate::OpenError::SlotLost)). A
    /// [`BlockReader`] reads what is left of both.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        let reader = BlockReader::open(path)?;
        reader.refuse_lost()?;
        reader.check_table()?;
        let mut store = Self::new();
        store.reserve_exact(usize::try_from(reader.len()).unwrap_or(usize::MAX))?;
        reader.for_each(0..reader.len(), |tokens| {
            store.append(tokens).map_err(LoadError::from)
        })?;
        Ok(store)
    }

    /// Writes the tokens to a new file, which gets its name once it is complete and
    /// durable. Allocates space for exactly these tokens, or more if the options say so.
    ///
    /// # Errors
    ///
    /// [`CreateError`]; an existing file is unchanged, and no partial file is left.
    pub fn save(&self, path: impl AsRef<Path>, options: &CreateOptions) -> Result<(), CreateError> {
        let mut draft = FileDraft::begin(path, options)?;
        let writer = draft.writer();
        writer.reserve_exact(self.len() as u64)?;
        writer.append(self.tokens())?;
        writer.commit()?;
        draft.publish()?;
        Ok(())
    }
}

/// Writes the sound parts of a damaged file to a new one, and reports what is lost.
///
/// A bad block becomes zero tokens, so that every other token keeps its index. The damaged
/// file may also be truncated; it is not changed. If the slot of the newest commit is lost,
/// the provable part of that commit is saved; with [`RepairOptions::salvage`] also if both
/// slots are lost.
///
/// `watch` receives the progress every few MiB, and may end the repair; pass [`unwatched`]
/// to ignore it.
///
/// ```no_run
/// use ng_store::{RepairOptions, repair, unwatched};
///
/// let report = repair("damaged.ngt", "saved.ngt", &RepairOptions::new(), unwatched)?;
/// println!("{} of {} tokens", report.kept, report.tokens);
/// # Ok::<(), ng_store::RepairError>(())
/// ```
///
/// # Errors
///
/// [`RepairError`], and [`RepairError::Stopped`] if `watch` breaks; there is then no new
/// file.
pub fn repair(
    path: impl AsRef<Path>,
    out: impl AsRef<Path>,
    options: &RepairOptions,
    mut watch: impl FnMut(RepairProgress) -> ControlFlow<()>,
) -> Result<RepairReport, RepairError> {
    let (path, out) = (path.as_ref(), out.as_ref());
    let disk = RealFile::open(path, false)?;
    let same = disk.is_at(out).map_err(|source| IoError {
        path: out.to_owned(),
        operation: Operation::Inspect,
        offset: None,
        source,
    })?;
    if same {
        return Err(RepairError::SameFile {
            path: out.to_owned(),
        });
    }
    // A damaged file's claimed size may be false; its length is not.
    let disk = Arc::new(disk);
    let length = Source::new(&disk, path).len()?;
    let passing = Passing::over(disk, options.cache_policy(), 0..length);
    let damaged = Damaged::open(Source::new(passing, path), options.is_salvage())?;
    let target = target(out, options.replaces())?;
    refuse_to_replace(out)?;
    let (dir, name) = (target.dir, &target.name);
    let identity = Identity::fresh();
    let (report, _) = repair_into(&damaged, dir, (name, out), options, identity, &mut watch)?;
    Ok(report)
}

/// Continues, whatever the progress: for [`repair`].
pub fn unwatched(_: RepairProgress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}
