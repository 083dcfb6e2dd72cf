//! Rows that a change rewrites, as the changes do it: one generation that names other files.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use ng_parallel::Workers;
use ng_query::sealed::FileId;
use ng_store::disk::RealDir;
use ng_token::Token;

use super::{Cursor, FollowOptions, Followed, Follower};
use crate::manifest::Taken;
use crate::place::shard_name;
use crate::shard::{NewShard, ShardOptions};
use crate::{
    ChangeOptions, CreateOptions, Dataset, DatasetError, Roll, Verb, Writer, WriterOptions,
};

const BLOCK: u32 = 4096;

fn dataset(folder: &Path) -> Dataset {
    Dataset::create(folder.join("tokens.ngd"), &CreateOptions::new()).unwrap()
}

fn rolling() -> WriterOptions {
    WriterOptions::new().roll(Roll {
        tokens: Some(1),
        ..Roll::default()
    })
}

fn append(writer: &mut Writer, ids: Range<u32>) {
    let tokens: Vec<Token> = ids.map(Token::new).collect();
    writer.append(&tokens).unwrap();
    writer.commit().unwrap();
}

/// Puts tokens in the place of rows.
fn rewrite(dataset: &Dataset, taken: &[(FileId, Range<u64>)], ids: Range<u32>) -> FileId {
    let place = dataset.place();
    let mut shard = NewShard::<RealDir>::begin(place, ShardOptions::default()).unwrap();
    shard
        .append(&ids.map(Token::new).collect::<Vec<_>>())
        .unwrap();
    let finished = shard.finish(place).unwrap();
    let taken = taken.iter().map(|(file, rows)| Taken {
        file: *file,
        rows: rows.clone(),
        sealed: None,
    });
    let taken: Vec<Taken> = taken.collect();
    place
        .change(Verb::Update, |newest, next| {
            let replaced = next.replace(&taken, vec![finished.entry.clone()]);
            replaced.map_err(|what| place.conflict(newest.generation, what))?;
            Ok(true)
        })
        .unwrap();
    finished.entry.file
}

/// The rows of all sealed shards.
fn sealed(dataset: &Dataset) -> Vec<(FileId, Range<u64>)> {
    let snapshot = dataset.snapshot().unwrap();
    let sealed = snapshot.shards().iter().filter(|shard| !shard.is_open());
    sealed.map(|shard| (shard.file(), shard.rows())).collect()
}

fn remove(dataset: &Dataset, file: FileId) {
    let shards = dataset.path().join("shards");
    fs::remove_file(shards.join(shard_name(file))).unwrap();
}

fn take(follower: &mut Follower) -> (Vec<u32>, u64) {
    let (mut ids, mut gone) = (Vec::new(), 0);
    loop {
        match follower.next(Duration::ZERO).unwrap() {
            Followed::Tokens(batch) => ids.extend(batch.tokens.iter().map(|it| it.id().raw())),
            Followed::Gap { rows } => gone += rows,
            Followed::Nothing | Followed::Closed => return (ids, gone),
            other => panic!("{other:?}"),
        }
    }
}

fn told(range: Range<u32>) -> (Vec<u32>, u64) {
    (range.collect(), 0)
}

fn ids(dataset: &Dataset) -> Vec<u32> {
    let snapshot = dataset.snapshot().unwrap();
    let mut ids = Vec::new();
    let all = snapshot.for_each(0..snapshot.len(), |_, tokens| {
        ids.extend(tokens.iter().map(|token| token.id().raw()));
        Ok::<_, DatasetError>(())
    });
    all.unwrap();
    ids
}

#[test]
fn rows_that_were_told_are_not_told_again_when_they_are_rewritten() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut follower = dataset.follow(&FollowOptions::new()).unwrap();
    let mut writer = dataset.writer(&rolling()).unwrap();
    let first = writer.tail();
    append(&mut writer, 0..BLOCK + 10);
    assert_eq!(take(&mut follower), told(0..BLOCK + 10));
    let rows = 0..u64::from(BLOCK);
    let second = rewrite(&dataset, &[(first, rows.clone())], 70_000..70_000 + BLOCK);
    remove(&dataset, first);
    assert_eq!(take(&mut follower), (vec![], 0));
    rewrite(&dataset, &[(second, rows)], 90_000..90_001);
    append(&mut writer, BLOCK + 10..BLOCK + 20);
    assert_eq!(take(&mut follower), told(BLOCK + 10..BLOCK + 20));

    // Who begins now gets what is there.
    let mut late = dataset.follow(&FollowOptions::new()).unwrap();
    let mut expected = vec![90_000];
    expected.extend(BLOCK..BLOCK + 20);
    assert_eq!(take(&mut late), (expected, 0));
}

#[test]
fn the_rows_of_an_open_tail_are_rewritten_and_its_writer_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut follower = dataset.follow(&FollowOptions::new()).unwrap();
    let mut writer = dataset.writer(&rolling()).unwrap();
    let tail = writer.tail();
    append(&mut writer, 0..5);
    assert_eq!(take(&mut follower), told(0..5));
    append(&mut writer, 5..10);
    rewrite(&dataset, &[(tail, 0..8)], 100..108);
    let mut late = dataset.follow(&FollowOptions::new()).unwrap();
    assert_eq!(take(&mut follower), told(5..10));
    append(&mut writer, 10..20);
    writer.roll().unwrap();
    writer.wait().unwrap();
    let snapshot = dataset.snapshot().unwrap();
    let [changed, sealed, open] = snapshot.shards() else {
        panic!("{snapshot:?}");
    };
    assert_eq!((changed.rows(), sealed.rows()), (0..8, 8..20));
    assert!(open.is_open() && sealed.file() == tail);
    assert_eq!(snapshot.manifest().appended, 20);
    let rewritten: Vec<u32> = (100..108).chain(8..20).collect();
    assert_eq!(ids(&dataset), rewritten);
    assert_eq!(take(&mut follower), told(10..20));
    assert_eq!(take(&mut late), (rewritten, 0));
}

#[test]
fn a_tail_of_which_all_rows_are_rewritten_is_not_named_when_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut follower = dataset.follow(&FollowOptions::new()).unwrap();
    let mut writer = dataset.writer(&rolling()).unwrap();
    let tail = writer.tail();
    append(&mut writer, 0..10);
    rewrite(&dataset, &[(tail, 0..10)], 100..110);
    writer.close().unwrap();
    let snapshot = dataset.snapshot().unwrap();
    assert_eq!(snapshot.shards().len(), 1);
    assert_eq!(snapshot.manifest().appended, 10);
    assert_eq!(take(&mut follower), told(0..10));
}

#[test]
fn rows_that_were_rewritten_while_nobody_followed_come_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut writer = dataset.writer(&rolling()).unwrap();
    let mut slow = dataset.follow(&FollowOptions::new()).unwrap();
    append(&mut writer, 0..10);
    assert_eq!(take(&mut slow), told(0..10));
    let cursor = FollowOptions::new().from_cursor(slow.cursor());
    append(&mut writer, 10..6 * BLOCK);
    writer.wait().unwrap();
    let first = rewrite(&dataset, &sealed(&dataset), 100_000..100_010);
    rewrite(&dataset, &[(first, 0..10)], 200_000..200_001);
    append(&mut writer, 6 * BLOCK..6 * BLOCK + 5);
    let mut resumed = dataset.follow(&cursor).unwrap();
    for follower in [&mut slow, &mut resumed] {
        assert_eq!(take(follower), told(10..6 * BLOCK + 5));
    }
    writer.close().unwrap();
    for follower in [&mut slow, &mut resumed] {
        assert_eq!(take(follower), (vec![], 0));
    }
}

#[test]
fn a_cursor_of_an_empty_tail_that_has_gone_repeats_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut writer = dataset.writer(&rolling()).unwrap();
    append(&mut writer, 0..BLOCK);
    writer.roll().unwrap();
    writer.wait().unwrap();
    let mut other = dataset.writer(&rolling()).unwrap();
    append(&mut other, BLOCK..BLOCK + 3);
    let mut follower = dataset.follow(&FollowOptions::new()).unwrap();
    assert_eq!(take(&mut follower), told(0..BLOCK + 3));
    writer.close().unwrap();
    let cursor = FollowOptions::new().from_cursor(follower.cursor());
    append(&mut other, BLOCK + 3..BLOCK + 4);
    let mut third = dataset.writer(&rolling()).unwrap();
    append(&mut third, BLOCK + 4..BLOCK + 5);
    let mut resumed = dataset.follow(&cursor).unwrap();
    assert_eq!(take(&mut resumed), told(BLOCK + 3..BLOCK + 5));
    other.close().unwrap();
    third.close().unwrap();
    assert_eq!(take(&mut resumed), (vec![], 0));
}

#[test]
fn who_is_far_behind_does_not_hold_all_that_waits() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut follower = dataset.follow(&FollowOptions::new()).unwrap();
    let mut writer = dataset.writer(&rolling()).unwrap();
    append(&mut writer, 0..12 * BLOCK + 1);
    let (mut ids, mut most) = (Vec::new(), 0);
    while let Followed::Tokens(batch) = follower.next(Duration::ZERO).unwrap() {
        ids.extend(batch.tokens.iter().map(|it| it.id().raw()));
        most = most.max(follower.items.len());
    }
    assert_eq!((ids, 0), told(0..12 * BLOCK + 1));
    assert!(most <= super::MOST_WAITING + 1, "{most}");
}

#[test]
fn rows_that_are_rewritten_before_they_are_told_come_as_they_were_or_are_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut writer = dataset.writer(&rolling()).unwrap();
    let mut follower = dataset.follow(&FollowOptions::new()).unwrap();
    append(&mut writer, 0..2 * BLOCK);
    writer.wait().unwrap();
    let snapshot = dataset.snapshot().unwrap();
    let files: Vec<FileId> = snapshot.shards().iter().map(crate::Shard::file).collect();
    let cursor = FollowOptions::new().from_cursor(follower.cursor());
    let mut early = dataset.follow(&FollowOptions::new()).unwrap();
    let rows = 0..u64::from(BLOCK);
    let taken = [(files[0], rows.clone()), (files[1], rows)];
    rewrite(&dataset, &taken, 100_000..100_000 + 2 * BLOCK);
    remove(&dataset, files[1]);
    let half = ((0..BLOCK).collect(), u64::from(BLOCK));
    assert_eq!(take(&mut early), half);
    // It has known of the first tail only.
    assert_eq!(take(&mut follower), half);
    let mut resumed = dataset.follow(&cursor).unwrap();
    assert_eq!(take(&mut resumed), half);
    append(&mut writer, 0..1);
    assert_eq!(take(&mut early), told(0..1));
    assert_eq!(take(&mut follower), told(0..1));
}

#[test]
fn what_an_upsert_adds_is_told_and_what_it_changes_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut follower = dataset.follow(&FollowOptions::new()).unwrap();
    let mut writer = dataset.writer(&rolling()).unwrap();
    append(&mut writer, 0..10);
    let cursor = FollowOptions::new().from_cursor(follower.cursor());
    assert_eq!(take(&mut follower), told(0..10));
    let workers = Workers::new(1).unwrap();
    let upsert = |ids: Range<u32>| {
        let tokens = ids.map(Token::new);
        dataset
            .upsert(&workers, tokens, &ChangeOptions::new())
            .unwrap();
    };
    upsert(5..12);
    assert_eq!(take(&mut follower), told(10..12));
    upsert(10..13);
    assert_eq!(take(&mut follower), told(12..13));
    writer.close().unwrap();
    assert_eq!(take(&mut follower), (vec![], 0));
    let mut resumed = dataset.follow(&cursor).unwrap();
    let (mut ids, gone) = take(&mut resumed);
    ids.sort_unstable();
    assert_eq!(gone + ids.len() as u64, 13);
}

#[test]
fn a_damaged_block_is_told_once_and_what_is_behind_it_follows() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let roll = Roll {
        tokens: Some(u64::from(3 * BLOCK)),
        ..Roll::default()
    };
    let mut writer = dataset.writer(&WriterOptions::new().roll(roll)).unwrap();
    let file = writer.tail();
    append(&mut writer, 0..3 * BLOCK + 7);
    writer.wait().unwrap();
    let path = dataset.place().shard_path(file);
    let mut bytes = fs::read(&path).unwrap();
    let offset = ng_store::BlockReader::open(&path)
        .unwrap()
        .info()
        .data_offset;
    bytes[offset as usize + (BLOCK as usize + 5) * 64] ^= 1;
    fs::write(&path, bytes).unwrap();
    let mut follower = dataset.follow(&FollowOptions::new()).unwrap();
    let (mut ids, mut damaged) = (Vec::new(), Vec::new());
    loop {
        match follower.next(Duration::ZERO).unwrap() {
            Followed::Tokens(batch) => ids.extend(batch.tokens.iter().map(|it| it.id().raw())),
            Followed::Damaged { file, rows } => damaged.push((file, rows)),
            Followed::Nothing => break,
            other => panic!("{other:?}"),
        }
    }
    let sound: Vec<u32> = (0..BLOCK).chain(2 * BLOCK..3 * BLOCK + 7).collect();
    assert_eq!(ids, sound);
    assert_eq!(damaged, [(file, u64::from(BLOCK))]);
}

#[test]
fn a_file_that_cannot_be_read_does_not_keep_the_others_back() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut writer = dataset.writer(&rolling()).unwrap();
    let path = dataset.place().shard_path(writer.tail());
    append(&mut writer, 0..2 * BLOCK + 3);
    writer.wait().unwrap();
    let mut follower = dataset.follow(&FollowOptions::new()).unwrap();
    let away = path.with_extension("away");
    fs::rename(&path, &away).unwrap();
    fs::create_dir(&path).unwrap();
    follower.next(Duration::ZERO).unwrap_err();
    let mut ids = Vec::new();
    while let Ok(Followed::Tokens(batch)) = follower.next(Duration::ZERO) {
        ids.extend(batch.tokens.iter().map(|it| it.id().raw()));
    }
    assert_eq!((ids, 0), told(BLOCK..2 * BLOCK + 3));
    fs::remove_dir(&path).unwrap();
    fs::rename(&away, &path).unwrap();
    assert_eq!(take(&mut follower), told(0..BLOCK));
}

#[test]
fn the_numbers_of_a_cursor_do_not_overflow() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut writer = dataset.writer(&rolling()).unwrap();
    append(&mut writer, 0..5);
    let (id, file, most) = (dataset.id(), writer.tail(), u64::MAX);
    let text = format!("{id}:0,{file}:{most}-open,{file}:{most}-open,{file}:3-{most}");
    let cursor: Cursor = text.parse().unwrap();
    let mut follower = dataset
        .follow(&FollowOptions::new().from_cursor(cursor))
        .unwrap();
    while follower.next(Duration::ZERO).unwrap() != Followed::Nothing {}
    writer.close().unwrap();
    while follower.next(Duration::ZERO).unwrap() != Followed::Nothing {}
}
