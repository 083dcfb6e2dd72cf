//! Snapshots as stores: slices, their commit, and verification of their blocks.

use ng_store::{
    Access, BLOCK_TOKENS, BlockReader, CachePolicy, OpenError, TokenSink, TokenStore, VerifyBlocks,
};

use super::fixture::{Place, create, file_of, flip, open, open_append, small, token, tokens};

const COUNT: usize = 3 * BLOCK_TOKENS + 100;

#[test]
fn a_snapshot_is_a_store() {
    fn sum(store: &impl TokenStore) -> u64 {
        store
            .tokens()
            .iter()
            .map(|token| u64::from(token.id().raw()))
            .sum()
    }
    let place = Place::new();
    file_of(&place.file(), &[COUNT]);
    let snapshot = open(&place.file()).unwrap().snapshot();
    assert_eq!(sum(&snapshot), (COUNT as u64 - 1) * COUNT as u64 / 2);
    let usage = snapshot.memory_usage();
    assert_eq!(usage.used_bytes, COUNT as u64 * 64);
    assert!(usage.resident_bytes.unwrap() >= usage.used_bytes);
    let part = snapshot.slice(64..128);
    assert_eq!(part.memory_usage().used_bytes, 64 * 64);
}

#[test]
fn a_slice_shows_its_tokens_and_slices_of_it_theirs() {
    let place = Place::new();
    file_of(&place.file(), &[COUNT]);
    let snapshot = open(&place.file()).unwrap().snapshot();
    let all = tokens(COUNT);
    let part = snapshot.slice(1000..9000);
    assert!(part.tokens() == &all[1000..9000]);
    assert_eq!((part.start(), part.len()), (1000, 8000));
    let inner = part.slice(100..200);
    assert!(inner.tokens() == &all[1100..1200]);
    assert_eq!((inner.start(), inner.commit()), (1100, snapshot.commit()));
    assert!(part.slice(8000..8000).is_empty());
    drop((snapshot, part));
    assert!(inner.tokens() == &all[1100..1200]);
}

#[test]
#[should_panic(expected = "tokens 5..101 of 100")]
fn a_slice_beyond_the_end_is_refused() {
    let place = Place::new();
    file_of(&place.file(), &[200]);
    let _ = open(&place.file())
        .unwrap()
        .snapshot()
        .slice(100..200)
        .slice(5..101);
}

#[test]
fn a_slice_is_passed_over_and_advised_where_it_lies() {
    let place = Place::new();
    file_of(&place.file(), &[COUNT]);
    let snapshot = open(&place.file()).unwrap().snapshot();
    let part = snapshot.slice(100..COUNT);
    for access in [
        Access::Normal,
        Access::Random,
        Access::Sequential,
        Access::WillNeed,
    ] {
        part.advise(3..part.len(), access).unwrap();
        part.advise(7..7, access).unwrap();
    }
    part.populate(0..part.len()).unwrap();
    for policy in [CachePolicy::Keep, CachePolicy::Bypass] {
        let pass = part.pass(policy);
        let mut seen = Vec::new();
        for window in pass.windows(0..part.len()) {
            seen.extend_from_slice(&window.unwrap());
        }
        assert!(seen == tokens(COUNT)[100..]);
    }
}

#[test]
fn a_snapshot_says_which_commit_it_is_of() {
    let place = Place::new();
    let mut store = create(&place.file(), &small().tag(5)).unwrap();
    let first = *store.snapshot().commit();
    assert_eq!((first.generation, first.tokens, first.tag), (0, 0, 5));
    store.append(&tokens(70)).unwrap();
    store.commit_tagged(9).unwrap();
    let snapshot = store.snapshot();
    let (commit, info) = (*snapshot.commit(), store.info());
    assert_eq!(
        (commit.file_id, commit.generation, commit.tokens, commit.tag),
        (info.file_id, info.generation, 70, 9)
    );
    // By the format: the slot of a generation, and the checksum that ends its first copy.
    let [low, high] = [0x1000, 0x3000];
    let slot = if commit.generation % 2 == 0 {
        low
    } else {
        high
    };
    let stored: [u8; 8] = super::fixture::read_at(&place.file(), slot + 504);
    assert_eq!(commit.checksum, u64::from_le_bytes(stored));
    assert_eq!(BlockReader::open(place.file()).unwrap().commit(), commit);
    assert_eq!(*open(&place.file()).unwrap().snapshot().commit(), commit);
    store.commit_tagged(10).unwrap();
    assert_ne!(*store.snapshot().commit(), commit);
    assert_eq!(*snapshot.commit(), commit);
}

#[test]
fn a_snapshot_is_verified_by_what_its_commit_vouches_for() {
    let place = Place::new();
    let path = place.file();
    let mut store = create(&path, &small()).unwrap();
    let mut snapshots = vec![store.snapshot()];
    for end in [100, BLOCK_TOKENS, COUNT] {
        let start = store.len();
        store
            .append_with(end - start, |index| token(start + index))
            .unwrap();
        store.commit().unwrap();
        snapshots.push(store.snapshot());
        snapshots.push(store.snapshot().slice(end / 2..end));
    }
    let file = BlockReader::open(&path).unwrap();
    for snapshot in &snapshots {
        let blocks = snapshot.mapped_blocks(&file).unwrap();
        assert_eq!(
            blocks.block_count(),
            snapshot.commit().tokens.div_ceil(4096)
        );
        assert!(blocks.verify().unwrap().is_clean(), "{snapshot:?}");
    }
    // The second block is the last commit's alone.
    flip(&path, 8 * (file.info().data_offset + 5000 * 64));
    let bad = |at: usize| {
        let blocks = snapshots[at].mapped_blocks(&file).unwrap();
        let bad = blocks.verify().unwrap().bad;
        bad.iter().map(|bad| bad.block).collect::<Vec<_>>()
    };
    assert_eq!((bad(1), bad(3), bad(5)), (vec![], vec![], vec![1]));
    flip(&path, 8 * file.info().data_offset);
    assert_eq!((bad(1), bad(3), bad(6)), (vec![0], vec![0], vec![0, 1]));
}

#[test]
fn a_snapshot_is_not_verified_by_another_file_or_an_earlier_commit() {
    let place = Place::new();
    let (one, other) = (place.file(), place.named("other.ngt"));
    file_of(&one, &[100]);
    file_of(&other, &[100]);
    let earlier = BlockReader::open(&one).unwrap();
    let mut store = open_append(&one).unwrap();
    store.append(&tokens(1)).unwrap();
    store.commit().unwrap();
    let snapshot = store.snapshot();
    let error = snapshot
        .mapped_blocks(&BlockReader::open(&other).unwrap())
        .unwrap_err();
    assert!(matches!(error, OpenError::Replaced { path } if path == other));
    // Another commit with the same number, as after one was taken back.
    let mut taken_back = create(&place.named("third.ngt"), &small()).unwrap();
    taken_back.append(&tokens(100)).unwrap();
    taken_back.commit().unwrap();
    let before = std::fs::read(place.named("third.ngt")).unwrap();
    taken_back.append(&tokens(1)).unwrap();
    taken_back.commit().unwrap();
    let shown = taken_back.snapshot();
    drop(taken_back);
    super::fixture::write_at(&place.named("third.ngt"), 0, &before);
    let mut again = open_append(&place.named("third.ngt")).unwrap();
    again.append(&tokens(2)).unwrap();
    while again.info().generation < shown.commit().generation {
        again.commit_tagged(again.info().tag + 1).unwrap();
    }
    let reader = BlockReader::open(place.named("third.ngt")).unwrap();
    assert_eq!(reader.commit().generation, shown.commit().generation);
    let error = shown.mapped_blocks(&reader).unwrap_err();
    assert!(matches!(error, OpenError::TakenBack { .. }), "{error}");

    let error = snapshot.mapped_blocks(&earlier).unwrap_err();
    assert!(matches!(error, OpenError::WentBack { have, found, .. } if found < have));
}
