//! A claim of the seed's report, as data.

use std::fmt;

use crate::claims::rule::{Rule, Sum};

/// A measured figure agrees with a claimed one within this factor, generous since the seed
/// gave no spread.
const ABOUT: f64 = 1.25;
/// An exact memory figure may differ by this share, since pages are whole.
const EXACT: f64 = 0.01;

/// A claim that can be checked, or has a reason why it cannot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// A short name, unique among all.
    pub id: &'static str,
    /// Its section in the seed's report.
    pub section: &'static str,
    /// The statement, paraphrased.
    pub statement: &'static str,
    /// The claimed figure.
    pub said: Said,
    /// What confirms or refutes it.
    pub rule: Rule,
    /// What the figure really is, if known.
    pub note: Option<&'static str>,
}

/// A claimed figure with its unit, which defines what agrees with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Said {
    /// No figure, or one that is in the rule.
    Words,
    /// A figure that can be computed.
    Exactly(f64, &'static str),
    /// A measured figure.
    About(f64, &'static str),
    /// A lower bound.
    AtLeast(f64, &'static str),
    /// An upper bound.
    AtMost(f64, &'static str),
    /// A range.
    Between(f64, f64, &'static str),
}

/// The range of figures that agree with a claim, ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Agrees {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Said {
    /// The unit; empty without a figure.
    pub(super) fn unit(self) -> &'static str {
        match self {
            Self::Words => "",
            Self::Exactly(_, unit)
            | Self::About(_, unit)
            | Self::AtLeast(_, unit)
            | Self::AtMost(_, unit)
            | Self::Between(_, _, unit) => unit,
        }
    }

    /// The figure, the lower one of a range; none in words.
    pub(super) fn value(self) -> Option<f64> {
        match self {
            Self::Words => None,
            Self::Exactly(value, _)
            | Self::About(value, _)
            | Self::AtLeast(value, _)
            | Self::AtMost(value, _)
            | Self::Between(value, _, _) => Some(value),
        }
    }

    /// The figures that agree with it; all without a figure.
    pub(super) fn agrees(self) -> Agrees {
        let (low, high) = match self {
            Self::Words => (0.0, f64::INFINITY),
            Self::Exactly(value, _) => (value * (1.0 - EXACT), value * (1.0 + EXACT)),
            Self::About(value, _) => (value / ABOUT, value * ABOUT),
            Self::AtLeast(value, _) => (value, f64::INFINITY),
            Self::AtMost(value, _) => (0.0, value),
            Self::Between(low, high, _) => (low, high),
        };
        Agrees { low, high }
    }
}

/// A figure with its unit, for display.
struct Written(f64, &'static str);

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            "" => write!(f, "{}", self.0),
            unit if unit.starts_with('x') => write!(f, "{}{unit}", self.0),
            unit => write!(f, "{} {unit}", self.0),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Words => Ok(()),
            Self::Exactly(value, unit) | Self::About(value, unit) => Written(value, unit).fmt(f),
            Self::AtLeast(value, unit) => write!(f, "at least {}", Written(value, unit)),
            Self::AtMost(value, unit) => write!(f, "at most {}", Written(value, unit)),
            Self::Between(low, high, unit) => write!(f, "{low} to {}", Written(high, unit)),
        }
    }
}

impl fmt::Display for Agrees {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.high.is_infinite() {
            write!(f, "{:.2} or more", self.low)
        } else if self.low == 0.0 {
            write!(f, "{:.2} or less", self.high)
        } else {
            write!(f, "{:.2} to {:.2}", self.low, self.high)
        }
    }
}

impl Claim {
    /// The claimed figures as text. Sums have their own.
    #[must_use]
    pub fn said_text(&self) -> String {
        let Rule::Computed(sums) = self.rule else {
            return self.said.to_string();
        };
        let written = |sum: &Sum| Written(sum.said, sum.unit).to_string();
        sums.iter().map(written).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_written_as_claimed() {
        for (said, expected) in [
            (Said::Words, ""),
            (Said::Exactly(499_999_500_000.0, ""), "499999500000"),
            (Said::About(4.03, "x"), "4.03x"),
            (Said::AtMost(750.0, "ns/token"), "at most 750 ns/token"),
            (Said::Between(10.0, 50.0, "x"), "10 to 50x"),
        ] {
            assert_eq!(said.to_string(), expected);
        }
    }

    #[test]
    fn what_agrees_is_wide_for_measured_figures_and_narrow_for_exact_ones() {
        let about = Said::About(4.0, "x").agrees();
        assert_eq!((about.low, about.high), (3.2, 5.0));
        let exact = Said::Exactly(100.0, "B").agrees();
        assert_eq!((exact.low, exact.high), (99.0, 101.0));
        assert_eq!(Said::AtLeast(1.0, "x").agrees().low, 1.0);
        assert_eq!(Said::AtMost(1.0, "x").agrees().low, 0.0);
    }
}
