//! Reads a token file on all processors without a map or `unsafe`: each shard's blocks are
//! verified as they are read.
//!
//! ```sh
//! cargo run --release -p ng-parallel --example safe_path
//! ```

#![forbid(unsafe_code)]

use std::error::Error;
use std::path::Path;

use ng_parallel::ng_store::{
    BlockPass, BlockReader, CreateOptions, FileDraft, ReadError, TokenSink,
};
use ng_parallel::ng_token::Token;
use ng_parallel::{Shard, Shards, Workers, ingest, map_shards};

const TOKENS: usize = 1_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("ng-safe-path-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let outcome = show(&folder.join("tokens.ngt"));
    std::fs::remove_dir_all(&folder)?;
    outcome
}

fn show(path: &Path) -> Result<(), Box<dyn Error>> {
    let workers = Workers::available()?;
    create(&workers, path)?;

    let reader = BlockReader::open(path)?;
    // Blocks are verified as they are read; the table shows that they are of the newest
    // commit.
    reader.check_table()?;
    let pass = reader.pass();
    let shards = Shards::new(usize::try_from(reader.len())?);
    let sums = map_shards(&workers, shards, |shard| sum_ids(&pass, &shard))?;
    let sum = sums.into_iter().sum::<Result<u64, ReadError>>()?;
    println!("{} tokens, sum of ids {sum}", reader.len());
    Ok(())
}

fn create(workers: &Workers, path: &Path) -> Result<(), Box<dyn Error>> {
    let options = CreateOptions::new().reserve(TOKENS as u64);
    let mut draft = FileDraft::begin(path, &options)?;
    ingest(workers, draft.writer(), TOKENS, |index| {
        Token::new(index as u32)
    })?;
    draft.writer().commit()?;
    draft.publish()?;
    Ok(())
}

/// Sums the ids of a shard, block by block.
fn sum_ids(pass: &BlockPass<'_>, shard: &Shard) -> Result<u64, ReadError> {
    let mut sum = 0;
    pass.for_each(shard.range.start as u64..shard.range.end as u64, |tokens| {
        sum += tokens
            .iter()
            .map(|token| u64::from(token.id().raw()))
            .sum::<u64>();
        Ok::<_, ReadError>(())
    })?;
    Ok(sum)
}
