use std::io;

use super::super::{CallKind, Failure, Fault, Killed, LoseAll, PowerCut, When};
use super::*;

#[test]
fn the_operation_with_the_index_fails_and_no_other() {
    for at in 0..4 {
        let (fs, file) = one_file();
        let first = fs.operations();
        fs.inject(When::Operation(first + at), Fault::Fail(Failure::Io));
        let failed: Vec<bool> = (0..4).map(|_| file.len().is_err()).collect();
        let expected: Vec<bool> = (0..4).map(|index| index == at).collect();
        assert_eq!(failed, expected);
        assert_eq!((fs.operations(), fs.pending_faults()), (first + 4, 0));
    }
}

#[test]
fn calls_are_counted_by_kind() {
    let (fs, file) = one_file();
    fs.inject(When::Nth(CallKind::Write, 1), Fault::Fail(Failure::Io));
    write(&file, b"0", 0);
    file.len().unwrap();
    assert!(file.write_at(b"1", 0).is_err());
    write(&file, b"2", 0);
    assert_eq!(fs.operations_of(CallKind::Write), 3);
    assert_eq!(fs.operations_of(CallKind::Sync), 0);
    assert_eq!(fs.log().len() as u64, fs.operations());
}

#[test]
fn every_operation_can_fail_in_every_way_and_then_does_nothing() {
    let failures = [
        (Failure::Interrupted, io::ErrorKind::Interrupted),
        (Failure::NoSpace, io::ErrorKind::StorageFull),
    ];
    for (failure, kind) in failures {
        for index in 0..OPERATIONS {
            let error = check_fails(index, Fault::Fail(failure));
            assert_eq!(error.kind(), kind, "operation {index}");
        }
    }
    for index in 0..OPERATIONS {
        let error = check_fails(index, Fault::Fail(Failure::Io));
        assert_eq!(error.raw_os_error(), Some(5), "operation {index}");
    }
}

#[test]
fn short_reads_and_writes_stop_where_they_are_told() {
    for bytes in [0, 3] {
        let (fs, file) = one_file();
        fs.inject(When::Nth(CallKind::Write, 0), Fault::Short(bytes));
        assert_eq!(file.write_at(b"hello", 0).unwrap() as u64, bytes);
        assert_eq!(file.len().unwrap(), bytes);
        write(&file, b"hello", 0);
        fs.inject(When::Nth(CallKind::Read, 0), Fault::Short(bytes));
        let mut buffer = *b".....";
        assert_eq!(file.read_at(&mut buffer, 0).unwrap() as u64, bytes);
        assert_eq!(&buffer, if bytes == 0 { b"....." } else { b"hel.." });
    }
}

#[test]
fn a_short_allocation_is_one_that_ran_out_of_space() {
    let (fs, file) = one_file();
    fs.inject(When::Nth(CallKind::Allocate, 0), Fault::Short(1_024));
    let kind = file.allocate(0, 4_096).unwrap_err().kind();
    assert_eq!(kind, io::ErrorKind::StorageFull);
    assert_eq!((file.len().unwrap(), fs.used_sectors()), (1_024, 2));
    fs.inject(When::Nth(CallKind::Allocate, 1), Fault::Short(0));
    assert!(file.allocate(4_096, 4_096).is_err());
    assert_eq!((file.len().unwrap(), fs.used_sectors()), (1_024, 2));
}

#[test]
fn a_failed_sync_leaves_the_pages_unsynced() {
    let (fs, file) = with_old_sectors(1);
    write(&file, &sectors(b'n', 1), 0);
    fs.inject(next_sync(&fs), Fault::Fail(Failure::Io));
    assert!(file.sync().is_err());
    assert_eq!(seen_letters(&fs), set(["o", "n"]));
    file.sync().unwrap();
    assert_eq!(seen_letters(&fs), set(["n"]));
}

#[test]
fn forgotten_pages_read_as_written_and_no_sync_writes_them() {
    let (fs, file) = with_old_sectors(2);
    write(&file, &sectors(b'n', 1), 0);
    fs.inject(next_sync(&fs), Fault::FailForgetting(Failure::Io));
    assert!(file.sync().is_err());
    write(&file, &sectors(b'm', 1), 512);
    file.sync().unwrap();
    assert_eq!(letters(&content_of(&file)), "nm");
    assert_eq!(seen_letters(&fs), set(["om", "nm"]));
    // Once rewritten, they are like any others.
    write(&file, &sectors(b'n', 1), 0);
    file.sync().unwrap();
    assert_eq!(seen_letters(&fs), set(["nm"]));
}

#[test]
fn every_handle_that_was_open_is_told_of_forgotten_pages_once() {
    let (fs, file) = with_old_sectors(1);
    let others = [open(&fs, "a"), fs.dir().open("a", false).unwrap()];
    write(&file, &sectors(b'n', 1), 0);
    fs.inject(next_sync(&fs), Fault::FailForgetting(Failure::Io));
    assert!(file.sync().is_err());
    file.sync().unwrap();
    open(&fs, "a").sync().unwrap();
    for other in others {
        assert!(other.sync().is_err());
        other.sync().unwrap();
    }
}

#[test]
fn forgotten_pages_are_evicted_unless_they_were_written_again() {
    let (fs, file) = with_old_sectors(16);
    write(&file, &sectors(b'n', 16), 0);
    fs.inject(next_sync(&fs), Fault::FailForgetting(Failure::Io));
    assert!(file.sync().is_err());
    write(&file, &sectors(b'm', 1), 8 * 512);
    fs.evict();
    assert_eq!(letters(&content_of(&file)), "oooooooomnnnnnnn");
    file.sync().unwrap();
    fs.evict();
    assert_eq!(letters(&content_of(&file)), "oooooooomooooooo");
}

#[test]
fn a_failed_writeback_forgets_its_own_pages() {
    let (fs, file) = one_file();
    write(&file, &sectors(b'n', 24), 0);
    let next = When::Nth(CallKind::StartWriteback, 0);
    fs.inject(next, Fault::FailForgetting(Failure::Io));
    assert!(file.start_writeback(4_096, 4_096).is_err());
    file.sync().unwrap();
    let after = crash(&fs, &mut LoseAll);
    let expected = ["nnnnnnnn", "........", "nnnnnnnn"].concat();
    assert_eq!(letters(&content(&after, "a")), expected);
}

/// How many sectors an uncached read of the file sees.
fn uncached_letters(file: &SimFile) -> String {
    let mut buffer = vec![0; file.len().unwrap() as usize];
    let count = file.read_uncached_at(&mut buffer, 0).unwrap();
    assert_eq!(count, buffer.len());
    letters(&buffer)
}

#[test]
fn what_is_read_around_the_page_cache_is_what_is_on_its_way_to_the_disk() {
    let (fs, file) = with_old_sectors(16);
    write(&file, &sectors(b'n', 16), 0);
    assert_eq!(uncached_letters(&file), "nnnnnnnnnnnnnnnn");
    fs.inject(next_sync(&fs), Fault::FailForgetting(Failure::Io));
    assert!(file.sync().is_err());
    write(&file, &sectors(b'm', 1), 8 * 512);
    assert_eq!(letters(&content_of(&file)), "nnnnnnnnmnnnnnnn");
    assert_eq!(uncached_letters(&file), "oooooooomooooooo");
}

#[test]
fn pages_of_an_uncached_write_are_gone_when_their_sync_fails_to_write_them() {
    let (fs, file) = with_old_sectors(24);
    let new = sectors(b'n', 24);
    // Two pages, and half of the last, which is kept like any other.
    assert_eq!(
        file.write_uncached_at(&new[..20 * 512], 0).unwrap(),
        20 * 512
    );
    fs.inject(next_sync(&fs), Fault::FailForgetting(Failure::Io));
    assert!(file.sync().is_err());
    assert_eq!(letters(&content_of(&file)), "oooooooooooooooonnnnoooo");
    // Pages rewritten normally are.
    file.write_uncached_at(&new, 0).unwrap();
    write(&file, &sectors(b'm', 1), 0);
    fs.inject(next_sync(&fs), Fault::FailForgetting(Failure::Io));
    assert!(file.sync().is_err());
    assert_eq!(letters(&content_of(&file)), "mnnnnnnnoooooooooooooooo");
}

#[test]
fn a_range_that_is_dropped_reads_as_it_is_on_the_disk() {
    let (fs, file) = with_old_sectors(24);
    write(&file, &sectors(b'n', 24), 0);
    file.drop_cached(0, 12_288);
    assert_eq!(
        letters(&content_of(&file)),
        "n".repeat(24),
        "dirty pages stay"
    );
    fs.inject(next_sync(&fs), Fault::FailForgetting(Failure::Io));
    assert!(file.sync().is_err());
    file.drop_cached(4_096, 4_096);
    assert_eq!(letters(&content_of(&file)), "nnnnnnnnoooooooonnnnnnnn");
}

#[test]
fn who_waits_for_writeback_is_told_of_a_failure_and_the_next_sync_is_not() {
    let (fs, file) = one_file();
    let other = fs.dir().open("a", true).unwrap();
    write(&file, &sectors(b'n', 8), 0);
    let next = When::Nth(CallKind::FinishWriteback, 0);
    fs.inject(next, Fault::FailForgetting(Failure::Io));
    assert!(file.finish_writeback(0, 4_096).is_err());
    file.finish_writeback(0, 4_096).unwrap();
    file.sync().unwrap();
    assert!(other.finish_writeback(0, 4_096).is_err());
    other.sync().unwrap();
    assert_eq!(
        letters(&content(&crash(&fs, &mut LoseAll), "a")),
        "........"
    );
}

#[test]
fn a_disk_that_refuses_has_no_way_around_the_page_cache() {
    let (fs, file) = one_file();
    fs.refuse_uncached();
    let kind = |outcome: io::Result<usize>| outcome.unwrap_err().kind();
    let write = file.write_uncached_at(b"x", 0);
    assert_eq!(kind(write), io::ErrorKind::Unsupported);
    assert_eq!(file.len().unwrap(), 0);
    let read = file.read_uncached_at(&mut [0], 0);
    assert_eq!(kind(read), io::ErrorKind::Unsupported);
}

#[test]
fn the_power_fails_with_the_operation_under_way() {
    let (fs, file) = with_old_sectors(2);
    let at = When::Operation(fs.operations());
    fs.inject(at, Fault::PowerCut);
    assert_power_is_off(file.write_at(&sectors(b'n', 2), 0));
    let operations = fs.operations();
    assert_power_is_off(file.len());
    assert_power_is_off(dir(&fs).open("a", true));
    assert_eq!(fs.operations(), operations);
    assert_eq!(seen_letters(&fs), set(["oo", "no", "on", "nn"]));
}

#[test]
fn a_sync_that_the_power_cut_stops_may_have_done_any_part() {
    let (fs, file) = with_old_sectors(1);
    write(&file, &sectors(b'n', 1), 0);
    fs.inject(next_sync(&fs), Fault::PowerCut);
    assert_power_is_off(file.sync());
    assert_eq!(seen_letters(&fs), set(["o", "n"]));
}

#[test]
fn a_kill_ends_the_process_and_not_the_page_cache() {
    let (fs, file) = with_old_sectors(2);
    let killed = dir(&fs);
    fs.inject(When::Nth(CallKind::Write, 1), Fault::Kill(512));
    assert_killed(file.write_at(&sectors(b'n', 2), 0));
    assert_killed(file.len());
    assert_killed(killed.open("a", true));
    assert_eq!(letters(&content(&fs, "a")), "no");
    assert_eq!(seen_letters(&fs), set(["oo", "no"]));
    let next = open(&fs, "a");
    fs.kill();
    assert_killed(next.sync());
}

#[test]
fn a_kill_comes_before_what_has_no_middle() {
    let (fs, file) = with_old_sectors(1);
    write(&file, &sectors(b'n', 1), 0);
    fs.inject(next_sync(&fs), Fault::Kill(0));
    assert_killed(file.sync());
    assert_eq!(seen_letters(&fs), set(["o", "n"]));
}

const OPERATIONS: u64 = 12;

/// Runs each operation once, failing the one with the index, and checks that only that one
/// did not happen.
fn check_fails(index: u64, fault: Fault) -> io::Error {
    let fs = SimFs::new();
    let file = dir(&fs).create_exclusive("a").unwrap();
    write(&file, b"data", 0);
    let before = snapshot(&fs);
    let at = When::Operation(fs.operations());
    fs.inject(at, fault);
    let error = operation(index, &dir(&fs), &file).unwrap_err();
    assert_eq!(snapshot(&fs), before, "operation {index}");
    operation(index, &dir(&fs), &file).unwrap();
    error
}

/// Everything that can be seen now and after power cuts.
fn snapshot(fs: &SimFs) -> (Image, BTreeSet<Image>) {
    (image(fs), seen(fs, image))
}

/// Names, and contents of the files.
type Image = (Vec<String>, Vec<Vec<u8>>);

fn image(fs: &SimFs) -> Image {
    let names = fs.names();
    // A fork, since checking is an operation too.
    let contents = names.iter().map(|name| content(&fs.fork(), name));
    (names.clone(), contents.collect())
}

fn operation(index: u64, dir: &SimDir, file: &SimFile) -> io::Result<()> {
    match index {
        0 => file.len().map(drop),
        1 => file.set_len(1),
        2 => file.read_at(&mut [0], 0).map(drop),
        3 => file.write_at(b"x", 0).map(drop),
        4 => file.allocate(0, 9),
        5 => file.start_writeback(0, 9),
        6 => file.sync(),
        7 => dir.create_exclusive("b").map(drop),
        8 => dir.open("a", false).map(drop),
        9 => dir.rename("a", "b"),
        10 => dir.unlink("a"),
        _ => dir.sync(),
    }
}

fn next_sync(fs: &SimFs) -> When {
    When::Nth(CallKind::Sync, fs.operations_of(CallKind::Sync))
}

fn assert_power_is_off<T>(result: io::Result<T>) {
    let error = result.map(drop).unwrap_err();
    assert!(error.get_ref().unwrap().is::<PowerCut>(), "{error}");
}

fn assert_killed<T>(result: io::Result<T>) {
    let error = result.map(drop).unwrap_err();
    assert!(error.get_ref().unwrap().is::<Killed>(), "{error}");
}
