//! Files whose writers have ended, as they are found.

use ng_query::sealed::{FileId, Hex};
use ng_store::BlockReader;
use ng_store::disk::{Dir, Disk};

use crate::DatasetError;
use crate::manifest::Sealed;
use crate::place::{Place, Removal, shard_name};
use crate::shard::{index, open_file};

/// A file that was not sealed, without a writer. Its lock keeps it so: hold it until a generation
/// names it.
pub(super) struct Found<R: Dir> {
    pub(super) file: FileId,
    pub(super) reader: BlockReader<R::File>,
    held: R::File,
}

impl<R: Dir> Found<R> {
    /// Locks a file.
    ///
    /// It is not opened to append, which would repeat its last commit under another number: another
    /// generation may name the file sealed.
    pub(super) fn of(place: &Place<R>, file: FileId) -> Result<Removal<Self>, DatasetError> {
        let (shards, path) = (place.shards()?, place.shard_path(file));
        let held = match Removal::of(&shards, &shard_name(file), &path)? {
            Removal::Gone => return Ok(Removal::Gone),
            Removal::InUse => return Ok(Removal::InUse),
            Removal::Ours(held) => held,
        };
        let reader = open_file(place, file)?;
        Ok(Removal::Ours(Self { file, reader, held }))
    }

    /// Makes what is committed in it durable, indexes it, and says what a generation says of it.
    pub(super) fn seal(&self, place: &Place<R>) -> Result<Sealed, DatasetError> {
        let path = self.reader.path();
        self.held.sync().map_err(DatasetError::io(path, "sync"))?;
        let commit = self.reader.commit();
        let bytes = self.held.len();
        Ok(Sealed {
            bytes: bytes.map_err(DatasetError::io(path, "inspect"))?,
            committed_ns: self.reader.info().committed_at_ns,
            chain: Hex(commit.table_chain),
            slot: Hex(commit.checksum),
            zone: index(place, self.file)?,
            order: None,
            stream: None,
        })
    }
}
