//! Every operation, by name, for claims that hold for all of them.

#![expect(unsafe_code, reason = "the constructor that maps")]

use ng_parallel::{
    Shards, Workers, fill, for_each_shard, for_each_shard_mut, gather, ingest, map_reduce,
    map_reduce_pass, map_shards, verify,
};
use ng_store::{BlockReader, CachePolicy, CreateOptions, MmapStore, TokenStore, VecStore};
use ng_token::Token;

use crate::{PANIC_TOKENS, token, tokens};

/// What the operations work on: five shards, in memory and in a file.
pub(crate) struct Material {
    tokens: Vec<Token>,
    file: BlockReader,
    mapped: MmapStore,
}

impl Material {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ngt");
        let store = VecStore::from_vec(tokens(PANIC_TOKENS));
        store.save(&path, &CreateOptions::new()).unwrap();
        let file = BlockReader::open(&path).unwrap();
        // SAFETY: (1) Nobody but the test knows the file, and nobody changes it.
        let mapped = unsafe { MmapStore::open(&path) }.unwrap();
        Self {
            tokens: store.into_vec(),
            file,
            mapped,
        }
    }
}

/// Does its work, and checks what comes of it.
pub(crate) type Operation = fn(&Workers, &Material);

pub(crate) const OPERATIONS: [(&str, Operation); 9] = [
    ("fill", |workers, material| {
        let mut store = VecStore::new();
        fill(workers, &mut store, PANIC_TOKENS, token).unwrap();
        assert!(store.tokens() == material.tokens);
    }),
    ("for_each_shard", |workers, material| {
        for_each_shard(workers, &material.tokens, |shard, slice| {
            assert_eq!(shard.range.len(), slice.len());
        })
        .unwrap();
    }),
    ("for_each_shard_mut", |workers, material| {
        let mut changed = material.tokens.clone();
        for_each_shard_mut(workers, &mut changed, |_, slice| slice.fill(Token::ZERO)).unwrap();
        assert!(changed.iter().all(|&token| token == Token::ZERO));
    }),
    ("map_reduce", |workers, material| {
        let len = |_, slice: &[Token]| slice.len();
        let sum = map_reduce(workers, &material.tokens, len, |left, right| left + right);
        assert_eq!(sum, Ok(Some(PANIC_TOKENS)));
    }),
    ("map_reduce_pass", |workers, material| {
        let snapshot = material.mapped.snapshot();
        let pass = snapshot.pass(CachePolicy::Bypass);
        let len = |_, slice: &[Token]| slice.len();
        let sum = map_reduce_pass(workers, &pass, len, |left, right| left + right);
        assert_eq!(sum.unwrap(), Some(PANIC_TOKENS));
    }),
    ("map_shards", |workers, _| {
        let shards = Shards::new(PANIC_TOKENS);
        let numbers = map_shards(workers, shards, |shard| shard.number);
        assert_eq!(numbers, Ok((0..shards.len()).collect()));
    }),
    ("gather", |workers, material| {
        let indices: Vec<usize> = (0..PANIC_TOKENS).rev().collect();
        let mut out = Vec::new();
        gather(workers, &material.tokens, &indices, &mut out).unwrap();
        assert!(out.iter().rev().eq(&material.tokens));
    }),
    ("ingest", |workers, material| {
        let mut store = VecStore::new();
        ingest(workers, &mut store, PANIC_TOKENS, token).unwrap();
        assert!(store.tokens() == material.tokens);
    }),
    ("verify", |workers, material| {
        assert!(verify(workers, &material.file).unwrap().is_clean());
    }),
];
