//! Batches made by a fallible closure.

use std::fmt;
use std::ops::Range;

use ng_parallel::*;
use ng_store::*;
use ng_token::*;

use crate::Outcome;
use crate::place::Place;
use crate::samples::{file_of, sum_of_ids, sum_to, token};

const COUNT: usize = 100_000;
const BUFFER: usize = 2 * BLOCK_TOKENS;

/// Where the source ends, in [`commits_on_the_way`].
const END: usize = 70_000;

pub(super) fn run(place: &Place) -> Outcome {
    let workers = Workers::new(2)?;
    let path = place.file("tokens.ngt");
    file_of(&path, COUNT)?;
    copied(&workers, &BlockReader::open(&path)?)?;
    counted(&workers)?;
    commits_on_the_way(&workers, place)
}

/// Verified as they are read, on all workers.
fn copied(workers: &Workers, reader: &BlockReader) -> Outcome {
    let pass = reader.pass();
    let read = |range: Range<usize>, tokens: &mut Vec<Token>| {
        pass.for_each(range.start as u64..range.end as u64, |verified| {
            tokens.extend_from_slice(verified);
            Ok::<_, ReadError>(())
        })
    };
    let mut store = VecStore::new();
    ingest_batches(workers, &mut store, COUNT, read)?;
    assert_eq!(sum_of_ids(&store), sum_to(COUNT as u64));
    Ok(())
}

fn counted(workers: &Workers) -> Outcome {
    let one_short = |range: Range<usize>, tokens: &mut Vec<Token>| {
        tokens.extend(range.skip(1).map(token));
        Ok::<_, Ended>(())
    };
    let mut store = VecStore::new();
    let short = ingest_batches(workers, &mut store, COUNT, one_short);
    match short {
        Err(IngestError::WrongCount { shard, found }) => assert_eq!(shard.range.len(), found + 1),
        other => return Err(format!("{other:?}").into()),
    }
    assert!(store.is_empty());
    Ok(())
}

/// Exactly what was committed before the source ended is in the file.
fn commits_on_the_way(workers: &Workers, place: &Place) -> Outcome {
    let path = place.file("on_the_way.ngt");
    let mut writer = FileWriter::create(&path, &CreateOptions::new())?;
    let options = IngestOptions::new()
        .buffer_tokens(BUFFER)
        .commit_every(BUFFER);
    let make = |range: Range<usize>, tokens: &mut Vec<Token>| match range.end > END {
        true => Err(Ended { at: END }),
        false => {
            tokens.extend(range.map(token));
            Ok(())
        }
    };
    let failed = ingest_batches_with(workers, &options, &mut writer, COUNT, make);
    match failed {
        Err(IngestError::Failed { shard, source }) => {
            assert!(shard.range.contains(&END));
            assert_eq!(source, Ended { at: END });
        }
        other => return Err(format!("{other:?}").into()),
    }
    let whole = END / BUFFER * BUFFER;
    assert_eq!(writer.appended_tokens() as usize, whole);
    drop(writer);
    let reader = BlockReader::open(&path)?;
    assert_eq!(reader.len() as usize, whole);
    assert_eq!(reader.commit().generation as usize, whole / BUFFER);
    assert!(reader.verify()?.is_clean());
    Ok(())
}

/// A custom error.
#[derive(Debug, PartialEq, Eq)]
struct Ended {
    at: usize,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "source ended at token {}", self.at)
    }
}

impl std::error::Error for Ended {}
