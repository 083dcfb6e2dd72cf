//! A long run over its time.

use serde::{Deserialize, Serialize};

/// What a long run was like in one stretch of its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SoakRow {
    /// End of the stretch, in seconds since the run began.
    pub seconds: f64,
    /// Operations a second.
    pub throughput: f64,
    /// Times from the beginning of an operation to its end.
    pub service_ns: Percentiles,
    /// Times from when an operation was due to its end: waiting counts.
    pub response_ns: Percentiles,
    /// Resident memory at the end of the stretch.
    pub resident_bytes: u64,
    /// Page faults of the stretch.
    pub faults: u64,
    /// Bytes of the run's files on the disk at the end of the stretch.
    pub disk_bytes: u64,
}

/// Percentiles of times, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half of the times are below.
    pub p50: f64,
    /// One of a hundred is above.
    pub p99: f64,
    /// One of a thousand is above.
    pub p999: f64,
}
