//! A damaged block.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::slice::from_ref;

use ng_store::*;
use ng_token::*;

use crate::Outcome;
use crate::place::Place;
use crate::samples::{file_of, token};

/// The index of a token in the second of three blocks.
const HIT: usize = 5_000;

pub(super) fn run(place: &Place) -> Outcome {
    let (path, copy) = (place.file("tokens.ngt"), place.file("whole.ngt"));
    file_of(&path, 10_000)?;
    damage(&path)?;
    named(&BlockReader::open(&path)?)?;

    let ended = repair(&path, &copy, &RepairOptions::new(), |_| {
        ControlFlow::Break(())
    });
    assert!(matches!(ended, Err(RepairError::Stopped { .. })) && !copy.exists());

    let report = repair(&path, &copy, &RepairOptions::new(), unwatched)?;
    assert!(!report.is_whole());
    assert_eq!((report.tokens, report.kept), (10_000, 10_000 - 4_096));
    assert_eq!(report.lost, from_ref(&(4_096..8_192)));
    let repaired = BlockReader::open(&copy)?;
    assert!(repaired.verify()?.is_clean());
    assert_eq!(repaired.get(HIT as u64)?, Some(Token::ZERO));
    assert_eq!(repaired.get(8_192)?, Some(token(8_192)));
    Ok(())
}

fn damage(path: &Path) -> Outcome {
    let offset = BlockReader::open(path)?.info().data_offset + (HIT * Token::SIZE) as u64;
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(b"damaged")?;
    Ok(())
}

fn named(reader: &BlockReader) -> Outcome {
    let report = reader.verify()?;
    assert!(!report.is_clean() && report.table_matches);
    assert_eq!(report.blocks, 3);
    let bad = report.bad.iter().map(|bad| (bad.block, bad.cause));
    assert!(bad.eq([(1, Cause::Data)]));

    let read = reader.get(HIT as u64);
    assert!(matches!(read, Err(ReadError::BadBlock { block: 1, .. })));
    // The block yields an error, and the others follow.
    let sound = reader
        .blocks()
        .map(|block| block.is_ok())
        .collect::<Vec<_>>();
    assert_eq!(sound, [true, false, true]);
    Ok(())
}
