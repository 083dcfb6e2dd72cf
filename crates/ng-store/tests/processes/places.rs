//! Where files are: folders that are moved, left, or may not be read.

#![expect(unsafe_code, reason = "giving up the rights of root")]

use std::env;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use ng_store::{
    BlockReader, CreateError, CreateOptions, FileDraft, FileWriter, Finding, RawDraft, TokenSink,
    WriteError,
};

use crate::actor::{Actor, numbers, say};
use crate::amount;
use crate::fixture::{tokens, verify};
use crate::folders::{names, on_disk, word};

/// An unprivileged user and group.
const NOBODY: u32 = 65_534;

pub(crate) fn wandering() {
    play("wander", "moved folders");
}

pub(crate) fn rights() {
    play("lose-rights", "folders that cannot be read");
}

/// Runs an actor, which may change process-wide state.
fn play(role: &str, what: &str) {
    let folder = on_disk();
    let mut actor = Actor::start(role, &[word(folder.path())]);
    let line = actor.line();
    assert!(actor.end().success(), "it said {line:?}");
    let [count] = numbers(&line.unwrap());
    amount::count(what, count);
}

/// The actor whose folder is not the current one for long.
pub(crate) fn wander(folder: &Path) {
    for name in ["old", "other"] {
        fs::create_dir(folder.join(name)).unwrap();
    }
    env::set_current_dir(folder.join("old")).unwrap();
    let mut draft = FileDraft::begin("a.ngt", &CreateOptions::new()).unwrap();
    let raw = RawDraft::begin("a.raw", false).unwrap();
    env::set_current_dir(folder.join("other")).unwrap();
    fs::write("a.ngt", "another").unwrap();
    fs::rename(folder.join("old"), folder.join("new")).unwrap();
    draft.writer().append(&tokens(5)).unwrap();
    draft.writer().commit().unwrap();
    let mut writer = draft.publish().unwrap();
    raw.publish().unwrap();
    writer.append(&tokens(6)[5..]).unwrap();
    writer.commit().unwrap();
    drop(writer);
    assert_eq!(names(&folder.join("new")), ["a.ngt", "a.raw"]);
    assert_eq!(names(&folder.join("other")), ["a.ngt"]);
    assert!(verify(folder.join("new/a.ngt")).unwrap().is_clean());

    // By a path that means another file in the next folder.
    env::set_current_dir(folder.join("new")).unwrap();
    let mut writer = FileWriter::open_append("a.ngt").unwrap();
    env::set_current_dir(folder.join("other")).unwrap();
    writer.append(&tokens(7)[6..]).unwrap();
    writer.commit().unwrap();
    fs::rename("a.ngt", folder.join("new/a.ngt")).unwrap();
    writer.append(&tokens(1)).unwrap();
    let error = writer.commit().unwrap_err();
    assert!(matches!(error, WriteError::Replaced { .. }), "{error}");
    say("4");
}

/// The actor that may search and write its folder, but not read it.
pub(crate) fn lose_rights(folder: &Path) {
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        std::os::unix::fs::chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
        // SAFETY: (1) `setgid` asks for nothing.
        let group = unsafe { libc::setgid(NOBODY) };
        // SAFETY: (1) `setuid` asks for nothing.
        let user = unsafe { libc::setuid(NOBODY) };
        assert_eq!([group, user], [0; 2], "{}", io::Error::last_os_error());
    }
    let path = folder.join("a.ngt");
    drop(FileWriter::create(&path, &CreateOptions::new()).unwrap());
    let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    set(folder, 0o300);

    let mut writer = FileWriter::open_append(&path).unwrap();
    assert_eq!(writer.recovery(), [Finding::FolderNotSynced]);
    writer.append(&tokens(5)).unwrap();
    writer.commit().unwrap();
    drop(writer);
    assert!(verify(&path).unwrap().is_clean());

    // A new name cannot be made durable there, which is reported.
    let draft = FileDraft::begin(folder.join("b.ngt"), &CreateOptions::new()).unwrap();
    let error = draft.publish().unwrap_err();
    assert!(
        matches!(error, CreateError::NameNotDurable { .. }),
        "{error}"
    );
    drop(FileWriter::open_append(folder.join("b.ngt")).unwrap());

    // A read-only file is replaced all the same.
    set(folder, 0o700);
    set(&path, 0o400);
    let replace = CreateOptions::new().replace(true);
    drop(FileWriter::create(&path, &replace).unwrap());
    assert!(BlockReader::open(&path).unwrap().is_empty());
    assert_eq!(names(folder), ["a.ngt", "b.ngt"]);
    say("3");
}
