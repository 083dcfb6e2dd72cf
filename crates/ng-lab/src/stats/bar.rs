//! A ratio compared with a target.

use super::interval::Interval;

/// Where an interval lies relative to a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The interval is at or above the bar.
    Reached,
    /// The bar lies inside: more rounds or a quieter machine would decide.
    Open,
    /// The interval is below the bar.
    Missed,
}

impl Standing {
    /// `reached`, `open` or `missed`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::Open => "open",
            Self::Missed => "missed",
        }
    }
}

impl Interval {
    /// Compares the interval with `bar`.
    #[must_use]
    pub fn against(self, bar: f64) -> Standing {
        if self.low >= bar {
            Standing::Reached
        } else if self.high < bar {
            Standing::Missed
        } else {
            Standing::Open
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_reached_or_missed_by_the_whole_interval() {
        for (low, high, expected) in [
            (1.5, 1.6, "reached"),
            (1.6, 1.7, "reached"),
            (1.4, 1.5, "open"),
            (1.4, 1.6, "open"),
            (1.3, 1.49, "missed"),
        ] {
            let interval = Interval { low, high };
            assert_eq!(interval.against(1.5).name(), expected, "{interval:?}");
        }
    }
}
