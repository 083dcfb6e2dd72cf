//! The three crates can be glob-imported together: no names collide.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    reason = "clippy sees no test in the helpers of tests"
)]

use std::collections::BTreeMap;
use std::path::Path;

use ng_parallel::*;
use ng_store::*;
use ng_token::*;

/// A program's whole use of a file, with names only from globs.
#[test]
fn a_program_that_imports_everything_uses_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ngt");
    let workers = Workers::new(2).unwrap();
    let mut draft = FileDraft::begin(&path, &CreateOptions::new()).unwrap();
    ingest(&workers, draft.writer(), 50_000, |index| {
        Token::new(index as u32)
    })
    .unwrap();
    draft.writer().commit().unwrap();
    draft.publish().unwrap();

    let reader: BlockReader = BlockReader::open(&path).unwrap();
    let report: VerifyReport = verify(&workers, &reader).unwrap();
    assert!(report.is_clean());
    let twin = serial::verify(&StopFlag::new(), &reader).unwrap();
    assert_eq!(report, twin);
    let mut store: VecStore = load(&workers, &reader).unwrap();
    fill(&workers, &mut store, 100, |_| Token::ZERO).unwrap();
    let out = folder.path().join("b.ngt");
    let draft = FileDraft::begin(&out, &CreateOptions::new()).unwrap();
    save(&workers, store.tokens(), draft).unwrap();
    assert_eq!(store.len(), 50_100);
    assert_eq!(ng_store::BLOCK_TOKENS, ng_parallel::ng_store::BLOCK_TOKENS);
    assert_eq!(Token::SIZE, ng_token::Token::SIZE);
}

/// Errors can be named, boxed and sent to other threads.
#[test]
fn every_error_has_a_public_name_and_can_go_anywhere() {
    fn goes_anywhere<E: std::error::Error + Send + Sync + 'static>() {}

    goes_anywhere::<WorkersError>();
    goes_anywhere::<Forked>();
    goes_anywhere::<ParallelError>();
    goes_anywhere::<ParallelLoadError>();
    goes_anywhere::<ParallelSaveError>();
    goes_anywhere::<PassError>();
    goes_anywhere::<VerifyError>();
    goes_anywhere::<IngestError<WriteError, ReadError>>();
    goes_anywhere::<LoadError>();
    goes_anywhere::<CreateError>();
    goes_anywhere::<OpenError>();
    goes_anywhere::<RepairError>();
}

/// The names that a crate has at its root.
fn names(krate: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let source = std::fs::read_to_string(folder.join(krate).join("src/lib.rs")).unwrap();
    let code: Vec<&str> = source.lines().map(str::trim).collect();
    let code: Vec<&str> = code
        .into_iter()
        .filter(|line| !line.starts_with("//"))
        .collect();
    let mut found = Vec::new();
    for item in code.join(" ").split(';') {
        if let Some((_, module)) = item.split_once("pub mod ") {
            found.push(module.trim().to_owned());
        }
        if let Some((_, used)) = item.split_once("pub use ") {
            let used = used.rsplit_once('{').map_or_else(
                || used.rsplit("::").next().unwrap(),
                |(_, list)| list.trim_end_matches('}'),
            );
            let names = used.split(',').map(str::trim);
            found.extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
        }
    }
    found
}

/// By the sources, so that a new name is looked at, too.
#[test]
fn no_two_crates_have_one_name() {
    let mut owners = BTreeMap::<String, Vec<&str>>::new();
    for krate in ["ng-token", "ng-store", "ng-parallel"] {
        let names = names(krate);
        let known = ["Token", "BlockReader", "Workers"];
        assert!(names.iter().any(|name| known.contains(&name.as_str())));
        for name in names {
            owners.entry(name).or_default().push(krate);
        }
    }
    // The re-exported crates, which are the same ones.
    owners.retain(|name, _| !["ng_token", "ng_store"].contains(&name.as_str()));
    owners.retain(|_, crates| crates.len() > 1);
    assert!(owners.is_empty(), "{owners:?}");
}
