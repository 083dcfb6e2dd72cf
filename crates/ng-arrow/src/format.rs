use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// A way to keep columns in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Apache Parquet.
    Parquet,
    /// An Arrow IPC file, also known as Feather V2. What is read may be a stream as well.
    Arrow,
    /// An Arrow IPC stream.
    ArrowStream,
    /// Lines of values with commas between them, the first with the names.
    Csv,
    /// A JSON object a line.
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

    /// Returns the format that the extension of a path names, in any case.
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

    /// Returns the format of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Tells whether it is text, whose numbers do not say what they are of.
    #[must_use]
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Csv | Self::JsonLines)
    }

    /// Tells whether it can be written to what is no file, such as a pipe, and read by who
    /// gets no more than a part of it.
    #[must_use]
    pub const fn is_stream(self) -> bool {
        matches!(self, Self::ArrowStream | Self::Csv | Self::JsonLines)
    }
}

/// Shows what people call it.
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

/// A name that no format has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected parquet, arrow, arrows, csv or jsonl")]
pub struct UnknownFormat;
