//! What all tests of the room share.

mod accidents;
mod kept_order;
mod others;
mod sorted;

use ng_parallel::Workers;
use ng_store::disk::Dir;
use ng_token::Token;

use crate::reshape::testing::{rows_of_shard, zone_of};
use crate::snapshot::Snapshot;

const BLOCK: usize = ng_store::BLOCK_TOKENS;

fn workers() -> Workers {
    Workers::new(2).unwrap()
}

fn unwatched(_done: u64, _total: u64) {}

/// How many tokens each shard has.
fn lengths<R: Dir>(snapshot: &Snapshot<R>) -> Vec<usize> {
    let shards = snapshot.shards().iter();
    shards.map(|shard| shard.len() as usize).collect()
}

/// Checks that each sealed shard, if all of its file counts, has the zone of its tokens.
fn assert_zones<R: Dir>(snapshot: &Snapshot<R>) {
    for (number, shard) in snapshot.shards().iter().enumerate() {
        let file = snapshot.open_shard(number).unwrap();
        if !shard.is_open() && shard.len() == file.len() {
            let tokens: Vec<Token> = rows_of_shard(snapshot, number);
            assert!(shard.zone() == zone_of(&tokens).as_ref(), "shard {number}");
        }
    }
}
