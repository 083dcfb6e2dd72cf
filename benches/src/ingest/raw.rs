//! Files that are not stores: no hash, no commit distinguishable from half of one, and one sync.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, IntoInnerError, Write};
use std::path::Path;

use anyhow::Result;
use memmap2::MmapMut;
use ng_parallel::DEFAULT_BUFFER_TOKENS;
use ng_store::disk::{Dir, Disk, RealDir, RealFile};
use ng_token::{Token, as_bytes, try_tokens_mut};

use crate::fill::token;
use crate::maps;
use crate::size::bytes_of;

/// Plain writes at their best: space allocated for all of them, 1 MiB at a time with `pwrite`, and
/// writeback started at once.
pub(super) fn written_early(path: &Path, count: usize) -> Result<RealFile> {
    let file = create(path)?;
    file.allocate(0, bytes_of(count) as u64)?;
    let mut buffer = Vec::with_capacity(DEFAULT_BUFFER_TOKENS);
    for start in (0..count).step_by(DEFAULT_BUFFER_TOKENS) {
        let end = count.min(start + DEFAULT_BUFFER_TOKENS);
        buffer.clear();
        buffer.extend((start..end).map(token));
        write_early(&file, &buffer, start)?;
    }
    file.sync()?;
    Ok(file)
}

/// Stores through a shared map of a file that is one hole.
pub(super) fn mapped(path: &Path, count: usize) -> Result<MmapMut> {
    let file = create_new(path)?;
    file.set_len(bytes_of(count) as u64)?;
    let mut map = maps::map_mut(&file)?;
    for (index, place) in try_tokens_mut(&mut map)?.iter_mut().enumerate() {
        *place = token(index);
    }
    map.flush()?;
    Ok(map)
}

/// The size of a buffered writer: 1 MiB.
const BUFFER_BYTES: usize = 1 << 20;

/// A token at a time into a buffered writer, then `fsync`.
pub(super) fn buffered(path: &Path, count: usize) -> Result<RealFile> {
    let mut writer = BufWriter::with_capacity(BUFFER_BYTES, create_new(path)?);
    for index in 0..count {
        writer.write_all(token(index).as_bytes())?;
    }
    let file = writer.into_inner().map_err(IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(RealFile::open(path, false)?)
}

/// Writes tokens to their place, beginning with token `start`, and starts writeback.
pub(super) fn write_early(file: &RealFile, tokens: &[Token], start: usize) -> Result<()> {
    write_early_at(file, as_bytes(tokens), bytes_of(start) as u64)
}

fn write_early_at(file: &RealFile, bytes: &[u8], offset: u64) -> Result<()> {
    write_all_at(file, bytes, offset)?;
    file.start_writeback(offset, bytes.len() as u64)?;
    Ok(())
}

/// How many bytes [`write_durably`] should get at once.
pub(crate) const CHUNK_BYTES: usize = 1 << 20;

/// Writes existing chunks of bytes into a new file as [`written_early`] does.
pub(crate) fn write_durably<'a>(
    path: &Path,
    chunks: impl Iterator<Item = &'a [u8]> + Clone,
) -> Result<()> {
    let file = create(path)?;
    // Without bytes there is no space to allocate, nor a part to write back.
    let chunks = chunks.filter(|chunk| !chunk.is_empty());
    match chunks.clone().map(<[u8]>::len).sum::<usize>() {
        0 => (),
        size_bytes => file.allocate(0, size_bytes as u64)?,
    }
    let mut offset = 0;
    for chunk in chunks {
        write_early_at(&file, chunk, offset)?;
        offset += chunk.len() as u64;
    }
    Ok(file.sync()?)
}

pub(crate) fn write_all_at(file: &RealFile, mut bytes: &[u8], mut offset: u64) -> Result<()> {
    while !bytes.is_empty() {
        let written = file.write_at(bytes, offset)?;
        anyhow::ensure!(written > 0, "nothing was written at {offset}");
        bytes = &bytes[written..];
        offset += written as u64;
    }
    Ok(())
}

/// Creates a file that must not exist.
pub(super) fn create(path: &Path) -> Result<RealFile> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        anyhow::bail!("{} names no file", path.display());
    };
    let dir = RealDir::open(folder)?;
    Ok(dir.create_exclusive(&name.to_string_lossy())?)
}

fn create_new(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    Ok(options.read(true).write(true).create_new(true).open(path)?)
}
