//! All that is done with a file before anything is written to it.

use ng_store::BlockReader;
use ng_store::file::Writer;
use ng_store::ng_token::Token;

use crate::lying_disk::{LyingDir, LyingDisk};

/// Up to so many blocks the table is read, and every block of them.
const MOST_BLOCKS: u64 = 64;

/// Opens the file in every way there is, and reads of it what it says it has.
///
/// Nothing may panic, and what a verified read gives has its hash.
pub fn read_in_every_way(bytes: &[u8], len: u64) {
    if let Ok(reader) = BlockReader::of_disk(LyingDisk::new(bytes, len), "open") {
        read(&reader);
    }
    if let Ok(reader) = BlockReader::of_truncated_disk(LyingDisk::new(bytes, len), "cut") {
        read(&reader);
    }
    append(bytes, len);
}

fn read(reader: &BlockReader<LyingDisk>) {
    let blocks = reader.blocks();
    let mut tokens = Vec::new();
    let ends = [0, 1, blocks / 2, blocks.saturating_sub(1)];
    for block in ends.into_iter().filter(|&block| block < blocks) {
        let bad = reader
            .verify_blocks(block..block + 1)
            .expect("a disk that reads");
        let read = reader.read_block(block, &mut tokens);
        let range = reader.tokens_of(block);
        match read {
            Ok(()) => assert_eq!(tokens.len() as u64, range.end - range.start),
            Err(_) => assert!(!bad.is_empty(), "block {block} was verified, and not read"),
        }
    }
    if blocks <= MOST_BLOCKS {
        let report = reader.verify().expect("a disk that reads");
        assert!(report.blocks == blocks && report.bad.len() as u64 <= blocks);
    }
}

/// An appender may refuse the file; if not, it appends and says what is there.
fn append(bytes: &[u8], len: u64) {
    let Ok(mut writer) = Writer::open(&LyingDir, LyingDisk::new(bytes, len), "append") else {
        return;
    };
    let committed = writer.committed_tokens();
    assert_eq!(writer.appended_tokens(), committed);
    // The disk has no room: an error, and nothing appended.
    if writer.append(&[Token::new(1)]).is_err() {
        assert_eq!(writer.appended_tokens(), committed);
    }
}
