//! Readers in other processes, which the collector must see.

use std::time::Duration;

use ng_dataset::{ChangeOptions, CollectOptions, CreateOptions, Dataset};
use ng_parallel::Workers;

use crate::actor::Actor;

const READERS: usize = 3;

/// Each reader has a generation whose rows were replaced since. As long as it lives, its files
/// stay; when it ends or is killed, they go.
pub(crate) fn keep_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.ngd");
    let dataset = Dataset::create(&path, &CreateOptions::new()).unwrap();
    let word = path.to_str().unwrap();
    let mut appender = Actor::start("append", &[word, "0", "0", "30000", "1"]);
    while appender.line().is_some() {}
    assert!(appender.end().success());
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let mut reader = Actor::start("hold", &[word]);
        assert_eq!(reader.line().as_deref(), Some("held 30000"));
        readers.push(reader);
        change_all(&dataset);
    }
    for left in (0..READERS).rev() {
        let report = dataset.collect(&now()).unwrap();
        assert_eq!(report.read.len(), left + 1, "{report:?}");
        for reader in &mut readers {
            reader.tell("read");
            assert_eq!(reader.line().as_deref(), Some("read 30000"));
        }
        let mut reader = readers.remove(0);
        match left % 2 {
            0 => reader.kill(),
            _ => assert!(reader.end().success()),
        }
    }
    let report = dataset.collect(&now()).unwrap();
    assert!(report.read.is_empty(), "{report:?}");
    assert_eq!(dataset.generations().unwrap().len(), 1);
}

fn now() -> CollectOptions {
    CollectOptions::new().older(Duration::ZERO)
}

fn change_all(dataset: &Dataset) {
    let workers = Workers::new(1).unwrap();
    let (filter, set) = ("weight >= 0 or weight < 0", "weight = weight + 1");
    let (filter, set) = (filter.parse().unwrap(), set.parse().unwrap());
    let changed = dataset.update(&workers, &filter, &set, &ChangeOptions::new());
    assert!(changed.unwrap().generation.is_some());
}
