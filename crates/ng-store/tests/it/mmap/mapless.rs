//! Files that are written without a map.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use ng_store::{
    BLOCK_TOKENS, CreateError, FileBlockHasher, FileDraft, FileKind, FileWriter, Finding,
    MemoryUsage, OpenError, RawDraft, RepairError, RepairOptions, TokenSink, TokenStore, VecStore,
    WriteError, conformance,
};
use ng_token::{Token, as_bytes};

use super::fixture::{
    Place, create, file_of, flip, open, open_append, repair, small, token, tokens,
};

/// A writer with what it committed, read back without a map.
struct ReadBack {
    writer: FileWriter,
    path: PathBuf,
    shown: VecStore,
}

impl ReadBack {
    fn create(path: PathBuf) -> Self {
        Self {
            writer: FileWriter::create(&path, &small()).unwrap(),
            shown: VecStore::new(),
            path,
        }
    }
}

impl TokenStore for ReadBack {
    fn tokens(&self) -> &[Token] {
        self.shown.tokens()
    }

    fn memory_usage(&self) -> MemoryUsage {
        self.shown.memory_usage()
    }
}

impl TokenSink for ReadBack {
    type Error = WriteError;
    type Hasher = FileBlockHasher;

    fn appended_tokens(&self) -> u64 {
        self.writer.appended_tokens()
    }

    fn reserve(&mut self, additional: usize) -> Result<(), WriteError> {
        self.writer.reserve(additional)
    }

    fn append(&mut self, tokens: &[Token]) -> Result<(), WriteError> {
        self.writer.append(tokens)
    }

    fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token + Sync,
    ) -> Result<(), WriteError> {
        self.writer.append_with(count, f)
    }

    fn block_hasher(&self) -> FileBlockHasher {
        self.writer.block_hasher()
    }

    fn append_hashed(&mut self, tokens: &[Token], hashes: &[u64]) -> Result<(), WriteError> {
        self.writer.append_hashed(tokens, hashes)
    }

    fn commit(&mut self) -> Result<(), WriteError> {
        self.writer.commit()?;
        self.shown = VecStore::load(&self.path).unwrap();
        Ok(())
    }
}

#[test]
fn file_writer_conforms() {
    let place = Place::new();
    let made = AtomicUsize::new(0);
    conformance::check_all(|| {
        let name = made.fetch_add(1, Ordering::Relaxed).to_string();
        ReadBack::create(place.named(&name))
    });
}

#[test]
fn a_writer_and_a_mapped_store_go_on_with_one_file() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10]);
    let mut writer = FileWriter::open_append(&path).unwrap();
    assert_eq!(
        (writer.committed_tokens(), writer.recovery()),
        (10, &[][..])
    );
    writer
        .append_with(BLOCK_TOKENS, |index| token(10 + index))
        .unwrap();
    assert_eq!(writer.appended_tokens(), 10 + BLOCK_TOKENS as u64);
    writer.commit_tagged(7).unwrap();
    drop(writer);
    let mut store = open_append(&path).unwrap();
    assert_eq!((store.info().tag, store.info().generation), (7, 4));
    assert_eq!(store.tokens(), tokens(10 + BLOCK_TOKENS));
    store.append(&[token(10 + BLOCK_TOKENS)]).unwrap();
    store.commit().unwrap();
    drop(store);
    let writer = FileWriter::open_append(&path).unwrap();
    assert_eq!((writer.info().tag, writer.info().generation), (7, 6));
    assert_eq!(writer.committed_tokens(), 11 + BLOCK_TOKENS as u64);
}

#[test]
fn a_writer_and_a_mapped_appender_shut_each_other_out() {
    let place = Place::new();
    let path = place.file();
    let store = create(&path, &small()).unwrap();
    let error = FileWriter::open_append(&path).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    drop(store);
    let writer = FileWriter::open_append(&path).unwrap();
    for error in [
        open_append(&path).unwrap_err(),
        FileWriter::open_append(&path).unwrap_err(),
    ] {
        assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    }
    drop(writer);
    open_append(&path).unwrap();
}

#[test]
fn an_exact_reservation_is_the_length_of_the_file() {
    let place = Place::new();
    let mut writer = FileWriter::create(place.file(), &small()).unwrap();
    writer.reserve_exact(1_000).unwrap();
    let length = fs::metadata(place.file()).unwrap().len();
    assert_eq!(length, writer.info().data_offset + 64_000);
}

#[test]
fn a_draft_has_its_name_when_it_is_published_and_not_before() {
    let place = Place::new();
    let mut draft = FileDraft::begin(place.file(), &small()).unwrap();
    draft.writer().append(&tokens(5_000)).unwrap();
    draft.writer().commit().unwrap();
    assert!(!place.file().exists());
    let writer = draft.publish().unwrap();
    assert_eq!(writer.committed_tokens(), 5_000);
    assert_eq!(open(&place.file()).unwrap().tokens(), tokens(5_000));
    assert_eq!(place.names(), ["a.ngt"]);
    let error = FileWriter::open_append(place.file()).unwrap_err();
    assert!(
        matches!(error, OpenError::Locked { .. }),
        "its writer lives: {error}"
    );
}

/// Creates and publishes a file of one token, either way.
type Publish = fn(&Path, bool) -> Result<(), CreateError>;

fn publish_draft(path: &Path, replace: bool) -> Result<(), CreateError> {
    let mut draft = FileDraft::begin(path, &small().replace(replace))?;
    draft.writer().append(&tokens(1))?;
    draft.publish().map(drop)
}

fn publish_raw(path: &Path, replace: bool) -> Result<(), CreateError> {
    let mut draft = RawDraft::begin(path, replace)?;
    draft.append(&tokens(1))?;
    draft.publish()
}

const WAYS: [Publish; 2] = [publish_draft, publish_raw];

#[test]
fn what_has_the_name_is_replaced_only_when_asked() {
    for publish in WAYS {
        let place = Place::new();
        fs::write(place.file(), "mine").unwrap();
        let error = publish(&place.file(), false).unwrap_err();
        assert!(matches!(error, CreateError::Exists { .. }), "{error}");
        assert_eq!(fs::read(place.file()).unwrap(), b"mine");
        publish(&place.file(), true).unwrap();
        assert!(fs::read(place.file()).unwrap() != b"mine");
        assert_eq!(place.names(), ["a.ngt"]);
    }
}

#[test]
fn a_file_that_is_appended_to_is_replaced_by_neither_draft() {
    for publish in WAYS {
        let place = Place::new();
        let mut old = FileWriter::create(place.file(), &small()).unwrap();
        let error = publish(&place.file(), true).unwrap_err();
        assert!(matches!(error, CreateError::Locked { .. }), "{error}");
        old.append(&tokens(3)).unwrap();
        old.commit().unwrap();
        assert_eq!(VecStore::load(place.file()).unwrap().tokens(), tokens(3));
        assert_eq!(place.names(), ["a.ngt"]);
    }
}

#[test]
fn a_folder_is_replaced_by_neither_draft() {
    for publish in WAYS {
        let place = Place::new();
        fs::create_dir(place.file()).unwrap();
        let error = publish(&place.file(), true).unwrap_err();
        let found = FileKind::Folder;
        assert!(
            matches!(error, CreateError::NotAFile { found: it, .. } if it == found),
            "{error}"
        );
    }
}

#[test]
fn a_draft_that_is_dropped_leaves_neither_name() {
    let place = Place::new();
    let mut draft = FileDraft::begin(place.file(), &small()).unwrap();
    draft.writer().append(&tokens(10)).unwrap();
    let mut raw = RawDraft::begin(place.named("raw"), false).unwrap();
    raw.append(&tokens(10)).unwrap();
    assert_eq!(place.names().len(), 2);
    drop((draft, raw));
    assert!(place.names().is_empty());
}

#[test]
fn a_raw_file_is_the_records_and_nothing_else() {
    let place = Place::new();
    let expected = tokens(40_000);
    let mut draft = RawDraft::begin(place.file(), false).unwrap();
    for piece in expected.chunks(5_001) {
        draft.append(piece).unwrap();
    }
    draft.publish().unwrap();
    assert!(fs::read(place.file()).unwrap() == as_bytes(&expected));
}

#[test]
fn a_repair_tells_how_far_it_is_and_ends_when_told() {
    let place = Place::new();
    file_of(&place.file(), &[40 * BLOCK_TOKENS + 1]);
    let out = place.named("out.ngt");
    let mut seen = Vec::new();
    ng_store::repair(place.file(), &out, &RepairOptions::new(), |progress| {
        assert_eq!(progress.total, 82);
        seen.push(progress.done);
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(seen, [0, 16, 32, 41, 57, 73]);
    fs::remove_file(&out).unwrap();
    for stop_at in seen {
        let options = RepairOptions::new();
        let stopped = ng_store::repair(place.file(), &out, &options, |progress| {
            match progress.done == stop_at {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        match stopped {
            Err(RepairError::Stopped { progress }) => assert_eq!(progress.done, stop_at),
            other => panic!("{other:?}"),
        }
        assert_eq!(place.names(), ["a.ngt"]);
    }
}

#[test]
fn a_file_with_bad_blocks_in_several_steps_is_repaired_as_in_one() {
    let place = Place::new();
    let count = 40 * BLOCK_TOKENS;
    file_of(&place.file(), &[count]);
    for block in [3, 20, 39] {
        flip(&place.file(), ((2 << 20) + block * (256 << 10)) * 8);
    }
    let out = place.named("out.ngt");
    let report = repair(place.file(), &out, &RepairOptions::new()).unwrap();
    let bad: Vec<_> = report.bad.iter().map(|bad| bad.block).collect();
    assert_eq!(bad, [3, 20, 39]);
    assert_eq!(report.lost.len(), 3);
    assert_eq!(report.kept, (count - 3 * BLOCK_TOKENS) as u64);
}

#[test]
fn only_what_a_commit_may_leave_behind_is_called_so() {
    for (finding, expected) in [
        (Finding::Header, false),
        (Finding::SlotCopy { slot: 0, copy: 1 }, true),
        (Finding::CopiesDiffer { slot: 1 }, true),
        (Finding::FirstCommitMissing, true),
        (Finding::Slot { slot: 1 }, false),
        (Finding::Gap { offset: 0x1200 }, false),
        (Finding::TailImage { slot: 0 }, false),
        (Finding::TailRestored { token_index: 64 }, false),
    ] {
        assert_eq!(finding.may_be_of_a_power_cut(), expected, "{finding}");
    }
}
