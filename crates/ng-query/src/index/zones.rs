//! Zones as columns of an Arrow file, a row for each block, and back.

use std::mem::offset_of;

use bytemuck::Zeroable;
use ng_token::Space;

use super::manifest::SheetEntry;
use super::sheet::{ColumnSpec, Values};
use crate::zone::Zone;

/// The columns before the coordinates, and the place of each in a zone.
const FIELDS: [(&str, Values, usize); 21] = [
    ("id_min", Values::U32, offset_of!(Zone, id)),
    ("id_max", Values::U32, offset_of!(Zone, id) + 4),
    ("local_id_min", Values::U32, offset_of!(Zone, local_id)),
    ("local_id_max", Values::U32, offset_of!(Zone, local_id) + 4),
    ("timestamp_min", Values::U32, offset_of!(Zone, timestamp)),
    (
        "timestamp_max",
        Values::U32,
        offset_of!(Zone, timestamp) + 4,
    ),
    ("weight_min", Values::F32, offset_of!(Zone, weight)),
    ("weight_max", Values::F32, offset_of!(Zone, weight) + 4),
    ("flags_min", Values::U16, offset_of!(Zone, flags)),
    ("flags_max", Values::U16, offset_of!(Zone, flags) + 2),
    ("flags_and", Values::U16, offset_of!(Zone, flags_and)),
    ("flags_or", Values::U16, offset_of!(Zone, flags_or)),
    ("entity_types", Values::U16, offset_of!(Zone, entity_types)),
    ("domains", Values::U16, offset_of!(Zone, domains)),
    (
        "flags_entity_types",
        Values::U16,
        offset_of!(Zone, flags_entity_types),
    ),
    ("radius_min", Values::U8, offset_of!(Zone, radius)),
    ("radius_max", Values::U8, offset_of!(Zone, radius) + 1),
    ("strength_min", Values::U8, offset_of!(Zone, strength)),
    ("strength_max", Values::U8, offset_of!(Zone, strength) + 1),
    ("weight_has_nan", Values::U8, offset_of!(Zone, nan)),
    ("ids_ascend", Values::U8, offset_of!(Zone, ascend)),
];

/// How many zones are transposed at a time: 37 KiB of them.
const GROUP: usize = 256;

/// A column, and its place in a zone.
struct Place {
    spec: ColumnSpec,
    offset: usize,
}

fn places() -> Vec<Place> {
    let fields = FIELDS.map(|(name, values, offset)| Place {
        spec: ColumnSpec::new(name, values),
        offset,
    });
    let coordinates = Space::ALL.into_iter().flat_map(|space| {
        let ends = [offset_of!(Zone, low), offset_of!(Zone, high)];
        let lane = move |at: usize| ends[at / 3] + 2 * (3 * space as usize + at % 3);
        let specs = super::columns::box_specs(space).enumerate();
        specs.map(move |(at, spec)| Place {
            spec,
            offset: lane(at),
        })
    });
    fields.into_iter().chain(coordinates).collect()
}

/// Returns the columns of the zones.
pub(super) fn specs() -> Vec<ColumnSpec> {
    places().into_iter().map(|place| place.spec).collect()
}

/// Returns the values of each column; zeros where there is no zone.
pub(super) fn to_columns(zones: &[Option<Zone>]) -> Vec<Vec<u8>> {
    let places = places();
    let mut columns = vec![Vec::new(); places.len()];
    for group in zones.chunks(GROUP) {
        for (place, column) in places.iter().zip(&mut columns) {
            let width = place.spec.values.width() as usize;
            for zone in group {
                let zone = zone.unwrap_or_else(Zone::zeroed);
                let bytes = bytemuck::bytes_of(&zone);
                column.extend_from_slice(&bytes[place.offset..place.offset + width]);
            }
        }
    }
    columns
}

/// Reads the first zones of a file whose entry was checked.
pub(super) fn from_file(bytes: &[u8], entry: &SheetEntry, count: usize) -> Vec<Zone> {
    let places = places();
    let mut zones = vec![Zone::zeroed(); count];
    for (number, group) in zones.chunks_mut(GROUP).enumerate() {
        for (place, column) in places.iter().zip(&entry.columns) {
            let width = place.spec.values.width() as usize;
            let start = column.offset as usize + number * GROUP * width;
            let values = bytes[start..start + group.len() * width].chunks_exact(width);
            for (zone, value) in group.iter_mut().zip(values) {
                bytemuck::bytes_of_mut(zone)[place.offset..place.offset + width]
                    .copy_from_slice(value);
            }
        }
    }
    zones
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_zones_hold_every_byte_once() {
        let mut seen = [0; size_of::<Zone>()];
        for place in places() {
            let width = place.spec.values.width() as usize;
            seen[place.offset..place.offset + width]
                .iter_mut()
                .for_each(|count| *count += 1);
        }
        assert!(seen.iter().all(|count| *count == 1), "{seen:?}");
    }
}
