//! The file that Python writes: `tests/fixtures/golden.py`.

use std::fs;
use std::path::{Path, PathBuf};

use ng_store::disk::RealDir;
use ng_store::file::{Draft, Identity, Stamp};
use ng_store::{CreateOptions, TokenStore, VecStore, verify};
use ng_token::{Flags, Token};

use super::fixture::{Place, open, open_append};

const CREATED_NS: u64 = 1_700_000_000_000_000_000;
const MAX_TOKENS: u64 = 10_000;
const TOKENS: usize = 4196;
const COMMITS: [(usize, u64, u64); 2] = [(4000, CREATED_NS + 1, 7), (TOKENS, CREATED_NS + 2, 8)];

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden-1.0.ngt")
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
fn the_golden_file_is_read_as_the_tokens_and_is_clean() {
    let store = open(&golden()).unwrap();
    assert_eq!(store.tokens(), tokens());
    assert_eq!(store.recovery(), []);
    let info = store.info();
    assert_eq!(info.version, (1, 0));
    assert_eq!(info.generation, 2);
    assert_eq!(info.tag, 8);
    assert_eq!(info.max_tokens, MAX_TOKENS);
    assert_eq!(info.data_offset, 2 << 20);
    assert_eq!(info.created_ns, CREATED_NS);
    assert_eq!(info.committed_at_ns, CREATED_NS + 2);
    assert!(verify(golden()).unwrap().is_clean());
    assert_eq!(VecStore::load(golden()).unwrap().tokens(), tokens());
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
    let dir = RealDir::new(path.parent().unwrap());
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
    let (ours, theirs) = (fs::read(&path).unwrap(), fs::read(golden()).unwrap());
    let same = ours.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
    assert!(ours == theirs, "first difference at {same:#x}");
}

#[test]
fn a_copy_of_the_golden_file_can_be_appended_to() {
    let place = Place::new();
    fs::copy(golden(), place.file()).unwrap();
    let store = open_append(&place.file()).unwrap();
    assert_eq!(store.tokens(), tokens());
    drop(store);
    assert_eq!(fs::read(place.file()).unwrap(), fs::read(golden()).unwrap());
}
