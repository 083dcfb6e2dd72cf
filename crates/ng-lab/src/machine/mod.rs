//! The machine and its kernel: counters, pages, the page cache, memory groups, folders,
//! locks, signals.

pub(crate) mod allocations;
pub(crate) mod callgrind;
pub(crate) mod data_folder;
pub(crate) mod host;
pub(crate) mod interrupt;
pub mod kernel;
pub(crate) mod lock;
pub(crate) mod memory_group;
pub(crate) mod page_cache;
pub(crate) mod pages;
pub(crate) mod private_peak;
#[expect(
    unsafe_code,
    reason = "system calls and hints that no safe crate wraps; nowhere else"
)]
pub(crate) mod raw;
pub(crate) mod threads;
#[allow(unsafe_code, reason = "requests to valgrind are written in assembly")]
pub(crate) mod valgrind;
pub(crate) mod volume;
