//! An index of another commit than the one that is read.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;

use ng_query::Column;
use ng_query::index::{BuildOptions, Index, IndexWarning};
use ng_store::BlockReader;
use ng_token::Space;

use crate::amount::{count, scale};
use crate::fixture::{Oracle, Place, append, everything, tell_answers, tokens};

const BLOCK: usize = 4096;

#[test]
fn after_appends_it_stays_right_for_what_it_covers() {
    let all = tokens(0, 6 * BLOCK);
    let place = Place::of(2 * BLOCK + 100);
    place.build(&everything());
    for end in [2 * BLOCK + 101, 3 * BLOCK, 6 * BLOCK] {
        let there = place.reader().len() as usize;
        append(&place.file(), &all[there..end]);
        let index = place.load().unwrap();
        assert_eq!(index.covered_blocks(), 2);
        assert!(index.warnings().is_empty(), "{:?}", index.warnings());
        let first = Oracle::of_everything(&all[..2 * BLOCK]);
        let oracle = Oracle::of_everything(&all[..end]);
        assert_eq!(oracle.check(&index).zones, 2);
        assert_eq!(first.check(&index), first.whole());
        count("index: appends behind it", 1);
    }
    tell_answers();
}

/// A reader at an older commit uses what ends within it.
#[test]
fn a_reader_of_an_older_commit_takes_what_ends_within_it() {
    let all = tokens(0, 258 * BLOCK);
    let columns = [Column::Radius];
    let place = Place::of(257 * BLOCK);
    let reader = place.reader();
    append(&place.file(), &all[257 * BLOCK..]);
    place.build(&BuildOptions::new().columns(columns).ids(true));
    let index = Index::load(&reader).unwrap();
    assert_eq!(index.covered_blocks(), 256);
    let told = index.warnings();
    assert!(
        matches!(
            told[..],
            [IndexWarning::Beyond {
                covered: 258,
                have: 257,
                ..
            }]
        ),
        "{told:?}"
    );
    let oracle = Oracle::new(&all[..256 * BLOCK], &columns, &[]);
    let said = oracle.check(&index);
    assert_eq!((said.zones, said.pieces), (256, 256));
    assert_eq!(index.ids().unwrap().end(), 256 * 4096);
}

/// The file goes back to before a commit, and another commit is made in its place: as after a
/// commit whose sync failed.
#[test]
fn what_is_of_a_commit_that_was_taken_back_is_put_aside() {
    let columns = [Column::Weight];
    let options = BuildOptions::new()
        .columns(columns)
        .ids(true)
        .boxes([Space::Motor]);
    let mut cases = 0;
    // Blocks of the commit that stays, of the one taken back, and of the other.
    let some = [(0, 1, 1), (1, 3, 3), (1, 3, 2), (1, 2, 3), (256, 258, 257)];
    let more = (1..scale() as usize)
        .map(|turn| (turn % 5, turn % 5 + 1 + turn % 3, turn % 5 + 1 + turn % 4));
    for (stays, gone, other) in some.into_iter().chain(more) {
        let place = Place::of(stays * BLOCK + 50);
        let before = fs::read(place.file()).unwrap();
        append(
            &place.file(),
            &tokens(1, gone * BLOCK)[stays * BLOCK + 50..],
        );
        place.build(&options);
        fs::write(place.file(), &before).unwrap();
        append(
            &place.file(),
            &tokens(2, other * BLOCK)[stays * BLOCK + 50..],
        );
        let all = [
            &tokens(0, stays * BLOCK + 50),
            &tokens(2, other * BLOCK)[stays * BLOCK + 50..],
        ]
        .concat();
        let oracle = Oracle::new(&all, &columns, &[Space::Motor]);

        let index = place.load().unwrap();
        let said = oracle.check(&index);
        // Whole segments common to all of them.
        let shared = if stays >= 256 { 256 } else { 0 };
        assert_eq!((said.zones, said.pieces), (shared, shared));
        let told = index.warnings();
        let is_told = |warning: &IndexWarning| {
            matches!(
                warning,
                IndexWarning::TakenBack { .. } | IndexWarning::Beyond { .. }
            )
        };
        assert!(told.len() == 1 && told.iter().all(is_told), "{told:?}");

        let report = place.build(&BuildOptions::new());
        assert_eq!(report.read_blocks as usize, other - shared);
        assert_eq!(report.index.warnings.len(), 1);
        let index = place.load().unwrap();
        assert_eq!(
            oracle.check(&index),
            oracle.whole(),
            "{stays} {gone} {other}"
        );
        assert!(index.warnings().is_empty());
        cases += 1;
    }
    count("index: commits taken back", cases);
    tell_answers();
}

#[test]
fn a_damaged_block_is_left_out_and_taken_in_when_it_is_whole() {
    let all = tokens(0, 4 * BLOCK);
    let place = Place::of(4 * BLOCK);
    let offset = place.reader().info().data_offset + 2 * 64 * BLOCK as u64 + 777;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(place.file())
        .unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).unwrap();
    file.write_all_at(&[!byte[0]], offset).unwrap();
    let report = place.build(&everything());
    assert_eq!(
        (report.index.blocks, &report.index.damaged[..]),
        (4, &[2][..])
    );
    let oracle = Oracle::of_everything(&all);
    let index = place.load().unwrap();
    assert_eq!(index.damaged_blocks(), [2]);
    let said = oracle.check(&index);
    assert_eq!((said.zones, said.pieces, said.boxes), (3, 3 * 34, 3 * 8));
    assert_eq!(index.ids().unwrap().len(), 3 * 4096);
    assert!(index.zone(2).is_none() && index.column(Column::Id, 2).is_none());
    assert!(index.warnings().is_empty(), "{:?}", index.warnings());
    assert_eq!(place.build(&everything()).read_blocks, 0);

    file.write_all_at(&byte, offset).unwrap();
    assert_eq!(place.build(&everything()).read_blocks, 4);
    assert_eq!(oracle.check(&place.load().unwrap()), oracle.whole());
}

/// Without a sound block table nothing can be compared with it.
#[test]
fn a_file_whose_table_is_damaged_is_asked_without_its_index() {
    let place = Place::of(3 * BLOCK);
    place.build(&everything());
    let file = OpenOptions::new().write(true).open(place.file()).unwrap();
    file.write_all_at(&[0xEE], 0x10000).unwrap();
    let index = place.load().unwrap();
    assert_eq!(index.covered_blocks(), 0);
    let told = index.warnings();
    assert!(matches!(told[..], [IndexWarning::Table { .. }]), "{told:?}");
    place.try_build(&everything()).unwrap_err();
}

/// `cp`, and a file that takes another one's name.
#[test]
fn a_copy_has_the_index_of_its_file_and_a_new_file_has_none() {
    let place = Place::of(2 * BLOCK);
    place.build(&everything());
    let copy = Place::new();
    fs::copy(place.file(), copy.file()).unwrap();
    fs::rename(place.index(), copy.index()).unwrap();
    assert_eq!(copy.load().unwrap().covered_blocks(), 2);
    crate::fixture::save(&copy.named("new"), &tokens(0, 2 * BLOCK));
    fs::rename(copy.named("new"), copy.file()).unwrap();
    let index = Index::load(&BlockReader::open(copy.file()).unwrap()).unwrap();
    assert_eq!(index.covered_blocks(), 0);
}
