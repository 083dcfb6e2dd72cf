use std::io::ErrorKind;

use ng_parallel::{VerifyError, Workers};
use ng_query::Zone;
use ng_query::index::Index;
use ng_query::sealed::FileId;
use ng_store::BlockReader;
use ng_store::disk::Dir;

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
        for entry in entries {
            problems.extend(zone(&reader, entry));
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

fn other_commit<D: ng_store::disk::Disk>(
    reader: &BlockReader<D>,
    entry: &Entry,
) -> Option<ShardProblem> {
    let sealed = entry.sealed.as_ref();
    let is_it = sealed.map_or(Ok(()), |sealed| check_sealed(reader, sealed));
    let rows = entry.rows.to.unwrap_or(entry.rows.from);
    let checked = is_it.and_then(|()| check_rows(reader, rows));
    checked.err().map(ShardProblem::OtherCommit)
}

/// Computes the zone of an entry's tokens, and compares.
fn zone<D: ng_store::disk::Disk>(reader: &BlockReader<D>, entry: &Entry) -> Option<ShardProblem> {
    let (claimed, to) = (entry.zone()?, entry.rows.to?);
    let rows = entry.rows.from..to;
    let mut whole: Option<Zone> = None;
    let computed = for_each_row::<_, DatasetError>(reader, rows.clone(), |tokens| {
        let zone = Zone::of(tokens);
        match &mut whole {
            Some(whole) => whole.merge(&zone),
            none => *none = Some(zone),
        }
        Ok(())
    });
    match (computed, whole) {
        (Err(error), _) => Some(ShardProblem::Unreadable(error)),
        (Ok(()), Some(whole)) if !claimed.covers(&whole) => Some(ShardProblem::Zone { rows }),
        _ => None,
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
