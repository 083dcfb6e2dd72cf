//! The plan covers all tokens, once, in order.

use ng_parallel::{DEFAULT_SHARD_TOKENS, Shards};
use ng_store::BLOCK_TOKENS;
use proptest::prelude::*;

/// Checks everything a plan promises, walking it from left to right.
fn check_plan(shards: Shards, token_count: usize, shard_tokens: usize) {
    let mut covered = 0;
    for (number, shard) in shards.iter().enumerate() {
        assert_eq!(shard.number, number);
        assert_eq!(shard.range.start, covered);
        assert_eq!(shard.range.start % BLOCK_TOKENS, 0);
        let full = shard.range.len() == shard_tokens;
        assert!(full || shard.range.end == token_count, "{shard:?}");
        assert!((1..=shard_tokens).contains(&shard.range.len()), "{shard:?}");
        assert_eq!(shards.get(number), Some(shard.clone()));
        covered = shard.range.end;
    }
    assert_eq!(covered, token_count);
    assert_eq!(shards.token_count(), token_count);
    assert_eq!(shards.iter().count(), shards.len());
    assert_eq!(shards.is_empty(), token_count == 0);
    assert_eq!(shards.get(shards.len()), None);
    assert_eq!(shards.get(usize::MAX), None);
}

#[test]
fn plans_at_the_edges_cover_exactly() {
    for token_count in [
        0, 1, 4_095, 4_096, 4_097, 32_767, 32_768, 32_769, 10_000_000,
    ] {
        check_plan(Shards::new(token_count), token_count, DEFAULT_SHARD_TOKENS);
    }
}

#[test]
fn a_plan_of_all_that_a_usize_counts_ends_there() {
    let shards = Shards::new(usize::MAX);
    let last = shards.get(shards.len() - 1).unwrap();
    assert_eq!(last.range.end, usize::MAX);
    assert_eq!(shards.get(shards.len()), None);
}

#[test]
fn the_iterator_knows_how_many_are_left() {
    let mut iter = Shards::new(100_000).into_iter();
    for left in (0..4).rev() {
        iter.next();
        assert_eq!(iter.len(), left);
    }
    assert_eq!((iter.next(), iter.len()), (None, 0));
}

#[test]
fn a_default_shard_is_a_huge_page_of_whole_blocks() {
    assert_eq!(DEFAULT_SHARD_TOKENS * size_of::<ng_token::Token>(), 2 << 20);
    assert_eq!(DEFAULT_SHARD_TOKENS % BLOCK_TOKENS, 0);
}

#[test]
#[should_panic(expected = "shards of 5000 tokens, expected a multiple of 4096 above 0")]
fn a_shard_length_that_cuts_a_block_is_refused() {
    let _ = Shards::with_shard_tokens(1, 5_000);
}

#[test]
#[should_panic(expected = "shards of 0 tokens")]
fn a_shard_length_of_zero_is_refused() {
    let _ = Shards::with_shard_tokens(1, 0);
}

proptest! {
    #[test]
    fn any_plan_covers_exactly(token_count in 0_usize..2_000_000, blocks in 1_usize..20) {
        let shard_tokens = blocks * BLOCK_TOKENS;
        let shards = Shards::with_shard_tokens(token_count, shard_tokens);
        check_plan(shards, token_count, shard_tokens);
    }
}
