use anyhow::Result;
use ng_dataset::Snapshot;
use ng_parallel::Workers;
use ng_query::Query;
use ng_query::index::{BuildOptions, Index};
use ng_synth::Synth;

use super::{created, shard_tokens};
use crate::maps::mapped_snapshot;
use crate::scratch::Scratch;
use crate::suite::Known;
use crate::teams::{Teams, case_name};
use crate::varied::{SEED, Varied, heavy};
use crate::{Case, Ratio};

/// The share of the speed over one file that a scan of a dataset must reach.
const BAR: f64 = 0.95;

/// How many shards there are: not more than a snapshot keeps open.
const SHARDS: usize = 10;

/// How the records are reached.
const WAYS: [&str; 2] = [MAPPED, "verified"];
const MAPPED: &str = "mapped";

/// A dataset and a file of the same varied tokens, both with the zones of their blocks.
pub(super) struct Scans {
    mapped: Snapshot,
    verified: Snapshot,
    file: Varied,
    mapped_zones: Index,
    loaded_zones: Index,
    heavy: u64,
}

impl Scans {
    pub(super) fn new(count: usize, teams: &Teams, scratch: &Scratch) -> Result<Self> {
        let file = Varied::create(scratch.file("one.ngt"), count, teams.all())?;
        let mapped_zones = file.index(teams.all(), &BuildOptions::new())?;
        let synth = Synth::clustered(SEED);
        let token = |index| synth.token(index as u64);
        let shard = shard_tokens(count, SHARDS);
        let dataset = created(&scratch.file("scanned.ngd"), count, shard, token)?;
        let verified = dataset.snapshot()?;
        Ok(Self {
            mapped: mapped_snapshot(&verified),
            verified,
            loaded_zones: file.loaded_index()?,
            mapped_zones,
            heavy: file.heavy_count(),
            file,
        })
    }

    pub(super) fn shards(&self) -> usize {
        self.verified.shards().len()
    }

    pub(super) fn cases<'a>(&'a self, teams: &'a Teams) -> Result<Vec<Case<'a>>> {
        let mut cases = Vec::new();
        for workers in teams.iter() {
            for way in WAYS {
                let (dataset, file) = self.queries(way, workers)?;
                cases.push(self.case(&name("dataset", way), workers, dataset));
                cases.push(self.case(&name("file", way), workers, file));
            }
        }
        Ok(cases)
    }

    /// Over the dataset, and over the file.
    fn queries(&self, way: &str, workers: &Workers) -> Result<(Query<'_>, Query<'_>)> {
        let (dataset, file) = match way {
            MAPPED => {
                let file = Query::new(&self.file.snapshot, workers);
                (&self.mapped, file.index(&self.mapped_zones)?)
            }
            _ => {
                let file = Query::new(&self.file.reader, workers);
                (&self.verified, file.index(&self.loaded_zones)?)
            }
        };
        Ok((Query::new(dataset.source(), workers), file))
    }

    fn case<'a>(&self, name: &str, workers: &Workers, query: Query<'a>) -> Case<'a> {
        let count = move || Ok(query.clone().filter(&heavy()?).count()?.value);
        let tokens = self.file.tokens().len();
        Case::new(
            case_name(name, workers),
            tokens,
            Known::new(self.heavy, count),
        )
    }

    pub(super) fn ratios(&self, teams: &Teams) -> Vec<Ratio> {
        let pair = |workers: &Workers, way| {
            let [dataset, file] =
                ["dataset", "file"].map(|what| case_name(&name(what, way), workers));
            Ratio::new(dataset, file, Some(BAR))
        };
        let pairs = teams
            .iter()
            .flat_map(|workers| WAYS.map(|way| pair(workers, way)));
        let scaling = WAYS.map(|way| teams.scaling(&name("dataset", way), None));
        pairs.chain(scaling.into_iter().flatten()).collect()
    }
}

fn name(what: &str, way: &str) -> String {
    format!("scan-{what}-{way}")
}
