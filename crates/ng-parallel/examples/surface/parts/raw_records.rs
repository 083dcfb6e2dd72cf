//! Files of raw 64-byte records.

use std::fs::File;
use std::io::Read;

use ng_store::*;
use ng_token::*;

use crate::Outcome;
use crate::place::Place;
use crate::samples::token;

const COUNT: usize = 5_000;

pub(super) fn run(place: &Place) -> Outcome {
    let path = place.file("tokens.raw");
    let tokens = (0..COUNT).map(token).collect::<Vec<_>>();
    let mut draft = RawDraft::begin(&path, false)?;
    draft.set_cache(CachePolicy::Bypass);
    draft.announce(COUNT as u64);
    let (left, right) = tokens.split_at(1_234);
    draft.append(left)?;
    draft.append(right)?;
    assert!(!path.exists());
    draft.publish()?;

    let mut read = vec![Token::ZERO; COUNT];
    let mut records = RawReader::new(File::open(&path)?, CachePolicy::Bypass);
    records.read_exact(as_bytes_mut(&mut read))?;
    assert_eq!(records.read(&mut [0])?, 0);
    assert_eq!(read, tokens);
    Ok(())
}
