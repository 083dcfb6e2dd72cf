//! An overlay file system, where the first write copies a file: earlier maps show the lower
//! file forever, while reads go to the upper one.

use std::fs;
use std::path::Path;
use std::process::Command;

use ng_store::disk::{Disk, RealFile};
use ng_store::{BlockReader, CachePolicy, TokenSink, TokenStore, VerifyBlocks, has_readers};

use crate::actor::{Actor, command, numbers, say};
use crate::amount;
use crate::fixture::{file_of, open, open_append, token, tokens, verify};
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

const PASSED: &str = "overlay: files that were passed over";

/// Mounts an overlay on `$0/merged`, of folders in `$0`.
const MOUNT: &str = "cd \"$0\" && mkdir lower upper work merged \
    && mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay merged";

/// Puts all of it into memory.
const IN_MEMORY: &str = "mount -t tmpfs none \"$0\" && ";

pub(crate) fn test() {
    play(NAME, IN_MEMORY, "copy up");
}

/// An overlay has a page cache that is never used, above that of the file.
pub(crate) fn passes() {
    play(PASSED, "", "pass over");
}

fn play(name: &str, before: &str, role: &str) {
    let mount = format!("{before}{MOUNT}");
    if let Err(why) = may_mount_overlays(&mount) {
        return amount::skipped(name, &why);
    }
    let folder = on_disk();
    let script = format!("{mount} && \"$@\"");
    let actor = command(role, &[word(folder.path())]);
    let mut shell = unshared(&script, folder.path());
    shell.arg(actor.get_program()).args(actor.get_args());
    let mut actor = Actor::of(shell);
    let line = actor.line();
    // No signal among the statuses: a shell makes 128 and more of one.
    assert!(actor.end().success(), "it said {line:?}");
    let [files] = numbers(&line.unwrap());
    amount::count(name, files);
}

/// Tells whether this user may mount, or why not.
fn may_mount_overlays(mount: &str) -> Result<(), String> {
    may_mount()?;
    let folder = on_disk();
    let tried = unshared(mount, folder.path()).output();
    match tried {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// A shell in a private namespace, which removes its mounts at the end.
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
    reader.register().unwrap();
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
        assert!(has_readers(path).unwrap(), "registered with the copy, too");
        assert!(writer.tokens() == tokens(count), "{before}, {more}");
    }
    assert!(
        reader.mapped_blocks().verify().unwrap().is_clean(),
        "{before}, {more}"
    );
    assert!(verify(path).unwrap().is_clean(), "{before}, {more}");
    assert!(snapshot.tokens() == tokens(before), "{before}, {more}");
}

/// The actor: verifies files in both layers, bypassing the page cache.
pub(crate) fn pass_over(folder: &Path) {
    let names = ["lower", "upper"].map(|layer| {
        let name = format!("{layer}.ngt");
        file_of(&folder.join(layer).join(&name), &[100_000]);
        name
    });
    for name in &names {
        let path = folder.join("merged").join(name);
        let before = cached_pages(&path);
        assert!(before >= 100_000 * 64 / 4096, "{name}: {before}");
        let reader = BlockReader::open(&path).unwrap();
        let reader = reader.with_cache(CachePolicy::Bypass);
        assert!(reader.verify().unwrap().is_clean());
        assert_eq!(cached_pages(&path), before, "{name}");
    }
    say(&names.len().to_string());
}

/// By a map, which is of the file below.
fn cached_pages(path: &Path) -> u64 {
    let (disk, mut pages) = (RealFile::open(path, false).unwrap(), 0);
    let told = disk.cached_pages(0, disk.len().unwrap(), &mut |_| pages += 1);
    assert!(told.unwrap());
    pages
}
