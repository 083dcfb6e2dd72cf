//! A snapshot: some of a commit's tokens, owned.

use ng_store::*;

use crate::Outcome;
use crate::maps;
use crate::place::Place;
use crate::samples::{append, sum_of_ids, sum_to, token};

const COUNT: usize = 10_000;

pub(super) fn run(place: &Place) -> Outcome {
    let path = place.file("tokens.ngt");
    let mut store = maps::create(&path, &MapOptions::new())?;
    store.append_with(COUNT, token)?;
    store.commit_tagged(7)?;
    let first = store.snapshot();
    append(&mut store, COUNT)?;
    let second = store.snapshot();
    drop(store);

    assert_eq!(sum_of_ids(&first), sum_to(10_000));
    assert_eq!(sum_of_ids(&second), sum_to(20_000));
    commits(&first, &second, &BlockReader::open(&path)?);
    slices(&first);
    verified(&first, &BlockReader::open(&path)?)?;
    advised(&second)
}

fn commits(first: &Snapshot, second: &Snapshot, reader: &BlockReader) {
    let (early, late) = (first.commit(), second.commit());
    assert_ne!(early, late);
    assert_eq!(*late, reader.commit());
    assert_eq!(late.file_id, early.file_id);
    assert_eq!((early.generation, early.tokens, early.tag), (1, 10_000, 7));
    assert_eq!((late.generation, late.tokens, late.tag), (2, 20_000, 7));
    assert_ne!(early.checksum, late.checksum);
}

fn slices(snapshot: &Snapshot) {
    let slice = snapshot.slice(1_000..2_000).slice(500..600);
    assert_eq!((slice.start(), slice.len()), (1_500, 100));
    assert_eq!(slice.tokens(), &snapshot.tokens()[1_500..1_600]);
    assert_eq!(slice.get(0), Some(&token(1_500)));
    assert_eq!(slice.commit(), snapshot.commit());
}

/// All blocks of the snapshot's commit, though the reader is at a later one.
fn verified(snapshot: &Snapshot, reader: &BlockReader) -> Outcome {
    let blocks = snapshot.slice(0..10).mapped_blocks(reader)?;
    assert_eq!(blocks.block_count(), 3);
    assert!(blocks.verify()?.is_clean());
    Ok(())
}

fn advised(snapshot: &Snapshot) -> Outcome {
    let all = [Access::Random, Access::Sequential, Access::Normal];
    for access in all {
        snapshot.advise(0..snapshot.len(), access)?;
    }
    let wanted = [19_999, 3, 7_777];
    for index in wanted {
        snapshot.advise(index..index + 1, Access::WillNeed)?;
    }
    for index in wanted {
        assert_eq!(snapshot.tokens()[index], token(index));
    }
    snapshot.populate(0..snapshot.len())?;

    let mut sum = 0;
    for window in snapshot.pass(CachePolicy::Auto).windows(0..snapshot.len()) {
        sum += crate::samples::sum(&window?);
    }
    assert_eq!(sum, sum_to(20_000));
    Ok(())
}
