//! A process with a limit on its address space.

use std::process::Command;

use ng_store::{TokenSink, TokenStore, WriteError};

use super::fixture::{Place, create, open, small, token, tokens};

/// Set for the child: it runs under the limit.
const LIMITED: &str = "NG_STORE_TEST_LIMITED";

/// 400 MiB, in the unit of `ulimit`: enough for the program, but not for a store's default
/// reservation.
const LIMIT_KIB: u64 = 400 << 10;

/// More than fits the limit: 512 MiB.
const TOO_MANY: u64 = (512 << 20) / 64;

#[test]
fn a_store_works_where_its_address_space_is_refused() {
    if std::env::var_os(LIMITED).is_some() {
        return under_the_limit();
    }
    let name = "mmap::space::a_store_works_where_its_address_space_is_refused";
    let script = format!("ulimit -v {LIMIT_KIB} && exec \"$0\" --exact {name}");
    let output = Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env(LIMITED, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("1 passed"), "{told}");
}

fn under_the_limit() {
    let place = Place::new();
    let path = place.file();
    let options = small().max_tokens(1 << 32);
    let mut store = create(&path, &options).unwrap();
    let mut reader = open(&path).unwrap();
    let mut snapshots = Vec::new();
    for count in [10, 5_000, 50_000, 300_000] {
        let start = store.len();
        store
            .append_with(count - start, |index| token(start + index))
            .unwrap();
        store.commit().unwrap();
        assert_eq!(store.tokens(), tokens(count));
        assert!(reader.refresh().unwrap());
        assert_eq!(reader.tokens(), tokens(count));
        snapshots.push((store.snapshot(), reader.snapshot()));
    }
    let reserved = store.memory_usage().reserved_bytes;
    assert!(reserved < LIMIT_KIB << 10, "all of it was reserved");
    for (ours, theirs) in &snapshots {
        assert_eq!(ours.tokens(), tokens(ours.len()));
        assert_eq!(ours.tokens(), theirs.tokens());
    }
    a_map_that_is_refused_is_an_error_and_nothing_is_committed(store);
}

fn a_map_that_is_refused_is_an_error_and_nothing_is_committed(mut store: ng_store::MmapStore) {
    let (count, generation) = (store.len(), store.info().generation);
    store.reserve_exact(TOO_MANY).unwrap();
    store
        .append_with(200_000, |index| token(count + index))
        .unwrap();
    let error = store.commit().unwrap_err();
    assert!(matches!(error, WriteError::Map { .. }), "{error}");
    assert_eq!(store.info().generation, generation);
    assert_eq!(store.tokens(), tokens(count));
}
