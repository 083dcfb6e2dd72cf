use std::fs::File;
use std::ops::Range;

use ng_parallel::Workers;
use ng_query::Zone;
use ng_store::file::Writer;

use super::*;
use crate::manifest::Entry;
use crate::place::shard_name;
use crate::shard::{NewShard, ShardOptions};
use crate::{DatasetReport, ManifestProblem, ShardProblem, Verb, VerifyOptions};

pub(super) fn verified(dataset: &Dataset) -> DatasetReport {
    let workers = Workers::new(2).unwrap();
    dataset
        .verify(&workers, &VerifyOptions::new(), |_| ())
        .unwrap()
}

/// Three shards of several blocks, and an older one of the second.
pub(super) fn four_shards() -> (TempDir, Dataset, [FileId; 3]) {
    let (temporary, dataset) = create();
    let old = add_shard(&dataset, 10_000..20_000).unwrap();
    let b = replace_shard(&dataset, old, 10_000..20_000).unwrap();
    let a = add_shard(&dataset, 20_000..30_000).unwrap();
    let c = add_shard(&dataset, 30_000..30_010).unwrap();
    (temporary, dataset, [b, a, c])
}

/// Plants damage, and looks at what is found.
fn check_shard(plant: impl Fn(&Dataset, [FileId; 3]), is_it: impl Fn(&ShardProblem) -> bool) {
    let (_temporary, dataset, files) = four_shards();
    assert!(verified(&dataset).is_clean());
    plant(&dataset, files);
    let report = verified(&dataset);
    assert!(!report.is_clean());
    assert!(report.manifest_faults.is_empty(), "{report:?}");
    let [shard] = &report.damaged[..] else {
        panic!("{:?}", report.damaged);
    };
    assert_eq!(shard.file, files[1]);
    assert!(shard.problems.iter().any(is_it), "{:?}", shard.problems);
}

#[test]
fn damage_of_a_shard_is_found_and_is_of_that_shard() {
    let is_damaged = |problem: &ShardProblem| matches!(problem, ShardProblem::Damaged(_));
    // In a full block, and in the last.
    for row in [5000, 9999] {
        check_shard(
            |dataset, files| flip_token(dataset, files[1], row),
            is_damaged,
        );
    }
    check_shard(
        |dataset, files| {
            let path = dataset.place().shard_path(files[1]);
            let file = File::options().write(true).open(path).unwrap();
            file.set_len(file.metadata().unwrap().len() - 70_000)
                .unwrap();
        },
        |problem| {
            matches!(
                problem,
                ShardProblem::Unreadable(_) | ShardProblem::Damaged(_)
            )
        },
    );
    check_shard(
        |dataset, files| {
            let path = dataset.place().shard_path(files[1]);
            fs::write(path, [7; 100]).unwrap();
        },
        |problem| matches!(problem, ShardProblem::Unreadable(_)),
    );
}

#[test]
fn a_file_with_another_commit_is_found() {
    check_shard(
        |dataset, files| {
            let shards = dataset.place().shards().unwrap();
            let path = dataset.place().shard_path(files[1]);
            let disk = ng_store::disk::Dir::open(&shards, &shard_name(files[1]), true).unwrap();
            let mut writer = Writer::open(&shards, disk, path).unwrap();
            append(&mut writer, 0..5000);
        },
        |problem| matches!(problem, ShardProblem::OtherCommit(_)),
    );
}

#[test]
fn a_zone_that_does_not_hold_is_found() {
    let other = [
        Zone::of(&tokens(20_000..29_999)),
        Zone::of(&tokens(20_001..30_000)),
        // The extremes are right, but not the ids between.
        Zone::of(&tokens(0..40_000)),
    ];
    for (at, zone) in other.into_iter().enumerate() {
        let (_temporary, dataset, files) = four_shards();
        rewrite(&dataset, 4, |manifest| {
            let entry = manifest.entries.iter_mut().find(|it| it.file == files[1]);
            entry.unwrap().sealed.as_mut().unwrap().zone = Some(zone);
        });
        let report = verified(&dataset);
        let problem = report.damaged.first().map(|shard| &shard.problems[0]);
        match at {
            2 => assert!(problem.is_none(), "a wider zone holds too: {problem:?}"),
            _ => assert!(
                matches!(problem, Some(ShardProblem::Zone { rows }) if *rows == (0..10_000)),
                "{problem:?}"
            ),
        }
    }
}

/// A shard that is said to be sorted by id, of whose rows 4095 and 4096 are exchanged.
pub(super) fn almost_sorted(order: &str, rows: Range<u64>) -> (TempDir, Dataset, FileId) {
    let (temporary, dataset) = create();
    let options = ShardOptions {
        order: Some(order.to_owned()),
        ..ShardOptions::default()
    };
    let mut new = NewShard::begin(dataset.place(), options).unwrap();
    let mut tokens = tokens(0..10_000);
    tokens.swap(4095, 4096);
    new.append(&tokens).unwrap();
    let new = new.finish(dataset.place()).unwrap();
    let sealed = new.entry.sealed.clone().unwrap();
    let entry = Entry::sealed(new.entry.file, rows, sealed);
    let add = |_: &_, next: &mut Manifest| {
        next.entries.push(entry.clone());
        Ok(true)
    };
    dataset.place().change(Verb::Append, add).unwrap();
    (temporary, dataset, new.entry.file)
}

#[test]
fn an_order_that_does_not_hold_is_found() {
    for (order, rows, found) in [
        ("id", 0..10_000, Some(4096)),
        ("id", 4000..4097, Some(4096)),
        ("entity_type,id", 0..10_000, Some(4096)),
        ("id", 0..4096, None),
        ("id", 4096..10_000, None),
        ("weight", 0..10_000, None),
        ("of a later version", 0..10_000, None),
    ] {
        let (_temporary, dataset, _) = almost_sorted(order, rows.clone());
        let report = verified(&dataset);
        let problems = report.damaged.iter().flat_map(|shard| &shard.problems);
        let problems: Vec<String> = problems.map(ToString::to_string).collect();
        let expected = found.map(|row: u64| {
            format!("row {row} is out of the order by {order} that the generation names")
        });
        let expected: Vec<String> = expected.into_iter().collect();
        assert_eq!(problems, expected, "{order}, {rows:?}");
        assert_eq!(report.is_clean(), found.is_none());
    }
}

#[test]
fn another_length_than_the_sealed_one_is_found() {
    let is_length = |problem: &ShardProblem| matches!(problem, ShardProblem::Length { found, expected } if *found == *expected + 5);
    let lengthen = |dataset: &Dataset, files: [FileId; 3]| {
        let path = dataset.place().shard_path(files[1]);
        let file = File::options().write(true).open(path).unwrap();
        file.set_len(file.metadata().unwrap().len() + 5).unwrap();
    };
    check_shard(lengthen, is_length);
}

#[test]
fn exchanged_and_missing_files_are_found() {
    let (_temporary, dataset, files) = four_shards();
    let paths = files.map(|file| dataset.place().shard_path(file));
    let aside = dataset.path().join("aside");
    fs::rename(&paths[0], &aside).unwrap();
    fs::rename(&paths[1], &paths[0]).unwrap();
    fs::rename(&aside, &paths[1]).unwrap();
    fs::remove_file(&paths[2]).unwrap();
    let report = verified(&dataset);
    let problems: Vec<(FileId, &ShardProblem)> = report
        .damaged
        .iter()
        .map(|shard| (shard.file, &shard.problems[0]))
        .collect();
    assert_eq!(problems.len(), 3);
    for (file, problem) in problems {
        match file == files[2] {
            true => assert!(matches!(problem, ShardProblem::Missing), "{problem:?}"),
            false => assert!(
                matches!(problem, ShardProblem::Unreadable(_)),
                "{problem:?}"
            ),
        }
    }
    // The last generation names the third, and it alone.
    let faults: Vec<_> = report
        .manifest_faults
        .iter()
        .map(|fault| (fault.generation, fault.problem.clone()))
        .collect();
    assert_eq!(faults, [(4, ManifestProblem::FilesMissing { files: 1 })]);
}

#[test]
fn an_index_that_is_put_aside_is_no_damage() {
    let (_temporary, dataset, files) = four_shards();
    let index = ng_query::index::index_folder(&dataset.place().shard_path(files[1]));
    flip(&index.join("index.json"), 30);
    let report = verified(&dataset);
    assert!(report.is_clean());
    let problems = &report.damaged[0].problems;
    assert!(
        matches!(problems[..], [ShardProblem::Index(_)]),
        "{problems:?}"
    );
}

type IsIt = fn(&ManifestProblem) -> bool;

#[test]
fn faults_of_manifests_are_found() {
    let check = |plant: &dyn Fn(&Dataset), expected: &[(u64, IsIt)]| {
        let (_temporary, dataset, _) = four_shards();
        plant(&dataset);
        let faults = verified(&dataset).manifest_faults;
        let found = faults.iter().zip(expected);
        let is_it = found.map(|(fault, (generation, is_it))| {
            fault.generation == *generation && is_it(&fault.problem)
        });
        assert!(is_it.fold(true, |all, it| all & it), "{faults:?}");
        assert_eq!(faults.len(), expected.len(), "{faults:?}");
    };
    let damaged = |problem: &ManifestProblem| matches!(problem, ManifestProblem::Damaged(_));
    let differs =
        |problem: &ManifestProblem| matches!(problem, ManifestProblem::ParentDiffers { .. });
    check(&|dataset| flip_manifest(dataset, 2), &[(2, damaged)]);
    check(&|dataset| flip_manifest(dataset, 4), &[(4, damaged)]);
    check(
        &|dataset| fs::remove_file(dataset.path().join(manifest_name(2))).unwrap(),
        &[(2, |problem| *problem == ManifestProblem::Missing)],
    );
    check(
        &|dataset| rewrite(dataset, 2, |manifest| manifest.committed_ns += 1),
        &[(3, differs)],
    );
    check(
        &|dataset| rewrite(dataset, 0, |manifest| manifest.dataset = FileId([1; 16])),
        &[(0, damaged)],
    );
    let file_missing =
        |problem: &ManifestProblem| *problem == ManifestProblem::FilesMissing { files: 1 };
    check(
        &|dataset| {
            let old = dataset.snapshot_of(1).unwrap().shards()[0].file();
            fs::remove_file(dataset.place().shard_path(old)).unwrap();
        },
        &[(1, file_missing)],
    );
}

#[test]
fn what_is_no_longer_kept_and_what_nobody_names_is_no_damage() {
    let (_temporary, dataset, _) = four_shards();
    let reader = dataset.snapshot_of(2).unwrap();
    dataset.collect(&NOW).unwrap();
    let orphan = new_shard(&dataset, 0..10);
    let report = verified(&dataset);
    assert!(report.is_clean(), "{report:?}");
    // The one that is read, the next, and the newest.
    assert_eq!(report.manifests, 3);
    assert_eq!((report.shards, report.tokens), (3, 20_010));
    assert_eq!(report.unnamed, [orphan.entry.file]);
    drop(reader);
}

#[test]
fn progress_ends_with_all_tokens_and_an_old_generation_can_be_verified() {
    let (_temporary, dataset, files) = four_shards();
    let most = std::sync::Mutex::new((0, 0));
    let watch = |progress: crate::VerifyProgress| {
        let mut most = most.lock().unwrap();
        *most = (*most).max((progress.tokens, progress.shards));
    };
    let workers = Workers::new(2).unwrap();
    dataset
        .verify(&workers, &VerifyOptions::new(), watch)
        .unwrap();
    assert_eq!(*most.lock().unwrap(), (20_010, 3));
    flip_token(&dataset, files[1], 3);
    let old = VerifyOptions::new().generation(2);
    let report = dataset.verify(&workers, &old, |_| ()).unwrap();
    assert!(report.is_clean());
    assert_eq!((report.generation, report.shards), (2, 1));
}
