//! Load and save, without a map.

use std::fs;

use ng_store::{
    BLOCK_TOKENS, BlockReader, CreateError, CreateOptions, LoadError, ReadError, TokenStore,
    VecStore, VerifyBlocks,
};

use twox_hash::XxHash3_64;

use super::fixture::{
    Place, create, file_of, flip, open, read_at, set_len, small, tokens, write_at,
};

#[test]
fn what_was_saved_is_loaded() {
    for count in [0, 1, 64, 4096, 10_001] {
        let place = Place::new();
        let saved = VecStore::from_vec(tokens(count));
        saved.save(place.file(), &small()).unwrap();
        assert_eq!(place.names(), ["a.ngt"]);
        assert_eq!(
            VecStore::load(place.file()).unwrap().tokens(),
            tokens(count)
        );
        assert_eq!(open(&place.file()).unwrap().tokens(), tokens(count));
        let length = fs::metadata(place.file()).unwrap().len();
        let exact = if count == 0 {
            0x10000
        } else {
            (2 << 20) + count as u64 * 64
        };
        assert_eq!(length, exact, "{count}");
    }
}

#[test]
fn save_replaces_only_when_asked_and_then_whole() {
    let place = Place::new();
    let path = place.file();
    fs::write(&path, "mine").unwrap();
    let store = VecStore::from_vec(tokens(7));
    let error = store.save(&path, &small()).unwrap_err();
    assert!(matches!(error, CreateError::Exists { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    store.save(&path, &small().replace(true)).unwrap();
    assert_eq!(VecStore::load(&path).unwrap().tokens(), tokens(7));
    assert_eq!(place.names(), ["a.ngt"]);
}

#[test]
fn a_save_that_does_not_fit_the_file_leaves_nothing() {
    let place = Place::new();
    let options = CreateOptions::new().max_tokens(6);
    let error = VecStore::from_vec(tokens(7)).save(place.file(), &options);
    assert!(matches!(error, Err(CreateError::Write(_))), "{error:?}");
    assert!(place.names().is_empty());
}

#[test]
fn a_single_bad_block_is_not_loaded() {
    let place = Place::new();
    file_of(&place.file(), &[10_000]);
    flip(&place.file(), ((2 << 20) + (300 << 10)) * 8);
    let error = VecStore::load(place.file()).unwrap_err();
    assert!(
        matches!(error, LoadError::Read(ReadError::BadBlock { block: 1, .. })),
        "{error}"
    );
}

#[test]
fn a_reader_gives_any_range_verified() {
    let place = Place::new();
    file_of(&place.file(), &[10_000]);
    let reader = BlockReader::open(place.file()).unwrap();
    assert_eq!((reader.len(), reader.block_count()), (10_000, 3));
    let expected = tokens(10_000);
    for range in [0..0, 0..10_000, 5..6, 4095..4097, 4096..8192, 9_999..10_000] {
        let mut read = Vec::new();
        reader
            .for_each::<ReadError>(range.clone(), |tokens| {
                assert!(tokens.len() <= BLOCK_TOKENS);
                read.extend_from_slice(tokens);
                Ok(())
            })
            .unwrap();
        assert_eq!(read, expected[range.start as usize..range.end as usize]);
    }
}

#[test]
fn a_reader_takes_a_damaged_end_from_its_image() {
    let place = Place::new();
    file_of(&place.file(), &[4100]);
    flip(&place.file(), ((2 << 20) + 4099 * 64) * 8);
    let mut tokens_read = Vec::new();
    let reader = BlockReader::open(place.file()).unwrap();
    reader.read_block(1, &mut tokens_read).unwrap();
    assert_eq!(tokens_read, tokens(4100)[4096..]);
}

#[test]
fn a_file_larger_than_memory_is_not_loaded_and_says_so() {
    let place = Place::new();
    let path = place.file();
    let count = 1_u64 << 34;
    let options = CreateOptions::new().max_tokens(count);
    // Generation 1, since a file begins empty.
    create(&path, &options).unwrap().commit_tagged(1).unwrap();
    // A commit of 2^34 tokens, all of them a hole, by its own rules.
    let data_offset = open(&path).unwrap().info().data_offset;
    set_len(&path, data_offset + count * 64);
    let mut slot: [u8; 512] = read_at(&path, 0x3000);
    let mut chain = 0;
    for _ in 0..count / 4096 {
        chain = XxHash3_64::oneshot_with_seed(chain, &[0; 8]);
    }
    slot[32..40].copy_from_slice(&count.to_le_bytes());
    slot[40..48].copy_from_slice(&chain.to_le_bytes());
    let checksum = XxHash3_64::oneshot(&slot[..504]).to_le_bytes();
    slot[504..].copy_from_slice(&checksum);
    write_at(&path, 0x3000, &slot);
    write_at(&path, 0x3800, &slot);
    match VecStore::load(&path) {
        Err(LoadError::Memory(_)) => {}
        Err(LoadError::Read(ReadError::BadBlock { block: 0, .. })) => {
            eprintln!("skipped: this kernel grants 1 TiB");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn saved_tokens_larger_than_the_buffer_are_saved_whole() {
    let place = Place::new();
    let saved = VecStore::from_vec(tokens(50_000));
    saved.save(place.file(), &small().tag(5)).unwrap();
    let reader = BlockReader::open(place.file()).unwrap();
    assert_eq!(reader.info().tag, 5);
    assert!(reader.verify().unwrap().is_clean());
}
