use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// A file format for columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Apache Parquet.
    Parquet,
    /// An Arrow IPC file, also known as Feather V2. Reading also accepts a stream.
    Arrow,
    /// An Arrow IPC stream.
    ArrowStream,
    /// Lines of comma-separated values, the first with the names.
    Csv,
    /// One JSON object per line.
    JsonLines,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 5] = [
        Self::Parquet,
        Self::Arrow,
        Self::ArrowStream,
        Self::Csv,
        Self::JsonLines,
    ];

    /// Returns the name, which is also the usual extension of a file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::ArrowStream => "arrows",
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }

    /// Returns the format for a path's extension, ignoring case.
    ///
    /// ```
    /// use ng_arrow::Format;
    ///
    /// assert_eq!(Format::of_path("a.PARQUET"), Some(Format::Parquet));
    /// assert_eq!(Format::of_path("a.feather"), Some(Format::Arrow));
    /// assert_eq!(Format::of_path("a.raw"), None);
    /// ```
    #[must_use]
    pub fn of_path(path: impl AsRef<Path>) -> Option<Self> {
        let extension = path.as_ref().extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "pq" => Some(Self::Parquet),
            "feather" | "ipc" => Some(Self::Arrow),
            "ndjson" => Some(Self::JsonLines),
            name => Self::of_name(name),
        }
    }

    /// Returns the format with this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Tells whether it is text, whose numbers do not carry their form.
    #[must_use]
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Csv | Self::JsonLines)
    }

    /// Tells whether it can be written to a pipe, and read from an incomplete part.
    #[must_use]
    pub const fn is_stream(self) -> bool {
        matches!(self, Self::ArrowStream | Self::Csv | Self::JsonLines)
    }
}

/// Shows the usual name.
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Parquet => "Parquet",
            Self::Arrow => "Arrow file",
            Self::ArrowStream => "Arrow stream",
            Self::Csv => "CSV",
            Self::JsonLines => "JSON lines",
        })
    }
}

/// Parses the name.
impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::of_name(name).ok_or(UnknownFormat)
    }
}

/// An unknown format name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected parquet, arrow, arrows, csv or jsonl")]
pub struct UnknownFormat;
