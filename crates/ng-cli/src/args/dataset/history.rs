//! What works with generations: `log`, `checkout`.

use std::path::PathBuf;

use clap::Args;

pub(super) const LOG: &str = "\
Reads each manifest that is there, and lists them, the newest first.

Examples:
  ng dataset log a.ngd
  ng dataset log a.ngd --json

Exit codes:
  0    shown
  1    a manifest is damaged, or is not the one that the next was made from; or the
       dataset cannot be read
  2    usage";

pub(super) const CHECKOUT: &str = "\
Makes a new generation with the tokens and tags of an old one. No generation is lost by it.
Writers go on: what they append from now on is added behind. To only read an old generation,
give --generation to `ng dataset query` and others.

Examples:
  ng dataset checkout a.ngd 7
  ng dataset checkout a.ngd 7 --json

Exit codes:
  0    made
  1    the generation is not kept, or another error; or the report could not be written
  2    usage";

#[derive(Debug, Args)]
pub(crate) struct DatasetLogArgs {
    /// The dataset
    pub(crate) path: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DatasetCheckoutArgs {
    /// The dataset
    pub(crate) path: PathBuf,

    /// The old generation
    pub(crate) generation: u64,
}
