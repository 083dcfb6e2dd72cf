//! Files of another kind, or with false claims.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use ng_store::{
    BlockReader, Expected, FileKind, OpenError, Operation, TokenSink, TokenStore, VecStore,
    WriteError,
};
use ng_token::Token;
use twox_hash::XxHash3_64;

use crate::amount;

use super::fixture::{Place, file_of, open, open_append, open_private, read_at, verify, write_at};

/// Opens the file in every way, and expects the same of all.
fn check(path: &Path, expected: impl Fn(&OpenError) -> bool) {
    let load = match VecStore::load(path).unwrap_err() {
        ng_store::LoadError::Open(error) => error,
        error => panic!("{error}"),
    };
    for error in [
        open(path).unwrap_err(),
        open_append(path).unwrap_err(),
        open_private(path).unwrap_err(),
        BlockReader::open(path).unwrap_err(),
        load,
    ] {
        assert!(expected(&error), "{error:?}");
        let message = error.to_string();
        assert!(message.contains(&*path.to_string_lossy()), "{message}");
    }
    assert!(verify(path).is_err());
}

/// Changes bytes of a record, and corrects its checksum.
pub(super) fn lie<const N: usize>(path: &Path, record: u64, offset: usize, bytes: &[u8]) {
    let mut page: [u8; N] = read_at(path, record);
    page[offset..offset + bytes.len()].copy_from_slice(bytes);
    let checksum = XxHash3_64::oneshot(&page[..N - 8]).to_le_bytes();
    page[N - 8..].copy_from_slice(&checksum);
    write_at(path, record, &page);
}

fn lie_in_header(path: &Path, offset: usize, bytes: &[u8]) {
    lie::<4096>(path, 0, offset, bytes);
}

fn lie_in_slots(path: &Path, offset: usize, bytes: &[u8]) {
    for copy in [0x1000, 0x1800, 0x3000, 0x3800] {
        lie::<512>(path, copy, offset, bytes);
    }
}

#[test]
fn what_is_no_regular_file_is_refused_without_waiting() {
    let place = Place::new();
    let folder = place.named("folder");
    fs::create_dir(&folder).unwrap();
    check(&folder, |error| {
        matches!(
            error,
            OpenError::NotAFile {
                found: FileKind::Folder,
                ..
            }
        )
    });
    let pipe = place.named("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    for path in [&*pipe, Path::new("/dev/null")] {
        check(path, |error| {
            matches!(
                error,
                OpenError::NotAFile {
                    found: FileKind::Special,
                    ..
                }
            )
        });
    }
}

#[test]
fn what_cannot_be_opened_names_the_path_and_the_cause() {
    use std::io::ErrorKind;

    let place = Place::new();
    let missing = |error: &OpenError| match error {
        OpenError::Io(error) => {
            error.operation == Operation::Open && error.source.kind() == ErrorKind::NotFound
        }
        _ => false,
    };
    check(&place.named("nothing"), missing);
    let link = place.named("link");
    symlink(place.named("nothing"), &link).unwrap();
    check(&link, missing);
    let locked = place.named("locked");
    file_of(&locked, &[1]);
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&locked).is_ok() {
        eprintln!("skipped: this user may open anything");
        return;
    }
    check(&locked, |error| match error {
        OpenError::Io(error) => error.source.kind() == ErrorKind::PermissionDenied,
        _ => false,
    });
}

#[test]
fn foreign_files_are_told_by_their_magic() {
    let place = Place::new();
    for content in [
        "no token file at all, but text".repeat(9000).as_bytes(),
        &[0; 9],
        b"x",
    ] {
        fs::write(place.file(), content).unwrap();
        check(&place.file(), |error| {
            matches!(error, OpenError::NotATokenFile { .. })
        });
    }
    fs::write(place.file(), [0; 0x20000]).unwrap();
    check(&place.file(), |error| {
        matches!(
            error,
            OpenError::NotATokenFile {
                found: [0, 0, 0, 0, 0, 0, 0, 0],
                ..
            }
        )
    });
}

#[test]
fn an_empty_file_is_one_that_was_cut() {
    let place = Place::new();
    fs::write(place.file(), []).unwrap();
    check(&place.file(), |error| {
        matches!(
            error,
            OpenError::Truncated {
                have: 0,
                need: 0x10000,
                ..
            }
        )
    });
}

#[test]
fn a_file_without_a_commit_is_refused() {
    let place = Place::new();
    file_of(&place.file(), &[10]);
    write_at(&place.file(), 0x1000, &[0; 0x4000]);
    check(&place.file(), |error| {
        matches!(error, OpenError::NoCommit { .. })
    });
    write_at(&place.file(), 100, &[1]);
    check(&place.file(), |error| {
        matches!(error, OpenError::HeaderDamaged { .. })
    });
}

#[test]
fn newer_versions_and_unknown_features_are_refused() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10]);
    lie_in_header(&path, 8, &2_u16.to_le_bytes());
    check(&path, |error| {
        matches!(
            error,
            OpenError::Version {
                found: 2,
                expected: 1,
                ..
            }
        )
    });
    lie_in_header(&path, 8, &1_u16.to_le_bytes());
    lie_in_header(&path, 88, &8_u64.to_le_bytes());
    check(&path, |error| {
        matches!(error, OpenError::Features { unknown: 8, .. })
    });
    amount::count("lying headers", 2);
}

#[test]
fn unknown_read_only_features_and_minor_versions_can_be_read() {
    for (offset, value, writable) in [(96, 4, false), (10, 9, true)] {
        let place = Place::new();
        let path = place.file();
        file_of(&path, &[10]);
        lie_in_header(&path, offset, &[value]);
        let header: [u8; 128] = read_at(&path, 0);
        lie_in_slots(&path, 96, &header);
        if writable {
            // What is zero in this version.
            write_at(&path, 0x1200, &[1]);
        }
        let reader = open(&path).unwrap();
        assert_eq!(reader.recovery(), []);
        assert_eq!(reader.info().read_only, !writable);
        match open_append(&path) {
            Ok(store) => assert!(writable && store.info().version == (1, 9)),
            Err(OpenError::ReadOnlyFeatures { unknown: 4, .. }) => assert!(!writable),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn fields_that_cannot_be_are_named_with_their_offset() {
    let huge = u64::MAX.to_le_bytes();
    for (offset, bytes, name) in [
        (56, &huge[..], "table offset"),
        (56, &[0; 8], "table offset"),
        (64, &huge, "table length"),
        (72, &huge, "data offset"),
        (
            72,
            &[0, 0, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
            "data offset",
        ),
        (80, &huge, "max tokens"),
        (80, &[0; 8], "max tokens"),
    ] {
        let place = Place::new();
        file_of(&place.file(), &[10]);
        lie_in_header(&place.file(), offset, bytes);
        check(&place.file(), |error| {
            matches!(error, OpenError::Field { offset: at, field, .. }
                if *at == offset as u64 && *field == name)
        });
        amount::count("lying headers", 1);
    }
}

/// With a valid checksum it is not damage.
#[test]
fn constants_of_another_format_are_not_supported() {
    for (offset, bytes, name) in [
        (12, &[1, 0, 0, 0][..], "header length"),
        (32, &[128, 0, 0, 0], "record size"),
        (36, &[0; 4], "block tokens"),
        (40, &[0xFF; 8], "layout fingerprint"),
        (48, &[9, 0, 0, 0], "hash"),
    ] {
        let place = Place::new();
        file_of(&place.file(), &[10]);
        lie_in_header(&place.file(), offset, bytes);
        check(&place.file(), |error| {
            matches!(error, OpenError::Unsupported { offset: at, field, .. }
                if *at == offset as u64 && *field == name)
        });
        amount::count("lying headers", 1);
    }
}

#[test]
fn slots_that_lie_are_named_with_their_offset() {
    for (offset, value, name) in [
        (8, u64::MAX, "generation"),
        (32, u64::MAX, "committed tokens"),
        (32, (1 << 20) + 1, "committed tokens"),
        (40, 1, "table chain"),
        (56, 4096, "tail image length"),
    ] {
        let place = Place::new();
        let path = place.file();
        file_of(&path, &[10]);
        write_at(&path, 0x1000, &[0; 4096]);
        for copy in [0x3000, 0x3800] {
            lie::<512>(&path, copy, offset, &value.to_le_bytes());
        }
        check(&path, |error| {
            matches!(error, OpenError::Field { offset: at, field, .. }
                if *at == 0x3000 + offset as u64 && *field == name)
        });
        amount::count("lying slots", 1);
    }
}

#[test]
fn a_huge_count_that_the_file_is_made_for_is_truncated_and_takes_no_memory() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[64]);
    write_at(&path, 0x1000, &[0; 4096]);
    for copy in [0x3000, 0x3800] {
        let count = (1_u64 << 20) - 64;
        lie::<512>(&path, copy, 32, &count.to_le_bytes());
    }
    check(&path, |error| matches!(error, OpenError::Truncated { .. }));
    amount::count("lying slots", 1);
}

#[test]
fn slots_of_another_file_are_not_taken() {
    let place = Place::new();
    let (path, other) = (place.file(), place.named("b.ngt"));
    file_of(&path, &[10]);
    file_of(&other, &[10, 20, 30]);
    let foreign: [u8; 512] = read_at(&other, 0x3000);
    write_at(&path, 0x3000, &foreign);
    assert_eq!(open(&path).unwrap().info().generation, 1);
    write_at(&path, 0x3800, &foreign);
    let reader = open(&path).unwrap();
    assert_eq!(reader.info().generation, 0);
    assert_eq!(reader.recovery().len(), 1);
}

#[test]
fn an_expected_value_is_told_in_words() {
    for (expected, words) in [
        (Expected::Exactly(3), "3"),
        (Expected::AtMost(3), "at most 3"),
        (Expected::AtLeast(3), "at least 3"),
        (Expected::MultipleOf(3), "a multiple of 3"),
    ] {
        assert_eq!(expected.to_string(), words);
    }
}

/// The fuzz target `slot` found it: a commit after the last generation was acknowledged,
/// but no reader accepted it.
#[test]
fn no_commit_follows_the_last_generation() {
    const LAST: u64 = u64::MAX - 1;
    let place = Place::new();
    let path = place.file();
    // Generation 3, in slot 1 as the one before the last is; no tail, whose hash
    // is seeded.
    file_of(&path, &[0, 64, 128, 192]);
    for copy in [0x3000, 0x3800] {
        lie::<512>(&path, copy, 8, &(LAST - 1).to_le_bytes());
    }
    // Opening to append makes the last possible one.
    let mut store = open_append(&path).unwrap();
    assert_eq!((store.info().generation, store.len()), (LAST, 192));
    store.append(&[Token::new(1)]).unwrap();
    for _ in 0..2 {
        let refused = store.commit().unwrap_err();
        assert!(
            matches!(refused, WriteError::LastGeneration { last: LAST, .. }),
            "{refused}"
        );
        assert!(refused.to_string().starts_with(&*path.to_string_lossy()));
    }
    drop(store);
    let refused = open_append(&path).unwrap_err();
    assert!(
        matches!(refused, OpenError::LastGeneration { last: LAST, .. }),
        "{refused}"
    );
    let store = open(&path).unwrap();
    assert_eq!((store.info().generation, store.len()), (LAST, 192));
    assert!(verify(&path).unwrap().is_clean());
}

#[test]
fn a_first_generation_with_tokens_is_refused() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[]);
    for copy in [0x1000, 0x1800] {
        lie::<512>(&path, copy, 32, &1_u64.to_le_bytes());
    }
    check(&path, |error| {
        matches!(
            error,
            OpenError::Field {
                field: "committed tokens",
                found: 1,
                expected: Expected::Exactly(0),
                ..
            }
        )
    });
    amount::count("lying slots", 1);
}
