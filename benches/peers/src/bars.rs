//! What is required of ours, for 10M tokens on two processors.

use crate::who::Who;

/// The number of tokens that the bars are set for.
pub(crate) const BAR_TOKENS: u64 = 10_000_000;

/// The number of threads that bars on several of them are set for.
const BAR_THREADS: usize = 2;

/// How many times as fast as `peer` ours must be at `work`. If `peer` is ours, `threads` are
/// compared with one.
pub(crate) fn bar(work: &str, peer: Who, threads: usize) -> Option<f64> {
    let asked = match (work, peer) {
        ("create", Who::Vec) => 1.9,
        ("create", Who::NgVec) => 1.85,
        ("durable_create", Who::Memmap2) => 1.7,
        ("durable_create", Who::BufWriter) => 1.4,
        ("durable_create", Who::Redb) => 30.0,
        ("durable_create", Who::Lmdb | Who::LmdbWriteMap) => 12.0,
        ("scan", Who::RawLoop) => 0.97,
        ("scan", Who::Memmap2) => 0.95,
        ("scan", Who::NgVec) => 1.85,
        ("random_read", Who::Vec) => 1.4,
        ("random_read", Who::Redb) => 60.0,
        ("random_read", Who::Lmdb) => 50.0,
        ("clone", Who::Vec) => 1.9,
        ("verify", Who::MapRead) => 0.85,
        ("verify", Who::NgMmap) => 1.8,
        _ => return None,
    };
    (!peer.is_ours() || threads == BAR_THREADS).then_some(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_on_threads_holds_for_two_of_them() {
        assert_eq!(bar("create", Who::NgVec, 2), Some(1.85));
        assert_eq!(bar("create", Who::NgVec, 4), None);
        assert_eq!(bar("create", Who::Vec, 1), Some(1.9));
        assert_eq!(bar("filter", Who::Vec, 1), None);
    }
}
