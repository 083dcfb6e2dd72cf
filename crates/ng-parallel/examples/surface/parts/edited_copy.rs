//! Committed tokens, changed in memory and written as another file.

use ng_store::*;

use crate::Outcome;
use crate::maps;
use crate::place::Place;
use crate::samples::{file_of, token};

pub(super) fn run(place: &Place) -> Outcome {
    let (path, copy) = (place.file("tokens.ngt"), place.file("edited.ngt"));
    file_of(&path, 10_000)?;
    assert!(BlockReader::open(&path)?.verify()?.is_clean());
    let mut edited = maps::open_private(&path)?;
    for token in edited.tokens_mut().iter_mut().step_by(1_000) {
        *token = token.with_weight(2.0);
    }

    let info = edited.info();
    let options = CreateOptions::new()
        .max_tokens(info.max_tokens)
        .tag(info.tag);
    let mut draft = FileDraft::begin(&copy, &options.reserve(info.tokens))?;
    draft.writer().append(edited.tokens())?;
    draft.writer().commit()?;
    draft.publish()?;

    for (index, &edited) in VecStore::load(&copy)?.tokens().iter().enumerate() {
        let weight = if index % 1_000 == 0 { 2.0 } else { 0.0 };
        assert_eq!(edited, token(index).with_weight(weight));
    }
    assert_eq!(VecStore::load(&path)?.tokens()[0], token(0));
    Ok(())
}
