//! `BlockReader`: verified reads without a map.

use ng_store::*;

use crate::Outcome;
use crate::place::Place;
use crate::samples::{append, sum, sum_to, token};

pub(super) fn run(place: &Place) -> Outcome {
    let path = place.file("tokens.ngt");
    let mut writer = FileWriter::create(&path, &CreateOptions::new())?;
    append(&mut writer, 10_000)?;

    let mut reader = BlockReader::open(&path)?;
    let before = reader.clone();
    assert!(!reader.refresh()?);
    append(&mut writer, 10_000)?;
    writer.commit_tagged(9)?;
    assert!(reader.refresh()?);
    assert_eq!(reader.path(), path);
    assert_eq!((before.len(), before.commit().tag), (10_000, 0));
    assert_eq!((reader.len(), reader.commit().tag), (20_000, 9));
    reader.refuse_lost()?;
    reader.check_table()?;
    assert!(reader.verify()?.is_clean());

    assert_eq!(reader.get(19_999)?, Some(token(19_999)));
    assert_eq!(reader.get(20_000)?, None);
    assert_eq!(before.get(10_000)?, None);
    blocks(&reader)?;
    taken_in_turn(&reader)
}

/// Owned, with read-ahead by another thread: all blocks, and any range of tokens.
fn blocks(reader: &BlockReader) -> Outcome {
    let blocks = reader.blocks();
    assert_eq!(blocks.len() as u64, reader.block_count());
    let mut total = 0;
    for block in blocks {
        let block = block?;
        assert_eq!(block[0], token(block.start() as usize));
        total += sum(&block);
    }
    assert_eq!(total, sum_to(20_000));

    let mut some = Vec::new();
    for block in reader.blocks_of(4_000..9_000) {
        some.append(&mut block?.into_tokens());
    }
    assert_eq!(some, (4_000..9_000).map(token).collect::<Vec<_>>());
    Ok(())
}

/// By a closure, with a custom error.
fn taken_in_turn(reader: &BlockReader) -> Outcome {
    let mut total = 0;
    let taken = reader
        .clone()
        .with_cache(CachePolicy::Keep)
        .for_each(0..20_000, |tokens| {
            total += sum(tokens);
            match total > sum_to(10_000) {
                true => Err("enough".into()),
                false => Ok(()),
            }
        });
    assert_eq!(
        taken.map_err(|error: Box<dyn std::error::Error>| error.to_string()),
        Err("enough".into())
    );
    Ok(())
}
