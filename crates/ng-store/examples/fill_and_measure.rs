//! Fills a store on huge pages and another on base pages, and shows the kernel's figures
//! for both.

use ng_store::ng_token::Token;
use ng_store::{MemoryUsage, PagePolicy, TokenSink, TokenStore, VecStore, VecStoreError};

const TOKENS: usize = 1_000_000;

fn main() -> Result<(), VecStoreError> {
    for policy in [PagePolicy::Huge, PagePolicy::Base] {
        let mut store = VecStore::with_policy(policy);
        store.reserve_exact(TOKENS)?;
        show(policy, "reserved", &store.memory_usage());
        store.append_with(TOKENS, |index| Token::new(index as u32))?;
        show(policy, "filled", &store.memory_usage());
    }
    Ok(())
}

fn show(policy: PagePolicy, moment: &str, usage: &MemoryUsage) {
    println!(
        "{policy:?}, {moment}: used {}, reserved {}, resident {}, huge {}",
        mebibytes(Some(usage.used_bytes)),
        mebibytes(Some(usage.reserved_bytes)),
        mebibytes(usage.resident_bytes),
        mebibytes(usage.huge_bytes),
    );
}

fn mebibytes(bytes: Option<u64>) -> String {
    bytes.map_or("unknown".to_owned(), |bytes| format!("{} MiB", bytes >> 20))
}
