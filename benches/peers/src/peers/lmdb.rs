//! LMDB, through heed.

use std::any::Any;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use heed::types::Bytes;
use heed::{CommitOrAbort, Database, Env, IntegerComparator, PutFlags, RoTxn, WithTls};
use ng_parallel::Workers;
use ng_token::Token;

use super::FilePeer;
use crate::maps::open_lmdb;
use crate::reader::{Reader, token_of};
use crate::records::{Sum, matches, token};

/// Address space for each token: about twice what a token in a full page takes.
const MAP_BYTES_OF_TOKEN: usize = 160;
const MAP_BYTES_ELSE: usize = 64 << 20;
/// A multiple of all page sizes, as a map must be.
const MAP_STEP_BYTES: usize = 1 << 20;

/// The file in an environment's folder that holds the tokens.
const DATA: &str = "data.mdb";

/// Keys are a `u32` each in native order, which LMDB compares as numbers. They are passed as bytes:
/// heed's own integer type allocates one for each.
type Tokens<'e> = Database<'e, Bytes, Bytes, IntegerComparator>;

/// An environment with one database in it.
pub(crate) struct Lmdb {
    /// Whether pages are changed in a shared map instead of gathered in memory.
    pub(crate) write_map: bool,
}

impl FilePeer for Lmdb {
    fn write(&self, path: &Path, count: usize, _workers: &Workers) -> Result<Box<dyn Any>> {
        fs::create_dir(path)?;
        let env = open_lmdb(path, map_bytes(count * MAP_BYTES_OF_TOKEN), self.write_map)?;
        let put = env.create_databases_and_commit(env.write_txn()?, |opener, transaction| {
            let options = opener.database_options().types::<Bytes, Bytes>();
            let options = options.key_comparator::<IntegerComparator>();
            let tokens = options.create(transaction)?;
            for index in 0..count {
                let (key, token) = ((index as u32).to_ne_bytes(), token(index));
                tokens.put_with_flags(transaction, PutFlags::APPEND, &key, token.as_bytes())?;
            }
            heed::Result::Ok(CommitOrAbort::<(), ()>::Commit(()))
        });
        put?.commit().context("the transaction was aborted")?;
        Ok(Box::new(env))
    }

    fn open(&self, path: &Path, _workers: Workers) -> Result<Box<dyn Reader>> {
        let bytes = fs::metadata(path.join(DATA))?.len() as usize;
        let env = open_lmdb(path, map_bytes(bytes), false)?;
        Ok(Box::new(Opened { env }))
    }
}

fn map_bytes(data_bytes: usize) -> usize {
    (data_bytes + MAP_BYTES_ELSE).next_multiple_of(MAP_STEP_BYTES)
}

struct Opened {
    env: Env,
}

impl Opened {
    /// Does a whole work in one transaction.
    fn read<R>(
        &self,
        work: impl FnOnce(&RoTxn<'_, WithTls>, Tokens<'_>) -> Result<R>,
    ) -> Result<R> {
        let transaction = self.env.read_txn()?;
        let opened = self
            .env
            .open_databases_and_commit(transaction, |opener, transaction| {
                let options = opener.database_options().types::<Bytes, Bytes>();
                let options = options.key_comparator::<IntegerComparator>();
                options
                    .open(transaction)
                    .map(CommitOrAbort::<_, ()>::Commit)
            });
        let tokens = opened?.commit().flatten().context("no database")?;
        work(&self.env.read_txn()?, tokens)
    }
}

impl Reader for Opened {
    fn len(&self) -> Result<u64> {
        self.read(|transaction, tokens| Ok(tokens.len(transaction)?))
    }

    fn first(&self) -> Result<Token> {
        self.read(|transaction, tokens| {
            let (_, value) = tokens.first(transaction)?.context("no token")?;
            Ok(token_of(value))
        })
    }

    fn sum_ids(&self) -> Result<u64> {
        self.read(|transaction, tokens| {
            let mut sum = 0;
            for entry in tokens.iter(transaction)? {
                let (_, value) = entry?;
                sum += u64::from(token_of(value).id().raw());
            }
            Ok(sum)
        })
    }

    fn filter(&self) -> Result<Sum> {
        self.read(|transaction, tokens| {
            let mut sum = Sum::default();
            for entry in tokens.iter(transaction)? {
                let token = token_of(entry?.1);
                if matches(&token) {
                    sum.add(token.id().raw());
                }
            }
            Ok(sum)
        })
    }

    fn copy_out(&self, positions: &[usize], out: &mut Vec<Token>) -> Result<()> {
        self.read(|transaction, tokens| {
            for &position in positions {
                let value = tokens.get(transaction, &(position as u32).to_ne_bytes())?;
                out.push(token_of(value.context("no such token")?));
            }
            Ok(())
        })
    }
}
