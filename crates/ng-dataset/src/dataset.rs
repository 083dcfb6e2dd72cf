use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{self, Path};
use std::sync::Arc;

use ng_query::sealed::FileId;
use ng_store::disk::{Dir, RealDir};
use ng_store::file::{Identity, is_temporary};

use crate::DatasetError;
use crate::manifest::{Manifest, Tags};
use crate::place::{Place, SHARDS};
use crate::shard::index_real;
use crate::snapshot::Snapshot;

/// How a dataset is created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateOptions {
    tags: Tags,
}

impl CreateOptions {
    /// A new dataset without tags.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a text by a name, in this generation and all that follow until it is changed.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.tags.insert(name.into(), text.into());
        self
    }
}

/// A folder of token files, and what can be done with it.
///
/// It is a handle: cheap to clone, without a lock. What reads holds a [`Snapshot`], what appends a
/// writer.
///
/// It belongs to the process that opened it. In a forked child it reads, but publishes nothing: what
/// would is refused with [`WriteError::Forked`](ng_store::WriteError::Forked) inside the error. The
/// child opens the dataset itself.
pub struct Dataset<R: Dir = RealDir> {
    place: Arc<Place<R>>,
    id: FileId,
}

impl Dataset {
    /// Creates a dataset in a new folder, or in an empty one.
    ///
    /// # Errors
    ///
    /// [`DatasetError::Exists`], and what the system says.
    pub fn create(path: impl AsRef<Path>, options: &CreateOptions) -> Result<Self, DatasetError> {
        let path = path.as_ref();
        match fs::create_dir(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                if !is_empty_folder(path)? {
                    return Err(DatasetError::Exists {
                        path: path.to_owned(),
                    });
                }
            }
            created => created.map_err(DatasetError::io(path, "create the folder"))?,
        }
        let dataset = Self::create_at(real_place(path)?, options)?;
        // Who made an empty folder may have died before its name was durable.
        sync_parent(path)?;
        Ok(dataset)
    }

    /// Opens a dataset.
    ///
    /// # Errors
    ///
    /// [`DatasetError::NotADataset`], [`DatasetError::Manifest`] if no generation can be read, and
    /// what the system says.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DatasetError> {
        let path = path.as_ref();
        Self::open_at(real_place(path)?)
    }

    /// Tells whether a path names a folder with a manifest in it.
    #[must_use]
    pub fn is_at(path: impl AsRef<Path>) -> bool {
        let path = path.as_ref();
        let place = RealDir::open(path).map(|root| Place::new(root, path.to_owned(), None));
        place.is_ok_and(|place| place.generations().is_ok_and(|all| !all.is_empty()))
    }
}

impl<R: Dir> Dataset<R> {
    /// Creates a dataset in an empty folder of any disk; `path` is its name in errors.
    ///
    /// # Errors
    ///
    /// Those of [`create`](Dataset::create).
    pub fn create_in(root: R, path: &Path, options: &CreateOptions) -> Result<Self, DatasetError> {
        Self::create_at(Place::new(root, path.to_owned(), None), options)
    }

    fn create_at(place: Place<R>, options: &CreateOptions) -> Result<Self, DatasetError> {
        let shards = place.path().join(SHARDS);
        match place.root().create_folder(SHARDS) {
            // Left by a creator that died.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            created => created.map_err(DatasetError::io(shards, "create the folder"))?,
        }
        let id = FileId(Identity::fresh().file_id);
        let first = Manifest::first(id, options.tags.clone(), ng_store::now_ns());
        match place.publish(first)? {
            Some(_) => Ok(Self {
                place: Arc::new(place.of_dataset(id)),
                id,
            }),
            None => Err(DatasetError::Exists {
                path: place.path().to_owned(),
            }),
        }
    }

    /// Opens a dataset in a folder of any disk; `path` is its name in errors. Its shards get no
    /// zones of their blocks.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Dataset::open).
    pub fn open_in(root: R, path: &Path) -> Result<Self, DatasetError> {
        Self::open_at(Place::new(root, path.to_owned(), None))
    }

    fn open_at(place: Place<R>) -> Result<Self, DatasetError> {
        let (newest, _) = place.newest_readable()?;
        let id = place.dataset_of(&newest)?;
        drop(newest);
        Ok(Self {
            place: Arc::new(place.of_dataset(id)),
            id,
        })
    }

    /// Returns the path it was opened by, absolute if it is of the operating system: it stays the
    /// same folder when the current one changes.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.place.path()
    }

    /// Returns its random number.
    #[must_use]
    pub fn id(&self) -> FileId {
        self.id
    }

    /// Takes a snapshot of the newest generation that can be read.
    ///
    /// # Errors
    ///
    /// [`DatasetError`].
    pub fn snapshot(&self) -> Result<Snapshot<R>, DatasetError> {
        Snapshot::newest(self.place.clone())
    }

    /// Takes a snapshot of a generation. Of an open tail it shows what is committed now.
    ///
    /// # Errors
    ///
    /// [`DatasetError::GenerationGone`], and the others of [`DatasetError`].
    pub fn snapshot_of(&self, generation: u64) -> Result<Snapshot<R>, DatasetError> {
        let pinned = self.place.generation(generation)?;
        Snapshot::of(self.place.clone(), pinned, Vec::new())
    }

    /// Returns the numbers of the generations that are there, ascending.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn generations(&self) -> Result<Vec<u64>, DatasetError> {
        self.place.generations()
    }

    pub(crate) fn place(&self) -> &Arc<Place<R>> {
        &self.place
    }
}

impl<R: Dir> Clone for Dataset<R> {
    fn clone(&self) -> Self {
        Self {
            place: self.place.clone(),
            id: self.id,
        }
    }
}

impl<R: Dir> fmt::Debug for Dataset<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dataset")
            .field("path", &self.path())
            .field("id", &self.id)
            .finish()
    }
}

fn real_place(path: &Path) -> Result<Place<RealDir>, DatasetError> {
    let root = RealDir::open(path).map_err(DatasetError::io(path, "open the folder"))?;
    let path = path::absolute(path).map_err(DatasetError::io(path, "find the folder"))?;
    Ok(Place::new(root, path, Some(index_real)))
}

/// Tells whether a folder has nothing in it, but what a creator that died leaves.
fn is_empty_folder(path: &Path) -> Result<bool, DatasetError> {
    let list = |path: &Path| fs::read_dir(path).map_err(DatasetError::io(path, "list"));
    for entry in list(path)? {
        let entry = entry.map_err(DatasetError::io(path, "list"))?;
        let name = entry.file_name();
        let is_leftover = match name.to_str() {
            Some(SHARDS) => list(&entry.path())?.next().is_none(),
            Some(name) => is_temporary(name),
            None => false,
        };
        if !is_leftover {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes the name of a new folder durable.
fn sync_parent(path: &Path) -> Result<(), DatasetError> {
    let path = fs::canonicalize(path).map_err(DatasetError::io(path, "inspect"))?;
    let parent = path.parent().unwrap_or(&path);
    let synced = RealDir::open(parent).and_then(|parent| parent.sync());
    synced.map_err(DatasetError::io(parent, "sync the folder"))
}
