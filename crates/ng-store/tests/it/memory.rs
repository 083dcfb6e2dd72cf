//! Which pages a store gets, by the kernel's figures.

#![cfg(target_os = "linux")]

use ng_store::{MemoryUsage, PagePolicy, TokenSink, TokenStore, VecStore};
use ng_token::Token;

const MIB: u64 = 1 << 20;

/// More than the allocator ever keeps for itself (32 MiB), so that the memory
/// comes from the kernel, untouched.
const TOKENS: usize = 1 << 20;

/// The pages at both ends, and the one with the allocator's own header.
const SLACK: u64 = 64 << 10;

/// The same if the system gives everyone huge pages: the allocator's header is then on one,
/// written before any advice.
fn slack() -> u64 {
    match huge_pages_setting().as_str() {
        "always" => 4 * MIB,
        _ => SLACK,
    }
}

fn reserved(policy: PagePolicy) -> VecStore {
    let mut store = VecStore::with_policy(policy);
    store.reserve_exact(TOKENS).unwrap();
    store
}

fn filled(policy: PagePolicy) -> VecStore {
    let mut store = reserved(policy);
    fill(&mut store, TOKENS);
    store
}

fn fill(store: &mut VecStore, count: usize) {
    store
        .append_with(count, |index| Token::new(index as u32))
        .unwrap();
}

/// The setting in brackets: `always [madvise] never`.
fn huge_pages_setting() -> String {
    let path = "/sys/kernel/mm/transparent_hugepage/enabled";
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let setting = text.split(['[', ']']).nth(1);
    setting.unwrap_or("unknown").to_owned()
}

/// Returns resident and huge bytes, or prints why a test is skipped.
fn measured(usage: &MemoryUsage) -> Option<(u64, u64)> {
    let pair = usage.resident_bytes.zip(usage.huge_bytes);
    if pair.is_none() {
        eprintln!("skipped: /proc/self cannot be read: {usage:?}");
    }
    pair
}

#[test]
fn reserved_memory_is_not_resident_until_it_is_touched() {
    for policy in [PagePolicy::Huge, PagePolicy::Base, PagePolicy::System] {
        let usage = reserved(policy).memory_usage();
        assert_eq!((usage.used_bytes, usage.reserved_bytes), (0, 64 * MIB));
        let Some((resident, huge)) = measured(&usage) else {
            return;
        };
        assert!(resident <= slack(), "{policy:?}: {usage:?}");
        assert!(huge <= resident, "{policy:?}: {usage:?}");
    }
}

#[test]
fn filled_memory_is_resident() {
    for policy in [PagePolicy::Huge, PagePolicy::Base, PagePolicy::System] {
        let usage = filled(policy).memory_usage();
        assert_eq!(
            (usage.used_bytes, usage.reserved_bytes),
            (64 * MIB, 64 * MIB)
        );
        if let Some((resident, _)) = measured(&usage) {
            assert_eq!(resident, 64 * MIB, "{policy:?}: {usage:?}");
        }
    }
}

#[test]
fn half_filled_memory_is_half_resident() {
    let mut store = reserved(PagePolicy::Base);
    fill(&mut store, TOKENS / 2);
    let usage = store.memory_usage();
    if let Some((resident, _)) = measured(&usage) {
        assert!(
            (32 * MIB..=32 * MIB + slack()).contains(&resident),
            "{usage:?}"
        );
    }
}

/// Checks that the kernel was asked for huge pages in the middle of `store`.
///
/// Whether it had any does not matter: memory may be fragmented. That is printed, and any
/// huge pages must be measured.
fn check_huge(store: &VecStore) {
    let setting = huge_pages_setting();
    if !["always", "madvise"].contains(&setting.as_str()) {
        eprintln!("skipped: transparent huge pages are set to `{setting}`");
        return;
    }
    let flags = mapping_flags(&raw const store.tokens()[store.len() / 2] as u64);
    assert!(flags.split_whitespace().any(|flag| flag == "hg"), "{flags}");
    let usage = store.memory_usage();
    if let Some((resident, huge)) = measured(&usage) {
        assert!(huge <= resident, "{usage:?}");
        if huge < resident / 2 {
            eprintln!("the kernel had few huge pages: {usage:?}");
        }
    }
}

/// The flags of the mapping that holds `address`, as `/proc/self/smaps` has them.
fn mapping_flags(address: u64) -> String {
    let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let mut inside = false;
    for line in smaps.lines() {
        let bounds = line.split(' ').next().and_then(|word| word.split_once('-'));
        let bound = |text| u64::from_str_radix(text, 16).ok();
        if let Some((Some(start), Some(end))) = bounds.map(|(a, b)| (bound(a), bound(b))) {
            inside = (start..end).contains(&address);
        } else if let (true, Some(flags)) = (inside, line.strip_prefix("VmFlags:")) {
            return flags.to_owned();
        }
    }
    panic!("no mapping holds {address:#x}");
}

#[test]
fn a_huge_store_lies_in_huge_pages() {
    check_huge(&filled(PagePolicy::Huge));
}

#[test]
fn a_clone_lies_in_huge_pages_with_exact_capacity() {
    let mut store = VecStore::with_capacity(TOKENS + 5_000);
    fill(&mut store, TOKENS);
    let clone = store.clone();
    assert_eq!(clone.capacity(), TOKENS);
    assert!(clone.tokens() == store.tokens());
    check_huge(&clone);
}

#[test]
fn a_grown_store_lies_in_huge_pages() {
    let mut store = VecStore::new();
    for _ in 0..64 {
        fill(&mut store, TOKENS / 64);
    }
    check_huge(&store);
}

#[test]
fn a_base_store_has_no_huge_page() {
    let usage = filled(PagePolicy::Base).memory_usage();
    if let Some((_, huge)) = measured(&usage) {
        assert!(huge < slack(), "{usage:?}");
    }
}

#[test]
fn an_unadvised_store_has_huge_pages_only_where_the_system_always_gives_them() {
    let setting = huge_pages_setting();
    let usage = filled(PagePolicy::System).memory_usage();
    if let Some((_, huge)) = measured(&usage) {
        assert!(huge == 0 || setting == "always", "{setting}: {usage:?}");
    }
}

#[test]
fn a_base_store_beside_a_huge_one_counts_none_of_its_pages() {
    let huge_store = filled(PagePolicy::Huge);
    let base_store = filled(PagePolicy::Base);
    check_huge(&huge_store);
    let usage = base_store.memory_usage();
    if let Some((_, huge)) = measured(&usage) {
        assert!(huge < slack(), "{usage:?}");
    }
}

#[test]
fn an_empty_store_costs_nothing() {
    let usage = VecStore::new().memory_usage();
    assert_eq!((usage.used_bytes, usage.reserved_bytes), (0, 0));
    if let Some(pair) = measured(&usage) {
        assert_eq!(pair, (0, 0));
    }
}
