//! Creates a token file, opens it again, damages it, and repairs it into another.

#![allow(
    unsafe_code,
    reason = "the constructors that map a file ask for a promise"
)]

use std::error::Error;
use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use ng_store::ng_token::Token;
use ng_store::{
    BlockReader, CreateOptions, MmapStore, RepairOptions, TokenSink, TokenStore, VecStore,
    VerifyBlocks, repair, unwatched,
};

const TOKENS: usize = 100_000;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("ng-mapped-file-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let outcome = show(&folder.join("tokens.ngt"), &folder.join("repaired.ngt"));
    std::fs::remove_dir_all(&folder)?;
    outcome
}

fn show(path: &Path, repaired: &Path) -> Result<(), Box<dyn Error>> {
    create(path)?;
    let data_offset = reopen(path)?;
    damage(path, data_offset + 300_000)?;
    for bad in BlockReader::open(path)?.verify()?.bad {
        println!("verify: block {} is bad: {:?}", bad.block, bad.cause);
    }
    let report = repair(path, repaired, &RepairOptions::new(), unwatched)?;
    println!("repair: lost tokens {:?}", report.lost);
    let loaded = VecStore::load(repaired)?;
    println!("load: {} tokens, every block verified", loaded.len());
    Ok(())
}

fn create(path: &Path) -> Result<(), Box<dyn Error>> {
    let options = CreateOptions::new().reserve(TOKENS as u64);
    // SAFETY: (1) The file is in a folder of our own, and nobody shrinks it or
    // writes into it while the store lives.
    let mut store = unsafe { MmapStore::create(path, &options) }?;
    store.append_with(TOKENS, |index| Token::new(index as u32))?;
    store.commit()?;
    println!("create: {} tokens, durable", store.len());
    Ok(())
}

/// Returns where the tokens begin in the file.
fn reopen(path: &Path) -> Result<u64, Box<dyn Error>> {
    // SAFETY: (1) As in `create`.
    let store = unsafe { MmapStore::open(path) }?;
    let sum: u64 = store
        .tokens()
        .iter()
        .map(|token| u64::from(token.id().raw()))
        .sum();
    println!("open: {} tokens, sum of ids {sum}", store.len());
    Ok(store.info().data_offset)
}

/// Overwrites a byte, which is forbidden while a store has the file mapped.
fn damage(path: &Path, offset: u64) -> Result<(), Box<dyn Error>> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(&[0xFF])?;
    Ok(())
}
