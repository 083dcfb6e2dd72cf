//! Whole files by their paths: load, save and repair. No map, no promise.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use crate::disk::{Passing, RealFile, Source};
use crate::environment::new_identity;
use crate::file::{CreateOptions, Damaged, RepairProgress, repair_into};
use crate::target::{refuse_to_replace, target};
use crate::{
    BlockReader, CreateError, FileDraft, IoError, LoadError, Operation, RepairError, RepairOptions,
    RepairReport, TokenSink, TokenStore, VecStore,
};

impl VecStore {
    /// Reads all committed tokens of a file, each block verified, and the block
    /// table too.
    ///
    /// # Errors
    ///
    /// [`LoadError`]; a file with a single bad block is not loaded, nor is one that
    /// may have lost its newest commit ([`OpenError::SlotLost`](crate::OpenError::SlotLost)).
    /// A [`BlockReader`] gives what is left of both.
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

    /// Writes the tokens to a new file, which gets its name when it is whole
    /// and durable. Room for exactly these tokens is allocated, or for more if
    /// the options say so.
    ///
    /// # Errors
    ///
    /// [`CreateError`]; an existing file is as it was, and none is half written.
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

/// Writes what is whole of a damaged file to a new one, and says what is lost.
///
/// A bad block becomes zero tokens, so that every other token keeps its index.
/// The damaged file may also have lost its end; it is not changed. Where the slot
/// of the newest commit is lost, what can be proved of that commit is saved, and
/// with [`RepairOptions::salvage`] also where both slots are.
///
/// `watch` is told how far it is, after each few MiB, and may end it; for who does not
/// care there is [`unwatched`].
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
/// [`RepairError`], and [`RepairError::Stopped`] when `watch` breaks; there is
/// then no new file.
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
    // What a damaged file says of its size may be a lie; how long it is is none.
    let disk = Arc::new(disk);
    let length = Source::new(&disk, path).len()?;
    let passing = Passing::over(disk, options.cache_policy(), 0..length);
    let damaged = Damaged::open(Source::new(passing, path), options.is_salvage())?;
    let target = target(out, options.replaces())?;
    refuse_to_replace(out)?;
    let (dir, name) = (target.dir, &target.name);
    let identity = new_identity();
    repair_into(&damaged, dir, (name, out), options, identity, &mut watch)
}

/// Goes on, whatever the progress: for [`repair`].
pub fn unwatched(_: RepairProgress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}
