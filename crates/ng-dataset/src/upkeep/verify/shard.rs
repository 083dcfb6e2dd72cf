use std::io::ErrorKind;

use ng_parallel::{VerifyError, Workers};
use ng_query::Zone;
use ng_query::index::Index;
use ng_query::order::Order;
use ng_query::sealed::FileId;
use ng_store::BlockReader;
use ng_store::disk::{Dir, Disk};
use ng_token::Token;

use super::{ShardProblem, ShardReport};
use crate::DatasetError;
use crate::manifest::Entry;
use crate::place::Place;
use crate::shard::{check_rows, check_sealed, for_each_row, open_file};

/// Verifies a file, and what its entries say of it.
pub(super) fn verify<R: Dir>(
    place: &Place<R>,
    workers: &Workers,
    file: FileId,
    entries: &[&Entry],
    count: impl Fn(u64) + Sync,
) -> Result<ShardReport, DatasetError> {
    let mut report = ShardReport {
        file,
        tokens: 0,
        problems: Vec::new(),
    };
    let reader = match open_file(place, file) {
        Ok(reader) => reader,
        Err(error) => {
            report.problems.push(unreadable(error));
            return Ok(report);
        }
    };
    report.tokens = reader.len();
    let problems = &mut report.problems;
    problems.extend(
        entries
            .iter()
            .filter_map(|entry| other_commit(&reader, entry)),
    );
    match ng_parallel::verify_watched(workers, &reader, count) {
        Err(VerifyError::Parallel(error)) => return Err(error.into()),
        Err(VerifyError::Io(error)) => problems.push(ShardProblem::Unreadable(error.into())),
        Err(error) => return Err(DatasetError::Verify(error)),
        Ok(verified) if !verified.is_clean() => problems.push(ShardProblem::Damaged(verified)),
        Ok(_) => {}
    }
    if problems.is_empty() {
        problems.extend(entries.iter().find_map(|entry| length(&reader, entry)));
        for entry in entries {
            problems.extend(tokens(&reader, entry));
        }
        problems.extend(index(place, file).into_iter().map(ShardProblem::Index));
    }
    Ok(report)
}

fn unreadable(error: DatasetError) -> ShardProblem {
    match error {
        DatasetError::Io { source, .. } if source.kind() == ErrorKind::NotFound => {
            ShardProblem::Missing
        }
        error => ShardProblem::Unreadable(error),
    }
}

fn other_commit<D: Disk>(reader: &BlockReader<D>, entry: &Entry) -> Option<ShardProblem> {
    let sealed = entry.sealed.as_ref();
    let is_it = sealed.map_or(Ok(()), |sealed| check_sealed(reader, sealed));
    let rows = entry.rows.to.unwrap_or(entry.rows.from);
    let checked = is_it.and_then(|()| check_rows(reader, rows));
    checked.err().map(ShardProblem::OtherCommit)
}

/// Compares the length of a file with what an entry says.
fn length<D: Disk>(reader: &BlockReader<D>, entry: &Entry) -> Option<ShardProblem> {
    let (found, expected) = (reader.info().length, entry.sealed.as_ref()?.bytes);
    (found != expected).then_some(ShardProblem::Length { found, expected })
}

/// Compares the tokens of an entry with what it says of them.
fn tokens<D: Disk>(reader: &BlockReader<D>, entry: &Entry) -> Vec<ShardProblem> {
    let (Some(sealed), Some(to)) = (&entry.sealed, entry.rows.to) else {
        return Vec::new();
    };
    // An order that is not known says nothing.
    let order = sealed.order.as_ref().and_then(|order| order.parse().ok());
    let mut keys = order.map(Keys::of);
    if sealed.zone.is_none() && keys.is_none() {
        return Vec::new();
    }
    let rows = entry.rows.from..to;
    let mut whole: Option<Zone> = None;
    let read = for_each_row::<_, DatasetError>(reader, rows.clone(), |tokens| {
        let zone = Zone::of(tokens);
        match &mut whole {
            Some(whole) => whole.merge(&zone),
            none => *none = Some(zone),
        }
        if let Some(keys) = &mut keys {
            keys.look(tokens);
        }
        Ok(())
    });
    if let Err(error) = read {
        return vec![ShardProblem::Unreadable(error)];
    }
    let (claimed, whole) = (sealed.zone.as_ref(), whole.as_ref());
    let holds = claimed
        .zip(whole)
        .is_none_or(|(claimed, whole)| claimed.covers(whole));
    let zone = (!holds).then(|| ShardProblem::Zone { rows: rows.clone() });
    let order = keys.and_then(|keys| {
        let row = rows.start + keys.first_less?;
        let order = keys.order.to_string();
        Some(ShardProblem::Order { order, row })
    });
    zone.into_iter().chain(order).collect()
}

/// Looks whether the keys of tokens ascend.
struct Keys {
    order: Order,
    /// Those of a block.
    keys: Vec<u64>,
    last: u64,
    count: u64,
    /// Which token is the first whose key is less than that of the one before.
    first_less: Option<u64>,
}

impl Keys {
    fn of(order: Order) -> Self {
        Self {
            order,
            keys: Vec::new(),
            last: 0,
            count: 0,
            first_less: None,
        }
    }

    fn look(&mut self, tokens: &[Token]) {
        self.keys.resize(tokens.len(), 0);
        self.order.keys(tokens, &mut self.keys);
        for &key in &self.keys {
            if key < self.last {
                self.first_less.get_or_insert(self.count);
            }
            self.last = key;
            self.count += 1;
        }
    }
}

fn index<R: Dir>(place: &Place<R>, file: FileId) -> Vec<ng_query::index::IndexWarning> {
    if !place.is_real() {
        return Vec::new();
    }
    let reader = BlockReader::open(place.shard_path(file));
    let index = reader.ok().and_then(|reader| Index::load(&reader));
    index.map_or_else(Vec::new, |index| index.warnings())
}
