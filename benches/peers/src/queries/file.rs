//! The file that every query runs over.

use std::path::Path;

use anyhow::{Context, Result};
use clap::ValueEnum;
use ng_parallel::{Workers, ingest};
use ng_store::TokenSink;
use ng_synth::Synth;
use serde::Serialize;

use crate::maps::create_store;

/// How the tokens are distributed: as for `ng create --like`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Like {
    /// Points anywhere in each space
    Uniform,
    /// Points around the centres of clusters
    Clustered,
}

/// Creates a token file with the same tokens as `ng create --like --seed`.
pub(crate) fn create(path: &Path, like: Like, seed: u64, tokens: u64) -> Result<()> {
    let synth = match like {
        Like::Uniform => Synth::uniform(seed),
        Like::Clustered => Synth::clustered(seed),
    };
    let count = usize::try_from(tokens)?;
    let mut store = create_store(path)?;
    store.reserve_exact(tokens)?;
    ingest(&Workers::available()?, &mut store, count, |index| {
        synth.token(index as u64)
    })?;
    store.commit().context("the tokens' commit")?;
    Ok(())
}
