//! `VecStore`: a vector's operations, on pages of its policy.

use ng_store::*;
use ng_token::*;

use crate::Outcome;
use crate::place::Place;
use crate::samples::{append, sum_of_ids, sum_to, token};

pub(super) fn run(_: &Place) -> Outcome {
    let mut store = VecStore::from((0..10).map(token).collect::<Vec<_>>());
    store.extend((10..20).map(token));
    store.extend(&[token(20), token(21)]);
    append(&mut store, 78)?;
    assert_eq!(sum_of_ids(&store), sum_to(100));
    assert_eq!(
        (0..100).map(token).collect::<VecStore>().tokens(),
        store.tokens()
    );

    for token in store.tokens_mut() {
        *token = token.with_weight(2.0);
    }
    let capacity = store.capacity();
    store.truncate(50);
    store.truncate(1_000);
    assert_eq!((store.len(), store.capacity()), (50, capacity));
    assert!(store.tokens().iter().all(|token| token.weight() == 2.0));
    assert_eq!(store.get(50), None);

    let tokens: Vec<Token> = store.into();
    assert_eq!(tokens.len(), 50);
    refused()
}

/// Running out of memory is an error, and the store is unchanged.
fn refused() -> Outcome {
    let mut store = VecStore::from_iter([token(0)]);
    let refused = store.reserve_exact(usize::MAX);
    assert!(matches!(
        refused,
        Err(VecStoreError::CapacityOverflow { .. })
    ));
    assert_eq!(store.tokens(), [token(0)]);
    Ok(())
}
