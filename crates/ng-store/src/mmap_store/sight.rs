use std::ops::Range;

use ng_token::{Token, as_bytes, as_bytes_mut};

use crate::disk::{RealFile, Source};
use crate::file::{Head, Tail};
use crate::format::{BLOCK, ENTRY_BYTES, FileBlockHasher};
use crate::raw::Snapshot;
use crate::{BLOCK_TOKENS, BlockHasher, IoError, OpenError};

/// Checks that a map shows the last block of a commit as reads do.
///
/// The last one, because a map of another file, or of one that was cut, is wrong
/// there if it is wrong anywhere. It is brought in first, so that what is not there
/// is an error and no signal.
///
/// # Errors
///
/// [`OpenError::MapDiffers`]. [`OpenError::TailDamaged`] where reads show the same
/// damage of a block that is not full. That of a full block is for those to tell
/// who verify.
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

/// Does the same for any map: `look` brings a range of tokens in and gives it;
/// `None` for one that the map does not have.
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
    // A fault reads as far around it as the device reads ahead, megabytes: asked for
    // before, the block alone is read.
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

/// Tells whether reads of a full block show what the map does. Both do not show
/// what cannot be read.
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
