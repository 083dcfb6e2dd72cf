//! `load` and `save` do on workers what a `VecStore` does by itself.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use ng_parallel::{
    IngestError, ParallelError, ParallelLoadError, ParallelSaveError, StopFlag, load, load_watched,
    save, serial,
};
use ng_store::{
    BlockReader, CachePolicy, CreateError, CreateOptions, FileDraft, FileWriter, LoadError,
    OpenError, ReadError, TokenSink, TokenStore, VecStore, VerifyBlocks, WriteError,
};
use ng_token::Token;

use crate::{COUNTS, PANIC_TOKENS, STARTS, THREADS, check_stopped, tokens, workers};

fn options() -> CreateOptions {
    CreateOptions::new().max_tokens(1 << 20).tag(7)
}

/// The file as its own store saves it.
fn saved(path: &Path, tokens: Vec<Token>) -> VecStore {
    let store = VecStore::from_vec(tokens);
    store.save(path, &options()).unwrap();
    store
}

/// Where the header has the file's id and when it was created.
const ID: std::ops::Range<usize> = 16..32;

/// Checks that two files are the same, but for their ids, their times and the hashes
/// over both: the tokens and how much room they have.
fn assert_same(one: &Path, other: &Path, context: &str) {
    let [one_bytes, other_bytes] = [one, other].map(|path| fs::read(path).unwrap());
    assert_eq!(one_bytes.len(), other_bytes.len(), "{context}");
    assert!(one_bytes[ID] != other_bytes[ID], "{context}");
    let [one, other] = [one, other].map(|path| BlockReader::open(path).unwrap());
    let start = one_bytes.len() - one.len() as usize * Token::SIZE;
    assert!(one_bytes[start..] == other_bytes[start..], "{context}");
    let described = |reader: &BlockReader| {
        let info = reader.info();
        assert!(reader.recovery().is_empty(), "{context}");
        assert!(reader.verify().unwrap().is_clean(), "{context}");
        (
            info.tokens,
            info.generation,
            info.max_tokens,
            info.tag,
            info.length,
        )
    };
    assert_eq!(described(&one), described(&other), "{context}");
}

#[test]
fn a_saved_file_is_the_one_that_the_store_saves() {
    let folder = tempfile::tempdir().unwrap();
    let by = |name: &str| folder.path().join(name);
    let draft = |path: &Path| FileDraft::begin(path, &options().replace(true)).unwrap();
    for count in COUNTS {
        let store = saved(&by(&format!("{count}.ngt")), tokens(count));
        let oracle = by(&format!("{count}.ngt"));
        let twin = serial::save(&StopFlag::new(), store.tokens(), draft(&by("twin.ngt")));
        assert_eq!(twin.unwrap().committed_tokens(), count as u64);
        assert_same(&by("twin.ngt"), &oracle, "serial");
        for (how, start) in STARTS {
            for threads in THREADS {
                let context = format!("{count} tokens, {threads} threads, {how}");
                let path = by("workers.ngt");
                let workers = start(threads);
                let writer: FileWriter = save(&workers, store.tokens(), draft(&path)).unwrap();
                assert_eq!(writer.committed_tokens(), count as u64);
                drop(writer);
                assert_same(&path, &oracle, &context);
            }
        }
    }
}

#[test]
fn the_writer_of_a_saved_file_goes_on_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ngt");
    let draft = FileDraft::begin(&path, &options()).unwrap();
    let mut writer = save(&workers(2), &tokens(50_000), draft).unwrap();
    writer.append(&tokens(50_007)[50_000..]).unwrap();
    writer.commit().unwrap();
    let loaded = load(&workers(2), &BlockReader::open(&path).unwrap()).unwrap();
    assert!(loaded.tokens() == tokens(50_007));
}

#[test]
fn a_loaded_store_is_the_one_that_the_file_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ngt");
    for count in COUNTS {
        let _ = fs::remove_file(&path);
        let oracle = saved(&path, tokens(count));
        for cache in [CachePolicy::Keep, CachePolicy::Bypass] {
            let reader = BlockReader::open(&path).unwrap().with_cache(cache);
            let twin = serial::load(&StopFlag::new(), &reader).unwrap();
            assert!(twin.tokens() == oracle.tokens(), "serial");
            for (how, start) in STARTS {
                for threads in THREADS {
                    let loaded = load(&start(threads), &reader).unwrap();
                    let context = format!("{count} tokens, {threads} threads, {how}");
                    assert!(loaded.tokens() == oracle.tokens(), "{context}");
                    assert!(loaded.capacity() >= count);
                    assert_eq!(loaded.policy(), oracle.policy());
                }
            }
        }
    }
}

#[test]
fn a_watched_load_tells_of_all_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ngt");
    for count in COUNTS {
        let _ = fs::remove_file(&path);
        let oracle = saved(&path, tokens(count));
        let reader = BlockReader::open(&path).unwrap();
        for threads in THREADS {
            let told = AtomicU64::new(0);
            let watch = |tokens| _ = told.fetch_add(tokens, Ordering::Relaxed);
            let loaded = load_watched(&workers(threads), &reader, watch).unwrap();
            assert!(loaded.tokens() == oracle.tokens());
            assert_eq!(told.into_inner(), count as u64, "{threads} threads");
        }
    }
}

/// Writes one byte of a file another value.
fn spoil(path: &Path, offset: u64) {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).unwrap();
    file.write_all_at(&[!byte[0]], offset).unwrap();
}

/// As the store itself says it, whatever the number of threads.
#[test]
fn what_is_damaged_is_not_loaded_and_the_first_block_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (what, offsets) in [
        ("a block", &[2 << 20][..]),
        (
            "blocks of two shards",
            &[(2 << 20) + (9 << 20), (2 << 20) + (5 << 20)],
        ),
        ("the table", &[0x10000]),
        (
            "the last block",
            &[(2 << 20) + PANIC_TOKENS as u64 * 64 - 1 - 4096],
        ),
    ] {
        let path = folder.path().join(format!("{what}.ngt"));
        saved(&path, tokens(PANIC_TOKENS));
        offsets.iter().for_each(|&offset| spoil(&path, offset));
        let expected = VecStore::load(&path).unwrap_err();
        let reader = BlockReader::open(&path).unwrap();
        let check = |outcome: Result<VecStore, ParallelLoadError>| {
            let Err(ParallelLoadError::Load(error)) = outcome else {
                panic!("{what}: {outcome:?}");
            };
            assert!(matches!(
                error,
                LoadError::Read(ReadError::BadBlock { .. } | ReadError::TableDamaged { .. })
            ));
            assert_eq!(error.to_string(), expected.to_string(), "{what}");
        };
        check(serial::load(&StopFlag::new(), &reader));
        for threads in THREADS {
            check(load(&workers(threads), &reader));
        }
    }
}

#[test]
fn a_file_that_may_have_lost_its_newest_commit_is_not_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ngt");
    let mut writer = FileWriter::create(&path, &options()).unwrap();
    for count in [10, 20] {
        writer.append(&tokens(count)).unwrap();
        writer.commit().unwrap();
    }
    let newest = writer.info().generation % 2;
    drop(writer);
    for copy in [0, 2048] {
        spoil(&path, 0x1000 + newest * 0x2000 + copy + 40);
    }
    let expected = VecStore::load(&path).unwrap_err();
    let reader = BlockReader::open(&path).unwrap();
    for threads in THREADS {
        let outcome = load(&workers(threads), &reader);
        let Err(ParallelLoadError::Load(LoadError::Open(error))) = outcome else {
            panic!("{outcome:?}");
        };
        assert!(matches!(error, OpenError::SlotLost { .. }));
        assert_eq!(error.to_string(), expected.to_string());
    }
}

#[test]
fn a_stop_loads_nothing_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ngt");
    saved(&path, tokens(PANIC_TOKENS));
    let reader = BlockReader::open(&path).unwrap();
    for threads in THREADS {
        let workers = workers(threads);
        workers.stop_flag().stop();
        let outcome = load(&workers, &reader).map_err(|error| match error {
            ParallelLoadError::Parallel(error) => error,
            other => panic!("{other}"),
        });
        assert_eq!(check_stopped(outcome, PANIC_TOKENS), 0);
        let draft = FileDraft::begin(folder.path().join("b.ngt"), &options()).unwrap();
        let outcome = save(&workers, &tokens(PANIC_TOKENS), draft);
        let Err(ParallelSaveError::Ingest(IngestError::Stopped { appended, count })) = outcome
        else {
            panic!("{outcome:?}");
        };
        assert_eq!((appended, count), (0, PANIC_TOKENS));
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }
}

#[test]
fn a_file_that_is_made_for_fewer_tokens_is_not_saved() {
    let folder = tempfile::tempdir().unwrap();
    for threads in THREADS {
        let options = CreateOptions::new().max_tokens(100);
        let draft = FileDraft::begin(folder.path().join("a.ngt"), &options).unwrap();
        let outcome = save(&workers(threads), &tokens(PANIC_TOKENS), draft);
        assert!(matches!(
            outcome,
            Err(ParallelSaveError::Create(CreateError::Write(
                WriteError::Full { .. }
            )))
        ));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn errors_are_those_of_what_failed() {
    let stopped = || ParallelError::Stopped {
        shards_done: 3,
        shards: 9,
    };
    let error = ParallelLoadError::from(stopped());
    assert_eq!(error.to_string(), stopped().to_string());
    let error = ParallelSaveError::from(IngestError::Stopped {
        appended: 5,
        count: 9,
    });
    assert_eq!(error.to_string(), "stopped after 5 of 9 tokens");
}
