//! Processes that fork while they have a file open.
//!
//! A child shares the open file with its parent: its lock, and what is written
//! through it. The actor has no other thread, so that its children may allocate.

#![expect(unsafe_code, reason = "fork, and the way out of a child")]

use std::io::{self, Read, pipe};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process::{self, Command};

use ng_store::disk::{Disk, Passing, RealFile};
use ng_store::{
    BLOCK_TOKENS, BlockReader, Blocks, CachePolicy, CreateError, CreateOptions, FileDraft,
    MmapStore, OpenError, RawDraft, TokenSink, TokenStore, VecStore, VerifyBlocks, WriteError,
};

use crate::actor::{Actor, command, numbers, say};
use crate::amount;
use crate::fixture::{create, open, open_append, small, tokens, verify};
use crate::folders::{in_memory, named, names, on_disk, word};

pub(crate) fn test() {
    let folder = in_memory();
    let mut actor = Actor::start("fork", &[word(folder.path())]);
    let line = actor.line();
    assert!(actor.end().success(), "it said {line:?}");
    let [children] = numbers(&line.unwrap());
    amount::count("forked children", children);
}

/// As [`test`], but the child has its parent's pid: both are the first process of a
/// namespace.
pub(crate) fn numbered_alike() {
    const NAME: &str = "forked children with their parent's number";
    let unshared = || {
        let mut unshare = Command::new("unshare");
        unshare.args(["--fork", "--kill-child", "--pid", "--"]);
        unshare
    };
    match unshared().args(["unshare", "--pid", "true"]).output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return amount::skipped(NAME, &why);
        }
        Err(error) => return amount::skipped(NAME, &format!("unshare: {error}")),
    }
    let folder = in_memory();
    let fork = command("fork with its number", &[word(folder.path())]);
    let mut unshare = unshared();
    unshare.arg(fork.get_program()).args(fork.get_args());
    let mut actor = Actor::of(unshare);
    let line = actor.line();
    assert!(actor.end().success(), "it said {line:?}");
    let [children] = numbers(&line.unwrap());
    amount::count(NAME, children);
}

/// The actor, the first process of its namespace.
pub(crate) fn fork_with_its_number(folder: &Path) {
    let path = folder.join("a.ngt");
    assert_eq!(process::id(), 1);
    let mut store = Some(create(&path, &small()).unwrap());
    // SAFETY: (1) `unshare` asks for nothing; the next child is alone in a name space.
    assert_eq!(unsafe { libc::unshare(libc::CLONE_NEWPID) }, 0);
    in_child(|| {
        assert_eq!(process::id(), 1);
        try_to_write(&mut store);
        drop_it(&mut store);
        assert_locked(&path);
    });
    assert_locked(&path);
    append(store.as_mut().unwrap(), 10);
    say("1");
}

/// The actor.
pub(crate) fn fork(folder: &Path) {
    let mut children = 0;
    for _ in 0..amount::scale() {
        for leave in [drop_it, forget_it, unwind_it, try_to_write] {
            a_lock_outlives_what_a_child_does(&folder.join("a.ngt"), leave);
            children += 2;
        }
        a_lock_is_given_back_while_a_child_lives(&folder.join("a.ngt"));
        reading_goes_on_in_a_child(&folder.join("a.ngt"));
        handles_of_another_process_change_nothing(&folder.join("a.ngt"));
        passes_go_on_on_both_sides();
        blocks_go_on_on_both_sides();
        children += 5;
        children += drafts_stay_the_parents(folder);
    }
    say(&children.to_string());
}

/// What a child does with its copy of the parent's store.
type Leave = fn(&mut Option<MmapStore>);

fn drop_it(store: &mut Option<MmapStore>) {
    drop(store.take().unwrap());
}

fn forget_it(_: &mut Option<MmapStore>) {}

fn unwind_it(store: &mut Option<MmapStore>) {
    let store = store.take().unwrap();
    let panicked = panic::catch_unwind(AssertUnwindSafe(move || {
        let _store = store;
        panic::resume_unwind(Box::new(()));
    }));
    assert!(panicked.is_err());
}

fn try_to_write(store: &mut Option<MmapStore>) {
    let store = store.as_mut().unwrap();
    let refusals = [
        store.append(&tokens(1)),
        store.append_with(1, |_| unreachable!("refused before")),
        store.append_hashed(&tokens(1), &[]),
        store.reserve(1 << 16),
        store.reserve_exact(1 << 16),
        store.commit(),
        store.commit_tagged(9),
    ];
    for refusal in refusals {
        assert_forked(&refusal.unwrap_err());
    }
}

fn a_lock_outlives_what_a_child_does(path: &Path, leave: Leave) {
    let mut store = Some(create(path, &small().replace(true)).unwrap());
    append(store.as_mut().unwrap(), 10);
    // More than fitted: the space is the parent's, too.
    let more = &tokens(30_000)[10..];
    store.as_mut().unwrap().append(more).unwrap();
    in_child(|| {
        leave(&mut store);
        assert_locked(path);
    });
    assert_locked(path);
    in_child(|| assert_locked(path));
    let mut store = store.unwrap();
    store.commit().unwrap();
    assert_eq!(store.tokens(), tokens(30_000));
    assert_eq!(open(path).unwrap().tokens(), tokens(30_000));
    drop(store);
    drop(open_append(path).unwrap());
    assert!(verify(path).unwrap().is_clean());
}

fn a_lock_is_given_back_while_a_child_lives(path: &Path) {
    let store = create(path, &small().replace(true)).unwrap();
    let (mut held, holder) = pipe().unwrap();
    let mut holder = Some(holder);
    let child = start_child(|| {
        // Its own copy, which would keep the pipe open.
        drop(holder.take());
        assert_eq!(held.read(&mut [0]).unwrap(), 0);
    });
    drop(store);
    let mut store = open_append(path).unwrap();
    append(&mut store, 5);
    drop(holder);
    wait_for(child);
    append(&mut store, 6);
}

fn reading_goes_on_in_a_child(path: &Path) {
    let mut store = create(path, &small().replace(true)).unwrap();
    append(&mut store, 5_000);
    let (mut reader, blocks) = (open(path).unwrap(), BlockReader::open(path).unwrap());
    let snapshot = store.snapshot();
    append(&mut store, 5_001);
    in_child(|| {
        // The kernel reports a failure once for both, so the child's sync proves nothing;
        // and a failure it sees is not remembered.
        for _ in 0..2 {
            let refused = reader.refresh().unwrap_err();
            assert!(matches!(refused, OpenError::Forked { .. }), "{refused}");
        }
        assert!(reader.refresh_unsynced().unwrap());
        assert_eq!(reader.tokens(), tokens(5_001));
    });
    in_child(|| {
        assert_eq!(snapshot.tokens(), tokens(5_000));
        assert_eq!(store.tokens(), tokens(5_001));
        assert_eq!(reader.tokens(), tokens(5_000));
        let mut read = Vec::new();
        blocks.read_block(1, &mut read).unwrap();
        assert_eq!(read, tokens(5_000)[4096..]);
        assert!(blocks.verify().unwrap().is_clean());
        assert_eq!(open(path).unwrap().tokens(), tokens(5_001));
    });
}

/// Even without a writer. The child does not inherit a pass's windows: it reads by itself,
/// and unmaps nothing at the addresses of its parent's windows.
fn passes_go_on_on_both_sides() {
    let folder = on_disk();
    let path = &named(&folder, "passed.ngt");
    let count = 3 * 8 * BLOCK_TOKENS + 5;
    let options = small().replace(true);
    VecStore::from_vec(tokens(count))
        .save(path, &options)
        .unwrap();
    // Cold, if the file system supports that.
    RealFile::open(path, false).unwrap().drop_cached(0, 1 << 30);
    let reader = BlockReader::open(path).unwrap();
    let reader = reader.with_cache(CachePolicy::Bypass);
    let mut pass = Some(reader.pass());
    let read = |pass: &BlockReader<Passing<'_>>, blocks: std::ops::Range<u64>| {
        let mut found = Vec::new();
        for block in blocks {
            pass.read_block(block, &mut found).unwrap();
            let start = block as usize * BLOCK_TOKENS;
            assert!(found == tokens(start + found.len())[start..]);
        }
    };
    read(pass.as_ref().unwrap(), 0..9);
    in_child(|| {
        let pass = pass.take().unwrap();
        read(&pass, 3..pass.block_count());
        // Somewhere the parent's windows are.
        let more: Vec<_> = (0..64).map(|_| vec![1u8; 1 << 20]).collect();
        drop(pass);
        assert!(more.iter().flatten().all(|byte| *byte == 1));
    });
    let pass = pass.unwrap();
    read(&pass, 9..pass.block_count());
}

/// Blocks read ahead by a thread of the parent: the child lacks the thread, and reads by
/// itself.
fn blocks_go_on_on_both_sides() {
    let folder = on_disk();
    let path = &named(&folder, "blocks.ngt");
    let count = 40 * BLOCK_TOKENS + 5;
    VecStore::from_vec(tokens(count))
        .save(path, &small())
        .unwrap();
    for cache in [CachePolicy::Keep, CachePolicy::Bypass] {
        let reader = BlockReader::open(path).unwrap().with_cache(cache);
        let mut blocks = Some(reader.blocks());
        let mut kept = Vec::new();
        for _ in 0..9 {
            kept.push(blocks.as_mut().unwrap().next().unwrap().unwrap());
        }
        let check = |blocks: Blocks| {
            let mut next = 9 * BLOCK_TOKENS;
            for block in blocks {
                let block = block.unwrap();
                assert!(*block == tokens(next + block.len())[next..]);
                next += block.len();
            }
            assert_eq!(next, count);
        };
        in_child(|| {
            check(blocks.take().unwrap());
            drop(std::mem::take(&mut kept));
        });
        check(blocks.take().unwrap());
        assert!(kept.iter().all(|block| block.len() == BLOCK_TOKENS));
    }
}

fn handles_of_another_process_change_nothing(path: &Path) {
    drop(create(path, &small().replace(true)).unwrap());
    let before = std::fs::read(path).unwrap();
    let file = RealFile::open(path, true).unwrap();
    in_child(|| {
        assert!(!file.is_ours());
        let refusals = [
            file.set_len(0),
            file.write_at(&[1], 0).map(drop),
            file.allocate(0, 1 << 20),
            file.start_writeback(0, 1),
            file.sync(),
            file.try_lock(),
        ];
        for refusal in refusals {
            let told = refusal.unwrap_err().to_string();
            assert_eq!(told, "opened by another process, before a fork");
        }
        assert_eq!(file.read_at(&mut [0; 8], 0).unwrap(), 8);
    });
    assert!(file.is_ours());
    assert!(std::fs::read(path).unwrap() == before);
    file.try_lock().unwrap();
}

/// A child neither removes a parent's draft nor publishes it.
fn drafts_stay_the_parents(folder: &Path) -> u64 {
    let mut children = 0;
    for publish in [false, true] {
        let path = folder.join("draft.ngt");
        let mut draft = Some(FileDraft::begin(&path, &CreateOptions::new()).unwrap());
        let names_before = names(folder);
        in_child(|| {
            let draft = draft.take().unwrap();
            if publish {
                assert_create_forked(draft.publish().map(drop));
            }
        });
        assert_eq!(names(folder), names_before);
        draft.unwrap().publish().unwrap();
        std::fs::remove_file(&path).unwrap();

        let path = folder.join("draft.raw");
        let mut draft = Some(RawDraft::begin(&path, false).unwrap());
        let names_before = names(folder);
        in_child(|| {
            let mut draft = draft.take().unwrap();
            if publish {
                draft.append(&tokens(1)).unwrap_err();
                assert_create_forked(draft.publish());
            }
        });
        assert_eq!(names(folder), names_before);
        let mut draft = draft.unwrap();
        draft.append(&tokens(2)).unwrap();
        draft.publish().unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 128);
        std::fs::remove_file(&path).unwrap();
        children += 2;
    }
    children
}

fn append(store: &mut MmapStore, count: usize) {
    store.append(&tokens(count)[store.len()..]).unwrap();
    store.commit().unwrap();
    assert_eq!(store.tokens(), tokens(count));
}

fn assert_locked(path: &Path) {
    let error = open_append(path).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
}

fn assert_forked(error: &WriteError) {
    assert!(matches!(error, WriteError::Forked { .. }), "{error}");
}

fn assert_create_forked(outcome: Result<(), CreateError>) {
    match outcome.unwrap_err() {
        CreateError::Write(error) => assert_forked(&error),
        error => panic!("{error}"),
    }
}

fn in_child(act: impl FnOnce()) {
    wait_for(start_child(act));
}

/// Forks, and lets the child act and leave without any destructor of its own.
fn start_child(act: impl FnOnce()) -> libc::pid_t {
    // SAFETY: (1) `fork` requires that a child of many threads calls nothing but what
    // a signal handler may: this process has one thread.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "{}", io::Error::last_os_error());
    if child > 0 {
        return child;
    }
    let acted = panic::catch_unwind(AssertUnwindSafe(act));
    // SAFETY: (1) `_exit` asks for nothing.
    unsafe { libc::_exit(i32::from(acted.is_err())) }
}

fn wait_for(child: libc::pid_t) {
    let mut status = 0;
    // SAFETY: (1) `waitpid` writes to `status`, which is ours.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(waited, child, "{}", io::Error::last_os_error());
    assert_eq!(status, 0, "the child failed");
}
