//! An overlay file system, where the first write to a file makes another of it:
//! who mapped it before maps the lower one for ever, and reads the upper one.

use std::fs;
use std::path::Path;
use std::process::Command;

use ng_store::{TokenSink, TokenStore, verify};

use crate::actor::{Actor, command, numbers, say};
use crate::amount;
use crate::fixture::{file_of, open, open_append, token, tokens};
use crate::folders::{on_disk, word};
use crate::full_disk::may_mount;

const NAME: &str = "overlay: files that were copied up under a reader";

/// Tokens before the copy, and those of each of two commits after it.
const CASES: [(usize, usize); 7] = [
    (0, 10),
    (100, 5),
    (100, 5_000),
    (4_000, 96),
    (4_096, 4_096),
    (5_000, 1),
    (5_000, 60_000),
];

/// Mounts an overlay on `$0/merged`, all of it in memory.
const MOUNT: &str = "mount -t tmpfs none \"$0\" && cd \"$0\" && mkdir lower upper work merged \
    && mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay merged";

pub(crate) fn test() {
    let folder = on_disk();
    if let Err(why) = may_mount_overlays(folder.path()) {
        return amount::skipped(NAME, &why);
    }
    let script = format!("{MOUNT} && \"$@\"");
    let copy_up = command("copy up", &[word(folder.path())]);
    let mut shell = unshared(&script, folder.path());
    shell.arg(copy_up.get_program()).args(copy_up.get_args());
    let mut actor = Actor::of(shell);
    let line = actor.line();
    // No signal among the statuses: a shell makes 128 and more of one.
    assert!(actor.end().success(), "it said {line:?}");
    let [files] = numbers(&line.unwrap());
    amount::count(NAME, files);
}

/// Tells whether this user may, or why not.
fn may_mount_overlays(folder: &Path) -> Result<(), String> {
    may_mount()?;
    let tried = unshared(MOUNT, folder).output();
    match tried {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// A shell in a name space of its own, which takes its mounts away.
fn unshared(script: &str, folder: &Path) -> Command {
    let mut shell = Command::new("unshare");
    shell.args(["--mount", "sh", "-c", script, word(folder)]);
    shell
}

/// The actor: reads files that it then appends to.
pub(crate) fn copy_up(folder: &Path) {
    let cases = (0..amount::scale()).flat_map(|_| CASES);
    let mut files = 0;
    for (before, more) in cases {
        let name = format!("{files}.ngt");
        file_of(&folder.join("lower").join(&name), &[before]);
        follow_a_copy(&folder.join("merged").join(&name), before, more);
        let copied = fs::metadata(folder.join("upper").join(&name));
        assert!(copied.is_ok(), "no copy was made: {name}");
        files += 1;
    }
    say(&files.to_string());
}

/// A reader shows what an appender committed to the copy.
fn follow_a_copy(path: &Path, before: usize, more: usize) {
    let mut reader = open(path).unwrap();
    let snapshot = reader.snapshot();
    let mut writer = open_append(path).unwrap();
    let mut count = before;
    for _ in 0..2 {
        writer
            .append_with(more, |index| token(count + index))
            .unwrap();
        writer.commit().unwrap();
        count += more;
        assert!(reader.refresh().unwrap(), "{before}, {more}");
        assert!(reader.tokens() == tokens(count), "{before}, {more}");
        assert!(writer.tokens() == tokens(count), "{before}, {more}");
    }
    assert!(reader.verify().unwrap().is_clean(), "{before}, {more}");
    assert!(verify(path).unwrap().is_clean(), "{before}, {more}");
    assert!(snapshot.tokens() == tokens(before), "{before}, {more}");
}
