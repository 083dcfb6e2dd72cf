//! Committed tokens, changed and written as another file.

use std::fs;
use std::path::Path;

use ng_store::{
    BlockReader, CreateError, CreateOptions, FileDraft, PrivateStore, ReadError, TokenSink,
    TokenStore, VecStore, WriteError,
};
use ng_token::Token;

use super::fixture::{
    Place, file_of, flip, open, open_append, open_private, token, tokens, verify,
};

const COUNT: usize = 10_000;

/// One token in this many is changed.
const STEP: usize = 100;

fn change(tokens: &mut [Token], start: usize) {
    for (index, token) in (start..).zip(tokens) {
        if index % STEP == 0 {
            *token = token.with_weight(2.0);
        }
    }
}

/// What the tokens of [`file_of`] are after the change.
fn changed() -> Vec<Token> {
    let mut tokens = tokens(COUNT);
    change(&mut tokens, 0);
    tokens
}

/// Like the tokens' own file.
fn options_of(store: &PrivateStore) -> CreateOptions {
    let info = store.info();
    CreateOptions::new()
        .max_tokens(info.max_tokens)
        .tag(info.tag)
        .reserve(info.tokens)
}

fn write(store: &PrivateStore, mut draft: FileDraft) -> Result<(), CreateError> {
    draft.writer().append(store.tokens())?;
    draft.writer().commit()?;
    draft.publish()?;
    Ok(())
}

#[test]
fn an_edited_copy_has_every_change_and_all_else_as_it_was() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[COUNT]);
    tag_it(&path);
    let before = fs::read(&path).unwrap();

    let mut store = open_private(&path).unwrap();
    change(store.tokens_mut(), 0);
    let by_map = place.named("by_map.ngt");
    let draft = FileDraft::begin(&by_map, &options_of(&store)).unwrap();
    write(&store, draft).unwrap();

    let in_memory = place.named("in_memory.ngt");
    let mut loaded = VecStore::load(&path).unwrap();
    change(loaded.tokens_mut(), 0);
    loaded.save(&in_memory, &options_of(&store)).unwrap();

    let by_blocks = place.named("by_blocks.ngt");
    let mut draft = FileDraft::begin(&by_blocks, &options_of(&store)).unwrap();
    copy_by_blocks(&BlockReader::open(&path).unwrap(), &mut draft);
    draft.publish().unwrap();

    let original = open(&path).unwrap().info();
    for copy in [by_map, in_memory, by_blocks] {
        assert_eq!(VecStore::load(&copy).unwrap().tokens(), changed());
        assert!(verify(&copy).unwrap().is_clean());
        let info = open(&copy).unwrap().info();
        assert_eq!((info.tag, info.max_tokens), (7, original.max_tokens));
        assert_ne!(info.file_id, original.file_id);
    }
    assert!(fs::read(&path).unwrap() == before, "the file was touched");
}

fn tag_it(path: &Path) {
    let mut store = open_append(path).unwrap();
    store.commit_tagged(7).unwrap();
}

fn copy_by_blocks(reader: &BlockReader, draft: &mut FileDraft) {
    let mut block = Vec::new();
    let copied = reader.for_each(0..reader.len(), |tokens| {
        block.clear();
        block.extend_from_slice(tokens);
        change(&mut block, draft.writer().appended_tokens() as usize);
        draft.writer().append(&block).map_err(Failed::Write)
    });
    copied.unwrap();
    draft.writer().commit().unwrap();
}

#[derive(Debug)]
#[expect(dead_code, reason = "told where a copy fails")]
enum Failed {
    Read(ReadError),
    Write(WriteError),
}

impl From<ReadError> for Failed {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// The store maps the old file, which lives on without a name.
#[test]
fn an_edited_copy_takes_the_place_of_what_it_was_made_of() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[COUNT]);
    let mut store = open_private(&path).unwrap();
    change(store.tokens_mut(), 0);
    let options = options_of(&store).replace(true);
    write(&store, FileDraft::begin(&path, &options).unwrap()).unwrap();
    assert_eq!(VecStore::load(&path).unwrap().tokens(), changed());
    assert_eq!(place.names(), ["a.ngt"]);

    // Later changes are only in memory.
    change(&mut store.tokens_mut()[1..], 0);
    assert_eq!(store.tokens()[1], token(1).with_weight(2.0));
    assert_eq!(VecStore::load(&path).unwrap().tokens(), changed());
}

/// A copy has new hashes: only verifying the original reveals the damage.
#[test]
fn damage_is_found_by_verifying_before_the_copy_and_not_after_it() {
    let place = Place::new();
    let (path, copy) = (place.file(), place.named("copy.ngt"));
    file_of(&path, &[COUNT]);
    let data_offset = open(&path).unwrap().info().data_offset;
    flip(&path, (data_offset + 64 * 5_000) * 8);
    assert!(!verify(&path).unwrap().is_clean());
    assert!(VecStore::load(&path).is_err());

    let store = open_private(&path).unwrap();
    let draft = FileDraft::begin(&copy, &options_of(&store)).unwrap();
    write(&store, draft).unwrap();
    assert!(verify(&copy).unwrap().is_clean());
    assert_ne!(VecStore::load(&copy).unwrap().tokens(), tokens(COUNT));
}
