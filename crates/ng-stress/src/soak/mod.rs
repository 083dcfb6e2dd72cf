//! The soaks: mixed work on one mapped token file, or on a dataset.
//!
//! The lab (`ng_lab::soak`) schedules and times operations; they are defined here. Start
//! reading at `tokens.rs` and `dataset.rs`, whose `model.rs` says what it must hold.

mod dataset;
mod model;
mod room;
mod sequence;
mod tokens;

use clap::ValueEnum;
use ng_lab::Failure;
use ng_lab::soak::{Operations, SoakJob, serve_soak};

use dataset::DatasetSoak;
pub use room::{FEWEST_TOKENS, Room, room};
use tokens::TokenSoak;

/// What a soak works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum On {
    /// One mapped file, which is begun anew when it is full
    File,
    /// A dataset with retention, which is followed, queried and changed
    Dataset,
}

impl On {
    const ALL: [Self; 2] = [Self::File, Self::Dataset];

    /// Its name on the command line and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Dataset => "dataset",
        }
    }

    fn begin(self, job: &SoakJob) -> Result<Box<dyn Operations>, Failure> {
        Ok(match self {
            Self::File => Box::new(TokenSoak::begin(job)?),
            Self::Dataset => Box::new(DatasetSoak::begin(job)?),
        })
    }
}

/// Runs a worker's soak, with the job in `argument`.
///
/// # Errors
/// The argument is not a job, or the pipe is gone.
pub fn serve(argument: &str) -> Result<(), Failure> {
    serve_soak(argument, |job| {
        let on = On::ALL.into_iter().find(|on| on.name() == job.on);
        let on = on.ok_or_else(|| format!("soak on {:?}, expected file or dataset", job.on))?;
        on.begin(job)
    })
}
