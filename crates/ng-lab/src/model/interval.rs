//! An interval in a report.

use serde::{Deserialize, Serialize};

/// An interval at 95 %, in JSON an array of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval95(pub [f64; 2]);
