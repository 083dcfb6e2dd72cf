//! The constructors that map a file, with the promise they require.
//!
//! Every path here is in a [`Place`](crate::place::Place): a folder of this process alone,
//! which shrinks no file there and writes into none while it is mapped.

use std::path::Path;

use ng_store::*;

pub(crate) fn create(path: &Path, map: &MapOptions) -> Result<MmapStore, CreateError> {
    // SAFETY: (1) As above.
    unsafe { MmapStore::create_with(path, &CreateOptions::new(), map) }
}

pub(crate) fn open(path: &Path, map: &MapOptions) -> Result<MmapStore, OpenError> {
    // SAFETY: (1) As above.
    unsafe { MmapStore::open_with(path, map) }
}

pub(crate) fn open_append(path: &Path, map: &MapOptions) -> Result<MmapStore, OpenError> {
    // SAFETY: (1) As above.
    unsafe { MmapStore::open_append_with(path, &AppendOptions::new(), map) }
}

pub(crate) fn open_private(path: &Path) -> Result<PrivateStore, OpenError> {
    // SAFETY: (1) As above.
    unsafe { MmapStore::open_private(path) }
}
