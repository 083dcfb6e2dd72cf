use std::io;

use super::super::{KeepAll, LoseAll};
use super::*;

#[test]
fn an_entry_is_durable_after_the_folder_was_synced() {
    let fs = SimFs::new();
    let file = dir(&fs).create_exclusive("a").unwrap();
    write(&file, b"data", 0);
    file.sync().unwrap();
    assert_eq!(seen_names(&fs), set(["", "a"]));
    dir(&fs).sync().unwrap();
    assert_eq!(seen_names(&fs), set(["a"]));
    assert_eq!(content(&crash(&fs, &mut LoseAll), "a"), b"data");
}

#[test]
fn an_entry_does_not_carry_the_data() {
    let fs = SimFs::new();
    write(&dir(&fs).create_exclusive("a").unwrap(), b"data", 0);
    dir(&fs).sync().unwrap();
    assert_eq!(content(&crash(&fs, &mut LoseAll), "a"), b"");
}

#[test]
fn a_rename_is_kept_or_lost_whole() {
    let (fs, _file) = one_file();
    dir(&fs).rename("a", "b").unwrap();
    assert_eq!(fs.names(), ["b"]);
    assert_eq!(seen_names(&fs), set(["a", "b"]));
    dir(&fs).sync().unwrap();
    assert_eq!(seen_names(&fs), set(["b"]));
}

#[test]
fn a_replaced_file_is_the_old_or_the_new_one() {
    let (fs, old) = one_file();
    write(&old, b"old", 0);
    old.sync().unwrap();
    let new = dir(&fs).create_exclusive("t").unwrap();
    write(&new, b"new", 0);
    new.sync().unwrap();
    dir(&fs).sync().unwrap();
    dir(&fs).rename("t", "a").unwrap();
    assert_eq!(content_of(&old), b"old");
    drop((old, new));
    let after = seen(&fs, |fs| (fs.names().concat(), content(fs, "a")));
    let kept = ("a".to_owned(), b"new".to_vec());
    let lost = ("at".to_owned(), b"old".to_vec());
    assert_eq!(after, BTreeSet::from([kept, lost]));
}

#[test]
fn changes_are_kept_and_lost_in_any_combination() {
    let (fs, _file) = one_file();
    dir(&fs).create_exclusive("t").unwrap();
    dir(&fs).rename("t", "b").unwrap();
    dir(&fs).unlink("a").unwrap();
    assert_eq!(fs.names(), ["b"]);
    let expected = set(["a", "at", "ab", "", "t", "b"]);
    assert_eq!(seen_names(&fs), expected);
}

#[test]
fn a_name_that_came_and_went_may_be_there() {
    let fs = SimFs::new();
    let file = dir(&fs).create_exclusive("t").unwrap();
    dir(&fs).unlink("t").unwrap();
    drop(file);
    assert_eq!(seen_names(&fs), set(["", "t"]));
    assert_eq!(content(&crash(&fs, &mut OnlyFirst(true)), "t"), b"");
}

#[test]
fn an_unlink_takes_the_file_it_was_for() {
    let (fs, _old) = one_file();
    let new = dir(&fs).create_exclusive("t").unwrap();
    write(&new, b"new", 0);
    new.sync().unwrap();
    dir(&fs).sync().unwrap();
    dir(&fs).rename("t", "a").unwrap();
    dir(&fs).unlink("a").unwrap();
    assert_eq!(seen_names(&fs), set(["at", "a", ""]));
}

/// Keeps the first item asked about, and loses the rest.
struct OnlyFirst(bool);

impl Choose for OnlyFirst {
    fn choose(&mut self, options: usize) -> usize {
        if std::mem::take(&mut self.0) {
            options - 1
        } else {
            0
        }
    }
}

#[test]
fn an_unlinked_file_lives_while_it_is_open_and_dies_with_the_power() {
    let (fs, file) = one_file();
    write(&file, b"data", 0);
    file.sync().unwrap();
    dir(&fs).unlink("a").unwrap();
    assert_eq!(content_of(&file), b"data");
    assert_eq!(seen_names(&fs), set(["", "a"]));
    assert_eq!(content(&crash(&fs, &mut LoseAll), "a"), b"data");
    drop(file);
    assert_eq!(content(&crash(&fs, &mut LoseAll), "a"), b"data");
    dir(&fs).sync().unwrap();
    assert_eq!(seen_names(&fs), set([""]));
}

#[test]
fn a_file_without_a_name_lives_while_others_close() {
    let (fs, file) = one_file();
    write(&file, b"data", 0);
    dir(&fs).unlink("a").unwrap();
    dir(&fs).sync().unwrap();
    drop(dir(&fs).create_exclusive("b").unwrap());
    assert_eq!(content_of(&file), b"data");
}

#[test]
fn names_are_refused_as_the_calls_refuse_them() {
    let (fs, _file) = one_file();
    dir(&fs).create_exclusive("b").unwrap();
    let kinds = [
        dir(&fs).create_exclusive("a").map(drop),
        dir(&fs).rename_noreplace("b", "a"),
        dir(&fs).rename_noreplace("a", "a"),
        dir(&fs).open("c", true).map(drop),
        dir(&fs).unlink("c"),
        dir(&fs).rename("c", "a"),
        dir(&fs).rename_noreplace("c", "a"),
    ]
    .map(|result| result.unwrap_err().kind());
    let (taken, none) = (io::ErrorKind::AlreadyExists, io::ErrorKind::NotFound);
    assert_eq!(kinds, [taken, taken, taken, none, none, none, none]);
    dir(&fs).rename("a", "a").unwrap();
    dir(&fs).rename_noreplace("b", "c").unwrap();
    assert_eq!(fs.names(), ["a", "c"]);
    assert_eq!(crash(&fs, &mut KeepAll).names(), ["a", "c"]);
}

#[test]
fn a_file_opened_for_reading_cannot_be_changed() {
    let (fs, _file) = one_file();
    let file = dir(&fs).open("a", false).unwrap();
    let before = fs.operations();
    for result in [
        file.write_at(b"x", 0).map(drop),
        file.set_len(1),
        file.allocate(0, 1),
    ] {
        let kind = result.unwrap_err().kind();
        assert_eq!(kind, io::ErrorKind::PermissionDenied);
    }
    assert_eq!(fs.operations(), before);
    assert_eq!(file.len().unwrap(), 0);
}

fn seen_names(fs: &SimFs) -> BTreeSet<String> {
    seen(fs, |after| after.names().concat())
}
