//! A process with little memory, and files larger than memory.

#![expect(
    unsafe_code,
    reason = "the constructors that map; every file here is the test's own"
)]

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use ng_store::{MmapStore, TokenSink, TokenStore, VecStore, VecStoreError};
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::actor::{Actor, numbers, say};
use crate::amount;
use crate::fixture::{create, token};
use crate::folders::on_disk;

const MIB: usize = 1 << 20;

/// The size to copy if twice the capacity is refused: 40 MiB.
const TOKENS: usize = 40 * MIB / 64;

pub(crate) fn growth() {
    let mut actor = Actor::start("grow", &[]);
    let line = actor.line();
    assert!(actor.end().success(), "it said {line:?}");
    let [tokens] = numbers(&line.unwrap());
    amount::count("tokens more than half of a limit", tokens);
}

/// The actor that may have 32 MiB more than its store and a copy of it.
pub(crate) fn grow() {
    let mut store = VecStore::with_capacity(TOKENS);
    store.append_with(TOKENS, token).unwrap();
    let limit = address_space() + (40 + 32) * MIB as u64;
    let limit = Rlimit {
        current: Some(limit),
        maximum: Some(limit),
    };
    setrlimit(Resource::As, limit).unwrap();
    // Twice the capacity, 80 MiB, is refused, and one token more is not.
    assert!(VecStore::try_with_capacity(2 * TOKENS).is_err());
    store.append(&[token(TOKENS)]).unwrap();
    assert_eq!(store.capacity(), TOKENS + 1 + (TOKENS + 1) / 8);
    assert_eq!(store.get(TOKENS), Some(&token(TOKENS)));
    // A complete refusal reports what was needed.
    let error = store.reserve(TOKENS).unwrap_err();
    let size_bytes = (2 * TOKENS + 1) * 64;
    assert_eq!(error, VecStoreError::OutOfMemory { size_bytes });
    assert_eq!(store.len(), TOKENS + 1);
    say(&(store.len() - TOKENS).to_string());
}

fn address_space() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').next().unwrap().parse().unwrap();
    pages * rustix::param::page_size() as u64
}

/// A private map of 64 GiB, more than memory and swap, can be changed anywhere: the system
/// reserves no swap for unwritten pages.
pub(crate) fn private() {
    const COMMITTED: u64 = 1 << 30;
    let folder = on_disk();
    let path = folder.path().join("large.ngt");
    drop(create(&path, &ng_store::CreateOptions::new()).unwrap());
    if let Err(error) = claim(&path, COMMITTED) {
        eprintln!("skipped: no sparse file of 64 GiB: {error}");
        return;
    }
    // SAFETY: (1) Nobody but the test knows the file.
    let mut store = unsafe { MmapStore::open_private(&path) }.unwrap();
    assert_eq!(store.len() as u64, COMMITTED);
    for index in [0, COMMITTED as usize / 2, COMMITTED as usize - 1] {
        store.tokens_mut()[index] = token(7);
        assert_eq!(store.get(index), Some(&token(7)));
    }
    amount::count("tokens mapped to be changed", COMMITTED);
}

/// Makes an empty file claim this many zero tokens. By the format, generation 1 is in the
/// second slot: a copy of the first, with other numbers.
fn claim(path: &Path, tokens: u64) -> std::io::Result<()> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut copy = [0; 512];
    file.read_exact_at(&mut copy, 0x1000)?;
    copy[8..16].copy_from_slice(&1u64.to_le_bytes());
    copy[32..40].copy_from_slice(&tokens.to_le_bytes());
    copy[40..48].copy_from_slice(&[1; 8]);
    copy[72..80].copy_from_slice(&[1; 8]);
    let checksum = twox_hash::XxHash3_64::oneshot(&copy[..504]);
    copy[504..].copy_from_slice(&checksum.to_le_bytes());
    let mut data_offset = [0; 8];
    file.read_exact_at(&mut data_offset, 72)?;
    file.set_len(u64::from_le_bytes(data_offset) + tokens * 64)?;
    file.write_all_at(&copy, 0x3000)?;
    file.write_all_at(&copy, 0x3000 + 2048)
}
