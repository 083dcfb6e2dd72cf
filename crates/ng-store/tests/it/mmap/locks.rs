//! One appender, under any of the file's names.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use ng_store::disk::{RealDir, RealFile};
use ng_store::file::{Stamp, Writer};
use ng_store::{BlockReader, OpenError, TokenSink, TokenStore};

use super::fixture::{Place, create, file_of, open, open_append, small, tokens};

/// Set for the child that a lock test starts: the file to append to.
const HOLD: &str = "NG_STORE_TEST_HOLD";

/// Not a separate test: the child of the tests below. Appends to the file and holds it
/// until its standard input ends.
#[test]
fn hold_a_file_for_another_test() {
    let Some(path) = std::env::var_os(HOLD) else {
        return;
    };
    let mut store = open_append(path.as_ref()).unwrap();
    store.append(&tokens(1)).unwrap();
    println!("\nheld");
    std::io::stdout().flush().unwrap();
    std::io::stdin().lines().for_each(drop);
}

fn holder(path: &std::path::Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "mmap::locks::hold_a_file_for_another_test",
            "--nocapture",
        ])
        .env(HOLD, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let held = lines.map(Result::unwrap).any(|line| line == "held");
    assert!(held, "the child did not open the file");
    child
}

fn assert_locked(error: &OpenError) {
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
}

#[test]
fn a_second_appender_of_another_process_is_refused_until_the_first_is_killed() {
    let place = Place::new();
    let path = place.file();
    file_of(&path, &[10]);
    let link = place.named("link");
    std::fs::hard_link(&path, &link).unwrap();
    let symlink = place.named("symlink");
    std::os::unix::fs::symlink(&path, &symlink).unwrap();
    let appender = |name| BlockReader::open(name).unwrap().appender();
    assert_eq!(appender(&path), None);
    let mut child = holder(&path);
    for name in [&path, &link, &symlink] {
        let known = cfg!(target_os = "linux").then(|| child.id());
        assert_eq!(appender(name), known, "of the system's table of locks");
        assert_locked(&open_append(name).unwrap_err());
        assert_eq!(
            open(name).unwrap().tokens(),
            tokens(10),
            "readers are let in"
        );
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(appender(&path), None);
    let store = open_append(&path).unwrap();
    assert_eq!(store.tokens(), tokens(10), "what was not committed is gone");
}

#[test]
fn a_second_appender_of_the_same_process_is_refused_until_the_first_is_dropped() {
    let place = Place::new();
    let store = create(&place.file(), &small()).unwrap();
    assert_locked(&open_append(&place.file()).unwrap_err());
    drop(store);
    open_append(&place.file()).unwrap();
}

/// `file::Writer` over real files was a way past the lock, without `unsafe`.
#[test]
fn a_writer_over_a_real_file_takes_its_lock() {
    let place = Place::new();
    file_of(&place.file(), &[10]);
    let dir = RealDir::open(place.file().parent().unwrap()).unwrap();
    let open = || {
        let file = RealFile::open(&place.file(), true).unwrap();
        Writer::open(&dir, file, place.file())
    };
    let mut writer = open().unwrap();
    assert_locked(&open().map(drop).unwrap_err());
    assert_locked(&open_append(&place.file()).unwrap_err());
    writer.append(&tokens(1)).unwrap();
    writer.commit(Stamp::default()).unwrap();
    drop(writer);
    let store = open_append(&place.file()).unwrap();
    assert_locked(&open().map(drop).unwrap_err());
    assert_eq!(store.len(), 11);
}

/// A map holds the file's description, and with it the lock, unless the store releases it
/// explicitly.
#[test]
fn a_snapshot_that_lives_on_does_not_hold_the_lock() {
    let place = Place::new();
    let mut store = create(&place.file(), &small()).unwrap();
    store.append(&tokens(10)).unwrap();
    store.commit().unwrap();
    let snapshot = store.snapshot();
    drop(store);
    let mut store = open_append(&place.file()).unwrap();
    store.append(&tokens(1)).unwrap();
    store.commit().unwrap();
    assert_eq!(snapshot.tokens(), tokens(10));
}
