//! The serialised form of a token: one struct per level, converted both ways.

use core::fmt;

use ::serde::de::{self, Deserializer, Visitor};
use ::serde::ser::Serializer;
use ::serde::{Deserialize, Serialize};

use crate::entity::EntityType;
use crate::error::EncodeError;
use crate::flags::{Flags, SystemFlags};
use crate::id::TokenId;
use crate::token::Token;

#[derive(Serialize, Deserialize)]
#[serde(rename = "Token", deny_unknown_fields)]
pub(crate) struct Fields {
    id: TokenId,
    coordinates: Points,
    flags: Flags,
    #[serde(with = "weight")]
    weight: f32,
    radius_raw: u8,
    strength_raw: u8,
    timestamp: u32,
}

impl From<Token> for Fields {
    fn from(token: Token) -> Self {
        Self {
            id: token.id(),
            coordinates: token.coordinates().into(),
            flags: token.flags(),
            weight: token.weight(),
            radius_raw: token.radius_raw(),
            strength_raw: token.strength_raw(),
            timestamp: token.timestamp(),
        }
    }
}

impl From<Fields> for Token {
    fn from(fields: Fields) -> Self {
        Self::new(fields.id.raw())
            .with_coordinates(fields.coordinates.into())
            .with_flags(fields.flags)
            .with_weight(fields.weight)
            .with_radius_raw(fields.radius_raw)
            .with_strength_raw(fields.strength_raw)
            .with_timestamp(fields.timestamp)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Coordinates", deny_unknown_fields)]
struct Points {
    physical: [i16; 3],
    sensory: [i16; 3],
    motor: [i16; 3],
    emotional: [i16; 3],
    cognitive: [i16; 3],
    social: [i16; 3],
    temporal: [i16; 3],
    r#abstract: [i16; 3],
}

impl From<[[i16; 3]; 8]> for Points {
    fn from(coordinates: [[i16; 3]; 8]) -> Self {
        let [
            physical,
            sensory,
            motor,
            emotional,
            cognitive,
            social,
            temporal,
            r#abstract,
        ] = coordinates;
        Self {
            physical,
            sensory,
            motor,
            emotional,
            cognitive,
            social,
            temporal,
            r#abstract,
        }
    }
}

impl From<Points> for [[i16; 3]; 8] {
    fn from(points: Points) -> Self {
        [
            points.physical,
            points.sensory,
            points.motor,
            points.emotional,
            points.cognitive,
            points.social,
            points.temporal,
            points.r#abstract,
        ]
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Flags", deny_unknown_fields)]
pub(crate) struct FlagsFields {
    system: SystemFlags,
    entity_type: EntityType,
    user: u8,
}

impl From<Flags> for FlagsFields {
    fn from(flags: Flags) -> Self {
        Self {
            system: flags.system(),
            entity_type: flags.entity_type(),
            user: flags.user(),
        }
    }
}

impl TryFrom<FlagsFields> for Flags {
    type Error = EncodeError;

    fn try_from(fields: FlagsFields) -> Result<Self, EncodeError> {
        Self::new(fields.system, fields.entity_type, fields.user)
    }
}

/// A weight as a number, or as the string of its bits if JSON has no number for it.
///
/// Parsers read numbers as `f64`, yet the shortest decimal of an `f32` suffices: all finite
/// ones survived a round trip through serde_json 1.0.154.
mod weight {
    use super::*;

    pub(super) fn serialize<S: Serializer>(weight: &f32, serializer: S) -> Result<S::Ok, S::Error> {
        let bits = weight.to_bits();
        if !serializer.is_human_readable() {
            serializer.serialize_u32(bits)
        } else if weight.is_finite() {
            serializer.serialize_f32(*weight)
        } else {
            serializer.collect_str(&format_args!("{bits:#010x}"))
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(WeightVisitor)
        } else {
            u32::deserialize(deserializer).map(f32::from_bits)
        }
    }
}

struct WeightVisitor;

impl Visitor<'_> for WeightVisitor {
    type Value = f32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an f32, or the string of its bits such as \"0x7fc00000\"")
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<f32, E> {
        let weight = value as f32;
        if value.is_finite() && weight.is_infinite() {
            return Err(E::invalid_value(de::Unexpected::Float(value), &self));
        }
        Ok(weight)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<f32, E> {
        Ok(value as f32)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<f32, E> {
        Ok(value as f32)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<f32, E> {
        value
            .strip_prefix("0x")
            // `from_str_radix` alone would take a sign.
            .filter(|digits| digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .map(f32::from_bits)
            .ok_or_else(|| E::invalid_value(de::Unexpected::Str(value), &self))
    }
}
