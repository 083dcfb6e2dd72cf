//! The strategies of the properties, with an explicit seed.

use ng_token::{EntityType, SystemFlags, Token};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;

/// The same cases in every run; a failure names the smallest one it found.
pub(crate) fn config() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(0x4E47_544F_4B45_4E21),
        failure_persistence: None,
        cases: 1024,
        ..ProptestConfig::default()
    }
}

pub(crate) fn record() -> impl Strategy<Value = [u8; Token::SIZE]> {
    prop::array::uniform(any::<u8>())
}

pub(crate) fn token() -> impl Strategy<Value = Token> {
    record().prop_map(|bytes| Token::from_bytes(&bytes))
}

pub(crate) fn entity_type() -> impl Strategy<Value = EntityType> {
    select(EntityType::ALL.as_slice())
}

pub(crate) fn system() -> impl Strategy<Value = SystemFlags> {
    any::<u8>().prop_map(SystemFlags::from_bits_retain)
}

/// Every bit pattern of an `f32`, and often the ones that are special.
pub(crate) fn weight_bits() -> impl Strategy<Value = u32> {
    let special = [
        0.0_f32.to_bits(),
        (-0.0_f32).to_bits(),
        1,
        f32::MAX.to_bits(),
        f32::INFINITY.to_bits(),
        f32::NEG_INFINITY.to_bits(),
        f32::NAN.to_bits(),
        0x7FA0_0001, // a signalling NaN with a payload
        0xFFFF_FFFF,
    ];
    prop_oneof![4 => any::<u32>(), 1 => select(special.to_vec())]
}
