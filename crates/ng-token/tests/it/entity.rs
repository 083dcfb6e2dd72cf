use ng_token::EntityType;

const NAMES: [&str; 16] = [
    "Undefined",
    "Object",
    "Event",
    "State",
    "Process",
    "Concept",
    "Relation",
    "Pattern",
    "Rule",
    "Goal",
    "Memory",
    "Sensor",
    "Actuator",
    "Controller",
    "Buffer",
    "Reserved",
];

#[test]
fn numbers_and_names_are_those_of_the_format() {
    for (bits, name) in (0..).zip(NAMES) {
        let entity_type = EntityType::from_bits(bits).unwrap();
        assert_eq!(entity_type, EntityType::ALL[usize::from(bits)]);
        assert_eq!(entity_type.bits(), bits);
        assert_eq!(format!("{entity_type:?}"), name);
        assert_eq!(entity_type.name(), name.to_lowercase());
        assert_eq!(
            format!("{entity_type:>10}"),
            format!("{:>10}", entity_type.name())
        );
    }
}

#[test]
fn no_number_above_15_is_an_entity_type() {
    for bits in 16..=u8::MAX {
        assert_eq!(EntityType::from_bits(bits), None);
    }
}
