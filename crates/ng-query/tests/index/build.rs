//! Builds are right, complete, and the same for any number of threads.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use ng_parallel::{StopFlag, Workers};
use ng_query::index::{BuildOptions, Index, IndexError, build, remove};
use ng_query::{Column, Zone};
use ng_store::BlockReader;
use ng_token::{Axis, Space};

use crate::fixture::{Oracle, Place, append, everything, names, tokens};

const BLOCK: usize = 4096;

#[test]
fn a_whole_index_answers_everything_about_the_full_blocks() {
    let count = 5 * BLOCK + 100;
    let place = Place::of(count);
    let report = place.build(&everything());
    assert_eq!((report.index.blocks, report.read_blocks), (5, 5));
    assert_eq!(report.index.columns.len(), 34);
    let oracle = Oracle::of_everything(&tokens(0, count));
    let index = place.load().unwrap();
    assert_eq!(oracle.check(&index), oracle.whole());
    assert_eq!(
        (index.covered_blocks(), index.damaged_blocks()),
        (5, &[][..])
    );
    assert_eq!(index.columns(), report.index.columns);
    assert_eq!(index.boxes(), Space::ALL);
    assert_eq!(index.values::<f32>(Column::Weight, 0).unwrap().len(), BLOCK);
    assert!(index.warnings().is_empty(), "{:?}", index.warnings());
    let sizes: u64 = names(&place.index())
        .iter()
        .filter(|name| *name != "index.json")
        .map(|name| fs::metadata(place.index().join(name)).unwrap().len())
        .sum();
    assert_eq!(
        (index.size_bytes(), report.index.size_bytes),
        (sizes, sizes)
    );
}

#[test]
#[expect(
    unsafe_code,
    reason = "the constructor that maps; the files are the test's own"
)]
fn a_mapped_index_says_the_same_and_stays_while_another_is_built() {
    let place = Place::of(3 * BLOCK + 1);
    place.build(&everything());
    let oracle = Oracle::of_everything(&tokens(0, 3 * BLOCK + 1));
    // SAFETY: (1) Only this test knows the files, and it changes none.
    let index = unsafe { Index::open(&place.reader()) }.unwrap();
    // Half of the answers come after the files have lost their names.
    assert!(index.column(Column::Weight, 0).is_some());
    place.build(&everything().rebuild(true));
    assert_eq!(oracle.check(&index), oracle.whole());
    assert!(index.warnings().is_empty(), "{:?}", index.warnings());
}

#[test]
#[should_panic(expected = "bytes of a value of weight")]
fn values_of_another_size_are_not_asked_for() {
    let place = Place::of(BLOCK);
    place.build(&everything());
    let _ = place.load().unwrap().values::<u16>(Column::Weight, 0);
}

#[test]
fn an_index_of_no_full_block_covers_nothing() {
    for count in [0, 1, BLOCK - 1] {
        let place = Place::of(count);
        assert!(place.load().is_none());
        let report = place.build(&everything());
        assert_eq!(report.index.blocks, 0);
        let index = place.load().unwrap();
        assert_eq!(index.covered_blocks(), 0);
        assert!(index.warnings().is_empty(), "{:?}", index.warnings());
    }
}

/// The files of an index without the number of the build.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let build = names(folder)
        .iter()
        .find_map(|name| {
            Some(
                name.strip_prefix("zones-")?
                    .strip_suffix(".arrow")?
                    .to_owned(),
            )
        })
        .unwrap();
    let without = |text: String| text.replace(&build, "BUILD");
    let file = |name: String| {
        let mut bytes = fs::read(folder.join(&name)).unwrap();
        if name == "index.json" {
            let text = without(String::from_utf8(bytes).unwrap());
            // The hash covers the number, too.
            bytes = text.split("\"hash\":\"").next().unwrap().into();
        }
        (without(name), bytes)
    };
    names(folder).into_iter().map(file).collect()
}

#[test]
fn an_index_is_the_same_for_any_number_of_threads() {
    let place = Place::of(40 * BLOCK + 1);
    let options = everything().rebuild(true);
    let built = [1, 2, 7].map(|threads| {
        let workers = Workers::new(threads).unwrap();
        build(&workers, &place.reader(), &options, |_, _| ()).unwrap();
        contents(&place.index())
    });
    assert!(built[0] == built[1] && built[0] == built[2]);
}

/// More than one segment, and a last one that grows.
#[test]
fn what_grew_is_added_and_the_rest_stays() {
    let counts = [1, 257, 258].map(|blocks| blocks * BLOCK + 9);
    let all = tokens(0, counts[2]);
    let place = Place::of(1);
    let columns = [Column::Strength, Column::Coordinate(Space::Motor, Axis::Y)];
    let options = BuildOptions::new()
        .columns(columns)
        .ids(true)
        .boxes([Space::Motor]);
    let mut there = 1;
    let mut read = Vec::new();
    for count in counts {
        append(&place.file(), &all[there..count]);
        there = count;
        read.push(place.build(&options).read_blocks);
        let oracle = Oracle::new(&all[..count], &columns, &[Space::Motor]);
        let index = place.load().unwrap();
        assert_eq!(oracle.check(&index), oracle.whole(), "{count}");
        assert!(index.warnings().is_empty());
        // Everything in the folder is named in the manifest.
        let segments = (count / BLOCK).div_ceil(256);
        assert_eq!(names(&place.index()).len(), 5 + 2 * segments);
    }
    // A full segment stays, and one that has grown is made anew.
    assert_eq!(read, [1, 257, 2]);
    assert_eq!(place.build(&options).read_blocks, 0);
}

#[test]
fn columns_are_added_kept_and_dropped() {
    let place = Place::of(2 * BLOCK);
    let weight = BuildOptions::new().columns([Column::Weight]);
    let ids = BuildOptions::new().ids(true).boxes([Space::Social]);
    place.build(&weight);
    let columns = || place.load().unwrap().columns().to_vec();
    assert_eq!(columns(), [Column::Weight]);
    assert_eq!(place.build(&BuildOptions::new()).read_blocks, 0);
    let report =
        place.build(&BuildOptions::new().columns([Column::Id, Column::Id, Column::Weight]));
    assert_eq!(report.index.columns, [Column::Id, Column::Weight]);
    assert_eq!(columns(), [Column::Id, Column::Weight]);
    place.build(&ids);
    let index = place.load().unwrap();
    assert_eq!(
        (index.columns().len(), index.boxes(), index.ids().is_some()),
        (2, &[Space::Social][..], true)
    );
    place.build(&weight.clone().only(true));
    let index = place.load().unwrap();
    assert_eq!(
        (index.columns(), index.boxes(), index.ids().is_some()),
        (&[Column::Weight][..], &[][..], false)
    );
    assert_eq!(names(&place.index()).len(), 5);
    place.build(&BuildOptions::new().only(true));
    assert_eq!(columns(), []);
    assert!(remove(&place.file()).unwrap());
    assert!(!place.index().exists());
    assert!(!remove(&place.file()).unwrap());
    assert!(place.load().is_none());
}

#[test]
fn a_position_is_no_column_of_an_index() {
    let place = Place::of(BLOCK);
    let error = place
        .try_build(&BuildOptions::new().columns([Column::Position]))
        .unwrap_err();
    assert!(matches!(error, IndexError::NotStored { .. }), "{error}");
    assert!(!place.index().exists());
}

#[test]
fn a_build_that_is_stopped_leaves_the_index_of_before() {
    let place = Place::of(2 * BLOCK);
    place.build(&everything());
    let before = contents(&place.index());
    let stop = StopFlag::new();
    let workers = Workers::new(2).unwrap().with_stop_flag(stop.clone());
    let stopped = build(
        &workers,
        &place.reader(),
        &everything().rebuild(true),
        |_, _| stop.stop(),
    );
    assert!(
        matches!(stopped, Err(IndexError::Parallel(_))),
        "{stopped:?}"
    );
    assert!(contents(&place.index()) == before);
}

#[test]
fn it_is_told_how_far_a_build_is() {
    let place = Place::of(20 * BLOCK + 5);
    let told = std::sync::Mutex::new(Vec::new());
    let watch = |done, total| told.lock().unwrap().push((done, total));
    build(
        &Workers::new(1).unwrap(),
        &place.reader(),
        &BuildOptions::new(),
        watch,
    )
    .unwrap();
    let all = 20 * BLOCK as u64;
    assert_eq!(
        told.into_inner().unwrap(),
        [(8 * 4096, all), (16 * 4096, all), (all, all)]
    );
}

/// A link leads to the file, and so to its index.
#[cfg(unix)]
#[test]
fn an_index_lies_beside_the_file_that_a_link_leads_to() {
    let place = Place::of(BLOCK);
    let link = place.named("link");
    std::os::unix::fs::symlink(place.file(), &link).unwrap();
    let reader = BlockReader::open(&link).unwrap();
    build(
        &Workers::new(1).unwrap(),
        &reader,
        &BuildOptions::new(),
        |_, _| (),
    )
    .unwrap();
    assert_eq!(place.load().unwrap().covered_blocks(), 1);
    assert!(
        place
            .index()
            .starts_with(fs::canonicalize(place.file()).unwrap().parent().unwrap())
    );
}

/// Everything whose name began like a file of an index was removed.
#[test]
fn what_is_no_file_of_a_build_is_left_alone() {
    let place = Place::of(2 * BLOCK);
    place.build(&everything());
    let strange = [
        "ids-of-my-own.txt",
        "manifest-notes.txt",
        "zones-0123.arrow",
        "zones-0123456789abcdeg.arrow",
        "zones-0123456789abcdef.json",
        "zones-0123456789abcdef",
        "columns-0123456789abcdef.arrow",
        "columns-123-0123456789abcdef.arrow",
        "ids-00001-0123456789abcdef.arrow",
    ];
    let folders = ["zones-x", "zones-0123456789abcdef.arrow"];
    let leavings = [
        "ids-0123456789abcdef.arrow",
        "manifest-0123456789abcdef.json",
        "pieces-0123456789abcdef.bin",
        "run-00017-0123456789abcdef.bin",
        "columns-00000-0123456789abcdef.arrow",
        "boxes-123456-0123456789abcdef.arrow",
    ];
    for name in strange.iter().chain(&leavings) {
        fs::write(place.index().join(name), b"x").unwrap();
    }
    for name in folders {
        fs::create_dir(place.index().join(name)).unwrap();
    }
    place.build(&everything().rebuild(true));
    let left = names(&place.index());
    for name in strange.iter().chain(&folders) {
        assert!(
            left.iter().any(|left| left == name),
            "no {name} in {left:?}"
        );
    }
    for name in leavings {
        assert!(!left.iter().any(|left| left == name), "{name} in {left:?}");
    }
    assert!(remove(&place.file()).unwrap());
    assert_eq!(names(&place.index()).len(), strange.len() + folders.len());
}

/// For a file without a full block nothing remembered what was wanted.
#[test]
fn what_is_wanted_of_a_short_file_is_kept_up_when_it_has_grown() {
    let place = Place::of(100);
    let wanted = BuildOptions::new()
        .columns([Column::Weight])
        .boxes([Space::Physical])
        .ids(true);
    let of = |index: &ng_query::index::IndexInfo| {
        (index.columns.clone(), index.boxes.clone(), index.ids)
    };
    let all = (vec![Column::Weight], vec![Space::Physical], true);
    assert_eq!(of(&place.build(&wanted).index), all);
    assert_eq!(of(&place.build(&BuildOptions::new()).index), all);
    append(&place.file(), &tokens(100, 10_000));
    assert_eq!(of(&place.build(&BuildOptions::new()).index), all);
    let index = place.load().unwrap();
    assert_eq!(index.covered_blocks(), 2);
    assert_eq!(
        (index.columns(), index.boxes(), index.ids().is_some()),
        (&all.0[..], &all.1[..], true)
    );
    let dropped = place.build(&BuildOptions::new().only(true)).index;
    assert_eq!(of(&dropped), (vec![], vec![], false));
}

/// Opening a pipe of that name blocked, deaf to every signal.
#[cfg(unix)]
#[test]
fn a_lock_that_is_no_file_is_not_waited_for() {
    let place = Place::of(BLOCK);
    fs::create_dir(place.index()).unwrap();
    let lock = place.index().join("lock");
    let made = std::process::Command::new("mkfifo").arg(&lock).status();
    assert!(made.unwrap().success());
    for told in [
        place.try_build(&everything()).unwrap_err().to_string(),
        remove(&place.file()).unwrap_err().to_string(),
    ] {
        assert!(told.contains("lock: cannot open: "), "{told}");
    }
}

/// A dangling link was taken for a lock that is held.
#[cfg(unix)]
#[test]
fn a_folder_that_is_a_link_to_nothing_is_told() {
    let place = Place::of(BLOCK);
    let target = place.named("elsewhere");
    std::os::unix::fs::symlink(&target, place.index()).unwrap();
    let error = place.try_build(&everything()).unwrap_err();
    assert!(matches!(error, IndexError::Io { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("t.ngt.index: cannot follow the link: "),
        "{error}"
    );
    // A link to a folder is a folder.
    fs::create_dir(&target).unwrap();
    place.build(&everything());
    assert_eq!(place.load().unwrap().covered_blocks(), 1);
}

#[test]
fn a_build_tells_the_zone_of_all_tokens() {
    for count in [0, 1, 4095, 4096, 4097, 3 * 4096 + 77] {
        let place = Place::of(count);
        let zone = match count {
            0 => None,
            _ => Some(Zone::of(&tokens(0, count))),
        };
        // The second build has nothing to do.
        for read in [count as u64 / 4096, 0] {
            let report = place.build(&BuildOptions::new().sync(false));
            assert_eq!(report.read_blocks, read, "{count}");
            let told = report.zone.map(|zone| zone.to_bytes());
            assert_eq!(told, zone.map(|zone| zone.to_bytes()), "{count}");
        }
        append(&place.file(), &tokens(1, 5_000));
        let report = place.build(&BuildOptions::new());
        let all = [tokens(0, count), tokens(1, 5_000)].concat();
        let told = report.zone.map(|zone| zone.to_bytes());
        assert_eq!(told, Some(Zone::of(&all).to_bytes()), "{count} and more");
    }
}

#[test]
fn the_zone_of_a_file_with_a_damaged_block_is_unknown() {
    for block in [1, 2] {
        let place = Place::of(2 * 4096 + 77);
        let offset = place.reader().info().data_offset + (block * 4096 + 11) * 64;
        let file = fs::OpenOptions::new()
            .write(true)
            .open(place.file())
            .unwrap();
        file.write_all_at(&[0xA5; 64], offset).unwrap();
        let report = place.build(&BuildOptions::new());
        assert_eq!(report.zone, None, "block {block}");
    }
}

/// Without waiting for the disk an index is the same.
#[test]
fn an_index_that_is_not_synced_is_the_same() {
    let options = || {
        BuildOptions::new()
            .columns([Column::Weight])
            .boxes([Space::Motor])
            .ids(true)
    };
    let place = Place::of(3 * 4096 + 77);
    place.build(&options().sync(false));
    let unsynced = place.load().unwrap();
    place.build(&options().rebuild(true));
    let synced = place.load().unwrap();
    assert_eq!(unsynced.covered_blocks(), 3);
    for block in 0..3 {
        assert_eq!(unsynced.zone(block), synced.zone(block));
        let weights = |index: &Index| index.column(Column::Weight, block).map(<[u8]>::to_vec);
        assert_eq!(weights(&unsynced), weights(&synced));
        assert!(unsynced.page_boxes(Space::Motor, block).is_some());
    }
    let id = tokens(0, 1)[0].id().raw();
    assert_eq!(unsynced.positions(id), synced.positions(id));
    assert!(unsynced.warnings().is_empty());
}
