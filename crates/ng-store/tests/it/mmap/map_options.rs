//! How much address space maps take, and how they are to be looked at.

#![expect(
    unsafe_code,
    reason = "the constructors that map; every file here is the test's own"
)]

use std::fs;
use std::path::Path;

use ng_store::{
    Access, AppendOptions, CreateOptions, MapOptions, MmapStore, TokenSink, TokenStore,
};

use super::fixture::{Place, file_of, small, token, tokens};

fn open(path: &Path, options: &MapOptions) -> MmapStore {
    // SAFETY: (1) Nobody but the test knows the file.
    unsafe { MmapStore::open_with(path, options) }.unwrap()
}

/// The address space of this process, in bytes.
fn address_space() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').next().unwrap().parse().unwrap();
    pages * rustix::param::page_size() as u64
}

#[test]
fn a_store_reserves_what_it_is_told_and_no_less_than_the_file_has() {
    let place = Place::new();
    file_of(&place.file(), &[100]);
    for (wanted, reserved) in [(0, 100), (99, 100), (1000, 1000), (u64::MAX, 1 << 20)] {
        let store = open(&place.file(), &MapOptions::new().reserve_tokens(wanted));
        assert_eq!(
            store.memory_usage().reserved_bytes,
            reserved * 64,
            "{wanted}"
        );
        assert!(store.tokens() == tokens(100));
    }
    let store = open(&place.file(), &MapOptions::new());
    assert_eq!(store.memory_usage().reserved_bytes, 64 << 20);
}

#[test]
fn a_store_outgrows_what_was_reserved_and_snapshots_stay() {
    let place = Place::new();
    let options = MapOptions::new().reserve_tokens(50);
    // SAFETY: (1) Nobody but the test knows the file.
    let store = unsafe { MmapStore::create_with(place.file(), &small(), &options) };
    let mut store = store.unwrap();
    let mut reader = open(&place.file(), &options);
    let mut snapshots = Vec::new();
    for step in [1, 60, 5_000, 300_000, 1] {
        let start = store.len();
        store
            .append_with(step, |index| token(start + index))
            .unwrap();
        store.commit().unwrap();
        assert!(reader.refresh().unwrap());
        snapshots.extend([store.snapshot(), reader.snapshot()]);
    }
    let all = tokens(store.len());
    for snapshot in snapshots {
        assert!(snapshot.tokens() == &all[..snapshot.len()]);
    }
    drop(store);
    // SAFETY: (1) As above.
    let appended =
        unsafe { MmapStore::open_append_with(place.file(), &AppendOptions::new(), &options) };
    assert!(appended.unwrap().tokens() == all);
}

/// 2,000 files of the default size would reserve 500 TiB, four times what a process has.
#[test]
fn two_thousand_files_are_open_at_once() {
    const FILES: usize = 2_000;
    if !super::fixture::may_open(FILES + 200) {
        eprintln!("skipped: this process may not open {FILES} files");
        return;
    }
    let place = Place::new();
    file_of_default_size(&place.file());
    let before = address_space();
    let stores: Vec<_> = (0..FILES)
        .map(|number| {
            let name = place.named(&format!("{number}.ngt"));
            fs::hard_link(place.file(), &name).unwrap();
            open(
                &name,
                &MapOptions::new().reserve_tokens(0).access(Access::Random),
            )
        })
        .collect();
    // Other tests reserve some as well, meanwhile, 256 GiB each.
    let taken = address_space().saturating_sub(before);
    assert!(taken < 64 << 40, "{taken} bytes");
    for store in &stores {
        assert_eq!(store.get(999), Some(&token(999)));
    }
}

fn file_of_default_size(path: &Path) {
    let mut store = super::fixture::create(path, &CreateOptions::new()).unwrap();
    store.append_with(1_000, token).unwrap();
    store.commit().unwrap();
}

/// Random access reads one page where normal access reads around it; what the kernel
/// was told shows in the flags of the map.
#[test]
fn advice_reaches_the_kernel() {
    let place = Place::new();
    file_of(&place.file(), &[100]);
    for (access, flag) in [(Access::Random, "rr"), (Access::Sequential, "sr")] {
        let store = open(&place.file(), &MapOptions::new().access(access));
        assert!(flags_at(store.tokens().as_ptr().addr()).contains(&flag.to_owned()));
        let snapshot = store.snapshot();
        snapshot.advise(0..snapshot.len(), Access::Normal).unwrap();
        assert!(!flags_at(store.tokens().as_ptr().addr()).contains(&flag.to_owned()));
    }
}

#[test]
fn what_is_wanted_soon_is_read() {
    let place = Place::new();
    file_of(&place.file(), &[5_000]);
    let store = open(&place.file(), &MapOptions::new().access(Access::WillNeed));
    assert!(store.tokens() == tokens(5_000));
}

/// The flags of the mapping at an address, as `/proc/self/smaps` abbreviates them.
fn flags_at(address: usize) -> Vec<String> {
    let smaps = fs::read_to_string("/proc/self/smaps").unwrap();
    let mut is_here = false;
    for line in smaps.lines() {
        if let Some((range, _)) = line.split_once(' ')
            && let Some((start, end)) = range.split_once('-')
            && let (Ok(start), Ok(end)) = (
                usize::from_str_radix(start, 16),
                usize::from_str_radix(end, 16),
            )
        {
            is_here = (start..end).contains(&address);
        } else if is_here && let Some(flags) = line.strip_prefix("VmFlags: ") {
            return flags.split_whitespace().map(str::to_owned).collect();
        }
    }
    panic!("no mapping at {address:#x}");
}
