use clap::Args;

/// Which generation of a dataset.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct GenerationArg {
    /// Of a dataset, this generation instead of the newest
    #[arg(long, value_name = "N")]
    pub(crate) generation: Option<u64>,
}
