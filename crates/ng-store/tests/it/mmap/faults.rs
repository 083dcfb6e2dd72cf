//! Failing operations on the simulated disk: the resulting error, and the calls to the
//! disk. `tests/crash` checks that any of them may fail.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use ng_store::disk::Dir;
use ng_store::disk::sim::{CallKind, Failure, Fault, SimDir, SimFile, SimFs, When};
use ng_store::file::{Draft, Follower, Identity, Stamp, Writer};
use ng_store::{
    BlockReader, CreateError, OpenError, Operation, ReadError, VerifyBlocks, WriteError,
};
use ng_token::Token;

use super::fixture::{small, token, tokens};

const NAME: &str = "a.ngt";
const IDENTITY: Identity = Identity {
    file_id: [7; 16],
    created_ns: 1,
};

fn begin(fs: &SimFs) -> Result<Draft<SimDir>, CreateError> {
    Draft::begin(fs.dir(), NAME, Path::new(NAME), &small(), IDENTITY)
}

fn create(fs: &SimFs) -> Result<Writer<SimFile>, CreateError> {
    begin(fs)?.publish()
}

fn open_append(fs: &SimFs) -> Result<Writer<SimFile>, OpenError> {
    let dir = fs.dir();
    let file = dir.open(NAME, true).unwrap();
    Writer::open(&dir, file, NAME)
}

fn read(fs: &SimFs) -> Vec<Token> {
    let reader = BlockReader::of_disk(fs.dir().open(NAME, false).unwrap(), NAME).unwrap();
    assert!(reader.verify().unwrap().is_clean());
    let mut all = Vec::new();
    let take = |tokens: &[Token]| {
        all.extend_from_slice(tokens);
        Ok::<_, ReadError>(())
    };
    reader.for_each(0..reader.len(), take).unwrap();
    all
}

/// A file of 100 tokens, committed, and 5,000 appended.
fn appended() -> (SimFs, Writer<SimFile>) {
    let fs = SimFs::new();
    let mut writer = create(&fs).unwrap();
    writer.append(&tokens(100)).unwrap();
    writer.commit(Stamp::default()).unwrap();
    writer
        .append_with(4_900, |index| token(100 + index))
        .unwrap();
    (fs, writer)
}

/// The commit of `appended` with the `nth` call of a kind failing.
fn commit_with(kind: CallKind, nth: u64, fault: Fault) -> (SimFs, Writer<SimFile>, WriteError) {
    let (fs, mut writer) = appended();
    fs.inject(When::Nth(kind, fs.operations_of(kind) + nth), fault);
    let error = writer.commit(Stamp::default()).unwrap_err();
    (fs, writer, error)
}

fn assert_poisoned(writer: &mut Writer<SimFile>) {
    assert!(writer.is_poisoned());
    for refused in [
        writer.append(&[token(0)]),
        writer.append_with(1, token),
        writer.append_hashed(&[token(0)], &[]),
        writer.reserve(1),
        writer.reserve_exact(1),
        writer.commit(Stamp::default()),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, WriteError::Poisoned { .. }), "{error}");
    }
    assert_eq!(writer.committed_tokens(), 100);
}

#[test]
fn a_failure_before_the_slot_poisons_and_leaves_the_last_commit() {
    for failure in [Failure::Io, Failure::NoSpace] {
        // Data, table, tail image; then the first sync.
        for (kind, nth) in [
            (CallKind::Write, 0),
            (CallKind::Write, 1),
            (CallKind::Write, 2),
            (CallKind::Sync, 0),
        ] {
            for fault in [Fault::Fail(failure), Fault::FailForgetting(failure)] {
                let (fs, mut writer, error) = commit_with(kind, nth, fault);
                let is_right = match failure {
                    Failure::NoSpace => matches!(error, WriteError::NoSpaceAfterAll { .. }),
                    _ => matches!(error, WriteError::Io { .. }),
                };
                assert!(is_right, "{kind:?} {nth}: {error}");
                assert_poisoned(&mut writer);
                drop(writer);
                assert_eq!(read(&fs), tokens(100));
            }
        }
    }
}

#[test]
fn a_failure_at_the_slot_leaves_the_outcome_unknown() {
    for (kind, nth) in [
        (CallKind::Write, 3),
        (CallKind::Write, 4),
        (CallKind::Sync, 1),
    ] {
        let (fs, mut writer, error) = commit_with(kind, nth, Fault::Fail(Failure::Io));
        assert!(
            matches!(error, WriteError::OutcomeUnknown { generation: 2, .. }),
            "{kind:?} {nth}: {error}"
        );
        assert_poisoned(&mut writer);
        drop(writer);
        let appender = open_append(&fs).unwrap();
        let count = appender.committed_tokens() as usize;
        assert!(count == 100 || count == 5_000);
        assert_eq!(read(&fs), tokens(count));
    }
}

#[test]
fn a_write_of_nothing_is_an_error() {
    let (_fs, mut writer, error) = commit_with(CallKind::Write, 0, Fault::Short(0));
    match error {
        WriteError::Io { cause } => {
            assert_eq!(cause.source.kind(), ErrorKind::WriteZero);
            assert_eq!(cause.operation, Operation::Write);
        }
        error => panic!("{error}"),
    }
    assert_poisoned(&mut writer);
}

#[test]
fn no_space_while_allocating_is_an_error_and_the_writer_goes_on() {
    for refuse_allocation in [false, true] {
        let (fs, mut writer) = appended();
        if refuse_allocation {
            fs.refuse_allocation();
        }
        fs.set_capacity(Some(fs.used_sectors() + 100));
        for refused in [
            writer.append_with(100_000, |_| unreachable!("there is no room")),
            writer.reserve_exact(100_000),
        ] {
            let error = refused.unwrap_err();
            assert!(matches!(error, WriteError::NoSpace { .. }), "{error}");
        }
        assert_eq!(writer.appended_tokens(), 5_000);
        writer.commit(Stamp::default()).unwrap();
        fs.set_capacity(None);
        writer
            .append_with(100_000, |index| token(5_000 + index))
            .unwrap();
        writer.commit(Stamp::default()).unwrap();
        assert_eq!(read(&fs), tokens(105_000));
    }
}

#[test]
fn a_disk_that_is_full_from_the_start_is_told_with_path_and_bytes() {
    for kind in [CallKind::Allocate, CallKind::Write] {
        let fs = SimFs::new();
        fs.inject(When::Nth(kind, 0), Fault::Fail(Failure::NoSpace));
        let error = create(&fs).unwrap_err();
        assert!(
            matches!(error, CreateError::Write(WriteError::NoSpace { .. })),
            "{kind:?}: {error}"
        );
        let told = error.to_string();
        assert!(
            told.starts_with("no room for 65536 bytes more: a.ngt: cannot"),
            "{told}"
        );
        assert!(fs.names().is_empty());
    }
}

/// When files grew by doubling, an append was refused although there was space for many
/// times its size.
#[test]
fn what_fits_is_appended_where_doubling_the_file_does_not() {
    for refuse_allocation in [false, true] {
        let (fs, mut writer) = appended();
        writer.commit(Stamp::default()).unwrap();
        let spare = (writer.allocated_tokens() - 5_000) as usize;
        if refuse_allocation {
            fs.refuse_allocation();
        }
        fs.set_capacity(Some(fs.used_sectors() + 100));
        for (start, count) in [(5_000, spare), (5_000 + spare, 100)] {
            let append = writer.append_with(count, |index| token(start + index));
            append.unwrap();
        }
        let error = writer.append_with(10_000, |_| unreachable!("there is no room"));
        assert!(matches!(error, Err(WriteError::NoSpace { size_bytes, .. })
            if (600_000..700_000).contains(&size_bytes)));
        writer.commit(Stamp::default()).unwrap();
        assert_eq!(read(&fs), tokens(5_100 + spare));
    }
}

#[test]
fn writeback_starts_after_each_mebibyte_and_once_for_each_byte() {
    use ng_store::disk::sim::Call;

    let fs = SimFs::new();
    let mut writer = create(&fs).unwrap();
    for index in 0..7 {
        let start = index * 10_000;
        writer
            .append_with(10_000, |index| token(start + index))
            .unwrap();
    }
    writer.commit(Stamp::default()).unwrap();
    let ranges = fs.log().into_iter().filter_map(|call| match call {
        Call::StartWriteback { offset, len, .. } => Some((offset, len)),
        _ => None,
    });
    let expected = (0..4).map(|index| ((2 << 20) + (index << 20), 1 << 20));
    assert!(ranges.eq(expected));
}

#[test]
fn a_commit_is_data_table_image_sync_slot_slot_sync() {
    use ng_store::disk::sim::Call;

    let (fs, mut writer) = appended();
    let before = fs.operations() as usize;
    writer.commit(Stamp::default()).unwrap();
    let calls: Vec<_> = fs.log()[before..]
        .iter()
        .map(|call| match *call {
            Call::Write { offset, len, .. } => (offset, len),
            Call::Sync { .. } => (0, 0),
            Call::Len { .. } => (0, 1),
            Call::Read { offset, len, .. } => (offset, len),
            ref call => panic!("{call:?}"),
        })
        .collect();
    let (length, sync) = ((0, 1), (0, 0));
    let slots_as_left = [(0x1000, 4096), (0x3000, 4096)];
    let data = ((2 << 20) + 100 * 64, 4_900 * 64);
    // The image, and the intent after it.
    let (table, image) = ((0x10000, 8), (0x2000, 4096));
    let slot = [(0x1000, 512), (0x1800, 512)];
    let looks = [length, slots_as_left[0], slots_as_left[1]];
    let content = [data, table, image, sync];
    let commit = [slot[0], slot[1], sync];
    assert_eq!(calls, [&looks[..], &content, &looks, &commit].concat());
}

#[test]
fn whatever_fails_while_opening_is_an_error_and_the_next_opening_works() {
    let (fs, mut writer) = appended();
    writer.commit(Stamp::default()).unwrap();
    drop(writer);
    let before = fs.operations();
    let writer = open_append(&fs).unwrap();
    let calls = fs.operations() - before;
    drop(writer);
    // The first call is the folder's.
    for nth in 1..calls {
        let fs = fs.fork();
        fs.inject(
            When::Operation(fs.operations() + nth),
            Fault::Fail(Failure::Io),
        );
        let error = open_append(&fs).unwrap_err();
        assert!(matches!(error, OpenError::Io(_)), "{nth}: {error}");
        let writer = open_append(&fs).unwrap();
        assert_eq!(writer.committed_tokens(), 5_000);
    }
}

#[test]
fn an_append_whose_closure_panics_is_taken_back_from_any_state() {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    for before in [0, 1, 4_096, 5_000, 16_383, 16_384, 30_000] {
        for panic_at in [0, 1, 4_095, 4_096, 16_384, 40_000] {
            let fs = SimFs::new();
            let mut writer = create(&fs).unwrap();
            writer.append(&tokens(before)).unwrap();
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                writer.append_with(50_000, |index| {
                    assert!(index != panic_at, "on purpose");
                    Token::ZERO
                })
            }));
            assert!(outcome.is_err());
            assert_eq!(writer.appended_tokens(), before as u64);
            writer
                .append_with(20_000, |index| token(before + index))
                .unwrap();
            writer.commit(Stamp::default()).unwrap();
            assert!(read(&fs) == tokens(before + 20_000), "{before} {panic_at}");
        }
    }
}

/// The kernel reports a failure to an open file once, whichever of its followers asks.
#[test]
fn a_commit_whose_sync_failed_is_shown_by_no_clone_of_who_was_told() {
    let (fs, mut writer) = appended();
    let file = Arc::new(fs.dir().open(NAME, false).unwrap());
    let mut first = Follower::of_disk(file, NAME).unwrap();
    assert!(!first.refresh().unwrap());
    let mut clones = [first.clone(), first.clone()];
    // The second sync of the commit, after its slot was written.
    let syncs = fs.operations_of(CallKind::Sync);
    let fault = Fault::FailForgetting(Failure::Io);
    fs.inject(When::Nth(CallKind::Sync, syncs + 1), fault);
    let error = writer.commit(Stamp::default()).unwrap_err();
    assert!(
        matches!(error, WriteError::OutcomeUnknown { .. }),
        "{error}"
    );
    assert_eq!(fs.pending_faults(), 0);
    for follower in [&mut first].into_iter().chain(&mut clones) {
        for _ in 0..2 {
            let error = follower.refresh().unwrap_err();
            assert!(matches!(error, OpenError::NotDurable { .. }), "{error}");
            assert_eq!(follower.tokens(), 100);
        }
    }
}
