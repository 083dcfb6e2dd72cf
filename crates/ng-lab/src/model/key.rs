//! Names of cells and of their phases.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::model::Profile;

/// How many items, and what they are called.
///
/// In a report it is two keys: `items`, and the items' own name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub struct Size {
    /// The number of items.
    pub items: u64,
    /// What they are called.
    #[serde(rename = "items_name")]
    pub name: String,
}

impl Size {
    /// A size of `items` items called `name`.
    #[must_use]
    pub fn new(items: u64, name: &str) -> Self {
        let name = name.to_owned();
        Self { items, name }
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut keys = serializer.serialize_map(None)?;
        keys.serialize_entry("items", &self.items)?;
        if self.name != "items" {
            keys.serialize_entry(&self.name, &self.items)?;
        }
        keys.end()
    }
}

/// A cell's name: the same work in the same build, in any role and run.
///
/// Pages and warming are not part of it. They belong to the variant, whose name is
/// unique within its scenario and number of threads. Another run may use the name for
/// other work, so [`CellReport::is_same_as`] compares them too.
///
/// [`CellReport::is_same_as`]: crate::model::CellReport::is_same_as
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CellKey {
    /// The scenario.
    pub scenario: String,
    /// The number of items.
    #[serde(flatten)]
    pub size: Size,
    /// The scenario's variant.
    pub variant: String,
    /// Threads.
    pub threads: usize,
    /// The build.
    pub profile: Profile,
}

impl CellKey {
    fn write(&self, f: &mut fmt::Formatter<'_>, phase: &str) -> fmt::Result {
        let Self {
            scenario,
            size,
            variant,
            threads,
            profile,
        } = self;
        let (items, profile) = (size.items, profile.name());
        write!(
            f,
            "{scenario}/{variant} x{threads} n={items}{phase} ({profile})"
        )
    }

    /// Number of items.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.size.items
    }

    /// Whether this is the same work in any build.
    #[must_use]
    pub fn is_same_work(&self, other: &Self) -> bool {
        let profile = self.profile;
        *self
            == Self {
                profile,
                ..other.clone()
            }
    }
}

impl fmt::Display for CellKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "")
    }
}

/// The name of a phase of a cell, or of the whole cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PhaseKey {
    /// The cell.
    #[serde(flatten)]
    pub cell: CellKey,
    /// The phase; none for the whole cell.
    pub phase: Option<String>,
}

impl PhaseKey {
    /// A phase of `cell`, or all of it.
    #[must_use]
    pub fn new(cell: &CellKey, phase: Option<&str>) -> Self {
        Self {
            cell: cell.clone(),
            phase: phase.map(str::to_owned),
        }
    }

    /// The phase's name; empty for the whole cell.
    #[must_use]
    pub fn phase_name(&self) -> &str {
        self.phase.as_deref().unwrap_or_default()
    }

    /// Whether this names `phase` of `cell`, or the whole cell.
    #[must_use]
    pub fn covers(&self, cell: &CellKey, phase: &str) -> bool {
        self.cell == *cell && self.phase.as_deref().is_none_or(|own| own == phase)
    }
}

impl fmt::Display for PhaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.phase {
            Some(phase) => self.cell.write(f, &format!(" {phase}")),
            None => self.cell.fmt(f),
        }
    }
}

/// Where keys are in a report.
const KEYED: [&str; 8] = [
    "/headlines",
    "/cells",
    "/comparisons",
    "/not_compared",
    "/gate/outcomes",
    "/gate/skipped",
    "/instructions/outcomes",
    "/instructions/skipped",
];

/// Gives every key of a written report the name of its items, and in an older
/// program's report the number, which used to be under that name alone.
///
/// # Errors
/// A key without a number, or with two different ones.
pub(crate) fn name_items(report: &mut Value) -> Result<(), String> {
    let Some(name) = report.pointer("/run/items").and_then(Value::as_str) else {
        return Ok(());
    };
    let name = name.to_owned();
    for place in KEYED {
        let keyed = report.pointer_mut(place).and_then(Value::as_array_mut);
        let keyed = keyed.into_iter().flatten();
        for keys in keyed.filter_map(Value::as_object_mut) {
            let named = keys.get(&name).cloned();
            let items = keys.get("items").cloned().or_else(|| named.clone());
            match items.filter(|items| items.is_u64() && named.is_none_or(|named| named == *items))
            {
                Some(items) => keys.insert("items".to_owned(), items),
                None => return Err(format!("a key in {place} has no number of {name}")),
            };
            keys.insert("items_name".to_owned(), name.clone().into());
        }
    }
    Ok(())
}
