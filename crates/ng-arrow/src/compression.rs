use std::str::FromStr;

/// How Parquet is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// Uncompressed.
    None,
    /// Snappy, which every reader supports.
    #[default]
    Snappy,
}

/// An unknown compression name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected snappy or none")]
pub struct UnknownCompression;

/// Parses `snappy` or `none`.
impl FromStr for Compression {
    type Err = UnknownCompression;

    fn from_str(name: &str) -> Result<Self, UnknownCompression> {
        match name {
            "snappy" => Ok(Self::Snappy),
            "none" => Ok(Self::None),
            _ => Err(UnknownCompression),
        }
    }
}
