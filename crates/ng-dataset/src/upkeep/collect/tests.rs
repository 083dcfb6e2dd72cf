use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use ng_store::disk::Dir;
use ng_store::disk::sim::{
    Atomicity, Choose, Failure, Fault, KeepAll, LoseAll, Seeded, SimDir, SimFs, When,
};

use super::*;
use crate::manifest::Verb;
use crate::shard::Unpublished;
use crate::testing::*;
use crate::{CreateOptions, Manifest, ManifestFlaw};

/// For streams on one machine.
const NOW: CollectOptions = CollectOptions::new().older(Duration::ZERO);

fn shards<R: Dir>(dataset: &Dataset<R>) -> BTreeSet<String> {
    let names = dataset.place().shards().unwrap().names().unwrap();
    names.into_iter().collect()
}

fn named<R: Dir>(dataset: &Dataset<R>) -> BTreeSet<String> {
    let snapshot = dataset.snapshot().unwrap();
    let files = snapshot.shards().iter();
    files
        .map(|shard| crate::place::shard_name(shard.file()))
        .collect()
}

/// Every manifest that is there has all its files, with all their rows.
fn check_whole<R: Dir>(dataset: &Dataset<R>) {
    for generation in dataset.generations().unwrap() {
        let snapshot = dataset.snapshot_of(generation).unwrap();
        assert!(snapshot.findings().is_empty(), "{:?}", snapshot.findings());
        ids(&snapshot).unwrap();
    }
}

/// Two shards of which one was replaced, and a third appended.
fn three_generations<R: Dir>(dataset: &Dataset<R>) -> FileId {
    let old = add_shard(dataset, 0..10).unwrap();
    add_shard(dataset, 10..20).unwrap();
    replace_shard(dataset, old, 100..110).unwrap();
    old
}

#[test]
fn what_only_dropped_generations_name_goes() {
    let dataset = create_simulated(&SimFs::new());
    let old = three_generations(&dataset);
    assert_eq!(shards(&dataset).len(), 3);
    let report = dataset.collect(&NOW).unwrap();
    assert_eq!((report.generation, report.oldest_kept), (4, 4));
    assert_eq!(report.removed_generations, [0, 1, 2, 3]);
    assert_eq!((report.removed_shards, report.removed_orphans), (1, 0));
    assert!(report.freed_bytes > 0);
    assert_eq!(dataset.generations().unwrap(), [4]);
    assert_eq!(shards(&dataset), named(&dataset));
    let snapshot = dataset.snapshot().unwrap();
    assert!(!snapshot.manifest().names(old));
    assert_eq!(snapshot.manifest().verb, Verb::Collect);
    let expected: Vec<u32> = (100..110).chain(10..20).collect();
    assert_eq!(ids(&snapshot).unwrap(), expected);
}

#[test]
fn nothing_is_published_if_nothing_goes() {
    let dataset = create_simulated(&SimFs::new());
    assert_eq!(dataset.collect(&NOW).unwrap().generation, 0);
    three_generations(&dataset);
    let first = dataset.collect(&NOW).unwrap();
    let second = dataset.collect(&NOW).unwrap();
    let nothing = CollectReport {
        generation: first.generation,
        oldest_kept: first.oldest_kept,
        ..CollectReport::default()
    };
    assert_eq!(second, nothing);
}

#[test]
fn as_many_generations_are_kept_as_are_asked_for() {
    let check = |options: CollectOptions, left: &[u64]| {
        let dataset = create_simulated(&SimFs::new());
        three_generations(&dataset);
        dataset.collect(&options).unwrap();
        assert_eq!(dataset.generations().unwrap(), left, "{options:?}");
        check_whole(&dataset);
    };
    check(NOW.keep(0), &[4]);
    check(NOW.keep(2), &[3, 4]);
    check(NOW.keep(4), &[0, 1, 2, 3]);
    check(NOW.keep(u64::MAX), &[0, 1, 2, 3]);
    check(NOW.keep_from(2), &[2, 3, 4]);
    check(NOW.keep_from(3), &[3, 4]);
    check(NOW.keep_from(0), &[0, 1, 2, 3]);
    check(CollectOptions::new(), &[0, 1, 2, 3]);
}

#[test]
fn more_than_the_newest_cannot_be_kept_from() {
    let dataset = create_simulated(&SimFs::new());
    three_generations(&dataset);
    let error = dataset.collect(&NOW.keep_from(4)).unwrap_err();
    assert!(
        matches!(
            error,
            DatasetError::GenerationGone {
                generation: 4,
                newest: 3,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_generation_stays_until_it_was_followed_long_enough_ago() {
    let dataset = create_simulated(&SimFs::new());
    three_generations(&dataset);
    let age = CollectOptions::new().older(Duration::from_millis(400));
    assert!(
        dataset
            .collect(&age)
            .unwrap()
            .removed_generations
            .is_empty()
    );
    // Generation 2 is the newest for long, but was followed a moment ago.
    thread::sleep(Duration::from_millis(500));
    add_shard(&dataset, 30..40).unwrap();
    let report = dataset.collect(&age).unwrap();
    assert_eq!(report.removed_generations, [0, 1, 2]);
    assert_eq!(report.young_generations, [3, 4]);
    assert_eq!(dataset.generations().unwrap(), [3, 4, 5]);
    check_whole(&dataset);
}

#[test]
fn what_a_reader_has_stays_until_it_ends() {
    let dataset = create_simulated(&SimFs::new());
    let old = three_generations(&dataset);
    let reader = dataset.snapshot_of(2).unwrap();
    let report = dataset.collect(&NOW).unwrap();
    assert_eq!((report.read, report.next_of_read), (vec![2], vec![3]));
    assert_eq!(report.removed_generations, [0, 1]);
    assert_eq!(report.removed_shards, 0);
    assert_eq!(ids(&reader).unwrap(), (0..20).collect::<Vec<_>>());
    let clone = reader.clone();
    drop(reader);
    assert_eq!(dataset.collect(&NOW).unwrap().read, [2]);
    drop(clone);
    let report = dataset.collect(&NOW).unwrap();
    assert_eq!(report.removed_generations, [2, 3]);
    assert_eq!(report.removed_shards, 1);
    let name = crate::place::shard_name(old);
    assert!(!shards(&dataset).contains(&name));
}

/// A publisher that was overtaken found the number after its base free again: what it published was
/// below the newest, and lost.
#[test]
fn no_publisher_goes_on_from_a_generation_that_is_not_the_newest() {
    let dataset = create_simulated(&SimFs::new());
    let place = dataset.place();
    add_shard(&dataset, 0..10).unwrap();
    let base = place.newest().unwrap();
    add_shard(&dataset, 10..20).unwrap();
    add_shard(&dataset, 20..30).unwrap();
    let report = dataset.collect(&NOW).unwrap();
    assert_eq!((report.read, report.next_of_read), (vec![1], vec![2]));
    assert_eq!(dataset.generations().unwrap(), [1, 2, 4]);
    assert!(place.publish(base.next(Verb::Append, 0)).unwrap().is_none());

    // It may as well pin one that is kept for another.
    let stale = place.generation(2).unwrap();
    assert!(
        place
            .publish(stale.next(Verb::Append, 0))
            .unwrap()
            .is_none()
    );
    add_shard(&dataset, 30..40).unwrap();
    let report = dataset.collect(&NOW).unwrap();
    assert_eq!((report.read, report.next_of_read), (vec![1, 2], vec![4]));
    drop((base, stale));
    let left = ids(&dataset.snapshot().unwrap()).unwrap();
    assert_eq!(left, (0..40).collect::<Vec<_>>());
}

#[test]
fn a_dry_run_tells_what_would_go() {
    let dataset = create_simulated(&SimFs::new());
    three_generations(&dataset);
    let before = shards(&dataset);
    let dry = dataset.collect(&NOW.dry_run(true)).unwrap();
    assert_eq!(dataset.generations().unwrap(), [0, 1, 2, 3]);
    assert_eq!(shards(&dataset), before);
    let mut real = dataset.collect(&NOW).unwrap();
    // The bytes of manifests that stay are not counted by a dry run.
    real.freed_bytes = dry.freed_bytes;
    assert_eq!(dry, real);
}

#[test]
fn a_file_that_nobody_named_goes_if_it_is_free_and_old() {
    let dataset = create_simulated(&SimFs::new());
    add_shard(&dataset, 0..10).unwrap();
    let new = new_shard(&dataset, 0..10);
    let count = |options: &CollectOptions| {
        let report = dataset.collect(options).unwrap();
        (
            report.locked_files,
            report.young_files,
            report.removed_orphans,
        )
    };
    assert_eq!(count(&NOW), (1, 0, 0));
    drop(new);
    assert_eq!(count(&CollectOptions::new()), (0, 1, 0));
    assert_eq!(count(&NOW), (0, 0, 1));
    assert_eq!(shards(&dataset), named(&dataset));
    // A change has one lock for all of its shards.
    let mut change = Unpublished::begin(dataset.place()).unwrap();
    let new = [new_shard(&dataset, 0..10), new_shard(&dataset, 10..20)];
    let [next, _] = new.map(|new| change.push(new));
    assert_eq!(count(&NOW), (2, 0, 0));
    change
        .publish_if(Verb::Append, |_, manifest| {
            manifest.entries.push(next.clone());
            Ok(true)
        })
        .unwrap();
    assert_eq!(shards(&dataset), named(&dataset));
    assert_eq!(count(&NOW), (0, 0, 0));
    // Its age is unknown.
    let dir = dataset.place().shards().unwrap();
    dir.create_exclusive(&crate::place::shard_name(FileId([3; 16])))
        .unwrap();
    assert_eq!(count(&CollectOptions::new()), (0, 1, 0));
    assert_eq!(count(&NOW), (0, 0, 1));
}

#[test]
fn files_of_others_stay() {
    let dataset = create_simulated(&SimFs::new());
    three_generations(&dataset);
    for name in ["notes.txt", "x.ngt"] {
        let dir = dataset.place().shards().unwrap();
        dir.create_exclusive(name).unwrap();
        dataset.place().root().create_exclusive(name).unwrap();
    }
    dataset.collect(&NOW).unwrap();
    let left = shards(&dataset);
    assert!(left.contains("notes.txt") && left.contains("x.ngt"));
    let root = dataset.place().root().names().unwrap();
    assert_eq!(root, ["manifest-000000000004.json", "notes.txt", "x.ngt"]);
}

#[test]
fn what_dead_creators_left_goes_and_what_living_ones_write_stays() {
    let dataset = create_simulated(&SimFs::new());
    let name = ".ng-tmp-0123456789abcdef";
    let folders = [
        dataset.place().root().clone(),
        dataset.place().shards().unwrap().into(),
    ];
    for folder in folders {
        let file = folder.create_exclusive(name).unwrap();
        file.try_lock_shared().unwrap();
        dataset.collect(&NOW).unwrap();
        assert!(folder.exists(name).unwrap());
        drop(file);
        dataset.collect(&NOW.dry_run(true)).unwrap();
        assert!(folder.exists(name).unwrap());
        dataset.collect(&NOW).unwrap();
        assert!(!folder.exists(name).unwrap());
    }
}

#[test]
fn an_ended_tail_stays_while_its_writer_lives() {
    let dataset = create_simulated(&SimFs::new());
    let (file, writer) = add_tail(&dataset, 0..10);
    let place = dataset.place();
    place
        .change(Verb::Checkout, |_, next| {
            next.entries.clear();
            Ok(true)
        })
        .unwrap();
    let report = dataset.collect(&NOW).unwrap();
    assert_eq!((report.locked_files, report.removed_shards), (1, 0));
    drop(writer);
    let report = dataset.collect(&NOW).unwrap();
    assert_eq!((report.locked_files, report.removed_shards), (0, 1));
    assert!(!shards(&dataset).contains(&crate::place::shard_name(file)));
}

/// The manifests and the shard of dropped generations that a reader had while they were collected,
/// on a disk that is full to the last byte by now.
fn full_with_what_was_dropped(fs: &SimFs) -> Dataset<SimDir> {
    let dataset = create_simulated(fs);
    three_generations(&dataset);
    let reader = dataset.snapshot_of(2).unwrap();
    dataset.collect(&NOW).unwrap();
    drop(reader);
    add_shard(&dataset, 20..30).unwrap();
    assert_eq!(dataset.generations().unwrap(), [2, 3, 4, 5]);
    fs.set_capacity(Some(fs.used_sectors()));
    dataset
}

#[test]
fn a_full_disk_is_freed_of_what_was_dropped_before() {
    let fs = SimFs::new();
    let dataset = full_with_what_was_dropped(&fs);
    let used = fs.used_sectors();
    add_shard(&dataset, 30..40).unwrap_err();
    let report = dataset.collect(&NOW).unwrap();
    assert_eq!((report.generation, report.oldest_kept), (6, 6));
    assert_eq!(report.removed_generations, [2, 3, 4, 5]);
    assert_eq!((report.removed_shards, report.removed_orphans), (1, 0));
    assert!(report.freed_bytes > 0 && fs.used_sectors() < used);
    assert_eq!(dataset.generations().unwrap(), [6]);
    assert_eq!(shards(&dataset), named(&dataset));
    let expected: Vec<u32> = (100..110).chain(10..30).collect();
    assert_eq!(ids(&dataset.snapshot().unwrap()).unwrap(), expected);
}

#[test]
fn on_a_full_disk_nothing_goes_that_is_kept_or_read() {
    let fs = SimFs::new();
    let dataset = create_simulated(&fs);
    three_generations(&dataset);
    fs.set_capacity(Some(fs.used_sectors()));
    let error = dataset.collect(&NOW).unwrap_err();
    assert!(error.is_no_space(), "{error}");
    assert_eq!(dataset.generations().unwrap(), [0, 1, 2, 3]);
    check_whole(&dataset);

    let fs = SimFs::new();
    let dataset = full_with_what_was_dropped(&fs);
    let reader = dataset.snapshot_of(2).unwrap();
    let error = dataset.collect(&NOW).unwrap_err();
    assert!(error.is_no_space(), "{error}");
    assert_eq!(dataset.generations().unwrap(), [2, 3, 4, 5]);
    check_whole(&dataset);
    drop(reader);
    dataset.collect(&NOW).unwrap();
    check_whole(&dataset);
}

/// Changes the bytes of a manifest.
fn rewrite(folder: &Path, generation: u64, edit: impl FnOnce(&mut Manifest)) {
    let path = folder.join(manifest_name(generation));
    let mut manifest = Manifest::parse(&fs::read(&path).unwrap()).unwrap();
    edit(&mut manifest);
    fs::write(path, manifest.sealed().unwrap().1).unwrap();
}

#[test]
fn a_collector_believes_no_damaged_or_strange_manifest() {
    type IsIt = fn(&DatasetError) -> bool;
    let check = |damage: &dyn Fn(&Path), refusal: Option<IsIt>| {
        let temporary = tempfile::tempdir().unwrap();
        let dataset = Dataset::create(temporary.path(), &CreateOptions::new()).unwrap();
        three_generations(&dataset);
        damage(temporary.path());
        let collected = dataset.collect(&NOW.keep(3));
        assert_eq!(collected.is_err(), refusal.is_some(), "{collected:?}");
        if let Some(is_it) = refusal {
            let error = collected.unwrap_err();
            assert!(is_it(&error), "{error}");
            assert_eq!(shards(&dataset).len(), 3);
        }
        (temporary, dataset)
    };
    let flip = |folder: &Path, generation| {
        let path = folder.join(manifest_name(generation));
        let mut bytes = fs::read(&path).unwrap();
        bytes[20] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    let is_other: IsIt = |error| matches!(error, DatasetError::Manifest { .. });
    let is_kept: IsIt = |error| matches!(error, DatasetError::KeptManifest { generation: 2, .. });
    check(&|_| (), None);
    // The newest; one that is kept, until it is not; one that goes.
    check(&|folder| flip(folder, 3), Some(is_other));
    let (_temporary, dataset) = check(&|folder| flip(folder, 2), Some(is_kept));
    dataset.collect(&NOW.keep_from(3)).unwrap();
    check_whole(&dataset);
    assert_eq!(shards(&dataset), named(&dataset));
    check(&|folder| flip(folder, 1), None);
    let other = FileId([8; 16]);
    for generation in 0..4 {
        check(
            &|folder| rewrite(folder, generation, |manifest| manifest.dataset = other),
            Some(is_other),
        );
    }
    // It names no file that is needed; that is the fault of who wrote it, and not seen here.
    check(
        &|folder| rewrite(folder, 3, |manifest| manifest.oldest_kept = 3),
        None,
    );
}

/// It was kept for the reader's sake, whatever was wrong with it.
#[test]
fn a_strange_manifest_behind_one_that_is_read_is_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let dataset = Dataset::create(temporary.path(), &CreateOptions::new()).unwrap();
    three_generations(&dataset);
    let _reader = dataset.snapshot_of(1).unwrap();
    let other = FileId([8; 16]);
    rewrite(temporary.path(), 2, |manifest| manifest.dataset = other);
    let collected = dataset.collect(&NOW);
    assert!(
        matches!(
            collected,
            Err(DatasetError::Manifest {
                flaw: ManifestFlaw::Dataset { .. },
                ..
            })
        ),
        "{collected:?}"
    );
    assert_eq!(shards(&dataset).len(), 3);
}

#[test]
fn the_last_number_is_no_generation() {
    let last = Manifest {
        generation: u64::MAX,
        parent: Some(crate::Parent {
            generation: u64::MAX - 1,
            hash: 0,
        }),
        ..Manifest::first(FileId([0; 16]), Default::default(), 0)
    };
    let flaw = ManifestFlaw::Field {
        field: "generation",
    };
    assert_eq!(last.sealed().unwrap_err(), flaw);
}

#[test]
fn on_a_real_disk_the_index_goes_too_and_age_is_that_of_the_file() {
    let temporary = tempfile::tempdir().unwrap();
    let dataset = Dataset::create(temporary.path(), &CreateOptions::new()).unwrap();
    let old = add_shard(&dataset, 0..10_000).unwrap();
    let path = dataset.place().shard_path(old);
    let index = ng_query::index::index_folder(&path);
    assert!(index.exists());
    replace_shard(&dataset, old, 0..10_000).unwrap();
    let orphan = new_shard(&dataset, 0..10).entry.file;
    let orphan = dataset.place().shard_path(orphan);
    let report = dataset.collect(&NOW.keep_from(2)).unwrap();
    assert_eq!((report.removed_shards, report.removed_orphans), (2, 1));
    assert!(!path.exists() && !index.exists() && !orphan.exists());

    let orphan = new_shard(&dataset, 0..10).entry.file;
    let orphan = dataset.place().shard_path(orphan);
    assert_eq!(
        dataset.collect(&CollectOptions::new()).unwrap().young_files,
        1
    );
    let file = File::options().write(true).open(&orphan).unwrap();
    let past = SystemTime::now() - Duration::from_secs(3601);
    file.set_modified(past).unwrap();
    drop(file);
    let report = dataset.collect(&CollectOptions::new()).unwrap();
    assert_eq!((report.young_files, report.removed_orphans), (0, 1));
    assert!(!orphan.exists());
}

#[test]
fn what_has_the_name_of_an_index_and_is_none_goes_with_its_shard() {
    let temporary = tempfile::tempdir().unwrap();
    let dataset = Dataset::create(temporary.path(), &CreateOptions::new()).unwrap();
    let olds = [0, 1, 2].map(|_| add_shard(&dataset, 0..10).unwrap());
    let paths = olds.map(|old| dataset.place().shard_path(old));
    let [file, link, folder] = paths.each_ref().map(|path| {
        let index = ng_query::index::index_folder(path);
        fs::remove_dir_all(&index).unwrap();
        index
    });
    let elsewhere = temporary.path().join("elsewhere");
    fs::write(&file, "none").unwrap();
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("notes"), "mine").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
    fs::create_dir(&folder).unwrap();
    for old in olds {
        replace_shard(&dataset, old, 0..10).unwrap();
    }
    let report = dataset.collect(&NOW).unwrap();
    assert_eq!(report.removed_shards, 3);
    for path in paths.iter().chain([&file, &link, &folder]) {
        assert!(fs::symlink_metadata(path).is_err(), "{path:?}");
    }
    assert!(elsewhere.join("notes").exists());
}

/// What a crash left is whole, and the next collector ends what was begun.
fn check_left(left: &SimFs, what: &str) {
    let dataset = open_simulated(left).unwrap_or_else(|error| panic!("{what}: {error}"));
    check_whole(&dataset);
    let snapshot = dataset.snapshot().unwrap();
    let expected: Vec<u32> = (100..110).chain(10..20).chain(0..3).collect();
    assert_eq!(ids(&snapshot).unwrap(), expected, "{what}");
    drop(snapshot);
    dataset.collect(&NOW).unwrap();
    assert_eq!(dataset.generations().unwrap().len(), 1, "{what}");
    assert_eq!(shards(&dataset), named(&dataset), "{what}");
    check_whole(&dataset);
}

/// A dataset with something of each kind to remove.
fn much_to_remove() -> SimFs {
    let fs = SimFs::new();
    let dataset = create_simulated(&fs);
    three_generations(&dataset);
    drop(new_shard(&dataset, 0..5));
    drop(add_tail(&dataset, 0..3));
    dataset
        .place()
        .root()
        .create_exclusive(".ng-tmp-0123456789abcdef")
        .unwrap();
    drop(dataset);
    fs
}

#[test]
fn a_power_cut_at_any_moment_leaves_no_generation_without_its_files() {
    let fs = much_to_remove();
    collect_cut_at_any_moment(&fs, 12, check_left);
}

#[test]
fn a_power_cut_on_a_full_disk_leaves_no_generation_without_its_files() {
    let fs = SimFs::new();
    drop(full_with_what_was_dropped(&fs));
    let expected: Vec<u32> = (100..110).chain(10..30).collect();
    collect_cut_at_any_moment(&fs, 12, |left, what| {
        let dataset = open_simulated(left).unwrap_or_else(|error| panic!("{what}: {error}"));
        check_whole(&dataset);
        let snapshot = dataset.snapshot().unwrap();
        assert_eq!(ids(&snapshot).unwrap(), expected, "{what}");
    });
}

/// Collects, and checks what a power cut leaves at each of at least `least` moments.
fn collect_cut_at_any_moment(fs: &SimFs, least: usize, check: impl Fn(&SimFs, &str)) {
    fs.dir().sync().unwrap();
    fs.dir()
        .folder(crate::place::SHARDS)
        .unwrap()
        .sync()
        .unwrap();
    fs.record_moments();
    let dataset = open_simulated(fs).unwrap();
    dataset.collect(&NOW).unwrap();
    let moments = fs.take_moments();
    assert!(moments.len() > least, "{} moments", moments.len());
    for moment in moments {
        let check = |choose: &mut dyn FnMut(usize) -> usize, how: &str| {
            let left = moment.crash(&mut By(choose), Atomicity::Sector);
            check(&left, &format!("{how}, after {:?}", moment.call()));
        };
        check(&mut |options| KeepAll.choose(options), "all kept");
        check(&mut |options| LoseAll.choose(options), "all lost");
        for seed in 0..24 {
            let mut seeded = Seeded::new(seed);
            check(
                &mut |options| seeded.choose(options),
                &format!("seed {seed}"),
            );
        }
    }
}

struct By<'a>(&'a mut dyn FnMut(usize) -> usize);

impl Choose for By<'_> {
    fn choose(&mut self, options: usize) -> usize {
        (self.0)(options)
    }
}

#[test]
fn a_kill_or_an_error_at_any_operation_leaves_no_generation_without_its_files() {
    let before = much_to_remove();
    let calm = before.fork();
    open_simulated(&calm).unwrap().collect(&NOW).unwrap();
    let operations = calm.operations();
    assert!(operations > 50, "{operations} operations");
    for operation in 0..operations {
        for fault in [Fault::Kill(0), Fault::Fail(Failure::Io)] {
            let fs = before.fork();
            fs.inject(When::Operation(operation), fault);
            let ended = open_simulated(&fs).and_then(|dataset| dataset.collect(&NOW));
            if ended.is_ok() {
                assert_ne!(fault, Fault::Kill(0), "operation {operation}");
            }
            check_left(&fs, &format!("{fault:?} at operation {operation}"));
        }
    }
}

/// Publishers, collectors and readers at once: nobody misses a file, and no rows are lost.
fn race<R: Dir + Sync>(open: impl Fn() -> Dataset<R> + Sync) {
    const PUBLISHERS: u32 = 3;
    const CHANGES: u32 = 12;
    let at_work = AtomicBool::new(true);
    let (reads, next) = (AtomicU32::new(0), AtomicU32::new(0));
    let publish = || {
        let dataset = open();
        for change in 0..CHANGES {
            let id = next.fetch_add(1, Ordering::Relaxed);
            let file = add_shard(&dataset, id..id + 1).unwrap();
            if change % 2 == 0 {
                replace_shard(&dataset, file, id..id + 1).unwrap();
            }
        }
    };
    let collect = || {
        let dataset = open();
        while at_work.load(Ordering::Relaxed) {
            dataset.collect(&NOW).unwrap();
        }
    };
    let read = || {
        let dataset = open();
        while at_work.load(Ordering::Relaxed) {
            let snapshot = dataset.snapshot().unwrap();
            ids(&snapshot).unwrap();
            thread::yield_now();
            ids(&snapshot).unwrap();
            reads.fetch_add(1, Ordering::Relaxed);
            let oldest = dataset.generations().unwrap()[0];
            match dataset.snapshot_of(oldest) {
                Err(DatasetError::GenerationGone { .. }) => {}
                old => drop(ids(&old.unwrap()).unwrap()),
            }
        }
    };
    thread::scope(|scope| {
        let publishers: Vec<_> = (0..PUBLISHERS).map(|_| scope.spawn(publish)).collect();
        let others = [
            scope.spawn(collect),
            scope.spawn(collect),
            scope.spawn(read),
            scope.spawn(read),
        ];
        let is_published = publishers
            .into_iter()
            .fold(true, |all, it| all & it.join().is_ok());
        at_work.store(false, Ordering::Relaxed);
        assert!(others.into_iter().all(|it| it.join().is_ok()));
        assert!(is_published);
    });
    assert!(reads.into_inner() > 0);
    let dataset = open();
    dataset.collect(&NOW).unwrap();
    assert_eq!(dataset.generations().unwrap().len(), 1);
    assert_eq!(shards(&dataset).len(), (PUBLISHERS * CHANGES) as usize);
    let mut all = ids(&dataset.snapshot().unwrap()).unwrap();
    all.sort_unstable();
    assert_eq!(all, (0..PUBLISHERS * CHANGES).collect::<Vec<_>>());
}

#[test]
fn on_a_simulated_disk_nobody_misses_a_file() {
    let fs = SimFs::new();
    drop(create_simulated(&fs));
    race(|| -> Dataset<SimDir> { open_simulated(&fs).unwrap() });
}

#[test]
fn on_a_real_disk_nobody_misses_a_file() {
    let temporary = tempfile::tempdir().unwrap();
    let place = || {
        let root = ng_store::disk::RealDir::open(temporary.path()).unwrap();
        (root, temporary.path())
    };
    let (root, path) = place();
    drop(Dataset::create_in(root, path, &CreateOptions::new()).unwrap());
    race(|| {
        let (root, path) = place();
        Dataset::open_in(root, path).unwrap()
    });
}
