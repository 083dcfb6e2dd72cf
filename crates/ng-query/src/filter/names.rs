//! The words of a filter.

use ng_arrow::{Column, nearest_name};
use ng_token::{EntityType, Space};

/// The flags that have names, with their bits.
pub(crate) const FLAGS: [(&str, u16); 12] = [
    ("active", 1 << 0),
    ("persistent", 1 << 1),
    ("mutable", 1 << 2),
    ("synchronized", 1 << 3),
    ("compressed", 1 << 4),
    ("encrypted", 1 << 5),
    ("dirty", 1 << 6),
    ("locked", 1 << 7),
    ("user_0", 1 << 12),
    ("user_1", 1 << 13),
    ("user_2", 1 << 14),
    ("user_3", 1 << 15),
];

/// The words that begin a condition and are not names.
pub(crate) const WORDS: [&str; 4] = ["valid", "not", "true", "false"];

pub(crate) fn column(word: &str) -> Option<Column> {
    let mut columns = Column::ALL.into_iter();
    columns.find(|column| is(word, column.name()))
}

pub(crate) fn space(word: &str) -> Option<Space> {
    let mut spaces = Space::ALL.into_iter();
    spaces.find(|space| is(word, space.name()))
}

pub(crate) fn entity_type(word: &str) -> Option<EntityType> {
    let mut types = EntityType::ALL.into_iter();
    types.find(|entity_type| is(word, entity_type.name()))
}

/// Returns the bit of a flag.
pub(crate) fn flag(word: &str) -> Option<u16> {
    let flag = FLAGS.into_iter().find(|(name, _)| is(word, name));
    flag.map(|(_, bit)| bit)
}

/// Words are the same in upper and lower case.
pub(crate) fn is(word: &str, name: &str) -> bool {
    word.eq_ignore_ascii_case(name)
}

/// Returns the word most like this one that a condition may begin with.
pub(crate) fn nearest_condition(word: &str) -> Option<&'static str> {
    let columns = Column::ALL.into_iter().map(Column::name);
    let spaces = Space::ALL.into_iter().map(Space::name);
    let names = columns.chain(spaces).chain(flags()).chain(entity_types());
    nearest_name(word, names.chain(WORDS))
}

pub(crate) fn nearest_column(word: &str) -> Option<&'static str> {
    nearest_name(word, Column::ALL.into_iter().map(Column::name))
}

pub(crate) fn nearest_entity_type(word: &str) -> Option<&'static str> {
    nearest_name(word, entity_types())
}

pub(crate) fn nearest_flag(word: &str) -> Option<&'static str> {
    nearest_name(word, flags())
}

pub(crate) fn flags() -> impl Iterator<Item = &'static str> {
    FLAGS.into_iter().map(|(name, _)| name)
}

pub(crate) fn entity_types() -> impl Iterator<Item = &'static str> {
    EntityType::ALL.into_iter().map(EntityType::name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ng_token::SystemFlags;

    use super::*;

    #[test]
    fn no_word_means_two_things() {
        let names = [
            Column::ALL.map(Column::name).as_slice(),
            Space::ALL.map(Space::name).as_slice(),
            EntityType::ALL.map(EntityType::name).as_slice(),
            FLAGS.map(|(name, _)| name).as_slice(),
            &WORDS,
            &["and", "or", "in", "between", "inf", "infinity", "nan"],
        ]
        .concat();
        let distinct: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(distinct.len(), names.len());
    }

    #[test]
    fn system_flags_have_the_names_of_the_record() {
        for (name, flag) in SystemFlags::all().iter_names() {
            assert_eq!(super::flag(name), Some(flag.bits().into()), "{name}");
        }
    }

    #[test]
    fn the_nearest_name_is_near() {
        assert_eq!(nearest_condition("wieght"), Some("weight"));
        assert_eq!(nearest_condition("physical_w"), Some("physical_x"));
        assert_eq!(nearest_condition("OBJCT"), Some("object"));
        assert_eq!(nearest_condition("temperature"), None);
        assert_eq!(nearest_condition("xy"), None);
        assert_eq!(nearest_condition(&"weight".repeat(100_000)), None);
    }
}
