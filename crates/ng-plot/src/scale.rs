//! Scales with ticks at 1, 2 and 5 times powers of ten.

/// Steps of ticks within a power of ten.
const STEPS: [f64; 3] = [1.0, 2.0, 5.0];
/// The largest and smallest power of ten on a logarithmic scale.
const DECADES: i32 = 30;

/// Maps values to places between the ends of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    /// The unit of tick steps: 1, or a power of two for bytes.
    unit: f64,
    is_log: bool,
}

impl Scale {
    /// From 0 to the largest of `values`, or to 1 if there is none.
    pub fn from_zero(values: impl IntoIterator<Item = f64>) -> Self {
        let values = values.into_iter().filter(|value| value.is_finite());
        Self::between(0.0, values.fold(0.0, f64::max))
    }

    /// From `low` to `high`; one unit long if `high` is not greater, and from 0 to 1 if
    /// either is not finite.
    pub fn between(low: f64, high: f64) -> Self {
        let (low, high) = match (low.is_finite() && high.is_finite(), low < high) {
            (true, true) => (low, high),
            (true, false) => (low, low + 1.0),
            (false, _) => (0.0, 1.0),
        };
        Self {
            low,
            high,
            unit: 1.0,
            is_log: false,
        }
    }

    /// The same with ticks at 1, 2 and 5 times powers of ten of `unit`, such as an hour.
    pub fn in_units_of(self, unit: f64) -> Self {
        Self { unit, ..self }
    }

    /// The same with ticks at round numbers of KiB, MiB or GiB.
    pub fn of_bytes(values: impl IntoIterator<Item = f64>) -> Self {
        let scale = Self::from_zero(values);
        let units = [1_073_741_824.0, 1_048_576.0, 1024.0];
        let unit = units.into_iter().find(|unit| scale.high >= *unit);
        scale.in_units_of(unit.unwrap_or(1.0))
    }

    /// Logarithmic over `values`, extended to the next ticks; one decade if there are none.
    pub fn log(values: impl IntoIterator<Item = f64>) -> Self {
        let fit = |value: &f64| value.is_finite() && *value > 0.0;
        let (low, high) = values
            .into_iter()
            .filter(fit)
            .fold((f64::INFINITY, 0.0), |(low, high), value| {
                (value.min(low), value.max(high))
            });
        let (low, high) = if low <= high {
            (low, high)
        } else {
            (1.0, 10.0)
        };
        Self::log_between(tick_below(low), tick_above(high))
    }

    /// Logarithmic between two ticks.
    pub fn log_between(low: f64, high: f64) -> Self {
        let high = if high > low { high } else { low * 10.0 };
        Self {
            low,
            high,
            unit: 1.0,
            is_log: true,
        }
    }

    /// The place of `value`, from 0 to 1, clamped to the ends.
    pub fn place(&self, value: f64) -> f64 {
        let share = if self.is_log {
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        if share.is_nan() {
            0.0
        } else {
            share.clamp(0.0, 1.0)
        }
    }

    /// Whether `value` is between the ends.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Ticks between the ends, at most `at_most`, which is two or more.
    pub fn ticks(&self, at_most: usize) -> Vec<f64> {
        let fewer = |ticks: Vec<f64>| (ticks.len() <= at_most).then_some(ticks);
        let all: Option<Vec<f64>> = if self.is_log {
            let by_decades = (1..).map(|every| self.powers(every));
            std::iter::once(self.log_steps())
                .chain(by_decades)
                .find_map(fewer)
        } else {
            steps_up().find_map(|step| fewer(self.multiples(step * self.unit, at_most)))
        };
        all.unwrap_or_default()
    }

    fn log_steps(&self) -> Vec<f64> {
        let all = (-DECADES..=DECADES).flat_map(|power| STEPS.map(|step| times_power(step, power)));
        all.filter(|tick| self.holds(*tick)).collect()
    }

    fn powers(&self, every: usize) -> Vec<f64> {
        let all = (-DECADES..=DECADES).map(|power| times_power(1.0, power));
        let inside = all.filter(|tick| self.holds(*tick));
        inside.step_by(every).collect()
    }

    /// Multiples of `step` between the ends, at most `at_most` plus one.
    fn multiples(&self, step: f64, at_most: usize) -> Vec<f64> {
        let first = (self.low / step).ceil();
        let all = (0..=at_most).map(|count| (first + count as f64) * step);
        all.take_while(|tick| *tick <= self.high).collect()
    }
}

/// 1, 2 and 5 times powers of ten, rising.
fn steps_up() -> impl Iterator<Item = f64> {
    (-DECADES..=DECADES).flat_map(|power| STEPS.map(|step| times_power(step, power)))
}

/// Divides for negative powers: `2.0 * 10f64.powi(-1)` is not `0.2`.
fn times_power(step: f64, power: i32) -> f64 {
    let size = 10f64.powi(power.abs());
    if power < 0 { step / size } else { step * size }
}

fn tick_below(value: f64) -> f64 {
    steps_up()
        .take_while(|tick| *tick <= value)
        .last()
        .unwrap_or(value)
}

fn tick_above(value: f64) -> f64 {
    steps_up().find(|tick| *tick >= value).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_one_two_and_five() {
        for (values, at_most, expected) in [
            (&[7.3][..], 5, &[0.0, 2.0, 4.0, 6.0][..]),
            (&[1.0], 3, &[0.0, 0.5, 1.0]),
            (&[1.2e6], 4, &[0.0, 5e5, 1e6]),
            (&[], 3, &[0.0, 0.5, 1.0]),
            (&[f64::NAN, f64::INFINITY], 3, &[0.0, 0.5, 1.0]),
        ] {
            let scale = Scale::from_zero(values.iter().copied());
            assert_eq!(scale.ticks(at_most), expected, "{values:?}");
        }
    }

    #[test]
    fn ticks_between_two_values_are_multiples() {
        for (low, high, at_most, expected) in [
            (-1.5, 1.5, 4, &[-1.0, 0.0, 1.0][..]),
            (-0.5, 0.4, 3, &[-0.5, 0.0]),
            (-0.4, 1.0, 3, &[0.0, 0.5, 1.0]),
            (17.0, 23.0, 4, &[18.0, 20.0, 22.0]),
            (3.0, 3.0, 3, &[3.0, 3.5, 4.0]),
            (f64::NAN, 2.0, 3, &[0.0, 0.5, 1.0]),
            (0.0, f64::INFINITY, 3, &[0.0, 0.5, 1.0]),
        ] {
            let ticks = Scale::between(low, high).ticks(at_most);
            assert_eq!(ticks, expected, "{low} to {high}");
            assert!(
                ticks
                    .iter()
                    .all(|tick| tick.to_bits() != (-0.0_f64).to_bits())
            );
        }
        let hours = Scale::between(5000.0, 20_000.0).in_units_of(3600.0);
        assert_eq!(hours.ticks(4), [7200.0, 10_800.0, 14_400.0, 18_000.0]);
    }

    #[test]
    fn ticks_of_bytes_are_round_in_powers_of_two() {
        let mib = 1_048_576.0;
        let ticks = Scale::of_bytes([9.6 * mib]).ticks(4);
        assert_eq!(ticks, [0.0, 5.0 * mib]);
        assert_eq!(Scale::of_bytes([0.0]).ticks(3), [0.0, 0.5, 1.0]);
    }

    #[test]
    fn a_log_scale_reaches_to_the_next_ticks() {
        for (values, at_most, expected) in [
            (&[0.7, 14.2][..], 6, &[0.5, 1.0, 2.0, 5.0, 10.0, 20.0][..]),
            (&[0.7, 14.2], 4, &[1.0, 10.0]),
            (&[1.0, 9e5], 4, &[1.0, 100.0, 10_000.0, 1e6]),
            (&[5.0, 5.0], 4, &[5.0, 10.0, 20.0, 50.0]),
            (&[0.0, -1.0, f64::NAN], 4, &[1.0, 2.0, 5.0, 10.0]),
        ] {
            let ticks = Scale::log(values.iter().copied()).ticks(at_most);
            assert_eq!(ticks, expected, "{values:?}");
        }
    }

    #[test]
    fn values_are_placed_between_the_ends_and_never_beyond() {
        let linear = Scale::from_zero([8.0]);
        let log = Scale::log([0.1, 10.0]);
        for (scale, value, expected) in [
            (linear, 2.0, 0.25),
            (linear, 9.0, 1.0),
            (linear, f64::NAN, 0.0),
            (log, 1.0, 0.5),
            (log, 0.0, 0.0),
            (log, -1.0, 0.0),
            (log, f64::INFINITY, 1.0),
        ] {
            let place = scale.place(value);
            assert!((place - expected).abs() < 1e-12, "{value}: {place}");
        }
    }

    #[test]
    fn extreme_values_end_and_stay_numbers() {
        for value in [f64::MIN_POSITIVE, 1e-200, 1e200, f64::MAX] {
            for scale in [
                Scale::from_zero([value]),
                Scale::log([value]),
                Scale::between(-value, value),
                Scale::between(value, f64::MAX),
            ] {
                assert!(scale.place(value).is_finite(), "{value}");
                assert!(scale.ticks(4).len() <= 4, "{value}");
            }
        }
    }
}
