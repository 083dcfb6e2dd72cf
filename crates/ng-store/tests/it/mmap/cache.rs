//! What streams leave in the page cache, and how they treat pages already there.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use ng_store::disk::sim::{Call, CallKind, Failure, Fault, SimFile, SimFs, When};
use ng_store::disk::{Dir, Disk, RealFile};
use ng_store::file::{Draft, Identity, Stamp, Writer};
use ng_store::{
    AppendOptions, BLOCK_TOKENS, BYPASS_MIN_BYTES, BlockReader, CachePolicy, CreateOptions,
    FileWriter, RawDraft, ReadError, RepairOptions, TokenSink, VecStore, VerifyBlocks, WriteError,
};
use ng_token::Token;

use super::fixture::{Place, open, repair, small, token, tokens};

const MIB: u64 = 1 << 20;
const BLOCK_BYTES: u64 = (BLOCK_TOKENS * Token::SIZE) as u64;

/// The tokens of a file chunk, the smallest uncached write.
const CHUNK_TOKENS: usize = 4 * BLOCK_TOKENS;

const NAME: &str = "a.ngt";

/// The first bytes of the tokens, by `small`.
const DATA: u64 = 2 * MIB;

fn draft(fs: &SimFs, options: &CreateOptions) -> Writer<SimFile> {
    let identity = Identity {
        file_id: [7; 16],
        created_ns: 1,
    };
    let draft = Draft::begin(fs.dir(), NAME, Path::new(NAME), options, identity).unwrap();
    draft.publish().unwrap()
}

fn writes(fs: &SimFs, from: u64, uncached: bool) -> Vec<Range<u64>> {
    let call = |call: &Call| match *call {
        Call::Write { offset, len, .. } if !uncached => Some(offset..offset + len as u64),
        Call::WriteUncached { offset, len, .. } if uncached => Some(offset..offset + len as u64),
        _ => None,
    };
    let log = fs.log();
    let calls = log[from as usize..].iter().filter_map(call);
    calls.filter(|range| range.start >= DATA).collect()
}

fn drops(fs: &SimFs) -> Vec<Range<u64>> {
    let log = fs.log();
    let calls = log.iter().filter_map(|call| match *call {
        Call::DropCached { offset, len, .. } => Some(offset..offset + len),
        _ => None,
    });
    calls.collect()
}

fn read(fs: &SimFs) -> Vec<Token> {
    let file = fs.dir().open(NAME, false).unwrap();
    let reader = BlockReader::of_disk(file, NAME).unwrap();
    read_all(&reader)
}

fn read_all<D: Disk>(reader: &BlockReader<D>) -> Vec<Token> {
    let mut all = Vec::new();
    let take = |tokens: &[Token]| {
        all.extend_from_slice(tokens);
        Ok::<_, ReadError>(())
    };
    reader.for_each(0..reader.len(), take).unwrap();
    all
}

/// Appends like `Append`, and like workers that hash what they append.
fn append(writer: &mut Writer<SimFile>, tokens: &[Token], with: usize) {
    match with {
        0 => writer.append(tokens).unwrap(),
        1 => {
            let start = writer.appended_tokens() as usize;
            let at = |index| token(start + index);
            writer.append_with(tokens.len(), at).unwrap();
        }
        _ => tokens
            .chunks(999)
            .for_each(|few| writer.append(few).unwrap()),
    }
}

#[test]
fn whole_chunks_alone_are_written_around_the_page_cache() {
    for with in 0..3 {
        let fs = SimFs::new();
        let mut writer = draft(&fs, &small().cache(CachePolicy::Bypass));
        let count = 3 * CHUNK_TOKENS + CHUNK_TOKENS / 2 + 5;
        append(&mut writer, &tokens(100), with);
        writer.commit(Stamp::default()).unwrap();
        let from = fs.operations();
        append(&mut writer, &tokens(count)[100..], with);
        writer.commit(Stamp::default()).unwrap();
        let uncached = writes(&fs, from, true);
        // The partial first and last chunks stay.
        let covered: u64 = uncached.iter().map(|range| range.end - range.start).sum();
        assert_eq!(covered, 2 * MIB, "{uncached:?}");
        assert!(uncached.iter().all(|range| range.start % MIB == 0
            && range.end % MIB == 0
            && (DATA + MIB..DATA + 3 * MIB).contains(&range.start)));
        let cached = writes(&fs, from, false);
        assert!(
            cached
                .iter()
                .all(|range| range.end <= DATA + MIB || range.start >= DATA + 3 * MIB)
        );
        assert_eq!(read(&fs), tokens(count));
    }
}

#[test]
fn what_went_through_the_page_cache_is_dropped_after_its_commit_but_for_the_last_chunk() {
    let fs = SimFs::new();
    let mut writer = draft(&fs, &small().cache(CachePolicy::Bypass));
    // Commits of half a chunk: no write is of a whole one.
    for part in tokens(5 * CHUNK_TOKENS).chunks(CHUNK_TOKENS / 2) {
        writer.append(part).unwrap();
        writer.commit(Stamp::default()).unwrap();
    }
    assert_eq!(fs.operations_of(CallKind::WriteUncached), 0);
    let chunk = |number: u64| DATA + number * MIB..DATA + (number + 1) * MIB;
    assert_eq!(drops(&fs), (0..5).map(chunk).collect::<Vec<_>>());
    writer.append(&tokens(9)).unwrap();
    writer.commit(Stamp::default()).unwrap();
    assert_eq!(drops(&fs).len(), 5, "the last chunk is dropped");
}

#[test]
fn a_disk_without_uncached_writes_gets_the_others_and_the_same_tokens() {
    let fs = SimFs::new();
    fs.refuse_uncached();
    let mut writer = draft(&fs, &small().cache(CachePolicy::Bypass));
    writer.append(&tokens(5 * CHUNK_TOKENS + 9)).unwrap();
    writer.commit(Stamp::default()).unwrap();
    assert_eq!(fs.operations_of(CallKind::WriteUncached), 1, "asked once");
    assert_eq!(fs.operations_of(CallKind::StartWriteback), 5);
    assert_eq!(drops(&fs), vec![DATA..DATA + 5 * MIB; 1]);
    assert_eq!(read(&fs), tokens(5 * CHUNK_TOKENS + 9));
}

#[test]
fn a_small_commit_is_kept_and_one_that_is_announced_as_large_is_not() {
    let large = BYPASS_MIN_BYTES / Token::SIZE as u64 + 1;
    let options = small().max_tokens(1 << 30);
    let two = tokens(2 * CHUNK_TOKENS);
    for (policy, announced, expected) in [
        (CachePolicy::Auto, 0, 0),
        (CachePolicy::Auto, large - 1, 0),
        (CachePolicy::Auto, large, 2),
        (CachePolicy::Keep, large, 0),
        (CachePolicy::Bypass, 0, 2),
    ] {
        for reserves in [false, true] {
            let fs = SimFs::new();
            let options = options.clone().cache(policy);
            let mut writer = match reserves {
                true => draft(&fs, &options.reserve(announced)),
                false => draft(&fs, &options),
            };
            if !reserves {
                writer.reserve(announced).unwrap();
            }
            writer.append(&two).unwrap();
            let uncached = fs.operations_of(CallKind::WriteUncached);
            assert_eq!(uncached, expected, "{policy:?}, {announced} announced");
            // An announcement holds for one commit.
            writer.commit(Stamp::default()).unwrap();
            writer.append(&two).unwrap();
            let more = fs.operations_of(CallKind::WriteUncached) - uncached;
            let always = policy == CachePolicy::Bypass;
            assert_eq!(more, if always { 2 } else { 0 }, "{policy:?}");
        }
    }
}

#[test]
fn an_appender_goes_by_the_policy_that_it_was_opened_with() {
    for (policy, expected) in [(CachePolicy::Keep, 0), (CachePolicy::Bypass, 2)] {
        let fs = SimFs::new();
        drop(draft(&fs, &small()));
        let file = fs.dir().open(NAME, true).unwrap();
        let options = AppendOptions::new().cache(policy);
        let mut writer = Writer::open_with(&fs.dir(), file, NAME, &options).unwrap();
        writer.append(&tokens(2 * CHUNK_TOKENS)).unwrap();
        assert_eq!(fs.operations_of(CallKind::WriteUncached), expected);
    }
}

#[test]
fn a_failure_of_an_uncached_write_or_of_its_sync_leaves_the_last_commit() {
    for (kind, nth, fault) in [
        (CallKind::WriteUncached, 0, Fault::Fail(Failure::Io)),
        (CallKind::WriteUncached, 1, Fault::Fail(Failure::NoSpace)),
        (CallKind::WriteUncached, 1, Fault::Short(0)),
        (CallKind::Sync, 0, Fault::Fail(Failure::Io)),
        (CallKind::Sync, 0, Fault::FailForgetting(Failure::Io)),
    ] {
        let fs = SimFs::new();
        let mut writer = draft(&fs, &small().cache(CachePolicy::Bypass));
        writer.append(&tokens(100)).unwrap();
        writer.commit(Stamp::default()).unwrap();
        fs.inject(When::Nth(kind, fs.operations_of(kind) + nth), fault);
        let appended = writer.append(&tokens(4 * CHUNK_TOKENS)[100..]);
        let error = appended.and_then(|()| writer.commit(Stamp::default()));
        let error = error.unwrap_err();
        let is_right = matches!(
            error,
            WriteError::Io { .. } | WriteError::NoSpaceAfterAll { .. }
        );
        assert!(is_right, "{kind:?}: {error}");
        assert!(writer.is_poisoned());
        drop(writer);
        assert_eq!(read(&fs), tokens(100), "{kind:?} {fault:?}");
    }
}

#[test]
fn short_and_interrupted_uncached_writes_are_continued() {
    let fs = SimFs::new();
    let mut writer = draft(&fs, &small().cache(CachePolicy::Bypass));
    for (nth, fault) in [
        (0, Fault::Short(700)),
        (1, Fault::Fail(Failure::Interrupted)),
        (2, Fault::Short(1)),
    ] {
        fs.inject(When::Nth(CallKind::WriteUncached, nth), fault);
    }
    writer.append(&tokens(2 * CHUNK_TOKENS)).unwrap();
    writer.commit(Stamp::default()).unwrap();
    assert_eq!(fs.pending_faults(), 0);
    assert_eq!(read(&fs), tokens(2 * CHUNK_TOKENS));
}

/// A file with four windows of 2 MiB and a bit, on a simulated disk.
fn long_file(fs: &SimFs) -> Vec<Token> {
    let all = tokens(16 * CHUNK_TOKENS / 2 + 300);
    let mut writer = draft(fs, &small());
    writer.append(&all).unwrap();
    writer.commit(Stamp::default()).unwrap();
    all
}

#[test]
fn a_pass_reads_windows_around_the_page_cache_and_the_same_tokens() {
    for refused in [false, true] {
        let fs = SimFs::new();
        let all = long_file(&fs);
        if refused {
            fs.refuse_uncached();
        }
        let file = fs.dir().open(NAME, false).unwrap();
        let reader = BlockReader::of_disk(file, NAME).unwrap();
        let reader = reader.with_cache(CachePolicy::Bypass);
        assert!(reader.verify().unwrap().is_clean());
        let uncached = fs.operations_of(CallKind::ReadUncached);
        // The last window has no whole block: its end is read as every end is. Each of the
        // two threads that verify may have begun to ask before the first was refused.
        let expected = if refused { 1..=2 } else { 4..=4 };
        assert!(expected.contains(&uncached), "{uncached}, {refused}");
        assert!(read_all(&reader) == all);
        assert!(!drops(&fs).is_empty());
        let before = fs.operations_of(CallKind::ReadUncached);
        read_all(&reader.with_cache(CachePolicy::Keep));
        assert_eq!(fs.operations_of(CallKind::ReadUncached), before);
    }
}

#[test]
fn a_window_that_cannot_be_read_whole_is_read_block_by_block() {
    for fault in [
        Fault::Fail(Failure::Io),
        Fault::Fail(Failure::Interrupted),
        Fault::Short(4096),
        Fault::Short(700),
        Fault::Short(0),
    ] {
        for nth in 0..4 {
            let fs = SimFs::new();
            let all = long_file(&fs);
            fs.inject(When::Nth(CallKind::ReadUncached, nth), fault);
            let file = fs.dir().open(NAME, false).unwrap();
            let reader = BlockReader::of_disk(file, NAME).unwrap();
            let found = read_all(&reader.with_cache(CachePolicy::Bypass));
            assert!(found == all, "{fault:?} at {nth}");
            assert_eq!(fs.pending_faults(), 0);
        }
    }
}

/// A place on a file system whose page cache can be queried.
fn place() -> Option<Place> {
    let place = Place::new();
    let path = place.named("probe");
    std::fs::write(&path, vec![1; 1 << 20]).unwrap();
    File::open(&path).unwrap().sync_all().unwrap();
    let disk = RealFile::open(&path, false).unwrap();
    let there = disk.cached_bytes(0, MIB).unwrap();
    disk.drop_cached(0, MIB);
    let left = disk.cached_bytes(0, MIB).unwrap();
    let works = there.is_some_and(|there| there > 0) && left == Some(0);
    if !works {
        eprintln!("skipped: the page cache of this folder cannot be queried or dropped");
    }
    works.then_some(place)
}

fn cached(path: &Path) -> u64 {
    let disk = RealFile::open(path, false).unwrap();
    let len = disk.len().unwrap();
    disk.cached_bytes(0, len).unwrap().unwrap()
}

fn make_cold(path: &Path) {
    let file = File::open(path).unwrap();
    file.sync_all().unwrap();
    // Pages may be moving through kernel lists.
    for _ in 0..1000 {
        RealFile::open(path, false)
            .unwrap()
            .drop_cached(0, u64::MAX >> 1);
        if cached(path) == 0 {
            return;
        }
    }
    panic!("{} bytes stay in the page cache", cached(path));
}

/// Eight windows and a bit.
const COUNT: usize = 16 * CHUNK_TOKENS + 3 * BLOCK_TOKENS + 77;
const BYTES: u64 = (COUNT * Token::SIZE) as u64;

#[test]
fn what_is_written_leaves_the_page_cache_by_the_policy() {
    let Some(place) = place() else { return };
    for (policy, most, least) in [
        (CachePolicy::Keep, u64::MAX, BYTES),
        (CachePolicy::Auto, u64::MAX, BYTES),
        (CachePolicy::Bypass, 3 * MIB, BLOCK_BYTES),
    ] {
        let path = place.named(&format!("{policy:?}.ngt"));
        let mut writer = FileWriter::create(&path, &small().cache(policy)).unwrap();
        for part in tokens(COUNT).chunks(CHUNK_TOKENS + 1000) {
            writer.append(part).unwrap();
        }
        writer.commit().unwrap();
        let there = cached(&path);
        assert!((least..=most).contains(&there), "{policy:?}: {there} bytes");
        drop(writer);
        // The next append finds the last block in memory.
        let disk = RealFile::open(&path, false).unwrap();
        let last = DATA + BYTES - BYTES % BLOCK_BYTES;
        let bytes = DATA + BYTES - last;
        let there = disk.cached_bytes(last, bytes).unwrap().unwrap();
        assert!(
            there >= bytes,
            "{there} of the {bytes} bytes of the last block"
        );
        assert!(VecStore::load(&path).unwrap().into_vec() == tokens(COUNT));
    }
}

#[test]
fn raw_records_leave_the_page_cache_too() {
    let Some(place) = place() else { return };
    for (policy, most, least) in [
        (CachePolicy::Keep, u64::MAX, BYTES),
        (CachePolicy::Bypass, 2 * MIB, 0),
    ] {
        let path = place.named(&format!("{policy:?}.raw"));
        let mut draft = RawDraft::begin(&path, false).unwrap();
        draft.set_cache(policy);
        draft.announce(COUNT as u64);
        for part in tokens(COUNT).chunks(12_345) {
            draft.append(part).unwrap();
        }
        draft.publish().unwrap();
        let there = cached(&path);
        assert!((least..=most).contains(&there), "{policy:?}: {there} bytes");
        assert!(std::fs::read(&path).unwrap() == ng_token::as_bytes(&tokens(COUNT)));
    }
}

fn saved(place: &Place) -> std::path::PathBuf {
    let path = place.named("passed.ngt");
    let options = small().replace(true);
    VecStore::from_vec(tokens(COUNT))
        .save(&path, &options)
        .unwrap();
    path
}

fn verified(path: &Path) {
    let reader = BlockReader::open(path).unwrap();
    let reader = reader.with_cache(CachePolicy::Bypass);
    assert!(reader.verify().unwrap().is_clean());
}

fn read_by_threads(path: &Path) {
    let reader = BlockReader::open(path).unwrap();
    let reader = reader.with_cache(CachePolicy::Bypass);
    read_each_block(&reader.pass(), 7);
}

/// Each block on whichever thread is free, with this many threads.
fn read_each_block<D: Disk>(pass: &BlockReader<D>, threads: usize) {
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut block = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= pass.block_count() {
                        break;
                    }
                    pass.read_block(number, &mut block).unwrap();
                    let start = pass.tokens_of(number).start as usize;
                    let is_it = |(at, found): (usize, &Token)| *found == token(start + at);
                    assert!(block.iter().enumerate().all(is_it));
                }
            });
        }
    });
}

fn repaired(path: &Path) {
    let out = path.with_extension("repaired");
    let options = RepairOptions::new()
        .replace(true)
        .cache(CachePolicy::Bypass);
    assert!(repair(path, &out, &options).unwrap().is_whole());
}

fn looked_at_in_windows(path: &Path) {
    let store = open(path).unwrap();
    let snapshot = store.snapshot();
    let pass = snapshot.pass(CachePolicy::Bypass);
    let mut next = 0;
    for window in pass.windows(0..snapshot.len()) {
        for found in window.unwrap().iter() {
            assert_eq!(*found, token(next));
            next += 1;
        }
    }
    assert_eq!(next, COUNT);
}

/// A pass over a file, with its name.
type Pass = (&'static str, fn(&Path));

const PASSES: [Pass; 4] = [
    ("verify", verified),
    ("threads", read_by_threads),
    ("repair", repaired),
    ("windows of a map", looked_at_in_windows),
];

/// The head is read in any case, and pages may be held a moment longer.
const LEFT_MOST: u64 = 3 * MIB;

#[test]
fn a_pass_over_a_cold_file_leaves_it_cold() {
    let Some(place) = place() else { return };
    let path = saved(&place);
    for (name, pass) in PASSES {
        make_cold(&path);
        pass(&path);
        let there = cached(&path);
        assert!(there <= LEFT_MOST, "{name}: {there} bytes of {BYTES}");
    }
}

#[test]
fn a_pass_over_a_warm_file_leaves_it_warm() {
    let Some(place) = place() else { return };
    let path = saved(&place);
    for (name, pass) in PASSES {
        make_cold(&path);
        std::fs::read(&path).unwrap();
        let before = cached(&path);
        assert!(before >= BYTES, "{before} of {BYTES}");
        pass(&path);
        assert_eq!(cached(&path), before, "{name}");
    }
}

#[test]
fn a_pass_over_a_file_that_is_warm_in_parts_leaves_those() {
    let Some(place) = place() else { return };
    let path = saved(&place);
    for (name, pass) in PASSES {
        make_cold(&path);
        let disk = RealFile::open(&path, false).unwrap();
        let parts = [
            DATA..DATA + 300_000,
            DATA + 5 * MIB..DATA + 8 * MIB,
            DATA + 10 * MIB + 4096..DATA + 10 * MIB + 8192,
        ];
        let file = File::open(&path).unwrap();
        // Only what is requested, without read-ahead.
        advise_random(&file);
        for part in &parts {
            let mut bytes = vec![0; (part.end - part.start) as usize];
            file.read_exact_at(&mut bytes, part.start).unwrap();
        }
        let in_parts = || {
            let there = parts
                .iter()
                .map(|part| disk.cached_bytes(part.start, part.end - part.start));
            there.map(|there| there.unwrap().unwrap()).sum::<u64>()
        };
        let (before, all_before) = (in_parts(), cached(&path));
        assert!(before >= 3 * MIB + 300_000 + 4096 && all_before < 6 * MIB);
        pass(&path);
        assert_eq!(in_parts(), before, "{name}");
        let left = cached(&path) - all_before;
        assert!(left <= LEFT_MOST, "{name}: {left} more bytes");
    }
}

/// A page here and there, as after look-ups at random.
#[test]
fn a_pass_over_a_file_of_which_few_pages_are_warm_brings_in_no_more() {
    let Some(place) = place() else { return };
    let path = saved(&place);
    for (name, pass) in PASSES {
        make_cold(&path);
        let file = File::open(&path).unwrap();
        advise_random(&file);
        for at in (DATA..DATA + BYTES).step_by(64 << 10) {
            file.read_exact_at(&mut [0; 100], at).unwrap();
        }
        let before = cached(&path);
        assert!(before < BYTES / 8, "{before}");
        pass(&path);
        let (left, most) = (cached(&path), before + LEFT_MOST);
        assert!(left <= most, "{name}: {left} bytes, {before} before");
    }
}

fn advise_random(file: &File) {
    rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::Random).unwrap();
}

#[test]
fn where_nothing_is_told_of_the_page_cache_a_pass_drops_nothing() {
    let fs = SimFs::new();
    let all = long_file(&fs);
    fs.refuse_to_tell_cached();
    let file = fs.dir().open(NAME, false).unwrap();
    let reader = BlockReader::of_disk(file, NAME).unwrap();
    assert!(read_all(&reader.with_cache(CachePolicy::Bypass)) == all);
    assert!(drops(&fs).is_empty());
    // It may be in memory, which is faster.
    assert_eq!(fs.operations_of(CallKind::ReadUncached), 0);
}

#[test]
fn threads_share_the_windows_of_a_pass() {
    let fs = SimFs::new();
    long_file(&fs);
    let file = fs.dir().open(NAME, false).unwrap();
    let reader = BlockReader::of_disk(file, NAME).unwrap();
    let reader = reader.with_cache(CachePolicy::Bypass);
    let pass = reader.pass();
    read_each_block(&pass, 7);
    assert_eq!(fs.operations_of(CallKind::ReadUncached), 4);
}

#[test]
fn what_was_announced_and_never_had_room_is_forgotten() {
    let large = BYPASS_MIN_BYTES / Token::SIZE as u64 + 1;
    let fs = SimFs::with_capacity(40_000);
    let mut writer = draft(&fs, &small().max_tokens(1 << 30));
    let error = writer.reserve(large).unwrap_err();
    assert!(matches!(error, WriteError::NoSpace { .. }), "{error}");
    let error = writer.reserve_exact(large).unwrap_err();
    assert!(matches!(error, WriteError::NoSpace { .. }), "{error}");
    writer.append(&tokens(2 * CHUNK_TOKENS)).unwrap();
    assert_eq!(fs.operations_of(CallKind::WriteUncached), 0);
    fs.set_capacity(None);
    writer.reserve_exact(large).unwrap();
    writer.shrink_to_fit().unwrap();
    writer.append(&tokens(2 * CHUNK_TOKENS)).unwrap();
    assert_eq!(fs.operations_of(CallKind::WriteUncached), 0);
}

/// The kernel reports this failure once, and the next sync would succeed.
#[test]
fn a_failure_of_writeback_that_is_waited_for_poisons() {
    let fs = SimFs::new();
    fs.refuse_uncached();
    let mut writer = draft(&fs, &small().max_tokens(1 << 22).cache(CachePolicy::Bypass));
    writer.append(&tokens(100)).unwrap();
    writer.commit(Stamp::default()).unwrap();
    fs.inject(
        When::Nth(CallKind::FinishWriteback, 0),
        Fault::FailForgetting(Failure::Io),
    );
    let many = tokens(100 * CHUNK_TOKENS);
    let error = writer.append(&many).unwrap_err();
    assert_eq!(fs.pending_faults(), 0);
    assert!(matches!(error, WriteError::Io { .. }), "{error}");
    assert!(error.to_string().contains("finish writeback"), "{error}");
    let refused = writer.commit(Stamp::default()).unwrap_err();
    assert!(matches!(refused, WriteError::Poisoned { .. }), "{refused}");
    drop(writer);
    assert_eq!(read(&fs), tokens(100));
}

/// A hole of 8 EiB, where the file system has them, has as many windows.
#[test]
fn a_file_of_any_length_is_passed_over_with_little_memory() {
    let place = Place::new();
    let path = place.named("hole.ngt");
    VecStore::from_vec(tokens(100))
        .save(&path, &small())
        .unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    let longest = (40..63).rev().find(|bits| file.set_len(1 << bits).is_ok());
    eprintln!("2^{} bytes", longest.unwrap());
    let out = place.named("out.ngt");
    let options = RepairOptions::new().cache(CachePolicy::Bypass);
    assert!(repair(&path, &out, &options).unwrap().is_whole());
    let reader = BlockReader::open(&path).unwrap();
    assert!(
        reader
            .with_cache(CachePolicy::Bypass)
            .verify()
            .unwrap()
            .is_clean()
    );
}
