use std::fmt;

/// What a field of a file should have held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// This value.
    Exactly(u64),
    /// This value or less.
    AtMost(u64),
    /// This value or more.
    AtLeast(u64),
    /// A multiple of this value.
    MultipleOf(u64),
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(value) => write!(f, "{value}"),
            Self::AtMost(value) => write!(f, "at most {value}"),
            Self::AtLeast(value) => write!(f, "at least {value}"),
            Self::MultipleOf(value) => write!(f, "a multiple of {value}"),
        }
    }
}

/// A field with an invalid value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldFault {
    /// The field's offset within its record.
    pub(crate) offset: u64,
    pub(crate) field: &'static str,
    pub(crate) found: u64,
    pub(crate) expected: Expected,
}

/// A field: its offset in its record, and its name.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) offset: usize,
    pub(super) name: &'static str,
}

impl Field {
    pub(super) const fn new(offset: usize, name: &'static str) -> Self {
        Self { offset, name }
    }

    /// Checks `found` against `expected`.
    pub(super) fn check(self, found: u64, expected: Expected) -> Result<(), FieldFault> {
        let holds = match expected {
            Expected::Exactly(value) => found == value,
            Expected::AtMost(value) => found <= value,
            Expected::AtLeast(value) => found >= value,
            Expected::MultipleOf(value) => found.is_multiple_of(value),
        };
        if holds {
            return Ok(());
        }
        Err(FieldFault {
            offset: self.offset as u64,
            field: self.name,
            found,
            expected,
        })
    }
}

pub(super) fn get<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[offset..offset + N]);
    field
}

pub(super) fn get_u16(bytes: &[u8], offset: usize) -> u16 {
    u16::from_le_bytes(get(bytes, offset))
}

pub(super) fn get_u32(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(get(bytes, offset))
}

pub(super) fn get_u64(bytes: &[u8], offset: usize) -> u64 {
    u64::from_le_bytes(get(bytes, offset))
}

pub(super) fn put(bytes: &mut [u8], offset: usize, field: &[u8]) {
    bytes[offset..offset + field.len()].copy_from_slice(field);
}
