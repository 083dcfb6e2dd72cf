use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use ng_store::{
    CreateError, CreateOptions, FileKind, RawDraft, RepairOptions, TokenSink, TokenStore,
};

use super::fixture::{Place, create, file_of, open, repair, small, tokens};

#[test]
fn a_new_file_is_empty_and_as_short_as_a_token_file_is() {
    let place = Place::new();
    let store = create(&place.file(), &CreateOptions::new()).unwrap();
    assert!(store.is_empty() && store.is_appender());
    let info = store.info();
    assert_eq!(
        (info.tokens, info.generation, info.max_tokens),
        (0, 0, 1 << 32)
    );
    assert_eq!((info.table_offset, info.data_offset), (0x10000, 10 << 20));
    assert_eq!(fs::metadata(place.file()).unwrap().len(), 0x10000);
    assert_eq!(place.names(), ["a.ngt"]);
    assert_eq!(open(&place.file()).unwrap().recovery(), []);
}

#[test]
fn every_file_has_an_id_of_its_own() {
    let place = Place::new();
    let one = create(&place.named("1"), &small()).unwrap().info().file_id;
    let two = create(&place.named("2"), &small()).unwrap().info().file_id;
    assert_ne!(one, two);
}

#[test]
fn whatever_has_the_name_is_left_alone() {
    let place = Place::new();
    let (file, empty, link) = (place.file(), place.named("empty"), place.named("link"));
    file_of(&file, &[10]);
    fs::write(&empty, "").unwrap();
    symlink(place.named("nothing"), &link).unwrap();
    let names = place.names();
    for path in [&file, &empty, &link] {
        let error = create(path, &small()).unwrap_err();
        assert!(matches!(error, CreateError::Exists { .. }), "{error}");
    }
    assert_eq!(place.names(), names);
    assert_eq!(open(&file).unwrap().tokens(), tokens(10));
}

#[test]
fn a_file_is_replaced_whole_and_only_when_asked() {
    let place = Place::new();
    file_of(&place.file(), &[10]);
    let old = open(&place.file()).unwrap();
    let mut store = create(&place.file(), &small().replace(true)).unwrap();
    store.append(&tokens(20)).unwrap();
    store.commit().unwrap();
    assert_eq!(old.tokens(), tokens(10), "a reader keeps the old file");
    assert_eq!(open(&place.file()).unwrap().tokens(), tokens(20));
    assert_eq!(place.names(), ["a.ngt"]);
}

#[test]
fn a_link_that_leads_nowhere_is_not_replaced() {
    let place = Place::new();
    symlink(place.named("nothing"), place.file()).unwrap();
    let error = create(&place.file(), &small().replace(true)).unwrap_err();
    assert!(matches!(error, CreateError::Exists { .. }), "{error}");
    assert_eq!(place.names(), ["a.ngt"]);
}

/// The link was replaced, and its target stayed unchanged.
#[test]
fn a_link_stays_and_the_file_that_it_leads_to_is_replaced() {
    let ways: [fn(&Path); 3] = [
        |path| drop(create(path, &small().replace(true)).unwrap()),
        |path| RawDraft::begin(path, true).unwrap().publish().unwrap(),
        |path| {
            let sound = path.with_file_name("sound");
            file_of(&sound, &[7]);
            let options = RepairOptions::new().replace(true);
            repair(&sound, path, &options).unwrap();
            fs::remove_file(sound).unwrap();
        },
    ];
    for replace in ways {
        let place = Place::new();
        fs::create_dir(place.named("folder")).unwrap();
        let file = place.named("folder/file");
        file_of(&file, &[10]);
        symlink("folder/file", place.named("near")).unwrap();
        symlink("near", place.named("far")).unwrap();
        let old = fs::read(&file).unwrap();
        replace(&place.named("far"));
        assert!(fs::read(&file).unwrap() != old);
        for (link, leads_to) in [("far", "near"), ("near", "folder/file")] {
            let there = fs::read_link(place.named(link)).unwrap();
            assert_eq!(there, Path::new(leads_to));
        }
        assert_eq!(place.names(), ["far", "folder", "near"]);
        assert_eq!(fs::read_dir(place.named("folder")).unwrap().count(), 1);
    }
}

#[test]
fn a_file_that_is_appended_to_is_not_replaced() {
    let place = Place::new();
    let mut old = create(&place.file(), &small()).unwrap();
    let error = create(&place.file(), &small().replace(true)).unwrap_err();
    assert!(matches!(error, CreateError::Locked { .. }), "{error}");
    old.append(&tokens(3)).unwrap();
    old.commit().unwrap();
    assert_eq!(open(&place.file()).unwrap().tokens(), tokens(3));
    assert_eq!(place.names(), ["a.ngt"]);
}

#[test]
fn what_is_no_file_is_not_replaced() {
    let place = Place::new();
    let folder = place.named("folder");
    fs::create_dir(&folder).unwrap();
    let error = create(&folder, &small().replace(true)).unwrap_err();
    assert!(
        matches!(
            error,
            CreateError::NotAFile {
                found: FileKind::Folder,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn paths_and_sizes_that_cannot_be_are_refused() {
    for path in ["/", "..", ""] {
        let error = create(Path::new(path), &small()).unwrap_err();
        let refused = matches!(error, CreateError::FileName { .. });
        assert!(
            refused || matches!(error, CreateError::NotAFile { .. }),
            "{path}: {error}"
        );
    }
    let place = Place::new();
    for max_tokens in [0, u64::MAX] {
        let options = CreateOptions::new().max_tokens(max_tokens);
        let error = create(&place.file(), &options).unwrap_err();
        assert!(
            matches!(error, CreateError::MaxTokens { found, .. } if found == max_tokens),
            "{error}"
        );
    }
    let error = create(&place.named("missing/a.ngt"), &small()).unwrap_err();
    assert!(matches!(error, CreateError::Io(_)), "{error}");
    let error = create(&place.file(), &small().reserve(1 << 40)).unwrap_err();
    assert!(matches!(error, CreateError::Write(_)), "{error}");
    assert!(place.names().is_empty());
}
