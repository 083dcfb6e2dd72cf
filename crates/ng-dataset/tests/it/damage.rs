use std::fs;
use std::path::Path;
use std::time::Duration;

use ng_dataset::ng_parallel::Workers;
use ng_dataset::ng_query::Query;
use ng_dataset::ng_query::sealed::{seal, unseal};
use ng_dataset::ng_token::Token;
use ng_dataset::{
    CollectOptions, CreateOptions, Dataset, DatasetError, Finding, FollowOptions, Followed,
    ManifestFlaw, RepairOptions, ReshardOptions, WriterOptions,
};

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

/// A dataset of 5 tokens in one shard, and the JSON of its newest generation.
fn with_a_shard(folder: &Path) -> (Dataset, String) {
    let dataset = Dataset::create(folder, &CreateOptions::new()).unwrap();
    let mut writer = dataset.writer(&WriterOptions::new()).unwrap();
    writer.append(&[Token::new(7); 5]).unwrap();
    assert_eq!(writer.close().unwrap(), 2);
    let sealed = fs::read(folder.join("manifest-000000000002.json")).unwrap();
    let json = unseal(&sealed).unwrap().1;
    (dataset, String::from_utf8(json).unwrap())
}

/// Exchanges texts that are there once.
fn edited(json: &str, edits: &[(&str, &str)]) -> Vec<u8> {
    let edit = |json: String, (from, to): &(&str, &str)| {
        assert_eq!(json.matches(from).count(), 1, "{from} in {json}");
        json.replace(from, to)
    };
    let json = edits.iter().fold(json.to_owned(), edit);
    seal(json.into_bytes()).1
}

fn length_in(json: &str) -> String {
    let (_, behind) = json.split_once("\"bytes\":").unwrap();
    let (bytes, _) = behind.split_once(',').unwrap();
    format!("\"bytes\":{bytes},")
}

#[test]
fn a_generation_with_more_rows_than_its_file_has_room_for_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, json) = with_a_shard(folder.path());
    let bytes = length_in(&json);
    for edits in [
        &[("\"rows\":[0,5]", "\"rows\":[0,576460752303423488]")][..],
        &[(&*bytes, "\"bytes\":319,")],
    ] {
        write_generation(folder.path(), 2, &edited(&json, edits));
        let error = dataset.snapshot_of(2).unwrap_err();
        let told = error.to_string();
        assert!(
            told.ends_with("field bytes has a value that cannot be"),
            "{told}"
        );
        assert_eq!(dataset.snapshot().unwrap().manifest().generation, 1);
    }
}

#[test]
fn a_generation_whose_files_together_have_an_impossible_length_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, json) = with_a_shard(folder.path());
    let (head, entry) = json.split_once("\"entries\":[").unwrap();
    let entry = entry.strip_suffix("]}").unwrap();
    let file = &entry[..r#"{"file":""#.len() + 32];
    let other = entry.replace(file, &format!("{{\"file\":\"{}", "ab".repeat(16)));
    let other = other.replace(&length_in(&json), &format!("\"bytes\":{},", u64::MAX));
    let both = format!("{head}\"entries\":[{entry},{other}]}}");
    write_generation(folder.path(), 2, &edited(&both, &[]));
    let told = dataset.snapshot_of(2).unwrap_err().to_string();
    assert!(
        told.ends_with("field bytes has a value that cannot be"),
        "{told}"
    );
}

#[test]
fn rows_that_no_memory_can_plan_for_are_looked_for_first() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, json) = with_a_shard(folder.path());
    let bytes = length_in(&json);
    let edits = [
        ("\"rows\":[0,5]", "\"rows\":[0,72057594037927936]"),
        (&*bytes, "\"bytes\":9223372036854775807,"),
    ];
    write_generation(folder.path(), 2, &edited(&json, &edits));
    let workers = Workers::new(1).unwrap();
    let snapshot = dataset.snapshot().unwrap();
    assert_eq!(snapshot.len(), 1 << 56);
    let error = Query::new(snapshot.source(), &workers).count().unwrap_err();
    assert!(error.to_string().contains("5 rows"), "{error}");
    let options = ReshardOptions::tokens(4096);
    let error = dataset.reshard(&workers, &options, |_, _| ()).unwrap_err();
    assert!(
        matches!(error, DatasetError::ShardShort { found: 5, .. }),
        "{error}"
    );
}

#[test]
fn no_generation_follows_the_last_number() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, json) = with_a_shard(folder.path());
    let (last, before) = (u64::MAX - 1, u64::MAX - 2);
    let edits = [
        ("\"generation\":2,", &*format!("\"generation\":{last},")),
        ("\"generation\":1,", &format!("\"generation\":{before},")),
    ];
    write_generation(folder.path(), last, &edited(&json, &edits));
    assert_eq!(dataset.snapshot().unwrap().manifest().generation, last);
    for error in [
        dataset
            .collect(&CollectOptions::new().older(Duration::ZERO))
            .unwrap_err(),
        dataset.writer(&WriterOptions::new()).unwrap_err(),
        dataset.checkout(1).unwrap_err(),
    ] {
        let told = error.to_string();
        assert!(
            told.ends_with("field generation has a value that cannot be"),
            "{told}"
        );
    }
    assert_eq!(dataset.generations().unwrap(), [0, 1, 2, last]);
}

/// Copies the newest manifest of another dataset into a folder, and returns its number.
fn strange_manifest_in(folder: &Path, at_least: u64) -> (u64, Dataset) {
    let other = tempfile::tempdir().unwrap();
    let dataset = Dataset::create(other.path(), &CreateOptions::new()).unwrap();
    while dataset.snapshot().unwrap().manifest().generation < at_least {
        drop(dataset.writer(&WriterOptions::new()).unwrap());
    }
    let newest = dataset.snapshot().unwrap().manifest().generation;
    let name = format!("manifest-{newest:012}.json");
    fs::copy(other.path().join(&name), folder.join(&name)).unwrap();
    (newest, dataset)
}

fn is_of_another(error: &DatasetError, found: &Dataset, expected: &Dataset) -> bool {
    let (found, expected) = (found.id(), expected.id());
    let told = error.to_string();
    let is_it = ManifestFlaw::Dataset { found, expected };
    matches!(error, DatasetError::Manifest { flaw, .. } if *flaw == is_it)
        && told.contains(&found.to_string())
        && told.contains(&expected.to_string())
}

#[test]
fn a_newer_manifest_of_another_dataset_is_not_followed() {
    for is_opened_later in [false, true] {
        // The number after the newest, and one far above.
        for at_least in [3, 7] {
            let folder = tempfile::tempdir().unwrap();
            let (mut dataset, _) = with_a_shard(folder.path());
            let mut follower = dataset.follow(&FollowOptions::new()).unwrap();
            let mut snapshot = dataset.snapshot().unwrap();
            let (newest, other) = strange_manifest_in(folder.path(), at_least);
            if is_opened_later {
                let id = dataset.id();
                dataset = Dataset::open(folder.path()).unwrap();
                assert_eq!(dataset.id(), id);
            }
            assert!(!snapshot.refresh().unwrap());
            let [Finding::ManifestDamaged { shown: 2, flaw, .. }] = snapshot.findings() else {
                panic!("{:?}", snapshot.findings());
            };
            assert!(matches!(flaw, ManifestFlaw::Dataset { .. }), "{flaw}");
            assert_eq!(dataset.snapshot().unwrap().len(), 5);
            let collected = dataset.collect(&CollectOptions::new().older(Duration::ZERO));
            for error in [
                dataset.writer(&WriterOptions::new()).unwrap_err(),
                dataset.checkout(1).unwrap_err(),
                dataset.snapshot_of(newest).unwrap_err(),
                collected.unwrap_err(),
            ] {
                assert!(is_of_another(&error, &other, &dataset), "{error}");
            }
            assert_eq!(dataset.generations().unwrap(), [0, 1, 2, newest]);

            // It is gone round by a repair, above which all goes on.
            let workers = Workers::new(1).unwrap();
            let repaired = dataset.repair(&workers, &RepairOptions::new(), |_| ());
            assert_eq!(repaired.unwrap().generation, Some(newest + 1));
            let mut writer = dataset.writer(&WriterOptions::new()).unwrap();
            writer.append(&[Token::new(8); 2]).unwrap();
            writer.close().unwrap();
            let mut told = 0;
            while let Followed::Tokens(batch) = follower.next(Duration::ZERO).unwrap() {
                told += batch.tokens.len();
            }
            assert_eq!(told, 7);
            let dataset = Dataset::open(folder.path()).unwrap();
            assert_eq!(dataset.snapshot().unwrap().len(), 7);
            assert_eq!(dataset.snapshot().unwrap().findings().len(), 0);
        }
    }
}

#[test]
fn an_older_manifest_of_another_dataset_does_not_make_the_newest_one_strange() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, _) = with_a_shard(folder.path());
    strange_manifest_in(folder.path(), 1);
    let opened = Dataset::open(folder.path()).unwrap();
    assert_eq!(opened.id(), dataset.id());
    assert_eq!(opened.snapshot().unwrap().findings().len(), 0);
}

/// Copies manifests of one dataset into the folder of another.
fn copy_manifests(from: &Dataset, generations: &[u64], folder: &Path) {
    for generation in generations {
        let name = format!("manifest-{generation:012}.json");
        fs::copy(from.path().join(&name), folder.join(&name)).unwrap();
    }
}

/// A dataset with a shard of which a collector left one generation, without the one it was made
/// from; that has a number from `at_least` on.
fn collected(folder: &Path, at_least: u64) -> (Dataset, u64) {
    let (dataset, _) = with_a_shard(folder);
    while dataset.snapshot().unwrap().manifest().generation + 1 < at_least {
        let writer = dataset.writer(&WriterOptions::new()).unwrap();
        writer.close().unwrap();
    }
    dataset
        .collect(&CollectOptions::new().older(Duration::ZERO))
        .unwrap();
    let [left] = dataset.generations().unwrap()[..] else {
        panic!("{:?}", dataset.generations());
    };
    (dataset, left)
}

/// Two that follow each other took the folder over from one whose parent was collected.
#[test]
fn a_generation_that_a_collector_left_alone_is_not_taken_for_a_strange_one() {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let (dataset, left) = collected(folders[0].path(), 6);
    let (other, _) = with_a_shard(folders[1].path());
    copy_manifests(&other, &[1, 2], folders[0].path());
    let opened = Dataset::open(folders[0].path()).unwrap();
    assert_eq!(opened.id(), dataset.id());
    let snapshot = opened.snapshot().unwrap();
    assert_eq!((snapshot.len(), snapshot.findings().len()), (5, 0));

    // Nor if the strange one is above it.
    let (dataset, _) = collected(folders[2].path(), 1);
    let (newest, other) = strange_manifest_in(folders[2].path(), left);
    let opened = Dataset::open(folders[2].path()).unwrap();
    assert_eq!(opened.id(), dataset.id());
    let error = opened.snapshot_of(newest).unwrap_err();
    assert!(is_of_another(&error, &other, &dataset), "{error}");
}

#[test]
fn a_strange_generation_that_was_left_alone_elsewhere_is_not_followed() {
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let (dataset, _) = with_a_shard(folders[0].path());
    let (other, left) = collected(folders[1].path(), 6);
    copy_manifests(&other, &[left], folders[0].path());
    let opened = Dataset::open(folders[0].path()).unwrap();
    assert_eq!(opened.id(), dataset.id());
    assert_eq!(opened.snapshot().unwrap().len(), 5);
}

#[test]
fn a_repair_below_the_last_number_tells_what_to_do() {
    for number in [u64::MAX, u64::MAX - 1] {
        let folder = tempfile::tempdir().unwrap();
        let (dataset, _) = with_a_shard(folder.path());
        write_generation(folder.path(), number, b"{}");
        let workers = Workers::new(1).unwrap();
        let repair = || dataset.repair(&workers, &RepairOptions::new(), |_| ());
        let told = repair().unwrap_err().to_string();
        assert!(
            told.contains(&format!("manifest-{number}.json"))
                && told.contains(&format!("no generation can follow number {number}"))
                && told.contains("move this file away"),
            "{told}"
        );
        fs::remove_file(folder.path().join(format!("manifest-{number}.json"))).unwrap();
        assert_eq!(repair().unwrap().generation, None);
        dataset.writer(&WriterOptions::new()).unwrap();
    }
}
