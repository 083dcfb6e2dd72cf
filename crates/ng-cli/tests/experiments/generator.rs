//! What the document's generator in Python makes, by the document's own description.

use std::path::Path;

use ng_store::{TokenStore, VecStore};
use ng_token::{EntityType, Space, SystemFlags, Token};

/// How many records the document makes, in a create and an append.
const RECORDS: usize = 20_000;

/// Compares every token of a file with that description.
pub(crate) fn check(path: &Path) {
    let store = VecStore::load(path).unwrap();
    assert_eq!(store.len(), RECORDS);
    for (index, token) in store.tokens().iter().enumerate() {
        check_token(index, token);
    }
}

fn check_token(index: usize, token: &Token) {
    let (id, flags) = (token.id(), token.flags());
    assert_eq!((id.domain(), id.local()), (1, index as u32), "{index}");
    assert_eq!(id.entity_type(), EntityType::Concept, "{index}");
    assert_eq!(flags.entity_type(), EntityType::Concept, "{index}");
    assert_eq!(flags.system(), SystemFlags::ACTIVE, "{index}");
    let (column, row) = (index % 1_000, index / 1_000);
    let point = [column as f32 / 10.0, row as f32 / 10.0, 0.0];
    assert_eq!(token.coordinate(Space::Physical), point, "{index}");
    let point = [(index % 100) as f32 / 100.0, 0.0, 0.0];
    assert_eq!(token.coordinate(Space::Cognitive), point, "{index}");
    let others = Space::ALL
        .into_iter()
        .filter(|space| ![Space::Physical, Space::Cognitive].contains(space));
    for space in others {
        assert_eq!(token.coordinate(space), [0.0; 3], "{index} {space}");
    }
    assert_eq!(token.weight(), (index % 8) as f32 / 8.0, "{index}");
    assert_eq!((token.radius(), token.strength()), (1.5, 0.2), "{index}");
    assert_eq!(token.timestamp(), 1_700_000_000 + index as u32, "{index}");
}
