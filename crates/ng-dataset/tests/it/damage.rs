use std::fs;
use std::path::Path;

use ng_dataset::{CreateOptions, Dataset, DatasetError, Finding, ManifestFlaw};

fn write_generation(folder: &Path, generation: u64, bytes: &[u8]) {
    fs::write(
        folder.join(format!("manifest-{generation:012}.json")),
        bytes,
    )
    .unwrap();
}

#[test]
fn a_reader_shows_the_generation_before_a_damaged_one_and_tells() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = Dataset::create(folder.path(), &CreateOptions::new()).unwrap();
    let sound = fs::read(folder.path().join("manifest-000000000000.json")).unwrap();
    for at in [0, sound.len() / 2, sound.len() - 3] {
        let mut damaged = sound.clone();
        damaged[at] ^= 1;
        write_generation(folder.path(), 1, &damaged);
        let snapshot = dataset.snapshot().unwrap();
        assert_eq!(snapshot.manifest().generation, 0);
        let [Finding::ManifestDamaged { shown: 0, path, .. }] = snapshot.findings() else {
            panic!("{:?}", snapshot.findings());
        };
        assert!(path.ends_with("manifest-000000000001.json"));
    }
}

#[test]
fn a_generation_under_the_name_of_another_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = Dataset::create(folder.path(), &CreateOptions::new()).unwrap();
    let sound = fs::read(folder.path().join("manifest-000000000000.json")).unwrap();
    write_generation(folder.path(), 7, &sound);
    let snapshot = dataset.snapshot().unwrap();
    let flaw = ManifestFlaw::Number {
        found: 0,
        expected: 7,
    };
    assert!(
        matches!(snapshot.findings(), [Finding::ManifestDamaged { flaw: found, .. }] if *found == flaw),
        "{:?}",
        snapshot.findings()
    );
    let error = dataset.snapshot_of(7).unwrap_err();
    assert!(matches!(error, DatasetError::Manifest { .. }), "{error:?}");
}

#[test]
fn a_dataset_whose_only_manifest_is_damaged_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    Dataset::create(folder.path(), &CreateOptions::new()).unwrap();
    write_generation(folder.path(), 0, b"{}");
    let error = Dataset::open(folder.path()).unwrap_err();
    assert!(matches!(error, DatasetError::Manifest { .. }), "{error:?}");
}

#[test]
fn a_generation_that_is_not_there_is_refused_with_those_that_are() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = Dataset::create(folder.path(), &CreateOptions::new()).unwrap();
    let told = dataset.snapshot_of(3).unwrap_err().to_string();
    assert!(
        told.ends_with("generation 3 is not kept, expected 0 to 0"),
        "{told}"
    );
}
