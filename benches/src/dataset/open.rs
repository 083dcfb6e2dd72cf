use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use ng_dataset::{Dataset, FileId};
use ng_parallel::Workers;
use ng_query::sealed::{seal, unseal};
use ng_query::{Filter, Query, Zone};
use ng_token::Token;
use serde_json::{Value, json};

use super::created;
use crate::fill::token;
use crate::scratch::Scratch;
use crate::suite::Known;
use crate::{Case, Ratio};

/// Datasets to open, and how long that may take.
const OPENED: (usize, Duration) = (1_000, Duration::from_millis(20));
/// Those that a filter is asked for as well, which rules all of their shards out.
const PRUNED: (usize, Duration) = (10_000, Duration::from_millis(100));

/// How many tokens each shard is said to have.
const EACH: usize = 1_000;

const OPEN: &str = "open-1000";
const PRUNE: &str = "open-and-prune-10000";

/// Datasets whose manifest names many shards. Their files are not there: whoever opens one fails.
pub(super) struct Opens {
    opened: PathBuf,
    pruned: PathBuf,
}

impl Opens {
    pub(super) fn new(scratch: &Scratch) -> Result<Self> {
        let manifest = |(shards, _)| {
            let path = scratch.file(&format!("{shards}.ngd"));
            with_shards(&path, shards)?;
            Ok::<_, anyhow::Error>(path)
        };
        Ok(Self {
            opened: manifest(OPENED)?,
            pruned: manifest(PRUNED)?,
        })
    }

    /// One "token" of these is a dataset.
    pub(super) fn cases<'a>(&'a self, workers: &'a Workers) -> Result<[Case<'a>; 2]> {
        let none: Filter = format!("id >= {}", PRUNED.0 * EACH).parse()?;
        let open = || Ok(Dataset::open(&self.opened)?.snapshot()?.len());
        let prune = move || asked(&self.pruned, &none, workers);
        let tokens = |shards| (shards * EACH) as u64;
        Ok([
            Case::new(OPEN, 1, Known::new(tokens(OPENED.0), open)),
            Case::new(PRUNE, 1, Known::new(tokens(PRUNED.0), prune)),
        ])
    }

    pub(super) fn ratios() -> [Ratio; 2] {
        [
            Ratio::within(OPEN, OPENED.1),
            Ratio::within(PRUNE, PRUNED.1),
        ]
    }
}

/// Opens a dataset and counts what a filter selects: nothing. Returns the number of all tokens.
fn asked(path: &Path, none: &Filter, workers: &Workers) -> Result<u64> {
    let snapshot = Dataset::open(path)?.snapshot()?;
    let found = Query::new(snapshot.source(), workers)
        .filter(none)
        .count()?;
    ensure!(
        found.value == 0 && found.stats.parts_opened == 0,
        "{found:?}"
    );
    Ok(snapshot.len())
}

/// Makes a dataset of one shard, and has its manifest say that there are many.
fn with_shards(path: &Path, shards: usize) -> Result<()> {
    let dataset = created(path, EACH, EACH, token)?;
    let generation = dataset.snapshot()?.manifest().generation;
    let manifest = path.join(format!("manifest-{generation:012}.json"));
    let (_, json) = unseal(&fs::read(&manifest)?)?;
    let mut fields: Value = serde_json::from_slice(&json)?;
    let entries = fields["entries"].as_array_mut();
    let entries = entries.context("a manifest without entries")?;
    let one = entries.pop().context("a dataset without shards")?;
    entries.extend((0..shards).map(|number| entry(&one, number)));
    fs::write(&manifest, seal(serde_json::to_vec(&fields)?).1)?;
    Ok(())
}

/// The same of another file, whose ids follow those of the ones before.
fn entry(one: &Value, number: usize) -> Value {
    let first = number * EACH;
    let ends = [first, first + EACH - 1].map(|id| Token::new(id as u32));
    let digits = Zone::of(&ends).to_bytes().map(|byte| format!("{byte:02x}"));
    let mut entry = one.clone();
    entry["file"] = json!(FileId((number as u128).to_be_bytes()).to_string());
    entry["sealed"]["zone"] = json!(digits.concat());
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_selects_something_opens_a_shard_that_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("10.ngd");
        with_shards(&path, 10).unwrap();
        let workers = Workers::new(1).unwrap();
        let ask = |filter: &str| asked(&path, &filter.parse().unwrap(), &workers);
        assert_eq!(ask("id >= 10000").unwrap(), 10_000);
        assert!(ask("id >= 9999").is_err());
    }
}
