//! How much space a file takes, and when it frees it.

use std::fs;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;

use ng_store::disk::sim::{Call, CallKind, Failure, Fault, SECTOR_BYTES, SimFile, SimFs, When};
use ng_store::disk::{Dir, Disk};
use ng_store::file::{Draft, Identity, Stamp, Writer};
use ng_store::{
    BlockReader, CreateOptions, FileWriter, MmapStore, TokenSink, TokenStore, WriteError,
};

use super::fixture::{Place, create, open, open_append, small, token, tokens};

const NAME: &str = "a.ngt";

const MIB_TOKENS: u64 = (1 << 20) / 64;

/// Set for the child: it runs under a limit on the size of files.
const LIMITED: &str = "NG_STORE_TEST_FILE_LIMIT";

fn create_in(fs: &SimFs, options: &CreateOptions) -> Writer<SimFile> {
    let identity = Identity {
        file_id: [5; 16],
        created_ns: 1,
    };
    let draft = Draft::begin(fs.dir(), NAME, Path::new(NAME), options, identity);
    draft.unwrap().publish().unwrap()
}

/// A file of 5,000 tokens, and a writer of it.
fn committed(fs: &SimFs) -> Writer<SimFile> {
    let mut writer = create_in(fs, &small());
    writer.append(&tokens(5_000)).unwrap();
    writer.commit(Stamp::default()).unwrap();
    writer
}

fn reopen(fs: &SimFs) -> Writer<SimFile> {
    let dir = fs.dir();
    Writer::open(&dir, dir.open(NAME, true).unwrap(), NAME).unwrap()
}

fn length(fs: &SimFs) -> u64 {
    fs.dir().open(NAME, false).unwrap().len().unwrap()
}

fn read(fs: &SimFs) -> Vec<ng_token::Token> {
    let file = fs.dir().open(NAME, false).unwrap();
    let reader = BlockReader::of_disk(file, NAME).unwrap();
    let mut all = Vec::new();
    let read = reader.for_each(0..reader.len(), |tokens| {
        all.extend_from_slice(tokens);
        Ok::<_, ng_store::ReadError>(())
    });
    read.unwrap();
    all
}

/// Allocates space without committing.
type Way = fn(&SimFs, &mut Writer<SimFile>);

/// An append of 100,000 tokens to a file of 10 MB left it at 55 MB.
#[test]
fn room_that_no_commit_came_to_use_is_given_back() {
    let ways: [(&str, Way); 6] = [
        ("appended and not committed", |_, writer| {
            writer.append(&tokens(100_000)).unwrap();
        }),
        ("reserved", |_, writer| writer.reserve(100_000).unwrap()),
        ("reserved exactly", |_, writer| {
            writer.reserve_exact(100_000).unwrap();
        }),
        ("a closure that panics", |_, writer| {
            let append =
                || writer.append_with(100_000, |_| std::panic::resume_unwind(Box::new(())));
            catch_unwind(AssertUnwindSafe(append)).unwrap_err();
        }),
        ("appended, then no room", |fs, writer| {
            writer.append(&tokens(100_000)).unwrap();
            fs.set_capacity(Some(fs.used_sectors()));
            writer.append(&tokens(500_000)).unwrap_err();
        }),
        ("appended in part", |fs, writer| {
            let allocations = fs.operations_of(CallKind::Allocate);
            // The data, after the entries of the table.
            let data = When::Nth(CallKind::Allocate, allocations + 1);
            fs.inject(data, Fault::Short(1 << 20));
            writer.append(&tokens(100_000)).unwrap_err();
        }),
    ];
    for (name, way) in ways {
        let fs = SimFs::new();
        drop(committed(&fs));
        let (before, sectors) = (length(&fs), fs.used_sectors());
        let mut writer = reopen(&fs);
        way(&fs, &mut writer);
        drop(writer);
        assert_eq!(fs.pending_faults(), 0, "{name}");
        fs.set_capacity(None);
        assert_eq!(length(&fs), before, "{name}");
        // The table keeps what it got for its entries.
        assert!(fs.used_sectors() <= sectors + 2, "{name}");
        assert_eq!(read(&fs), tokens(5_000), "{name}");
        let mut writer = reopen(&fs);
        writer.append(&tokens(25_000)[5_000..]).unwrap();
        writer.commit(Stamp::default()).unwrap();
        drop(writer);
        assert_eq!(read(&fs), tokens(25_000), "{name}");
    }
}

#[test]
fn room_is_kept_that_a_commit_or_an_option_asked_for() {
    let fs = SimFs::new();
    let writer = create_in(&fs, &small().reserve(50_000));
    let reserved = length(&fs);
    assert!(reserved >= 50_000 * 64);
    drop(writer);
    assert_eq!(length(&fs), reserved);
    let mut writer = reopen(&fs);
    writer.append(&tokens(60_000)).unwrap();
    writer.commit(Stamp::default()).unwrap();
    let grown = length(&fs);
    assert!(grown > reserved);
    drop(writer);
    assert_eq!(length(&fs), grown);
}

/// The other commit is unknown to this writer, as on a file system that does not enforce
/// locks.
#[test]
fn room_that_another_appender_has_filled_is_not_given_back() {
    let fs = SimFs::new();
    drop(committed(&fs));
    let mut one = reopen(&fs);
    fs.forget_locks();
    let mut other = reopen(&fs);
    one.reserve(10_000).unwrap();
    other.append(&tokens(80_000)[5_000..]).unwrap();
    other.commit(Stamp::default()).unwrap();
    drop(other);
    drop(one);
    assert_eq!(read(&fs), tokens(80_000));
}

#[test]
fn a_commit_whose_outcome_is_unknown_keeps_its_room() {
    let fs = SimFs::new();
    let mut writer = committed(&fs);
    writer.append(&tokens(80_000)[5_000..]).unwrap();
    let syncs = fs.operations_of(CallKind::Sync);
    fs.inject(
        When::Nth(CallKind::Sync, syncs + 1),
        Fault::Fail(Failure::Io),
    );
    let error = writer.commit(Stamp::default()).unwrap_err();
    assert!(
        matches!(error, WriteError::OutcomeUnknown { .. }),
        "{error}"
    );
    drop(writer);
    assert_eq!(read(&fs), tokens(80_000));
}

/// The file system keeps a partial allocation.
#[test]
fn what_is_left_of_a_generous_allocation_is_given_back_before_the_exact_one() {
    let fs = SimFs::new();
    drop(committed(&fs));
    let mut writer = reopen(&fs);
    writer.shrink_to_fit().unwrap();
    let allocations = fs.operations_of(CallKind::Allocate);
    // The data, after the entries of the table.
    let data = When::Nth(CallKind::Allocate, allocations + 1);
    fs.inject(data, Fault::Short(900_000));
    writer.append(&tokens(5_100)[5_000..]).unwrap();
    assert_eq!(fs.pending_faults(), 0);
    let data_offset = writer.info().data_offset;
    assert_eq!(length(&fs), data_offset + 5_100 * 64);
}

#[test]
fn a_file_grows_by_an_eighth_within_bounds() {
    let check = |have: u64, asked: u64, free: Option<u64>, expected: u64| {
        let fs = SimFs::new();
        let mut writer = create_in(&fs, &CreateOptions::new().max_tokens(1 << 30));
        writer.reserve_exact(have).unwrap();
        let free_sectors = free.map(|tokens| fs.used_sectors() + tokens * 64 / SECTOR_BYTES);
        fs.set_capacity(free_sectors);
        // Space is counted from the appended tokens: none.
        writer.reserve(have + asked).unwrap();
        let grown = writer.allocated_tokens() - have;
        assert_eq!(
            grown, expected,
            "{have} tokens, {asked} asked, {free:?} free"
        );
    };
    let mib = MIB_TOKENS;
    // At least a MiB, an eighth, at most 64 MiB, and never less than requested.
    check(0, 1, None, mib);
    check(4 * mib, 1, None, mib);
    check(80 * mib, 1, None, 10 * mib);
    check(80 * mib, 9 * mib, None, 10 * mib);
    check(80 * mib, 11 * mib, None, 11 * mib);
    check(512 * mib, 1, None, 64 * mib);
    check(10_000 * mib, 1, None, 64 * mib);
    check(10_000 * mib, 3_000 * mib, None, 3_000 * mib);
    // Half of the free space stays free, unless requested.
    check(80 * mib, 1, Some(1_000 * mib), 10 * mib);
    check(80 * mib, mib, Some(9 * mib), 5 * mib);
    check(
        80 * mib,
        9 * mib,
        Some(9 * mib + mib / 2),
        9 * mib + mib / 4,
    );
}

/// Batches of 100,000 tokens left 28 % of a file unused.
#[test]
fn of_a_file_that_is_filled_by_batches_an_eighth_or_a_mebibyte_is_unused() {
    let fs = SimFs::new();
    let mut writer = create_in(&fs, &small());
    let mut extended = 0;
    for batch in 0..60 {
        let before = writer.allocated_tokens();
        writer
            .append_with(5_000, |index| token(batch * 5_000 + index))
            .unwrap();
        writer.commit(Stamp::default()).unwrap();
        extended += u32::from(writer.allocated_tokens() > before);
        let unused = writer.allocated_tokens() - writer.committed_tokens();
        let most = MIB_TOKENS.max(writer.committed_tokens() / 8);
        assert!(unused <= most, "{unused} of {}", writer.allocated_tokens());
    }
    assert!(extended < 20, "extended {extended} times");
}

#[test]
fn a_large_allocation_is_made_in_pieces() {
    let fs = SimFs::new();
    let mut writer = create_in(&fs, &CreateOptions::new().max_tokens(1 << 30));
    let begun = fs.log().len();
    writer.reserve_exact(200 * MIB_TOKENS).unwrap();
    let pieces: Vec<_> = fs.log()[begun..]
        .iter()
        .filter_map(|call| match call {
            Call::Allocate { len, .. } => Some(*len),
            _ => None,
        })
        .collect();
    let table = 200 * MIB_TOKENS / 4096 * 8;
    assert_eq!(pieces, [table, 64 << 20, 64 << 20, 64 << 20, 8 << 20]);
}

/// Zeros of up to 1 GiB were written for one token.
#[test]
fn where_zeros_stand_for_an_allocation_only_what_is_asked_for_is_written() {
    let fs = SimFs::new();
    fs.refuse_allocation();
    let mut writer = create_in(&fs, &small());
    for count in [1, 100, 70_000] {
        let begun = fs.log().len();
        let append = writer.append_with(count, token);
        append.unwrap();
        let written: usize = fs.log()[begun..]
            .iter()
            .map(|call| match call {
                Call::Write { len, .. } => *len,
                _ => 0,
            })
            .sum();
        // Zeros, entries of the table, and the tokens themselves.
        let most = 2 * count * 64 + (1 << 20);
        assert!(written <= most, "{count} tokens: {written} bytes");
        assert_eq!(writer.allocated_tokens(), writer.appended_tokens());
    }
}

#[test]
fn a_file_system_that_takes_back_what_it_gave_is_told_by_name() {
    for (kind, nth) in [(CallKind::Write, 0), (CallKind::Sync, 0)] {
        let fs = SimFs::new();
        let mut writer = committed(&fs);
        writer.append(&tokens(30_000)[5_000..]).unwrap();
        let done = fs.operations_of(kind);
        fs.inject(When::Nth(kind, done + nth), Fault::Fail(Failure::NoSpace));
        let error = writer.commit(Stamp::default()).unwrap_err();
        let WriteError::NoSpaceAfterAll { cause } = &error else {
            panic!("{error}");
        };
        assert_eq!(cause.source.kind(), ErrorKind::StorageFull);
        let told = error.to_string();
        assert!(
            told.starts_with("a.ngt: cannot ") && told.ends_with("the last commit stands"),
            "{told}"
        );
        let error = writer.append(&tokens(1)).unwrap_err();
        assert!(matches!(error, WriteError::Poisoned { .. }), "{error}");
        drop(writer);
        assert_eq!(read(&fs), tokens(5_000));
        let mut writer = reopen(&fs);
        writer.append(&tokens(6_000)[5_000..]).unwrap();
        writer.commit(Stamp::default()).unwrap();
        assert_eq!(read(&fs), tokens(6_000));
    }
}

#[test]
fn a_store_that_is_shrunk_has_its_tokens_and_no_room() {
    let place = Place::new();
    let path = place.file();
    let length = || fs::metadata(&path).unwrap().len();
    let mut store = create(&path, &small().reserve(100_000)).unwrap();
    let data_offset = store.info().data_offset;
    store.append(&tokens(5_000)).unwrap();
    store.commit().unwrap();
    let (reader, snapshot) = (open(&path).unwrap(), store.snapshot());
    let longer = length();
    store.shrink_to_fit().unwrap();
    assert_eq!(length(), data_offset + 5_000 * 64);
    assert!(length() < longer);
    store.shrink_to_fit().unwrap();
    // Uncommitted appends stay until the store is dropped.
    store.append(&tokens(6_000)[5_000..]).unwrap();
    store.shrink_to_fit().unwrap();
    assert_eq!(length(), data_offset + 6_000 * 64);
    for shown in [reader.tokens(), snapshot.tokens(), store.tokens()] {
        assert_eq!(shown, tokens(5_000));
    }
    drop(store);
    assert_eq!(length(), data_offset + 5_000 * 64);
    let mut store = open_append(&path).unwrap();
    store.append(&tokens(7_000)[5_000..]).unwrap();
    store.commit().unwrap();
    store.shrink_to_fit().unwrap();
    assert_eq!(open(&path).unwrap().tokens(), tokens(7_000));
    assert_eq!(length(), data_offset + 7_000 * 64);
    let error = open(&path).unwrap().shrink_to_fit().unwrap_err();
    assert!(matches!(error, WriteError::ReadOnly { .. }), "{error}");
}

#[test]
fn an_empty_store_that_is_shrunk_is_as_short_as_a_token_file_is() {
    let place = Place::new();
    let mut store: MmapStore = create(&place.file(), &small().reserve(100_000)).unwrap();
    store.shrink_to_fit().unwrap();
    assert_eq!(fs::metadata(place.file()).unwrap().len(), 0x10000);
    store.append(&tokens(10)).unwrap();
    store.commit().unwrap();
    assert_eq!(store.tokens(), tokens(10));
}

/// Growing beyond the limit kills the process (`SIGXFSZ`), even if the tokens themselves
/// stay below it.
#[test]
#[cfg(target_os = "linux")]
fn a_file_grows_up_to_the_limit_on_its_size() {
    if let Some(path) = std::env::var_os(LIMITED) {
        return under_the_limit(path.as_ref());
    }
    let place = Place::new();
    let name = "mmap::room::a_file_grows_up_to_the_limit_on_its_size";
    // 512 bytes a unit, or 1024: at most 3 MiB, where the tokens begin at 2.
    let output = Command::new("sh")
        .args(["-c", "ulimit -f 5120 && exec \"$0\" --exact \"$1\""])
        .arg(std::env::current_exe().unwrap())
        .arg(name)
        .env(LIMITED, place.file())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}: {told}", output.status);
    assert!(told.contains("1 passed"), "{told}");
    assert_eq!(open(&place.file()).unwrap().tokens(), tokens(8_000));
}

#[cfg(target_os = "linux")]
fn under_the_limit(path: &Path) {
    let mut writer = FileWriter::create(path, &small()).unwrap();
    for start in (0..8_000).step_by(1_000) {
        writer.append(&tokens(start + 1_000)[start..]).unwrap();
        writer.commit().unwrap();
    }
}
