//! Maps that reserve less than their file's maximum.

use std::path::Path;

use ng_store::*;

use crate::Outcome;
use crate::maps;
use crate::place::Place;
use crate::samples::{append, file_of, sum_of_ids, sum_to, token};

/// More than fit in a process's 128 TiB if each reserves 256 GiB.
const MAPS: usize = 512;

pub(super) fn run(place: &Place) -> Outcome {
    let path = place.file("tokens.ngt");
    file_of(&path, 1_000)?;
    let options = MapOptions::new().reserve_tokens(0).access(Access::Random);
    let stores = (0..MAPS)
        .map(|_| maps::open(&path, &options))
        .collect::<Result<Vec<_>, _>>()?;
    assert!(stores.iter().all(|store| store.len() == 1_000));
    // Only what the file holds.
    let usage = stores[MAPS - 1].memory_usage();
    assert_eq!(usage.reserved_bytes, usage.used_bytes);
    drop(stores);
    outgrown(&path, &options)
}

/// A map that the file outgrows is replaced; a snapshot keeps the old one.
fn outgrown(path: &Path, options: &MapOptions) -> Outcome {
    let mut store = maps::open_append(path, options)?;
    let mut reader = maps::open(path, options)?;
    let before = store.snapshot();
    append(&mut store, 99_000)?;
    assert_eq!(sum_of_ids(&store), sum_to(100_000));
    assert_eq!(sum_of_ids(&before), sum_to(1_000));
    assert!(reader.refresh()?);
    assert_eq!(sum_of_ids(&reader), sum_to(100_000));
    assert_eq!(reader.get(99_999), Some(&token(99_999)));
    assert!(reader.mapped_blocks().verify()?.is_clean());
    Ok(())
}
