//! Cargo's two profiles, as options.

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct ProfilesArg {
    /// Cargo profiles
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_enum)]
    #[arg(default_value = "dev,release")]
    pub(crate) profiles: Vec<Profile>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Cargo's dev profile
    #[value(alias = "debug")]
    Dev,
    /// Cargo's release profile
    Release,
}

impl Profile {
    pub(crate) const BOTH: [Self; 2] = [Self::Dev, Self::Release];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
        }
    }

    /// The arguments that choose the profile: none for dev, Cargo's default.
    pub(crate) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Dev => &[],
            Self::Release => &["--release"],
        }
    }
}
