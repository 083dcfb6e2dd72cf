//! Every operation, by name, for claims that hold for all of them.

#![expect(unsafe_code, reason = "the constructor that maps")]

use std::convert::Infallible;

use ng_parallel::{
    Shards, Workers, fill, for_each_shard, for_each_shard_mut, gather, ingest, ingest_batches,
    ingest_shards, load, map_reduce, map_reduce_pass, map_shards, save, verify,
};
use ng_store::{
    BlockReader, CachePolicy, CreateOptions, FileDraft, MmapStore, TokenStore, VecStore,
};
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

pub(crate) const OPERATIONS: [(&str, Operation); 13] = [
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
    ("ingest_batches", |workers, material| {
        let mut store = VecStore::new();
        ingest_batches(workers, &mut store, PANIC_TOKENS, |range, batch| {
            batch.extend_from_slice(&material.tokens[range]);
            Ok::<_, Infallible>(())
        })
        .unwrap();
        assert!(store.tokens() == material.tokens);
    }),
    ("ingest_shards", |workers, material| {
        let (mut store, shards) = (VecStore::new(), Shards::new(PANIC_TOKENS));
        ingest_shards(workers, &mut store, shards, |shard, room| {
            room.copy_from_slice(&material.tokens[shard.range]);
        })
        .unwrap();
        assert!(store.tokens() == material.tokens);
    }),
    ("load", |workers, material| {
        let loaded = load(workers, &material.file).unwrap();
        assert!(loaded.tokens() == material.tokens);
    }),
    ("save", |workers, material| {
        let folder = tempfile::tempdir().unwrap();
        let options = CreateOptions::new();
        let draft = FileDraft::begin(folder.path().join("a.ngt"), &options).unwrap();
        let writer = save(workers, &material.tokens, draft).unwrap();
        assert_eq!(writer.committed_tokens(), PANIC_TOKENS as u64);
    }),
    ("verify", |workers, material| {
        assert!(verify(workers, &material.file).unwrap().is_clean());
    }),
];
