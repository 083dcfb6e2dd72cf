//! Opens a file in every way, and compares the results.

use std::collections::BTreeSet;

use ng_store::file::{Stamp, Writer};
use ng_store::ng_token::Token;
use ng_store::{BLOCK_TOKENS, BlockReader, Cause, OpenError, VerifyBlocks, WriteError};

use crate::allocations::at_most;
use crate::memory::{File, Folder};

const NAME: &str = "a.ngt";

/// A head, two blocks of tokens, and their findings.
const READER_BYTES: usize = 1 << 20;

/// The same, and an appender's buffer; the disk's own pages count, too.
const APPENDER_BYTES: usize = 4 << 20;

/// Of a file that claims more blocks than this, only the first and the last are read: the file is
/// that long, and reading it all would only take time.
const BLOCKS_MAX: u64 = 64;

pub(crate) fn open_in_every_way(file: &File) {
    read_truncated(file);
    let opened = at_most(READER_BYTES, "opening", || {
        BlockReader::of_disk(file.clone(), NAME)
    });
    match opened {
        Ok(reader) => {
            assert!(reader.info().tokens <= reader.info().max_tokens);
            at_most(READER_BYTES, "reading", || read(&reader));
            append(file, Some(&reader));
        }
        Err(error) => {
            assert!(error.to_string().starts_with(NAME), "{error}");
            append(file, None);
        }
    }
}

/// A file that lost its end is read as far as it goes.
fn read_truncated(file: &File) {
    let opened = at_most(READER_BYTES, "opening", || {
        BlockReader::of_truncated_disk(file.clone(), NAME)
    });
    if let Ok(reader) = opened {
        at_most(READER_BYTES, "reading", || read(&reader));
    }
}

/// Verified blocks can be read, and others are named.
fn read(reader: &BlockReader<File>) {
    let blocks = reader.block_count();
    let mut tokens = Vec::new();
    let mut readable = |block| reader.read_block(block, &mut tokens).is_ok();
    if blocks > BLOCKS_MAX {
        for block in [0, blocks - 1] {
            let bad = reader.verify_blocks(block..block + 1);
            let bad = bad.expect("the disk never fails");
            let lost = bad.iter().any(|bad| bad.cause != Cause::RestorableTail);
            assert_eq!(readable(block), !lost, "block {block}");
        }
        return;
    }
    let report = reader.verify().expect("the disk never fails");
    let lost = report
        .bad
        .iter()
        .filter(|bad| bad.cause != Cause::RestorableTail);
    let lost: BTreeSet<u64> = lost.map(|bad| bad.block).collect();
    for block in 0..blocks {
        assert_eq!(readable(block), !lost.contains(&block), "block {block}");
    }
    if report.is_clean() {
        assert!(reader.check_table().is_ok());
    }
}

/// An appender accepts what a reader accepted, or says why not; and the next reader finds what it
/// commits.
fn append(file: &File, reader: Option<&BlockReader<File>>) {
    let opened = at_most(APPENDER_BYTES, "opening for append", || {
        Writer::open(&Folder, file.clone(), NAME)
    });
    let mut writer = match opened {
        Ok(writer) => writer,
        Err(OpenError::Io(error)) => panic!("{error}"),
        Err(_) => return,
    };
    let reader = reader.expect("an appender accepted what no reader did");
    assert_eq!(writer.generation(), reader.info().generation + 1);
    assert_eq!(writer.committed_tokens(), reader.len());
    let appended = at_most(APPENDER_BYTES, "appending", || {
        writer.append_with(BLOCK_TOKENS, |index| Token::new(index as u32))?;
        writer.commit(Stamp::default())
    });
    match appended {
        Ok(()) => {}
        Err(
            WriteError::Full { .. }
            | WriteError::NoSpace { .. }
            | WriteError::FileTooLarge { .. }
            | WriteError::LastGeneration { .. },
        ) => return,
        Err(error) => panic!("{error}"),
    }
    let next = BlockReader::of_disk(file.clone(), NAME).expect("it was committed");
    assert_eq!(next.info().generation, writer.generation());
    assert_eq!(next.len(), reader.len() + BLOCK_TOKENS as u64);
}
