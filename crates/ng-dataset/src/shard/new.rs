use ng_query::Zone;
use ng_query::sealed::{FileId, Hex};
use ng_store::disk::{Dir, Disk};
use ng_store::file::{Draft, Identity, Stamp, Writer};
use ng_store::{CachePolicy, CreateOptions, now_ns};
use ng_token::Token;

use crate::DatasetError;
use crate::manifest::{Entry, Sealed};
use crate::place::{Place, shard_name};
use crate::shard::{index, remove_index};

/// What is known of a new shard before it is filled.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShardOptions {
    /// How many tokens it will have, if that is known.
    pub(crate) reserve: u64,
    /// Whether written pages stay cached.
    pub(crate) cache: CachePolicy,
    /// When its tokens were committed first; now, if they are new.
    pub(crate) committed_ns: Option<u64>,
    /// What they are sorted by.
    pub(crate) order: Option<String>,
}

/// A shard that is being written, under a temporary name.
///
/// It is removed if it is dropped before it is finished.
pub(crate) struct NewShard<R: Dir> {
    draft: Draft<R>,
    file: FileId,
    options: ShardOptions,
}

/// A durable shard with its name. Its lock tells the collector that it will be named by a
/// generation: keep it until that is published, or until the shards of a change take it over.
pub(crate) struct Finished<R: Dir> {
    pub(crate) entry: Entry,
    _writer: Writer<R::File>,
}

impl<R: Dir> NewShard<R> {
    pub(crate) fn begin(place: &Place<R>, options: ShardOptions) -> Result<Self, DatasetError> {
        let identity = Identity::fresh();
        let file = FileId(identity.file_id);
        let create = CreateOptions::new()
            .reserve(options.reserve)
            .cache(options.cache);
        let path = place.shard_path(file);
        let draft = Draft::begin(place.shards()?, &shard_name(file), &path, &create, identity)?;
        Ok(Self {
            draft,
            file,
            options,
        })
    }

    pub(crate) fn append(&mut self, tokens: &[Token]) -> Result<(), DatasetError> {
        Ok(self.draft.writer().append(tokens)?)
    }

    pub(crate) fn len(&mut self) -> u64 {
        self.draft.writer().appended_tokens()
    }

    pub(super) fn writer(&mut self) -> &mut Writer<R::File> {
        self.draft.writer()
    }

    /// Makes it durable, gives it its name, and writes its zones. If that fails it is removed.
    pub(crate) fn finish(self, place: &Place<R>) -> Result<Finished<R>, DatasetError> {
        let file = self.file;
        self.try_finish(place).inspect_err(|_| remove(place, file))
    }

    fn try_finish(mut self, place: &Place<R>) -> Result<Finished<R>, DatasetError> {
        let now = now_ns();
        let writer = self.draft.writer();
        writer.shrink_to_fit()?;
        writer.commit(Stamp {
            committed_at_ns: now,
            tag: 0,
        })?;
        let writer = self.draft.publish()?;
        let rows = writer.committed_tokens();
        let zone = index(place, self.file)?;
        let committed_ns = self.options.committed_ns.unwrap_or(now);
        let sealed = sealed(&writer, zone, committed_ns, self.options.order)?;
        Ok(Finished {
            entry: Entry::sealed(self.file, 0..rows, sealed),
            _writer: writer,
        })
    }
}

/// Removes a shard that no generation names, with its index. What cannot be removed is for the
/// collector.
pub(super) fn remove<R: Dir>(place: &Place<R>, file: FileId) {
    // A forked child leaves its parent's shards alone.
    if !place.root().is_ours() {
        return;
    }
    if place.index().is_some() {
        let _ = remove_index(&place.shard_path(file));
    }
    if let Ok(shards) = place.shards() {
        let _ = shards.unlink(&shard_name(file));
    }
}

/// What a generation says of a file whose writer has ended.
pub(crate) fn sealed<D: Disk>(
    writer: &Writer<D>,
    zone: Option<Zone>,
    committed_ns: u64,
    order: Option<String>,
) -> Result<Sealed, DatasetError> {
    let commit = writer.last_commit();
    let bytes = writer.disk().len();
    Ok(Sealed {
        bytes: bytes.map_err(DatasetError::io(writer.path(), "inspect"))?,
        committed_ns,
        chain: Hex(commit.table_chain),
        slot: Hex(commit.checksum),
        zone,
        order,
        stream: None,
    })
}
