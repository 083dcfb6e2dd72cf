use std::fs;

use ng_dataset::{CreateOptions, Dataset, DatasetError, Verb};

#[test]
fn a_new_dataset_has_one_generation_without_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.ngd");
    let options = CreateOptions::new().tag("experiment", "7");
    let created = Dataset::create(&path, &options).unwrap();
    let opened = Dataset::open(&path).unwrap();
    assert_eq!(opened.id(), created.id());
    assert_eq!(opened.generations().unwrap(), [0]);
    let snapshot = opened.snapshot().unwrap();
    assert!(snapshot.is_empty() && snapshot.findings().is_empty());
    let manifest = snapshot.manifest();
    assert_eq!(
        (manifest.generation, manifest.verb, manifest.parent),
        (0, Verb::Create, None)
    );
    assert_eq!(manifest.tags["experiment"], "7");
    assert!(Dataset::is_at(&path) && !Dataset::is_at(folder.path()));
}

#[test]
fn a_dataset_is_created_in_an_empty_folder_and_in_no_other() {
    let folder = tempfile::tempdir().unwrap();
    Dataset::create(folder.path(), &CreateOptions::new()).unwrap();
    let again = Dataset::create(folder.path(), &CreateOptions::new());
    assert!(
        matches!(again, Err(DatasetError::Exists { .. })),
        "{again:?}"
    );

    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("letter.txt"), "dear").unwrap();
    let there = Dataset::create(other.path(), &CreateOptions::new());
    assert!(
        matches!(there, Err(DatasetError::Exists { .. })),
        "{there:?}"
    );
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 1);
}

#[test]
fn what_is_no_dataset_is_refused_by_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let error = Dataset::open(folder.path()).unwrap_err();
    assert!(matches!(error, DatasetError::NotADataset { .. }));
    let told = error.to_string();
    assert!(
        told.ends_with(": not a dataset: no manifest in it"),
        "{told}"
    );
    let gone = Dataset::open(folder.path().join("gone")).unwrap_err();
    assert!(matches!(gone, DatasetError::Io { .. }), "{gone:?}");
}
