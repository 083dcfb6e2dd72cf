//! A file and all of its tokens, on all threads.

use std::sync::atomic::{AtomicU64, Ordering};

use ng_parallel::*;
use ng_store::*;

use crate::Outcome;
use crate::maps;
use crate::place::Place;
use crate::samples::{append, sum, sum_of_ids, sum_to, token};

const COUNT: usize = 100_000;

pub(super) fn run(place: &Place) -> Outcome {
    let workers = Workers::new(3)?;
    let path = place.file("tokens.ngt");
    let tokens = (0..COUNT).map(token).collect::<Vec<_>>();
    let draft = FileDraft::begin(&path, &CreateOptions::new())?;
    let mut writer = save(&workers, &tokens, draft)?;
    append(&mut writer, 1_000)?;

    let reader = BlockReader::open(&path)?;
    assert_eq!(sum_of_ids(&load(&workers, &reader)?), sum_to(101_000));
    verified(&workers, &reader)?;

    let snapshot = maps::open(&path, &MapOptions::new())?.snapshot();
    assert!(verify(&workers, &snapshot.mapped_blocks(&reader)?)?.is_clean());
    let pass = snapshot.pass(CachePolicy::Auto);
    let total = map_reduce_pass(&workers, &pass, |_, tokens| sum(tokens), |l, r| l + r)?;
    assert_eq!(total, Some(sum_to(101_000)));
    refused(&workers, place)
}

fn verified(workers: &Workers, reader: &BlockReader) -> Outcome {
    let seen = AtomicU64::new(0);
    let report = verify_watched(workers, reader, |tokens| {
        seen.fetch_add(tokens, Ordering::Relaxed);
    })?;
    assert_eq!(seen.into_inner(), reader.len());
    assert!(report == reader.verify()? && report.is_clean());
    Ok(())
}

/// The error names the part that failed.
fn refused(workers: &Workers, place: &Place) -> Outcome {
    let path = place.file("tokens.ngt");
    let taken = FileDraft::begin(&path, &CreateOptions::new());
    assert!(matches!(taken, Err(CreateError::Exists { .. })));

    let stop = StopFlag::new();
    stop.stop();
    let stopped = load(&workers.with_stop_flag(stop), &BlockReader::open(&path)?);
    let expected = ParallelError::Stopped {
        shards_done: 0,
        shards: 4,
    };
    match stopped {
        Err(ParallelLoadError::Parallel(error)) => assert_eq!(error, expected),
        other => return Err(format!("{:?}", other.err()).into()),
    }
    Ok(())
}
