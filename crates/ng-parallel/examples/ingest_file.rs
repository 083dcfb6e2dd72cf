//! Writes a token file with two workers, makes it durable, and verifies it.

#![allow(
    unsafe_code,
    reason = "the constructor that maps a file asks for a promise"
)]

use std::error::Error;
use std::path::Path;

use ng_parallel::ng_store::{BlockReader, CreateOptions, MmapStore, TokenSink, TokenStore};
use ng_parallel::ng_token::Token;
use ng_parallel::{Workers, ingest, map_reduce, verify};

const TOKENS: usize = 1_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("ng-ingest-file-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let outcome = show(&folder.join("tokens.ngt"));
    std::fs::remove_dir_all(&folder)?;
    outcome
}

fn show(path: &Path) -> Result<(), Box<dyn Error>> {
    let workers = Workers::new(2)?;
    // SAFETY: (1) The file is in a folder of our own, and nobody shrinks it or
    // writes into it while the store lives.
    let mut store = unsafe { MmapStore::create(path, &CreateOptions::new()) }?;
    ingest(&workers, &mut store, TOKENS, |index| {
        Token::new(index as u32)
    })?;
    println!("ingest: {} tokens appended", store.appended_tokens());
    store.commit()?;
    println!("commit: {} tokens, durable", store.len());

    let sum_ids = |_, tokens: &[Token]| -> u64 {
        tokens.iter().map(|token| u64::from(token.id().raw())).sum()
    };
    let sum = map_reduce(&workers, store.tokens(), sum_ids, |l, r| l + r)?;
    println!("map_reduce: sum of ids {}", sum.unwrap_or(0));

    let report = verify(&workers, &BlockReader::open(path)?)?;
    println!("verify: {} blocks, {} bad", report.blocks, report.bad.len());
    Ok(())
}
