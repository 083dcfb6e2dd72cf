use ng_token::{EntityType, Flags, Space, SystemFlags, Token, TokenId};
use proptest::prelude::*;
use serde_json::{Value, json};
use serde_test::{Configure, Token as Part, assert_tokens};

use crate::any;

fn sample() -> Token {
    let id = TokenId::new(0, EntityType::Object, 7).unwrap();
    Token::builder(id.raw())
        .coordinate(Space::Physical, [1.5, -2.25, 0.0])
        .system(SystemFlags::ACTIVE | SystemFlags::DIRTY)
        .weight(0.5)
        .radius(1.0)
        .strength(1.0)
        .timestamp(1_700_000_000)
        .build()
        .unwrap()
}

fn sample_json() -> Value {
    json!({
        "id": 16_777_223,
        "coordinates": {
            "physical": [150, -225, 0], "sensory": [0, 0, 0], "motor": [0, 0, 0],
            "emotional": [0, 0, 0], "cognitive": [0, 0, 0], "social": [0, 0, 0],
            "temporal": [0, 0, 0], "abstract": [0, 0, 0]
        },
        "flags": { "system": "ACTIVE | DIRTY", "entity_type": "object", "user": 0 },
        "weight": 0.5,
        "radius_raw": 100,
        "strength_raw": 255,
        "timestamp": 1_700_000_000
    })
}

#[test]
fn the_shape_is_the_documented_one() {
    assert_eq!(serde_json::to_value(sample()).unwrap(), sample_json());
    assert_eq!(
        serde_json::from_value::<Token>(sample_json()).unwrap(),
        sample()
    );
}

#[test]
fn fields_are_written_in_the_documented_order() {
    let text = serde_json::to_string(&sample()).unwrap();
    let names = [
        "id",
        "coordinates",
        "flags",
        "weight",
        "radius_raw",
        "strength_raw",
        "timestamp",
    ];
    let places: Vec<_> = names.map(|name| text.find(&format!("\"{name}\":"))).into();
    assert!(places.is_sorted() && places[0].is_some(), "{text}");
}

#[test]
fn names_of_entity_types_and_spaces_are_their_names() {
    for entity_type in EntityType::ALL {
        assert_eq!(
            serde_json::to_value(entity_type).unwrap(),
            entity_type.name()
        );
    }
    for space in Space::ALL {
        assert_eq!(serde_json::to_value(space).unwrap(), space.name());
    }
}

#[test]
fn weights_without_a_number_in_json_are_their_bits() {
    for (bits, text) in [
        (f32::NAN.to_bits(), "0x7fc00000"),
        (0xFFA0_0001, "0xffa00001"),
        (f32::INFINITY.to_bits(), "0x7f800000"),
        (f32::NEG_INFINITY.to_bits(), "0xff800000"),
    ] {
        let token = sample().with_weight(f32::from_bits(bits));
        let value = serde_json::to_value(token).unwrap();
        assert_eq!(value["weight"], text);
        assert_eq!(serde_json::from_value::<Token>(value).unwrap(), token);
    }
}

#[test]
fn a_weight_may_be_written_as_an_integer() {
    for (number, weight) in [(json!(3), 3.0), (json!(-3), -3.0)] {
        let mut value = sample_json();
        value["weight"] = number;
        let token: Token = serde_json::from_value(value).unwrap();
        assert_eq!(token.weight(), weight);
    }
}

#[test]
fn compact_formats_get_numbers_for_names_and_the_bits_of_the_weight() {
    let mut parts = vec![
        Part::Struct {
            name: "Token",
            len: 7,
        },
        Part::Str("id"),
        Part::U32(16_777_223),
        Part::Str("coordinates"),
        Part::Struct {
            name: "Coordinates",
            len: 8,
        },
    ];
    for space in Space::ALL {
        let point = if space == Space::Physical {
            [150, -225, 0]
        } else {
            [0; 3]
        };
        parts.extend([Part::Str(space.name()), Part::Tuple { len: 3 }]);
        parts.extend(point.map(Part::I16));
        parts.push(Part::TupleEnd);
    }
    parts.extend([
        Part::StructEnd,
        Part::Str("flags"),
        Part::Struct {
            name: "Flags",
            len: 3,
        },
        Part::Str("system"),
        Part::NewtypeStruct {
            name: "SystemFlags",
        },
        Part::U8(0x41),
        Part::Str("entity_type"),
        Part::UnitVariant {
            name: "EntityType",
            variant: "object",
        },
        Part::Str("user"),
        Part::U8(0),
        Part::StructEnd,
        Part::Str("weight"),
        Part::U32(0x7FA0_0001),
        Part::Str("radius_raw"),
        Part::U8(100),
        Part::Str("strength_raw"),
        Part::U8(255),
        Part::Str("timestamp"),
        Part::U32(1_700_000_000),
        Part::StructEnd,
    ]);
    let token = sample().with_weight(f32::from_bits(0x7FA0_0001));
    assert_tokens(&token.compact(), &parts);
}

#[track_caller]
fn check_refused(pointer: &str, wrong: Value, message: &str) {
    let mut value = sample_json();
    *value.pointer_mut(pointer).unwrap() = wrong;
    let error = serde_json::from_value::<Token>(value).unwrap_err();
    assert!(error.to_string().contains(message), "{error}");
}

#[test]
fn what_does_not_fit_is_refused() {
    check_refused("/id", json!(1_u64 << 32), "expected u32");
    check_refused("/coordinates/motor/1", json!(32_768), "expected i16");
    check_refused("/coordinates/motor", json!([1, 2]), "length 2");
    check_refused("/flags/user", json!(16), "user flags 16, expected 0 to 15");
    check_refused(
        "/flags/entity_type",
        json!("thing"),
        "unknown variant `thing`",
    );
    check_refused(
        "/flags/system",
        json!("ACTIVE | LOUD"),
        "unrecognized named flag",
    );
    check_refused("/radius_raw", json!(256), "expected u8");
    check_refused("/strength_raw", json!(-1), "expected u8");
    check_refused("/timestamp", json!(-1), "expected u32");

    let weight = "expected an f32, or the string of its bits such as \"0x7fc00000\"";
    for wrong in [
        json!(1e39),
        json!("NaN"),
        json!("0x7fc0"),
        json!("0x+fc00000"),
        json!(null),
    ] {
        check_refused("/weight", wrong, weight);
    }
}

#[test]
fn missing_and_unknown_fields_are_refused() {
    for pointer in ["", "/coordinates", "/flags"] {
        let mut value = sample_json();
        let object = value.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        object.insert("colour".to_owned(), json!(1));
        let error = serde_json::from_value::<Token>(value.clone()).unwrap_err();
        assert!(
            error.to_string().contains("unknown field `colour`"),
            "{error}"
        );

        let object = value.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        object.remove("colour");
        let name = object.keys().next().unwrap().clone();
        object.remove(&name);
        let error = serde_json::from_value::<Token>(value).unwrap_err();
        assert!(
            error
                .to_string()
                .contains(&format!("missing field `{name}`")),
            "{error}"
        );
    }
}

proptest! {
    #![proptest_config(any::config())]

    #[test]
    fn any_token_comes_back_from_json_exactly(
        token in any::token(),
        weight_bits in any::weight_bits(),
    ) {
        let token = token.with_weight(f32::from_bits(weight_bits));
        let text = serde_json::to_string(&token).unwrap();
        prop_assert_eq!(serde_json::from_str::<Token>(&text).unwrap(), token);
    }

    #[test]
    fn ids_and_flags_come_back_alone(id: u32, bits: u16) {
        let (id, flags) = (TokenId::from(id), Flags::from_bits(bits));
        let text = serde_json::to_string(&(id, flags)).unwrap();
        prop_assert_eq!(serde_json::from_str::<(TokenId, Flags)>(&text).unwrap(), (id, flags));
    }
}
