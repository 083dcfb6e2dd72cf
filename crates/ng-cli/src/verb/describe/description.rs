use ng_query::ng_arrow::Column;
use ng_query::{Histogram, Stats, Value};
use ng_token::{EntityType, Space};
use serde::{Serialize, Serializer};

use crate::found::Found;
use crate::say::Report;

/// Everything about the tokens of a file.
#[derive(Serialize)]
pub(super) struct Description<'a> {
    pub(super) path: String,
    #[serde(skip)]
    pub(super) is_dataset: bool,
    pub(super) file_id: String,
    pub(super) generation: u64,
    /// `None` for a dataset.
    pub(super) tag: Option<u64>,
    pub(super) created: Option<String>,
    pub(super) committed: String,
    pub(super) length: u64,
    pub(super) tokens: u64,
    pub(super) blocks: u64,
    /// `None` if all tokens are described.
    #[serde(rename = "where")]
    pub(super) filter: Option<String>,
    /// How many tokens are described.
    pub(super) described: u64,
    pub(super) columns: Vec<Summary>,
    pub(super) entity_types: Option<Vec<OfType>>,
    pub(super) flags_entity_types: Option<Vec<OfType>>,
    pub(super) domains: Option<Vec<OfDomain>>,
    pub(super) flags: Option<Vec<OfFlag>>,
    /// For the spaces that are described on all three axes.
    pub(super) at_origin: Vec<AtOrigin>,
    pub(super) not_valid: NotValid,
    /// `None` if ids are not described.
    pub(super) duplicates: Option<Repeated>,
    /// The page that was written, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) html: Option<String>,
    pub(super) bytes_read: u64,
    pub(super) elapsed_ns: u64,
    pub(super) damaged_blocks: u64,
    pub(super) damaged_tokens: u64,
    /// What of the index was put aside.
    pub(super) index_warnings: Vec<String>,
    #[serde(flatten)]
    pub(super) found: &'a Found,
}

impl Description<'_> {
    pub(super) fn took(&mut self, stats: &Stats) {
        self.bytes_read = stats.bytes_read;
        self.elapsed_ns = u64::try_from(stats.elapsed.as_nanos()).unwrap_or(u64::MAX);
        self.damaged_blocks = stats.damaged_blocks;
        self.damaged_tokens = stats.damaged_tokens;
    }
}

impl Report for Description<'_> {
    fn is_good(&self) -> bool {
        !self.found.is_doubtful() && !self.found.has_bad_blocks() && self.damaged_blocks == 0
    }
}

/// A column of numbers, in its units; times in seconds since 1970 UTC.
#[derive(Serialize)]
pub(super) struct Summary {
    #[serde(serialize_with = "as_name")]
    pub(super) column: Column,
    /// How many values are NaN, and left out of the rest.
    pub(super) nan: u64,
    #[serde(serialize_with = "as_number")]
    pub(super) min: Value,
    #[serde(serialize_with = "as_number")]
    pub(super) p5: Value,
    #[serde(serialize_with = "as_number")]
    pub(super) median: Value,
    #[serde(serialize_with = "as_number")]
    pub(super) p95: Value,
    #[serde(serialize_with = "as_number")]
    pub(super) max: Value,
    #[serde(serialize_with = "as_number")]
    pub(super) mean: Value,
    #[serde(serialize_with = "as_number")]
    pub(super) stddev: Value,
    #[serde(serialize_with = "as_counts")]
    pub(super) histogram: Option<Histogram>,
}

#[derive(Serialize)]
pub(super) struct OfType {
    pub(super) entity_type: EntityType,
    pub(super) count: u64,
}

#[derive(Serialize)]
pub(super) struct OfDomain {
    pub(super) domain: usize,
    pub(super) count: u64,
}

#[derive(Serialize)]
pub(super) struct OfFlag {
    pub(super) flag: String,
    pub(super) count: u64,
}

/// How many tokens are at the origin of a space, like those never placed anywhere.
#[derive(Serialize)]
pub(super) struct AtOrigin {
    pub(super) space: Space,
    pub(super) count: u64,
}

/// How many tokens are not valid by the strict rules, and how many break each rule: a token may
/// break several.
#[derive(Default, Serialize)]
pub(super) struct NotValid {
    pub(super) count: u64,
    pub(super) nan_weight: u64,
    pub(super) negative_weight: u64,
    pub(super) future_timestamp: u64,
    /// Those that break only the rule of the entity types.
    pub(super) other_entity_type_alone: u64,
}

#[derive(Serialize)]
pub(super) struct Repeated {
    /// How many ids more than one token has.
    pub(super) ids: u64,
    /// How many tokens repeat the id of an earlier one.
    pub(super) tokens: u64,
}

fn as_name<S: Serializer>(column: &Column, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(column.name())
}

/// Whole numbers as such; null if there is none, or no finite one.
fn as_number<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Value::Integer(number) => serializer.serialize_i128(*number),
        value => value.number().serialize(serializer),
    }
}

#[derive(Serialize)]
struct Counts<'h> {
    low: f64,
    high: f64,
    counts: &'h [u64],
    below: u64,
    above: u64,
}

fn as_counts<S: Serializer>(
    histogram: &Option<Histogram>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let counts = histogram.as_ref().map(|histogram| Counts {
        low: histogram.low,
        high: histogram.high,
        counts: &histogram.counts,
        below: histogram.below,
        above: histogram.above,
    });
    counts.serialize(serializer)
}
