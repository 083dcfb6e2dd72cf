use std::io::ErrorKind;
use std::thread::sleep;
use std::time::Duration;

use ng_store::CreateError;
use ng_store::disk::{Dir, Disk};
use ng_store::file::{Identity, publish_whole};

use super::held::{is_taken, may_be_held};
use super::{Pinned, Place, manifest_name};
use crate::error::Conflict;
use crate::{DatasetError, Manifest, Verb};

/// How often a change is tried on the generation of a faster publisher.
const ATTEMPTS: u32 = 1000;

/// The name of the file whose lock one change has at a time.
const CHANGES: &str = "changes.lock";

/// How often the lock of changes is tried while somebody only asks whether it is taken, which is a
/// matter of a moment, and how long to wait before the next time.
const ASKED: u32 = 200;
const PAUSE: Duration = Duration::from_millis(5);

impl<R: Dir> Place<R> {
    /// Publishes the next generation: `edit` gets the newest one and its successor, which so far is
    /// the same, and is called again if another publisher was faster. Returns `None` if it says
    /// that there is nothing to publish.
    ///
    /// Shards that `edit` adds must be durable, and their creators hold their locks, or that of
    /// changes.
    pub(crate) fn change(
        &self,
        verb: Verb,
        mut edit: impl FnMut(&Pinned<R>, &mut Manifest) -> Result<bool, DatasetError>,
    ) -> Result<Option<Pinned<R>>, DatasetError> {
        for _ in 0..ATTEMPTS {
            let newest = self.newest()?;
            let mut next = newest.next(verb, ng_store::now_ns());
            if !edit(&newest, &mut next)? {
                // Its publisher may have died before it synced its name.
                let synced = self.root().sync();
                synced.map_err(DatasetError::io(self.path(), "sync the folder"))?;
                return Ok(None);
            }
            let generation = next.generation;
            if let Some(published) = self.publish(next)? {
                return Ok(Some(published));
            }
            self.check_taken(generation)?;
        }
        let newest = self.newest()?;
        Err(self.conflict(newest.generation, Conflict::Overtaken { times: ATTEMPTS }))
    }

    /// Refuses a name that is taken by something that is no manifest.
    fn check_taken(&self, generation: u64) -> Result<(), DatasetError> {
        match self.generations()?.last() {
            Some(newest) if *newest >= generation => Ok(()),
            _ => Err(CreateError::Exists {
                path: self.manifest_path(generation),
            }
            .into()),
        }
    }

    /// Does what [`change`](Self::change) does on top of the newest generation that can be read,
    /// with a number above those of the damaged ones. `edit` is told whether there are any.
    pub(crate) fn change_over_damage(
        &self,
        verb: Verb,
        mut edit: impl FnMut(&Pinned<R>, &mut Manifest, bool) -> Result<bool, DatasetError>,
    ) -> Result<Option<Pinned<R>>, DatasetError> {
        for _ in 0..ATTEMPTS {
            let (newest, damaged) = self.newest_over_damage()?;
            let mut next = newest.next(verb, ng_store::now_ns());
            if let Some(highest) = damaged {
                next.generation = self.after(highest)?;
            }
            if !edit(&newest, &mut next, damaged.is_some())? {
                return Ok(None);
            }
            if let Some(published) = self.publish(next)? {
                return Ok(Some(published));
            }
        }
        let newest = self.newest_over_damage()?.0;
        Err(self.conflict(newest.generation, Conflict::Overtaken { times: ATTEMPTS }))
    }

    /// The number above a damaged generation; the last one is none.
    fn after(&self, damaged: u64) -> Result<u64, DatasetError> {
        let next = damaged.checked_add(1).filter(|next| *next < u64::MAX);
        next.ok_or_else(|| DatasetError::LastNumber {
            path: self.manifest_path(damaged),
            generation: damaged,
        })
    }

    /// Gives a generation its name, unless another publisher has taken it, or a later one: then
    /// returns `None`. The caller has the one before it pinned, as the newest that it found.
    ///
    /// A free name alone does not do: a generation may have been published and collected since. But
    /// from the moment that the one before is pinned, the collector keeps the next one, too.
    ///
    /// The folder of shards is synced first, so that no manifest names a file whose name a power
    /// cut may take.
    pub(crate) fn publish(&self, next: Manifest) -> Result<Option<Pinned<R>>, DatasetError> {
        let generation = next.generation;
        let path = self.manifest_path(generation);
        let flawed = |flaw| DatasetError::Manifest {
            path: path.clone(),
            flaw,
        };
        if self.generations()?.last() >= Some(&generation) {
            return Ok(None);
        }
        let (manifest, bytes) = next.sealed().map_err(flawed)?;
        let shards = self.shards()?;
        let synced = shards.sync();
        synced.map_err(DatasetError::io(self.path(), "sync the folder of shards"))?;
        let root = self.root().clone();
        let name = manifest_name(generation);
        match publish_whole(root, (&name, &path), &bytes, Identity::fresh()) {
            Ok(file) => Ok(Some(Pinned::new(manifest, file))),
            Err(CreateError::Exists { .. }) => Ok(None),
            Err(CreateError::NameNotDurable { cause }) => {
                Err(DatasetError::OutcomeUnknown { generation, cause })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the lock of changes, which one process has at a time, until the file is dropped.
    ///
    /// It keeps the collector from the new shards of a change, and two changes from rewriting the
    /// same ones for nothing; that none is lost is for the publishing to see to.
    pub(crate) fn lock_changes(&self) -> Result<R::File, DatasetError> {
        let path = self.path().join(CHANGES);
        let open = || match self.root().create_exclusive(CHANGES) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.root().open(CHANGES, true)
            }
            created => created,
        };
        let file = open().map_err(DatasetError::io(&path, "open"))?;
        for _ in 0..ASKED {
            let locked = file.try_lock();
            if !is_taken(&locked) {
                let locked = locked.map(|()| file);
                return locked.map_err(DatasetError::io(path, "lock"));
            }
            if self.is_changing()? {
                break;
            }
            sleep(PAUSE);
        }
        let holder = file.lock_holder();
        Err(DatasetError::Locked { path, holder })
    }

    /// Tells whether a change is at work, whose new shards have no locks of their own. Where locks
    /// cannot be asked for, one may be.
    ///
    /// If not, each shard that was there before has been named if it ever is, or has a lock.
    pub(crate) fn is_changing(&self) -> Result<bool, DatasetError> {
        let held = may_be_held(&**self.root(), CHANGES);
        held.map_err(DatasetError::io(self.path().join(CHANGES), "lock"))
    }

    pub(crate) fn conflict(&self, generation: u64, what: Conflict) -> DatasetError {
        DatasetError::Conflict {
            path: self.path().to_owned(),
            generation,
            what,
        }
    }
}
