//! Readers that have registered with their file.

use ng_store::{BlockReader, FileWriter, OpenError, TokenSink, TokenStore, has_readers};

use super::fixture::{Place, file_of, open, open_append, tokens};

#[test]
fn a_registration_lasts_as_long_as_anything_that_reads() {
    let place = Place::new();
    let path = &place.file();
    file_of(path, &[5_000]);
    let reader = BlockReader::open(path).unwrap();
    let other = BlockReader::open(path).unwrap();
    assert!(!has_readers(path).unwrap());
    reader.register().unwrap();
    reader.register().unwrap();
    assert!(has_readers(path).unwrap());
    drop(other);
    assert!(
        has_readers(path).unwrap(),
        "another reader's end is none of it"
    );
    let clone = reader.clone();
    let blocks = reader.blocks();
    drop(reader);
    assert!(has_readers(path).unwrap());
    drop(clone);
    assert!(has_readers(path).unwrap());
    drop(blocks);
    assert!(!has_readers(path).unwrap());

    let store = open(path).unwrap();
    store.register().unwrap();
    let snapshot = store.snapshot();
    drop(store);
    assert!(has_readers(path).unwrap());
    assert_eq!(snapshot.len(), 5_000);
    drop(snapshot);
    assert!(!has_readers(path).unwrap());
}

#[test]
fn appenders_do_not_mind_readers_and_can_ask_for_them() {
    let place = Place::new();
    let path = &place.file();
    file_of(path, &[10]);
    let reader = BlockReader::open(path).unwrap();
    reader.register().unwrap();
    let mut writer = FileWriter::open_append(path).unwrap();
    assert!(writer.has_readers().unwrap());
    let late = open(path).unwrap();
    late.register().unwrap();
    writer.append(&tokens(5)).unwrap();
    writer.commit().unwrap();
    drop((reader, late));
    assert!(!writer.has_readers().unwrap());
    drop(writer);

    let store = open_append(path).unwrap();
    store.register().unwrap();
    assert!(has_readers(path).unwrap());
    assert_eq!(store.len(), 15);
}

#[test]
fn what_is_no_file_has_no_readers_to_ask_for() {
    let place = Place::new();
    let error = has_readers(place.file()).unwrap_err();
    assert!(matches!(error, OpenError::Io(_)), "{error}");
    let error = has_readers(place.named("")).unwrap_err();
    assert!(matches!(error, OpenError::NotAFile { .. }), "{error}");
}
