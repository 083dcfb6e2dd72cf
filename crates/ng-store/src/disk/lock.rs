use std::io;

/// A lock that an opener of a file has or wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lock {
    /// The writer's.
    Exclusive,
    Shared,
}

/// The error of an opener with a shared lock that asks for the writer's.
#[derive(Debug, thiserror::Error)]
#[error("this opener has the shared lock")]
struct HasShared;

impl Lock {
    /// Tells whether an opener that has `held` needs nothing more.
    pub(super) fn is_covered_by(self, held: Option<Self>) -> io::Result<bool> {
        match (self, held) {
            (_, None) => Ok(false),
            (Self::Exclusive, Some(Self::Shared)) => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, HasShared))
            }
            _ => Ok(true),
        }
    }

    /// Tells whether two openers can have these at once.
    #[cfg(any(test, feature = "sim"))]
    pub(super) fn agrees_with(self, other: Self) -> bool {
        self == Self::Shared && other == Self::Shared
    }
}
