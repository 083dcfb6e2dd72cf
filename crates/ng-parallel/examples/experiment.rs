//! An experiment on a token file: created on all processors, scanned through the map,
//! looked up at random, verified. Prints the time of each step.
//!
//! ```sh
//! cargo run --release -p ng-parallel --example experiment -- FILE TOKENS
//! ```

#![allow(
    unsafe_code,
    reason = "the constructors that map a file ask for a promise"
)]

use std::env;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use ng_parallel::ng_store::{
    BlockReader, CreateOptions, MmapStore, TokenSink, TokenStore, ignore_file_size_signal,
};
use ng_parallel::ng_token::Token;
use ng_parallel::{Workers, gather, ingest, map_reduce, verify};

/// How many tokens are looked up.
const LOOKUPS: usize = 100_000;

fn main() -> Result<(), Box<dyn Error>> {
    ignore_file_size_signal();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [path, count] = arguments.as_slice() else {
        return Err("expected FILE TOKENS, such as tokens.ngt 10000000".into());
    };
    let count: usize = count
        .parse()
        .map_err(|_| format!("TOKENS is {count:?}, expected a whole number"))?;
    let workers = Workers::available()?;
    create(&workers, path.as_ref(), count)?;
    read(&workers, path.as_ref())
}

fn create(workers: &Workers, path: &Path, count: usize) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    // SAFETY: (1) Nobody shrinks the file or writes into it while the store
    // lives: it is new, and ours.
    let mut store = unsafe { MmapStore::create(path, &CreateOptions::new()) }?;
    store.reserve_exact(count as u64)?;
    ingest(workers, &mut store, count, |index| Token::new(index as u32))?;
    store.commit()?;
    step("create", store.len(), start);
    Ok(())
}

fn read(workers: &Workers, path: &Path) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    // SAFETY: (1) as in `create`.
    let store = unsafe { MmapStore::open(path) }?;
    step("open", 1, start);

    let start = Instant::now();
    let ids = |_, tokens: &[Token]| -> u64 {
        tokens.iter().map(|token| u64::from(token.id().raw())).sum()
    };
    let sum = map_reduce(workers, store.tokens(), ids, |left, right| left + right)?;
    step("scan", store.len(), start);
    println!("  sum of ids {}", sum.unwrap_or(0));

    let start = Instant::now();
    let mut found = Vec::new();
    gather(workers, store.tokens(), &positions(store.len()), &mut found)?;
    step("lookup", found.len(), start);

    let start = Instant::now();
    let report = verify(workers, &BlockReader::open(path)?)?;
    step("verify", store.len(), start);
    println!("  {} blocks, {} bad", report.blocks, report.bad.len());
    Ok(())
}

/// Positions all over the file, by a multiplicative hash of their number.
fn positions(count: usize) -> Vec<usize> {
    let position = |number: usize| {
        let mixed = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((u128::from(mixed) * count as u128) >> 64) as usize
    };
    let lookups = LOOKUPS.min(count);
    (0..lookups).map(position).collect()
}

fn step(name: &str, tokens: usize, start: Instant) {
    let elapsed = start.elapsed();
    println!(
        "{name:8} {tokens:>12} tokens in {:>9.3} ms",
        elapsed.as_secs_f64() * 1e3
    );
}
