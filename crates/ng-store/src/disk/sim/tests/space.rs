use std::io;

use super::super::LoseAll;
use super::*;

#[test]
fn allocation_fails_whole_when_space_is_short() {
    let (fs, file) = file_on(4);
    assert_no_space(file.allocate(0, 5 * 512));
    assert_eq!(file.len().unwrap(), 0);
    file.allocate(0, 4 * 512).unwrap();
    assert_eq!(file.len().unwrap(), 4 * 512);
    assert_eq!(letters(&content_of(&file)), "....");
    assert_eq!(fs.used_sectors(), 4);
}

#[test]
fn writes_into_allocated_space_need_no_more() {
    let (_fs, file) = file_on(2);
    file.allocate(0, 1_024).unwrap();
    write(&file, &sectors(b'n', 2), 0);
    write(&file, &sectors(b'm', 2), 0);
    assert_no_space(file.write_at(b"x", 1_024));
}

#[test]
fn writes_into_holes_take_space_and_stop_short() {
    let (fs, file) = file_on(3);
    file.set_len(1 << 40).unwrap();
    assert_eq!(fs.used_sectors(), 0);
    write(&file, b"x", 1 << 30);
    assert_eq!(fs.used_sectors(), 1);
    let count = file.write_at(&sectors(b'n', 4), 100).unwrap();
    assert_eq!(count, 2 * 512 - 100);
    assert_no_space(file.write_at(&sectors(b'n', 1), 1_024));
    assert_eq!(fs.used_sectors(), 3);
}

#[test]
fn space_comes_back() {
    let (fs, file) = file_on(4);
    file.allocate(0, 2_048).unwrap();
    file.set_len(513).unwrap();
    assert_eq!(fs.used_sectors(), 2);
    dir(&fs).unlink("a").unwrap();
    assert_eq!(fs.used_sectors(), 2, "the file is open");
    drop(file);
    assert_eq!(fs.used_sectors(), 0);
    fs.set_capacity(Some(9));
    let file = dir(&fs).create_exclusive("b").unwrap();
    file.allocate(0, 9 * 512).unwrap();
}

#[test]
fn an_allocation_is_durable_after_a_sync() {
    let (fs, file) = one_file();
    file.set_len(4_096).unwrap();
    file.sync().unwrap();
    file.allocate(0, 1_024).unwrap();
    file.allocate(2_048, 512).unwrap();
    let used = |fs: &SimFs| seen(fs, SimFs::used_sectors);
    assert_eq!(used(&fs), BTreeSet::from([0, 1, 2, 3]));
    file.sync().unwrap();
    assert_eq!(used(&fs), BTreeSet::from([3]));
    file.set_len(512).unwrap();
    file.sync().unwrap();
    file.set_len(4_096).unwrap();
    assert_eq!(used(&fs), BTreeSet::from([1]));
}

#[test]
fn space_beyond_the_length_that_survived_is_free() {
    let (fs, file) = one_file();
    file.allocate(0, 1_024).unwrap();
    let seen = seen(&fs, |after| {
        (open(after, "a").len().unwrap(), after.used_sectors())
    });
    assert_eq!(seen, BTreeSet::from([(0, 0), (1_024, 0), (1_024, 2)]));
}

#[test]
fn a_sector_that_survives_has_its_space() {
    let (fs, file) = one_file();
    file.set_len(4_096).unwrap();
    file.sync().unwrap();
    write(&file, &sectors(b'n', 2), 512);
    let used = seen(&fs, |after| {
        let kept = letters(&content(after, "a")).replace('.', "").len();
        (kept, after.used_sectors())
    });
    assert_eq!(used, BTreeSet::from([(0, 0), (1, 1), (2, 2)]));
}

#[test]
fn the_capacity_outlives_the_power() {
    let (fs, _file) = file_on(2);
    let after = crash(&fs, &mut LoseAll);
    assert_no_space(open(&after, "a").allocate(0, 2_048));
}

#[test]
fn impossible_ranges_are_refused() {
    let (fs, file) = one_file();
    let kind = |result: io::Result<()>| result.unwrap_err().kind();
    let huge = i64::MAX as u64;
    assert_eq!(kind(file.allocate(0, 0)), io::ErrorKind::InvalidInput);
    assert_eq!(kind(file.set_len(huge + 1)), io::ErrorKind::InvalidInput);
    assert_eq!(kind(file.allocate(huge, 1)), io::ErrorKind::FileTooLarge);
    let written = file.write_at(b"x", u64::MAX).map(drop);
    assert_eq!(kind(written), io::ErrorKind::FileTooLarge);
    fs.refuse_allocation();
    assert_eq!(kind(file.allocate(0, 1)), io::ErrorKind::Unsupported);
    assert_eq!(file.len().unwrap(), 0);
}

fn file_on(capacity: u64) -> (SimFs, SimFile) {
    let (fs, file) = one_file();
    fs.set_capacity(Some(capacity));
    (fs, file)
}

fn assert_no_space<T>(result: io::Result<T>) {
    let kind = result.map(drop).unwrap_err().kind();
    assert_eq!(kind, io::ErrorKind::StorageFull);
}
