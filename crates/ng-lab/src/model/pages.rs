//! Kinds of pages.

use serde::{Deserialize, Serialize};

/// The kind of pages requested from the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Pages {
    /// 4 KiB pages.
    #[serde(rename = "4k")]
    Small,
    /// Transparent huge pages of 2 MiB.
    #[serde(rename = "2m")]
    Huge,
}
