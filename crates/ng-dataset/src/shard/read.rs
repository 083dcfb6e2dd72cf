use std::ops::Range;

use ng_query::sealed::{FileId, Hex};
use ng_store::disk::{Dir, Disk};
use ng_store::{BLOCK_TOKENS, BlockReader, ReadError};
use ng_token::Token;

use crate::DatasetError;
use crate::manifest::{Entry, Sealed};
use crate::place::{Place, shard_name};

/// Opens an open tail, at its newest commit.
pub(crate) fn open_tail<R: Dir>(
    place: &Place<R>,
    entry: &Entry,
) -> Result<BlockReader<R::File>, DatasetError> {
    let reader = open_file(place, entry.file)?;
    check_rows(&reader, entry.rows.from)?;
    Ok(reader)
}

/// Opens the file of a shard, which must have the id that its name says.
pub(crate) fn open_file<R: Dir>(
    place: &Place<R>,
    file: FileId,
) -> Result<BlockReader<R::File>, DatasetError> {
    let path = place.shard_path(file);
    let disk = place.shards()?.open(&shard_name(file), false);
    let disk = disk.map_err(DatasetError::io(&path, "open"))?;
    let reader = BlockReader::of_disk(disk, &path)?;
    let found = FileId(reader.commit().file_id);
    match found == file {
        true => Ok(reader),
        false => Err(other_shard(&reader, "file", found, file)),
    }
}

/// Refuses a file that is not as it was sealed.
pub(crate) fn check_sealed<D: Disk>(
    reader: &BlockReader<D>,
    sealed: &Sealed,
) -> Result<(), DatasetError> {
    check_chain(reader, sealed.chain.0, sealed.slot.0)
}

/// Refuses a file with another chain over its blocks, or another commit.
pub(crate) fn check_chain<D: Disk>(
    reader: &BlockReader<D>,
    chain: u64,
    slot: u64,
) -> Result<(), DatasetError> {
    let commit = reader.commit();
    let checks = [
        ("block chain", commit.table_chain, chain),
        ("commit", commit.checksum, slot),
    ];
    match checks.iter().find(|(_, found, expected)| found != expected) {
        None => Ok(()),
        Some((what, found, expected)) => {
            Err(other_shard(reader, what, Hex(*found), Hex(*expected)))
        }
    }
}

/// Refuses a file that has too few rows.
pub(crate) fn check_rows<D: Disk>(
    reader: &BlockReader<D>,
    expected: u64,
) -> Result<(), DatasetError> {
    match reader.len() >= expected {
        true => Ok(()),
        false => Err(DatasetError::ShardShort {
            path: reader.path().to_owned(),
            found: reader.len(),
            expected,
        }),
    }
}

fn other_shard<D: Disk>(
    reader: &BlockReader<D>,
    what: &'static str,
    found: impl ToString,
    expected: impl ToString,
) -> DatasetError {
    DatasetError::OtherShard {
        path: reader.path().to_owned(),
        what,
        found: found.to_string(),
        expected: expected.to_string(),
    }
}

/// Reads and verifies rows of a file, up to a block at a time.
pub(crate) fn for_each_row<D: Disk, E: From<DatasetError>>(
    reader: &BlockReader<D>,
    rows: Range<u64>,
    mut take: impl FnMut(&[Token]) -> Result<(), E>,
) -> Result<(), E> {
    let block_tokens = BLOCK_TOKENS as u64;
    let failed = |error: ReadError| DatasetError::from(error);
    let mut tokens = Vec::new();
    let mut row = rows.start;
    while row < rows.end {
        let block = row / block_tokens;
        reader.read_block(block, &mut tokens).map_err(failed)?;
        let end = rows.end.min((block + 1) * block_tokens);
        let first = block * block_tokens;
        take(&tokens[(row - first) as usize..(end - first) as usize])?;
        row = end;
    }
    Ok(())
}
