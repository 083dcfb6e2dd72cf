use std::fs::File;
use std::sync::Mutex;

use ng_parallel::Workers;
use ng_store::disk::{Dir, Disk};

use super::verify::{almost_sorted, four_shards, verified};
use super::*;
use crate::manifest::Taken;
use crate::shard::Unpublished;
use crate::{DatasetError, Orphan, OrphanState, RepairOptions, RepairReport, Verb, WriterOptions};

fn repair(dataset: &Dataset, options: &RepairOptions) -> RepairReport {
    let workers = Workers::new(1).unwrap();
    dataset.repair(&workers, options, |_| ()).unwrap()
}

/// The ids of the shards that the other tests begin with.
fn all() -> Vec<u32> {
    (10_000..30_010).collect()
}

fn check_clean(dataset: &Dataset) {
    let report = verified(dataset);
    assert!(report.is_clean(), "{report:?}");
}

#[test]
fn nothing_is_published_for_a_sound_dataset() {
    let (_temporary, dataset, _) = four_shards();
    let before = listing(dataset.path());
    let report = repair(&dataset, &RepairOptions::new());
    assert_eq!(report.generation, None);
    assert_eq!(listing(dataset.path()), before);
}

#[test]
fn bad_blocks_become_zero_tokens_or_are_left_out() {
    for leaves_out in [false, true] {
        let (_temporary, dataset, files) = four_shards();
        flip_token(&dataset, files[1], 5000);
        let report = repair(&dataset, &RepairOptions::new().leave_out(leaves_out));
        assert_eq!(report.generation, Some(5));
        let [repaired] = &report.repaired[..] else {
            panic!("{report:?}");
        };
        assert_eq!(repaired.file, files[1]);
        assert_eq!(repaired.report.as_ref().unwrap().lost, vec![4096..8192]);
        let lost = 14_096..18_192;
        let mut expected = all();
        match leaves_out {
            true => drop(expected.drain(lost)),
            false => expected[lost].fill(0),
        }
        assert!(shown(&dataset) == expected);
        check_clean(&dataset);
        // The damaged file is as it was, for the generations that name it.
        assert_eq!(dataset.snapshot_of(4).unwrap().len(), 20_010);
        assert_eq!(repair(&dataset, &RepairOptions::new()).generation, None);
    }
}

#[test]
fn every_row_range_of_a_damaged_file_is_kept_where_it_was() {
    for leaves_out in [false, true] {
        let (_temporary, dataset, files) = four_shards();
        let new = new_shard(&dataset, 0..3);
        let taken = Taken {
            file: files[1],
            rows: 5000..9000,
            sealed: None,
        };
        let exchange = |_: &_, next: &mut Manifest| {
            next.replace(std::slice::from_ref(&taken), vec![new.entry.clone()])
                .unwrap();
            Ok(true)
        };
        dataset.place().change(Verb::Update, exchange).unwrap();
        flip_token(&dataset, files[1], 100);
        let mut expected = shown_with_damage(files[1], &dataset);
        repair(&dataset, &RepairOptions::new().leave_out(leaves_out));
        // The first block of the second shard.
        match leaves_out {
            true => drop(expected.drain(10_000..14_096)),
            false => expected[10_000..14_096].fill(0),
        }
        assert!(shown(&dataset) == expected);
        check_clean(&dataset);
    }
}

/// What would be shown if it were sound.
fn shown_with_damage(file: FileId, dataset: &Dataset) -> Vec<u32> {
    flip_token(dataset, file, 100);
    let shown = shown(dataset);
    flip_token(dataset, file, 100);
    shown
}

#[test]
fn a_file_that_is_cut_keeps_what_is_left() {
    let (_temporary, dataset, files) = four_shards();
    let path = dataset.place().shard_path(files[1]);
    let file = File::options().write(true).open(path).unwrap();
    // Of the last block nothing is left.
    file.set_len(file.metadata().unwrap().len() - 1808 * 64)
        .unwrap();
    repair(&dataset, &RepairOptions::new());
    let found = shown(&dataset);
    assert_eq!(found.len(), all().len());
    assert!(found[..18_192] == all()[..18_192]);
    assert!(found[18_192..20_000].iter().all(|id| *id == 0));
    assert!(found[20_000..] == all()[20_000..]);
    check_clean(&dataset);
}

#[test]
fn a_zone_is_computed_anew() {
    let (_temporary, dataset, files) = four_shards();
    rewrite(&dataset, 4, |manifest| {
        let entry = manifest.entries.iter_mut().find(|it| it.file == files[1]);
        let zone = ng_query::Zone::of(&tokens(0..5));
        entry.unwrap().sealed.as_mut().unwrap().zone = Some(zone);
    });
    let report = repair(&dataset, &RepairOptions::new());
    assert_eq!(report.rezoned, [files[1]]);
    assert!(report.repaired.is_empty());
    assert_eq!(shown(&dataset), all());
    check_clean(&dataset);
}

#[test]
fn a_length_and_an_order_are_told_as_they_are() {
    let (_temporary, dataset, file) = almost_sorted("id", 0..10_000);
    let path = dataset.place().shard_path(file);
    let bytes = path.metadata().unwrap().len() + 5;
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_len(bytes)
        .unwrap();
    let dry = repair(&dataset, &RepairOptions::new().dry_run(true));
    assert_eq!((dry.generation, &dry.corrected[..]), (None, &[file][..]));
    let before = shown(&dataset);
    let report = repair(&dataset, &RepairOptions::new());
    assert_eq!(report.corrected, [file]);
    assert!(report.repaired.is_empty() && report.rezoned.is_empty());
    let snapshot = dataset.snapshot().unwrap();
    let sealed = snapshot.shards()[0].sealed().unwrap();
    assert_eq!((sealed.bytes, &sealed.order), (bytes, &None));
    assert_eq!(shown(&dataset), before);
    check_clean(&dataset);
}

#[test]
fn exchanged_files_are_found_by_what_they_are() {
    let (_temporary, dataset, files) = four_shards();
    let paths = files.map(|file| dataset.place().shard_path(file));
    let aside = dataset.path().join("aside");
    fs::rename(&paths[0], &aside).unwrap();
    fs::rename(&paths[1], &paths[0]).unwrap();
    fs::rename(&aside, &paths[1]).unwrap();
    let report = repair(&dataset, &RepairOptions::new());
    assert_eq!(report.repaired.len(), 2);
    assert!(report.left.is_empty(), "{:?}", report.left);
    assert!(shown(&dataset) == all());
    check_clean(&dataset);
}

#[test]
fn what_is_not_there_stays_named_unless_it_is_given_up() {
    let (_temporary, dataset, files) = four_shards();
    fs::remove_file(dataset.place().shard_path(files[1])).unwrap();
    fs::write(dataset.place().shard_path(files[2]), [7; 100]).unwrap();
    let report = repair(&dataset, &RepairOptions::new());
    assert_eq!((report.generation, report.left.len()), (None, 2));
    let report = repair(&dataset, &RepairOptions::new().drop_missing(true));
    let mut dropped = report.dropped;
    dropped.sort_unstable();
    let mut expected = files[1..].to_vec();
    expected.sort_unstable();
    assert_eq!(dropped, expected);
    assert_eq!(shown(&dataset), (10_000..20_000).collect::<Vec<_>>());
}

#[test]
fn the_tail_of_a_living_writer_is_left_to_it() {
    let (_temporary, dataset) = create();
    let mut writer = dataset.writer(&WriterOptions::new()).unwrap();
    writer.append(&tokens(0..10_000)).unwrap();
    writer.commit().unwrap();
    let file = dataset.snapshot().unwrap().shards()[0].file();
    flip_token(&dataset, file, 5);
    let options = RepairOptions::new().drop_missing(true).close_tails(true);
    let report = repair(&dataset, &options);
    assert_eq!(report.generation, None);
    assert_eq!(report.left[0].file, file);
    drop(writer);
    // Without a writer it becomes a shard.
    let report = repair(&dataset, &options);
    assert_eq!(report.repaired[0].file, file);
    assert!(report.closed_tails.is_empty());
    let found = shown(&dataset);
    assert_eq!(found.len(), 10_000);
    assert!(found[4096..].iter().copied().eq(4096..10_000));
    check_clean(&dataset);
}

#[test]
fn tails_without_a_writer_are_sealed_if_asked() {
    let (_temporary, dataset) = create();
    let (file, writer) = add_tail(&dataset, 0..5);
    drop(writer);
    assert!(
        repair(&dataset, &RepairOptions::new())
            .closed_tails
            .is_empty()
    );
    let report = repair(&dataset, &RepairOptions::new().close_tails(true));
    assert_eq!(report.closed_tails, [file]);
    assert_eq!(shown(&dataset), (0..5).collect::<Vec<_>>());
    check_clean(&dataset);
}

#[test]
fn above_a_damaged_manifest_the_dataset_goes_on_and_its_shards_are_found() {
    let (_temporary, dataset, files) = four_shards();
    flip_manifest(&dataset, 3);
    flip_manifest(&dataset, 4);
    assert!(matches!(
        add_shard(&dataset, 0..1),
        Err(DatasetError::Manifest { .. })
    ));
    let orphans = |report: &RepairReport| -> Vec<(FileId, String)> {
        let state = |it: &crate::Orphan| (it.file, format!("{:?}", it.state));
        report.orphans.iter().map(state).collect()
    };
    let dry = repair(&dataset, &RepairOptions::new().dry_run(true));
    assert!(dry.has_damaged_manifest);
    assert_eq!(dry.generation, None);
    // The refused shard, whose creator ended, is the third.
    assert_eq!(dry.orphans.len(), 3, "{:?}", orphans(&dry));
    let report = repair(&dataset, &RepairOptions::new());
    assert_eq!(report.generation, Some(5));
    assert_eq!(orphans(&report), orphans(&dry));
    assert_eq!(shown(&dataset), (10_000..20_000).collect::<Vec<_>>());
    check_clean(&dataset);

    // Now it can be changed again, and what was lost comes back if asked.
    let extra: Vec<FileId> = dry.orphans.iter().map(|orphan| orphan.file).collect();
    let extra = extra
        .into_iter()
        .find(|file| !files.contains(file))
        .unwrap();
    fs::remove_file(dataset.place().shard_path(extra)).unwrap();
    let report = repair(&dataset, &RepairOptions::new().recover_orphans(true));
    assert_eq!(report.generation, Some(6));
    let recovered = report.orphans.iter().map(|orphan| &orphan.state);
    let recovered: u64 = recovered
        .map(|state| match state {
            OrphanState::Recovered { rows } => *rows,
            other => panic!("{other:?}"),
        })
        .sum();
    assert_eq!(recovered, 10_010);
    let mut found = shown(&dataset);
    found.sort_unstable();
    assert!(found == all());
    check_clean(&dataset);
    add_shard(&dataset, 0..1).unwrap();
    // The damaged ones go when they are no longer kept.
    let collected = dataset.collect(&NOW).unwrap();
    assert_eq!(collected.removed_generations, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(shown(&dataset).len(), 20_011);
}

#[test]
fn orphans_that_are_locked_or_damaged_are_not_recovered() {
    let (_temporary, dataset, _) = four_shards();
    let locked = new_shard(&dataset, 0..5);
    let damaged = new_shard(&dataset, 0..5000).entry.file;
    flip_token(&dataset, damaged, 3);
    let report = repair(&dataset, &RepairOptions::new().recover_orphans(true));
    assert_eq!(report.generation, None);
    for orphan in &report.orphans {
        match orphan.file == damaged {
            true => assert!(
                matches!(orphan.state, OrphanState::Damaged(_)),
                "{orphan:?}"
            ),
            false => assert!(matches!(orphan.state, OrphanState::Locked), "{orphan:?}"),
        }
    }
    assert_eq!(report.orphans.len(), 2);
    let mut change = Unpublished::begin(dataset.place()).unwrap();
    change.push(locked);
    let report = repair(&dataset, &RepairOptions::new().recover_orphans(true));
    let is_locked = |orphan: &Orphan| matches!(orphan.state, OrphanState::Locked);
    assert!(report.orphans.iter().all(is_locked), "{report:?}");
    drop(change);
    let report = repair(&dataset, &RepairOptions::new());
    let left: Vec<FileId> = report.orphans.iter().map(|orphan| orphan.file).collect();
    assert_eq!(left, [damaged]);
}

/// Verifying takes hours: a file that was a writer's, or a change's, when the folder was listed was
/// named and replaced until the orphans were looked at. It was appended, and deleted rows came back;
/// without recovery it was told to be one that no generation names.
#[test]
fn what_was_named_or_removed_while_the_shards_were_verified_is_no_orphan() {
    for recovers in [true, false] {
        let (_temporary, dataset, _) = four_shards();
        let (named, removed) = (new_shard(&dataset, 0..5), new_shard(&dataset, 5..9));
        let (file, path) = (
            named.entry.file,
            dataset.place().shard_path(removed.entry.file),
        );
        let creators = Mutex::new(Some([named, removed]));
        let others = |_| {
            let Some([named, removed]) = creators.lock().unwrap().take() else {
                return;
            };
            let name = |_: &_, next: &mut Manifest| {
                next.add(named.entry.clone());
                Ok(true)
            };
            dataset.place().change(Verb::Append, name).unwrap();
            drop((named, removed));
            fs::remove_file(&path).unwrap();
            replace_shard(&dataset, file, 0..2).unwrap();
        };
        let options = RepairOptions::new().recover_orphans(recovers);
        let workers = Workers::new(1).unwrap();
        let report = dataset.repair(&workers, &options, others).unwrap();
        assert!(creators.into_inner().unwrap().is_none());
        assert!(report.orphans.is_empty(), "{:?}", report.orphans);
        assert_eq!(report.generation, None);
        let expected: Vec<u32> = (10_000..30_010).chain(0..2).collect();
        assert!(shown(&dataset) == expected);
    }
}

/// It ended the repair, so that no damaged shard was replaced.
#[test]
fn a_lock_of_changes_that_cannot_be_opened_is_told_of_the_orphans_alone() {
    let (_temporary, dataset, files) = four_shards();
    flip_token(&dataset, files[1], 5);
    let orphan = new_shard(&dataset, 0..5).entry.file;
    // It leads to itself.
    let lock = dataset.path().join("changes.lock");
    std::os::unix::fs::symlink("changes.lock", lock).unwrap();
    let report = repair(&dataset, &RepairOptions::new().recover_orphans(true));
    assert_eq!((report.generation, report.repaired.len()), (Some(5), 1));
    let [found] = &report.orphans[..] else {
        panic!("{:?}", report.orphans);
    };
    assert_eq!(found.file, orphan);
    assert!(
        matches!(&found.state, OrphanState::Damaged(DatasetError::Io { path, .. }) if path.ends_with("changes.lock")),
        "{found:?}"
    );
}

#[test]
fn a_change_waits_for_who_asks_whether_one_is_at_work_and_for_no_other_change() {
    let (_temporary, dataset, _) = four_shards();
    let place = dataset.place();
    drop(place.lock_changes().unwrap());
    let asking = place.root().open("changes.lock", false).unwrap();
    asking.try_lock_shared().unwrap();
    let asked = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(2));
        drop(asking);
    });
    let change = place.lock_changes().unwrap();
    asked.join().unwrap();
    assert!(place.is_changing().unwrap());
    let error = place.lock_changes().unwrap_err();
    assert!(matches!(error, DatasetError::Locked { .. }), "{error}");
    drop(change);
    assert!(!place.is_changing().unwrap());
}

#[test]
fn a_dry_run_writes_nothing() {
    let (_temporary, dataset, files) = four_shards();
    flip_token(&dataset, files[1], 5);
    drop(new_shard(&dataset, 0..5));
    rewrite(&dataset, 4, |manifest| {
        let zone = ng_query::Zone::of(&tokens(0..5));
        manifest.entries[0].sealed.as_mut().unwrap().zone = Some(zone);
    });
    let before = listing(dataset.path());
    let options = RepairOptions::new().recover_orphans(true).close_tails(true);
    let report = repair(&dataset, &options.clone().dry_run(true));
    assert_eq!(listing(dataset.path()), before);
    assert_eq!(report.repaired.len(), 1);
    assert_eq!(report.rezoned, [files[0]]);
    assert_eq!(report.orphans.len(), 1);
    let report = repair(&dataset, &options);
    assert_eq!(report.generation, Some(5));
    check_clean(&dataset);
}
