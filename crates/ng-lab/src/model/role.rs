//! Which program a cell was run by.

use serde::{Deserialize, Serialize};

/// The build of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Cargo's `dev` profile.
    Dev,
    /// Cargo's `release` profile.
    Release,
}

impl Profile {
    /// The profile that this program was built in, told by debug assertions.
    #[must_use]
    pub const fn of_this_build() -> Self {
        if cfg!(debug_assertions) {
            Self::Dev
        } else {
            Self::Release
        }
    }

    /// `dev` or `release`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
        }
    }
}

/// Whether a cell is measured for its own sake or as a copy that shows the noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The cell itself.
    Main,
    /// The same program once more: any difference is noise.
    Aa,
    /// The program of another revision.
    Against,
}

impl Role {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Aa => "aa",
            Self::Against => "against",
        }
    }
}
