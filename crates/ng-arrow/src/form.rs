use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use ng_token::{EntityType, Space};

use crate::Column;

/// How a token's values are given: in units, or as stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Form {
    /// Coordinates, radius and strength in units, times as times.
    #[default]
    Units,
    /// Coordinates, radius and strength in stored steps, times as seconds since 1970 UTC: a
    /// round trip keeps all 64 bytes.
    Raw,
}

impl Form {
    /// Returns the name used in a schema's metadata.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Units => "units",
            Self::Raw => "raw",
        }
    }

    /// Returns the form of a schema's columns by its metadata; units if it has none.
    #[must_use]
    pub fn of_schema(schema: &Schema) -> Self {
        let told = schema.metadata().get(FORM_KEY);
        match told.is_some_and(|name| name == Self::Raw.name()) {
            true => Self::Raw,
            false => Self::Units,
        }
    }
}

/// Shows the name.
impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The schema metadata key for the name of its [`Form`].
pub const FORM_KEY: &str = "neurograph:form";

/// The field metadata key for a coordinate's steps per unit.
pub const STEPS_KEY: &str = "neurograph:steps_per_unit";

/// The field metadata key for an entity type's names of 0 to 15, comma-separated.
pub const NAMES_KEY: &str = "neurograph:names";

const UTC: &str = "UTC";

impl Column {
    /// Returns the Arrow type of the column in a form.
    #[must_use]
    pub fn data_type(self, form: Form) -> DataType {
        match (self, form) {
            (Self::Position, _) => DataType::UInt64,
            (Self::Id | Self::LocalId, _) => DataType::UInt32,
            (Self::Domain | Self::EntityType | Self::FlagsEntityType, _) => DataType::UInt8,
            (Self::Flags, _) => DataType::UInt16,
            (Self::Weight, _) => DataType::Float32,
            (Self::Radius | Self::Strength | Self::Coordinate(..), Form::Units) => {
                DataType::Float32
            }
            (Self::Radius | Self::Strength, Form::Raw) => DataType::UInt8,
            (Self::Coordinate(..), Form::Raw) => DataType::Int16,
            (Self::Timestamp, Form::Units) => {
                DataType::Timestamp(TimeUnit::Second, Some(UTC.into()))
            }
            (Self::Timestamp, Form::Raw) => DataType::UInt32,
        }
    }

    /// Returns the Arrow field of the column in a form: never null, with steps per unit and
    /// entity-type names in its metadata.
    #[must_use]
    pub fn field(self, form: Form) -> Field {
        let field = Field::new(self.name(), self.data_type(form), false);
        match self {
            Self::Coordinate(space, _) => field.with_metadata(steps_of(space)),
            Self::EntityType | Self::FlagsEntityType => field.with_metadata(names()),
            _ => field,
        }
    }
}

fn steps_of(space: Space) -> HashMap<String, String> {
    HashMap::from([(STEPS_KEY.to_owned(), space.scale().to_string())])
}

fn names() -> HashMap<String, String> {
    let names = EntityType::ALL.map(EntityType::name).join(",");
    HashMap::from([(NAMES_KEY.to_owned(), names)])
}

/// Returns the Arrow schema of some columns, in order.
#[must_use]
pub fn schema(columns: &[Column], form: Form) -> SchemaRef {
    let fields: Vec<Field> = columns.iter().map(|column| column.field(form)).collect();
    let metadata = HashMap::from([(FORM_KEY.to_owned(), form.name().to_owned())]);
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The README's table matches the code.
    #[test]
    fn the_readme_has_the_types_of_every_column() {
        let readme = include_str!("../README.md");
        let told = |column: Column, form| match column.data_type(form) {
            DataType::Timestamp(TimeUnit::Second, Some(zone)) => format!("Timestamp(s, {zone})"),
            other => other.to_string(),
        };
        for column in Column::ALL {
            let name = match column {
                Column::Coordinate(..) => "`physical_x` ... `abstract_z`".to_owned(),
                _ => format!("`{column}`"),
            };
            let (units, raw) = (told(column, Form::Units), told(column, Form::Raw));
            let row = format!("| {name} | {units} | {raw} |");
            assert!(readme.contains(&row), "{row}");
        }
    }
}
