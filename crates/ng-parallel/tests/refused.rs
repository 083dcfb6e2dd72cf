//! If the system refuses threads, the error is the system's.
//!
//! A separate program with one test: the limit is process-wide.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    reason = "clippy sees no test in the helpers of tests"
)]
#![expect(unsafe_code, reason = "a limit on the process's memory")]

use std::error::Error;
use std::io;

use ng_parallel::{Workers, WorkersError};

/// More stacks than the limit has room for: 2 MiB each.
const THREADS: usize = 500;

/// Limits the address space to the current use plus 64 MiB.
fn limit_addresses() {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
    let most = pages * 4096 + (64 << 20);
    let limit = libc::rlimit {
        rlim_cur: most,
        rlim_max: most,
    };
    // SAFETY: (1) The pointer is to a limit that lives on.
    let outcome = unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) };
    assert_eq!(outcome, 0);
}

#[test]
fn a_refused_thread_is_an_error_of_the_system() {
    limit_addresses();
    let error = Workers::new(THREADS).unwrap_err();
    assert_eq!(error.to_string(), "cannot start 500 worker threads");
    let told = format!("{error:?}").to_lowercase();
    assert!(!told.contains("rayon") && !told.contains("pool"), "{told}");
    let source = error.source().unwrap();
    let system = source.downcast_ref::<io::Error>().unwrap();
    assert_eq!(system.raw_os_error(), Some(libc::EAGAIN), "{system}");
    assert!(source.source().is_none());
    assert!(matches!(
        error,
        WorkersError::Refused {
            threads: THREADS,
            ..
        }
    ));
    assert_eq!(Workers::new(1).unwrap().threads(), 1);
}
