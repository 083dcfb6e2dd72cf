//! redb: a B-tree in a file.

use std::any::Any;
use std::ops::Bound;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use ng_parallel::Workers;
use ng_token::Token;
use redb::{
    Builder, Database, Durability, ReadOnlyDatabase, ReadOnlyTable, ReadableDatabase,
    ReadableTable, ReadableTableMetadata, Table, TableDefinition,
};

use super::FilePeer;
use crate::reader::{Reader, token_of};
use crate::records::{Sum, matches, token};

/// A reference to an array: an array by value would be allocated and copied byte by byte at every
/// insert and look-up.
const TOKENS: TableDefinition<'_, u32, &[u8; Token::SIZE]> = TableDefinition::new("tokens");

/// The default and minimum.
const CACHE_MIN_BYTES: usize = 1 << 30;

/// A database of one table.
pub(crate) struct Redb {
    /// Whether tokens are inserted through a cursor at the table's end, which buffers sorted runs,
    /// or each on its own.
    pub(crate) cursor: bool,
}

impl FilePeer for Redb {
    fn write(&self, path: &Path, count: usize, _workers: &Workers) -> Result<Box<dyn Any>> {
        let database = builder(count * Token::SIZE).create(path)?;
        let mut transaction = database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        {
            let mut table = transaction.open_table(TOKENS)?;
            match self.cursor {
                true => insert_sorted(&mut table, count)?,
                false => insert_each(&mut table, count)?,
            }
        }
        transaction.commit()?;
        Ok(Box::new(database))
    }

    fn open(&self, path: &Path, _workers: Workers) -> Result<Box<dyn Reader>> {
        let bytes = std::fs::metadata(path)?.len() as usize;
        let database = builder(bytes).open_read_only(path)?;
        let table = database.begin_read()?.open_table(TOKENS)?;
        Ok(Box::new(Opened {
            table,
            _database: database,
        }))
    }
}

/// Opens a database for what a read-only one cannot do.
pub(crate) fn open_to_check(path: &Path) -> Result<Database> {
    let bytes = std::fs::metadata(path)?.len() as usize;
    Ok(builder(bytes).open(path)?)
}

/// Makes redb check every page against its checksum.
pub(crate) fn check(database: &mut Database) -> Result<()> {
    ensure!(
        database.check_integrity()?,
        "redb repaired its file, expected it to be sound"
    );
    Ok(())
}

/// With a cache that holds twice the file.
fn builder(file_bytes: usize) -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_MIN_BYTES.max(2 * file_bytes));
    builder
}

type Tokens<'t> = Table<'t, u32, &'static [u8; Token::SIZE]>;

fn insert_sorted(table: &mut Tokens<'_>, count: usize) -> Result<()> {
    let mut cursor = table.upper_bound_mut(Bound::<u32>::Unbounded)?;
    for index in 0..count {
        cursor.insert_before(index as u32, token(index).as_bytes())?;
    }
    Ok(cursor.close()?)
}

fn insert_each(table: &mut Tokens<'_>, count: usize) -> Result<()> {
    for index in 0..count {
        table.insert(index as u32, token(index).as_bytes())?;
    }
    Ok(())
}

struct Opened {
    table: ReadOnlyTable<u32, &'static [u8; Token::SIZE]>,
    _database: ReadOnlyDatabase,
}

impl Reader for Opened {
    fn len(&self) -> Result<u64> {
        Ok(self.table.len()?)
    }

    fn first(&self) -> Result<Token> {
        let (_, value) = self.table.first()?.context("no token")?;
        Ok(token_of(value.value()))
    }

    fn sum_ids(&self) -> Result<u64> {
        let mut sum = 0;
        for entry in self.table.iter()? {
            let (_, value) = entry?;
            sum += u64::from(token_of(value.value()).id().raw());
        }
        Ok(sum)
    }

    fn filter(&self) -> Result<Sum> {
        let mut sum = Sum::default();
        for entry in self.table.iter()? {
            let (_, value) = entry?;
            let token = token_of(value.value());
            if matches(&token) {
                sum.add(token.id().raw());
            }
        }
        Ok(sum)
    }

    fn copy_out(&self, positions: &[usize], out: &mut Vec<Token>) -> Result<()> {
        for &position in positions {
            let value = self.table.get(position as u32)?;
            out.push(token_of(value.context("no such token")?.value()));
        }
        Ok(())
    }
}
