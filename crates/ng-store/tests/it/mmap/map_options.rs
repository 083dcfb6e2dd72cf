//! How much address space maps take, and their access advice.

#![expect(
    unsafe_code,
    reason = "the constructors that map; every file here is the test's own"
)]

use std::fs;
use std::path::Path;

use ng_store::disk::{Disk, RealFile};
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

/// Random access reads one page where normal access reads around it; the advice shows in
/// the flags of the map.
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
fn advice_on_a_slice_is_about_its_own_pages() {
    let place = Place::new();
    file_of(&place.file(), &[1_000]);
    let snapshot = open(&place.file(), &MapOptions::new()).snapshot();
    let page = snapshot.slice(100..1_000).slice(540..700);
    page.advise(0..64, Access::Random).unwrap();
    let is_random = |token: usize| {
        let address = snapshot.tokens()[token..].as_ptr().addr();
        flags_at(address).contains(&"rr".to_owned())
    };
    // Tokens 640 to 704 are a page.
    let found = [0, 639, 640, 703, 704, 999].map(is_random);
    assert_eq!(found, [false, false, true, true, false, false]);
}

#[test]
fn what_is_wanted_soon_is_read() {
    let place = Place::new();
    const COUNT: usize = 100_000;
    file_of(&place.file(), &[COUNT]);
    let file = RealFile::open(&place.file(), false).unwrap();
    let start = open(&place.file(), &MapOptions::new()).info().data_offset;
    let cached = || file.cached_bytes(start, COUNT as u64 * 64).unwrap();
    type Open<'a> = &'a dyn Fn(&MapOptions) -> MmapStore;
    let reader: Open<'_> = &|options| open(&place.file(), options);
    let appender: Open<'_> = &|options| {
        // SAFETY: (1) Nobody but the test knows the file.
        unsafe { MmapStore::open_append_with(place.file(), &AppendOptions::new(), options) }
            .unwrap()
    };
    for open in [reader, appender] {
        file.drop_cached(0, u64::MAX >> 1);
        // On a memory file system, or if it cannot be queried, there is nothing to see.
        if cached().is_none_or(|bytes| bytes > 0) {
            eprintln!("skipped: the file cannot leave memory, or it cannot be queried");
            return;
        }
        let store = open(&MapOptions::new().access(Access::WillNeed));
        // The first and the last page, which checking the last block does not read.
        while cached().unwrap() < COUNT as u64 * 64 / 2 {
            std::thread::yield_now();
        }
        assert!(store.tokens() == tokens(COUNT));
    }
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
