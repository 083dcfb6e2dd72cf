use std::ops::Range;

use ng_token::{Token, as_bytes, as_bytes_mut};

use crate::disk::{RealFile, Source};
use crate::file::{Head, Tail};
use crate::format::{BLOCK, ENTRY_BYTES, FileBlockHasher};
use crate::raw::Snapshot;
use crate::{BLOCK_TOKENS, BlockHasher, IoError, OpenError};

/// Checks that a map shows the last block of a commit as reads do.
///
/// The last one, because a map of another or truncated file is wrong there if anywhere. It
/// is loaded first, so that missing data is an error and not a signal.
///
/// # Errors
///
/// [`OpenError::MapDiffers`]. [`OpenError::TailDamaged`] if reads show the same damage in a
/// partial block. Damage in a full block is left to verification.
pub(super) fn check(
    source: &Source<RealFile>,
    head: &Head,
    snapshot: &Snapshot,
) -> Result<(), OpenError> {
    check_last_block(source, head, |range| {
        let populated = snapshot.populate(range.clone());
        populated.ok().map(|()| &snapshot.tokens()[range])
    })
}

/// Does the same for any map: `look` loads and returns a range of tokens; `None` for a
/// range that the map does not have.
pub(super) fn check_last_block<'map>(
    source: &Source<RealFile>,
    head: &Head,
    look: impl FnOnce(Range<usize>) -> Option<&'map [Token]>,
) -> Result<(), OpenError> {
    let Some(block) = head.slot.tokens.div_ceil(BLOCK).checked_sub(1) else {
        return Ok(());
    };
    let range = (block * BLOCK) as usize..head.slot.tokens as usize;
    let is_full = range.len() == BLOCK_TOKENS;
    // A fault reads megabytes around it, as far as the device reads ahead; prefetching
    // reads only the block.
    let bytes = (range.len() * Token::SIZE) as u64;
    let offset = head.header.token_offset(block * BLOCK);
    source.disk().start_read(offset, bytes);
    let mapped = look(range);
    let expected = match is_full {
        true => entry(source, head, block).ok(),
        false => Some(head.slot.partial_hash),
    };
    let hasher = FileBlockHasher::new(head.header.file_id);
    let hash = mapped.map(|tokens| hasher.hash_block(block, tokens));
    if hash.is_some() && hash == expected {
        return Ok(());
    }
    if is_full {
        if is_what_is_read(source, head, block, mapped) {
            return Ok(());
        }
    } else {
        Tail::read(source, head)?.sound(source, head)?;
    }
    Err(OpenError::MapDiffers {
        path: source.path().to_owned(),
        block,
        offset,
    })
}

fn entry(source: &Source<RealFile>, head: &Head, block: u64) -> Result<u64, IoError> {
    let mut entry = [0; ENTRY_BYTES as usize];
    source.read(&mut entry, head.header.entry_offset(block))?;
    Ok(u64::from_le_bytes(entry))
}

/// Tells whether reads of a full block match the map. Neither shows an unreadable block.
fn is_what_is_read(
    source: &Source<RealFile>,
    head: &Head,
    block: u64,
    mapped: Option<&[Token]>,
) -> bool {
    let mut tokens = vec![Token::ZERO; BLOCK_TOKENS];
    let offset = head.header.token_offset(block * BLOCK);
    match source.read(as_bytes_mut(&mut tokens), offset) {
        Ok(_) => mapped.is_some_and(|mapped| as_bytes(mapped) == as_bytes(&tokens)),
        Err(_) => true,
    }
}
