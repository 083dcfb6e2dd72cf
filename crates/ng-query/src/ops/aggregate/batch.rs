use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, RecordBatch, TimestampSecondArray,
    UInt8Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use ng_arrow::Column;
use ng_token::{Axis, Space};

use super::group_by::units_of;
use super::{GroupBy, Groups, Key, Measure, Value};
use crate::ordered::steps_per_unit;

impl Groups {
    /// The name of the column that counts the weights left out.
    pub const NAN_WEIGHTS: &str = "nan_weights";

    /// Returns the groups as columns: the keys, then the measures, each named by the text that
    /// parses to it.
    ///
    /// A key has the type of its column. A cube has three columns, its least corner in units, named
    /// like the coordinates; where a space has cubes of several sizes, the size follows:
    /// `physical_x(300)`. Measures are `UInt64` where they are whole numbers and `Float64`
    /// otherwise, null where nothing was measured. (A sum beyond a `u64`, of more than 2^32 tokens,
    /// makes its column `Float64`.) Where a measure leaves NaN out, the last column,
    /// [`NAN_WEIGHTS`](Self::NAN_WEIGHTS), counts those weights.
    #[must_use]
    pub fn to_batch(&self) -> RecordBatch {
        let mut fields = Vec::new();
        let mut columns = Vec::new();
        for (place, by) in self.group_by.iter().enumerate() {
            let keys = self.groups.iter().map(|group| group.key[place]);
            self.push_keys(*by, keys.collect(), &mut fields, &mut columns);
        }
        for (place, measure) in self.measures.iter().enumerate() {
            let values = self.groups.iter().map(|group| group.values[place]);
            let column = values_of(*measure, &values.collect::<Vec<_>>());
            fields.push(Field::new(
                measure.to_string(),
                column.data_type().clone(),
                true,
            ));
            columns.push(column);
        }
        if self.measures.iter().any(|measure| measure.leaves_nan_out()) {
            let nan = self.groups.iter().map(|group| group.nan_weights);
            fields.push(Field::new(Self::NAN_WEIGHTS, DataType::UInt64, false));
            columns.push(Arc::new(UInt64Array::from_iter_values(nan)));
        }
        if columns.is_empty() {
            return RecordBatch::new_empty(Arc::new(Schema::empty()));
        }
        // One value a group each, of its field's type.
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
            .unwrap_or_else(|error| unreachable!("{error}"))
    }

    fn push_keys(
        &self,
        by: GroupBy,
        keys: Vec<Key>,
        fields: &mut Vec<Field>,
        columns: &mut Vec<ArrayRef>,
    ) {
        let mut push = |name: String, column: ArrayRef| {
            fields.push(Field::new(name, column.data_type().clone(), false));
            columns.push(column);
        };
        match by {
            GroupBy::Cell(space, size) => {
                let cells = self.group_by.iter();
                let cells = cells.filter(|by| matches!(by, GroupBy::Cell(of, _) if *of == space));
                let is_alone = cells.count() == 1;
                for axis in Axis::ALL {
                    let name = Column::Coordinate(space, axis).name();
                    let name = match is_alone {
                        true => name.to_owned(),
                        false => format!("{name}({})", units_of(space, size)),
                    };
                    push(name, corners(space, axis, &keys));
                }
            }
            by => push(by.to_string(), keys_of(by, &keys)),
        }
    }
}

fn keys_of(by: GroupBy, keys: &[Key]) -> ArrayRef {
    let numbers = keys.iter().map(|key| match *key {
        Key::EntityType(kind) => u32::from(kind.bits()),
        Key::Domain(domain) => domain.into(),
        Key::Flag(flag) => flag.into(),
        Key::Time(seconds) => seconds,
        Key::Cell(_) => 0,
    });
    match by {
        GroupBy::Flag(_) => Arc::new(
            numbers
                .map(|flag| Some(flag != 0))
                .collect::<BooleanArray>(),
        ),
        GroupBy::Time(_) => {
            let times: TimestampSecondArray = numbers.map(i64::from).collect::<Vec<_>>().into();
            let data_type = DataType::Timestamp(TimeUnit::Second, Some("UTC".into()));
            Arc::new(times.with_data_type(data_type))
        }
        _ => Arc::new(UInt8Array::from_iter_values(
            numbers.map(|number| number as u8),
        )),
    }
}

fn corners(space: Space, axis: Axis, keys: &[Key]) -> ArrayRef {
    let corner = |key: &Key| match key {
        Key::Cell(corner) => corner[axis as usize] as f32 / f32::from(space.scale()),
        _ => 0.0,
    };
    Arc::new(Float32Array::from_iter_values(keys.iter().map(corner)))
}

fn values_of(measure: Measure, values: &[Value]) -> ArrayRef {
    let is_whole = match measure {
        Measure::Count | Measure::Distinct(_) => true,
        Measure::Min(column)
        | Measure::Max(column)
        | Measure::Sum(column)
        | Measure::Quantile(column, _) => {
            column != Column::Weight && steps_per_unit(column).is_none()
        }
        Measure::Mean(_) | Measure::StdDev(_) => false,
    };
    let whole = |value: &Value| match value {
        Value::Missing => Some(None),
        Value::Integer(number) => u64::try_from(*number).ok().map(Some),
        Value::Number(_) => None,
    };
    let wholes: Option<Vec<Option<u64>>> = values.iter().map(whole).collect();
    match wholes.filter(|_| is_whole) {
        Some(wholes) => Arc::new(UInt64Array::from(wholes)),
        None => Arc::new(
            values
                .iter()
                .map(super::groups::Value::number)
                .collect::<Float64Array>(),
        ),
    }
}
