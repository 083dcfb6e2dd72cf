//! A token's field: how far it reaches (radius) and how much (strength).

use crate::error::EncodeError;
use crate::round::half_away_from_zero;

const RADIUS_SCALE: u16 = 100;
const STRENGTH_SCALE: u16 = 255;

pub(crate) const RADIUS_MAX: f32 = decode_radius(u8::MAX);
pub(crate) const STRENGTH_MAX: f32 = decode_strength(u8::MAX);

#[inline]
pub(crate) fn encode_radius(value: f32) -> Result<u8, EncodeError> {
    if (0.0..=RADIUS_MAX).contains(&value) {
        Ok(encode_radius_saturating(value))
    } else {
        Err(EncodeError::Radius { value })
    }
}

#[inline]
pub(crate) const fn encode_radius_saturating(value: f32) -> u8 {
    half_away_from_zero(value, RADIUS_SCALE) as u8
}

#[inline]
pub(crate) const fn decode_radius(raw: u8) -> f32 {
    raw as f32 / RADIUS_SCALE as f32
}

#[inline]
pub(crate) fn encode_strength(value: f32) -> Result<u8, EncodeError> {
    if (0.0..=STRENGTH_MAX).contains(&value) {
        Ok(encode_strength_saturating(value))
    } else {
        Err(EncodeError::Strength { value })
    }
}

#[inline]
pub(crate) const fn encode_strength_saturating(value: f32) -> u8 {
    half_away_from_zero(value, STRENGTH_SCALE) as u8
}

#[inline]
pub(crate) const fn decode_strength(raw: u8) -> f32 {
    raw as f32 / STRENGTH_SCALE as f32
}
