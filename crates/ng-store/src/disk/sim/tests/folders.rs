use std::io;

use super::super::{Call, CallKind, Failure, Fault, LoseAll, When};
use super::*;

/// A folder `s` whose entry is durable.
fn one_folder() -> (SimFs, SimDir) {
    let fs = SimFs::new();
    dir(&fs).create_folder("s").unwrap();
    dir(&fs).sync().unwrap();
    let folder = dir(&fs).folder("s").unwrap();
    (fs, folder)
}

/// The paths of all files in the root and in `s`.
fn paths(fs: &SimFs) -> String {
    let fs = fs.fork();
    let mut paths = fs.names();
    if let Ok(folder) = dir(&fs).folder("s") {
        let names = folder.names().unwrap();
        paths.push("s/".to_owned());
        paths.extend(names.into_iter().map(|name| format!("s/{name}")));
    }
    paths.join(" ")
}

#[test]
fn a_folder_is_durable_after_the_one_it_is_in_was_synced() {
    let fs = SimFs::new();
    dir(&fs).create_folder("s").unwrap();
    assert_eq!(seen(&fs, paths), set(["", "s/"]));
    dir(&fs).folder("s").unwrap().sync().unwrap();
    assert_eq!(seen(&fs, paths), set(["", "s/"]));
    dir(&fs).sync().unwrap();
    assert_eq!(seen(&fs, paths), set(["s/"]));
}

#[test]
fn each_folder_is_synced_alone() {
    let (fs, folder) = one_folder();
    folder.create_exclusive("b").unwrap();
    dir(&fs).create_exclusive("a").unwrap();
    let any = ["s/", "a s/", "s/ s/b", "a s/ s/b"];
    assert_eq!(seen(&fs, paths), set(any));
    folder.sync().unwrap();
    assert_eq!(seen(&fs, paths), set(["s/ s/b", "a s/ s/b"]));
    dir(&fs).sync().unwrap();
    assert_eq!(seen(&fs, paths), set(["a s/ s/b"]));

    folder.unlink("b").unwrap();
    dir(&fs).sync().unwrap();
    assert_eq!(seen(&fs, paths), set(["a s/", "a s/ s/b"]));
}

#[test]
fn what_is_durable_in_a_lost_folder_is_lost() {
    let fs = SimFs::new();
    dir(&fs).create_folder("s").unwrap();
    let folder = dir(&fs).folder("s").unwrap();
    let file = folder.create_exclusive("b").unwrap();
    write(&file, b"data", 0);
    file.sync().unwrap();
    folder.sync().unwrap();
    assert_eq!(seen(&fs, paths), set(["", "s/ s/b"]));
    assert_eq!(crash(&fs, &mut LoseAll).used_sectors(), 0);
    dir(&fs).sync().unwrap();
    let after = crash(&fs, &mut LoseAll);
    let file = dir(&after).folder("s").unwrap().open("b", false).unwrap();
    assert_eq!(content_of(&file), b"data");
}

#[test]
fn folders_within_folders_are_lost_with_the_outer_one() {
    let (fs, outer) = one_folder();
    outer.create_folder("t").unwrap();
    let inner = outer.folder("t").unwrap();
    inner.create_exclusive("c").unwrap();
    inner.sync().unwrap();
    let is_there = |fs: &SimFs| {
        let inner = dir(fs).folder("s").and_then(|outer| outer.folder("t"));
        inner.is_ok_and(|inner| inner.exists("c").unwrap())
    };
    assert_eq!(seen(&fs, is_there), BTreeSet::from([false, true]));
    outer.sync().unwrap();
    assert_eq!(seen(&fs, is_there), BTreeSet::from([true]));
}

#[test]
fn a_synced_folder_leaves_a_power_cut_nothing_to_choose() {
    let (fs, folder) = one_folder();
    assert_eq!(combinations(&fs), 1);
    dir(&fs).create_exclusive("a").unwrap();
    assert_eq!(combinations(&fs), 2);
    folder.create_exclusive("b").unwrap();
    assert_eq!(combinations(&fs), 4);
    folder.sync().unwrap();
    assert_eq!(combinations(&fs), 2);
}

#[test]
fn a_file_is_not_a_folder_and_a_folder_not_a_file() {
    let (fs, folder) = one_folder();
    folder.create_exclusive("b").unwrap();
    let root = dir(&fs);
    root.create_exclusive("a").unwrap();
    let kinds = [
        root.create_folder("a"),
        root.create_folder("s"),
        root.create_exclusive("s").map(drop),
        root.rename_noreplace("a", "s"),
        root.folder("a").map(drop),
        root.open("s", false).map(drop),
        root.unlink("s"),
        root.rename("s", "t"),
        root.rename("a", "s"),
        root.folder("b").map(drop),
        root.open("b", false).map(drop),
    ]
    .map(|result| result.unwrap_err().kind());
    use io::ErrorKind::{AlreadyExists, IsADirectory, NotADirectory, NotFound};
    assert_eq!(kinds[..4], [AlreadyExists; 4]);
    assert_eq!(kinds[4], NotADirectory);
    assert_eq!(kinds[5..9], [IsADirectory; 4]);
    assert_eq!(kinds[9..], [NotFound; 2]);
    assert_eq!(root.names().unwrap(), ["a"]);
    assert!(root.exists("s").unwrap() && !root.exists("b").unwrap());
    assert_eq!(paths(&fs), "a s/ s/b");
}

#[test]
fn files_of_every_folder_take_space_and_are_told_apart() {
    let (fs, folder) = one_folder();
    let inner = folder.create_exclusive("a").unwrap();
    let outer = dir(&fs).create_exclusive("a").unwrap();
    write(&inner, &sectors(b'i', 2), 0);
    write(&outer, &sectors(b'o', 1), 0);
    assert_eq!(fs.used_sectors(), 3);
    assert!(folder.is_named("a", &inner).unwrap() && !folder.is_named("a", &outer).unwrap());
    folder.unlink("a").unwrap();
    // Its opener keeps it.
    assert_eq!(letters(&content_of(&inner)), "ii");
    drop(inner);
    assert_eq!(fs.used_sectors(), 1);
}

#[test]
fn the_log_has_paths_and_moments_have_folders() {
    let fs = SimFs::new();
    fs.record_moments();
    dir(&fs).create_folder("s").unwrap();
    let folder = dir(&fs).folder("s").unwrap();
    folder.create_exclusive("a").unwrap();
    folder.rename("a", "b").unwrap();
    folder.sync().unwrap();
    let name = |name: &str| name.to_owned();
    let calls = [
        Call::CreateFolder { name: name("s") },
        Call::OpenFolder { name: name("s") },
        Call::Create { name: name("s/a") },
        Call::Rename {
            from: name("s/a"),
            to: name("s/b"),
        },
        Call::SyncDir { folder: name("s") },
    ];
    assert_eq!(fs.log(), calls);
    let moments = fs.take_moments();
    let kept = |at: usize| {
        let after = moments[at].crash(&mut super::super::KeepAll, Atomicity::Sector);
        paths(&after)
    };
    assert_eq!([kept(0), kept(1), kept(2)], ["s/", "s/ s/a", "s/ s/b"]);
}

#[test]
fn an_operation_on_a_folder_fails_and_then_does_nothing() {
    type Operation = fn(&SimDir) -> io::Result<()>;
    let operations: [(CallKind, Operation); 2] = [
        (CallKind::CreateFolder, |dir| dir.create_folder("t")),
        (CallKind::OpenFolder, |dir| dir.folder("s").map(drop)),
    ];
    for (kind, operation) in operations {
        let (fs, _folder) = one_folder();
        let at = When::Nth(kind, fs.operations_of(kind));
        fs.inject(at, Fault::Fail(Failure::NoSpace));
        let error = operation(&dir(&fs)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{kind:?}");
        assert_eq!(combinations(&fs), 1);
        operation(&dir(&fs)).unwrap();
    }
}

#[test]
fn a_killed_process_has_no_folder() {
    let (fs, folder) = one_folder();
    fs.kill();
    assert!(folder.create_exclusive("a").is_err() && folder.names().is_err());
    assert!(dir(&fs).folder("s").unwrap().names().unwrap().is_empty());
}
