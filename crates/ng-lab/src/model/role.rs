//! Which program a cell was run by.

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
    /// The profile that this program was built in, told by debug assertions.
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
    /// Whether a cell is measured for its own sake or as a copy that shows the noise.
    Role {
        /// The cell itself.
        Main = "main",
        /// The same program once more: any difference is noise.
        Aa = "aa",
        /// The program of another revision.
        Against = "against",
    }
}
