//! Builds of a worker, and roles of a cell.

use crate::model::named::named;

named! {
    /// The build of a worker.
    Profile {
        /// Cargo's `dev` profile.
        Dev = "dev",
        /// Cargo's `release` profile.
        Release = "release",
    }
}

impl Profile {
    /// The profile of this build, inferred from debug assertions.
    #[must_use]
    pub const fn of_this_build() -> Self {
        if cfg!(debug_assertions) {
            Self::Dev
        } else {
            Self::Release
        }
    }
}

named! {
    /// Whether a cell is the main measurement or a copy to compare with.
    Role {
        /// The cell itself.
        Main = "main",
        /// The same program once more: any difference is noise.
        Aa = "aa",
        /// The program of another revision.
        Against = "against",
    }
}
