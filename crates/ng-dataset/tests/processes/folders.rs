//! A process whose current folder changes.

use std::fs;

use ng_dataset::{CreateOptions, Dataset, Verb, VerifyOptions};
use ng_parallel::Workers;

use crate::actor::{Actor, command};

pub(crate) fn change() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    for path in [&here, &there] {
        fs::create_dir(path).unwrap();
        Dataset::create(path.join("tokens.ngd"), &CreateOptions::new()).unwrap();
    }
    let mut moved = command("move", &["tokens.ngd", "../there"]);
    moved.current_dir(&here);
    assert!(Actor::of(moved).end().success());
    let dataset = Dataset::open(here.join("tokens.ngd")).unwrap();
    let log = dataset.log().unwrap();
    let verbs: Vec<Verb> = log
        .iter()
        .filter_map(|it| Some(it.summary.as_ref().ok()?.verb))
        .collect();
    assert_eq!(verbs.first(), Some(&Verb::Collect), "{verbs:?}");
    let workers = Workers::new(1).unwrap();
    let report = dataset.verify(&workers, &VerifyOptions::new(), |_| ());
    let report = report.unwrap();
    assert!(report.is_clean() && report.damaged.is_empty(), "{report:?}");
    assert_eq!(report.unnamed, []);
    let other = Dataset::open(there.join("tokens.ngd")).unwrap();
    assert_eq!(other.generations().unwrap(), [0]);
    assert_eq!(fs::read_dir(&there).unwrap().count(), 1);
}
