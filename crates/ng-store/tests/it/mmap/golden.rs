//! The files that Python writes: `tests/fixtures/golden.py`. Format 1.0 stays readable; 1.1
//! is what is written today.

use std::fs;
use std::path::{Path, PathBuf};

use ng_store::disk::RealDir;
use ng_store::file::{Draft, Identity, Stamp};
use ng_store::{CreateOptions, TokenSink, TokenStore, VecStore};
use ng_token::{Flags, Token};

use super::fixture::{Place, open, open_append, read_at, verify};

const CREATED_NS: u64 = 1_700_000_000_000_000_000;
const MAX_TOKENS: u64 = 10_000;
const TOKENS: usize = 4196;
const COMMITS: [(usize, u64, u64); 2] = [(4000, CREATED_NS + 1, 7), (TOKENS, CREATED_NS + 2, 8)];

const MINORS: [u16; 2] = [0, 1];

fn golden(minor: u16) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fixtures.join(format!("golden-1.{minor}.ngt"))
}

fn token(index: usize) -> Token {
    let mut coordinates = [[0; 3]; 8];
    for (axis, steps) in coordinates.as_flattened_mut().iter_mut().enumerate() {
        *steps = ((index * 7 + axis) % 1000) as i16 - 500;
    }
    let byte = (index % 256) as u8;
    Token::new(index as u32)
        .with_flags(Flags::from_bits(1))
        .with_coordinates(coordinates)
        .with_weight(index as f32 / 2.0)
        .with_radius_raw(byte)
        .with_strength_raw(255 - byte)
        .with_timestamp(index as u32)
}

fn tokens() -> Vec<Token> {
    (0..TOKENS).map(token).collect()
}

#[test]
fn the_golden_files_are_read_as_the_tokens_and_are_clean() {
    for minor in MINORS {
        let store = open(&golden(minor)).unwrap();
        assert_eq!(store.tokens(), tokens());
        assert_eq!(store.recovery(), []);
        let info = store.info();
        assert_eq!(info.version, (1, minor));
        assert!(!info.read_only);
        assert_eq!(info.generation, 2);
        assert_eq!(info.tag, 8);
        assert_eq!(info.max_tokens, MAX_TOKENS);
        assert_eq!(info.data_offset, 2 << 20);
        assert_eq!(info.created_ns, CREATED_NS);
        assert_eq!(info.committed_at_ns, CREATED_NS + 2);
        assert!(verify(golden(minor)).unwrap().is_clean());
        assert_eq!(VecStore::load(golden(minor)).unwrap().tokens(), tokens());
    }
}

#[test]
fn the_same_commits_write_the_golden_bytes() {
    let place = Place::new();
    let path = place.file();
    let mut file_id = [0; 16];
    for (byte, value) in file_id.iter_mut().zip(1..) {
        *byte = value;
    }
    let identity = Identity {
        file_id,
        created_ns: CREATED_NS,
    };
    let options = CreateOptions::new()
        .max_tokens(MAX_TOKENS)
        .reserve(TOKENS as u64)
        .tag(7);
    let dir = RealDir::open(path.parent().unwrap()).unwrap();
    let draft = Draft::begin(dir, "a.ngt", &path, &options, identity).unwrap();
    let mut writer = draft.publish().unwrap();
    let tokens = tokens();
    let mut start = 0;
    for (end, committed_at_ns, tag) in COMMITS {
        writer.append(&tokens[start..end]).unwrap();
        writer
            .commit(Stamp {
                committed_at_ns,
                tag,
            })
            .unwrap();
        start = end;
    }
    let (ours, theirs) = (fs::read(&path).unwrap(), fs::read(golden(1)).unwrap());
    let same = ours.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
    assert!(ours == theirs, "first difference at {same:#x}");
}

#[test]
fn copies_of_the_golden_files_are_appended_to_in_their_own_version() {
    for minor in MINORS {
        let place = Place::new();
        let path = place.file();
        fs::copy(golden(minor), &path).unwrap();
        let mut store = open_append(&path).unwrap();
        assert_eq!(store.tokens(), tokens());
        store.append(&[token(TOKENS)]).unwrap();
        store.commit().unwrap();
        drop(store);
        let store = open(&path).unwrap();
        assert_eq!(store.info().version, (1, minor));
        assert_eq!(store.recovery(), []);
        assert_eq!(store.tokens()[..TOKENS], tokens());
        assert_eq!(store.tokens()[TOKENS], token(TOKENS));
        assert!(verify(&path).unwrap().is_clean());
        // A file that began without intents gets none.
        let intents = [0x2000, 0x4000].map(|page| read_at::<64>(&path, page + 4032));
        assert_eq!(intents.iter().all(|intent| *intent == [0; 64]), minor == 0);
    }
}
