//! `--cache`: the same work under every policy, and what stays in memory.

use std::fs::{self, File};
use std::path::Path;

use ng_store::disk::{Disk, RealFile};

use crate::harness::{BLOCK, Place, load, ng, tokens};

/// Nine windows of a pass, and a bit.
const LONG: usize = 72 * BLOCK + 33;

const MIB: u64 = 1 << 20;

fn cached(path: &Path) -> Option<u64> {
    let disk = RealFile::open(path, false).unwrap();
    disk.cached_bytes(0, disk.len().unwrap()).unwrap()
}

/// Drops a file from memory; `false` if that cannot be done or checked.
fn made_cold(path: &Path) -> bool {
    File::open(path).unwrap().sync_all().unwrap();
    let disk = RealFile::open(path, false).unwrap();
    let dropped = (0..1000).any(|_| {
        disk.drop_cached(0, disk.len().unwrap());
        cached(path) == Some(0)
    });
    if !dropped {
        eprintln!("skipped: the page cache of this folder cannot be checked or dropped");
    }
    dropped
}

#[test]
fn every_policy_does_the_same_work() {
    let place = Place::new();
    let raw = place.raw("a.raw", LONG);
    let more = place.raw("more.raw", LONG + 100);
    fs::write(&more, &fs::read(&more).unwrap()[64 * LONG..]).unwrap();
    let [file, copy, copied, out] = ["a.ngt", "b.ngt", "b.raw", "c.ngt"].map(|it| place.named(it));
    let all = tokens(0..LONG + 100);
    for policy in ["auto", "keep", "bypass"] {
        let cache: [&dyn AsRef<std::ffi::OsStr>; 2] = [&"--cache", &policy];
        let ng = |arguments: &[&dyn AsRef<std::ffi::OsStr>]| ng(&[arguments, &cache].concat()).ok();
        ng(&[&"create", &file, &"--from", &raw, &"--replace"]);
        assert!(load(&file) == all[..LONG], "{policy}");
        ng(&[&"append", &file, &"--from", &more]);
        assert!(load(&file) == all, "{policy}");
        ng(&[&"verify", &file]);
        ng(&[&"copy", &file, &copy, &"--replace"]);
        assert!(load(&copy) == all, "{policy}");
        ng(&[&"copy", &file, &copied, &"--raw", &"--replace"]);
        assert!(fs::read(&copied).unwrap() == ng_token::as_bytes(&all));
        ng(&[&"repair", &file, &out, &"--replace"]);
        assert!(load(&out) == all, "{policy}");
        ng(&[&"create", &out, &"--tokens", &"300k", &"--replace"]);
        assert_eq!(load(&out).len(), 300_000);
    }
}

#[test]
fn a_bypass_leaves_nothing_in_memory_and_takes_nothing_from_it() {
    let place = Place::new();
    let raw = place.raw("a.raw", LONG);
    let file = place.named("a.ngt");
    let length = 64 * LONG as u64;
    if !made_cold(&raw) {
        return;
    }
    let create: [&dyn AsRef<std::ffi::OsStr>; 6] =
        [&"create", &file, &"--from", &raw, &"--replace", &"--cache"];
    ng(&[&create[..], &[&"bypass"]].concat()).ok();
    let left = [&raw, &file].map(|path| cached(path).unwrap());
    assert!(left[0] <= MIB && left[1] <= 3 * MIB, "{left:?}");
    ng(&[&"verify", &file, &"--cache", &"bypass"]).ok();
    assert!(cached(&file).unwrap() <= 3 * MIB);
    ng(&[&create[..], &[&"keep"]].concat()).ok();
    let left = [&raw, &file].map(|path| cached(path).unwrap());
    assert!(left.iter().all(|left| *left >= length), "{left:?}");
    ng(&[&"verify", &file, &"--cache", &"bypass"]).ok();
    let copy = place.named("b.ngt");
    ng(&[&"copy", &file, &copy, &"--cache", &"bypass"]).ok();
    let still = [&raw, &file].map(|path| cached(path).unwrap());
    assert_eq!(still, left);
}
