use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use arrow_buffer::i256;
use ng_token::EntityType;

use super::error::FilterError;
use super::excerpt::shortened;

/// A value of a filter: an exact decimal number or an infinity, never NaN.
///
/// Equal numbers are equal: `1e3` is `1000`, and `-0.0` is `0`.
///
/// An `f32` or `f64` becomes the shortest decimal that reads back as the same float, as it is
/// printed: `0.29_f32` becomes 0.29, not the 0.2899999916553497314453125 that is stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal(Value);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Value {
    NegativeInfinity,
    /// `mantissa * 10^exponent`. The mantissa does not end in 0; zero is `0 * 10^0`.
    Finite {
        mantissa: i128,
        exponent: i32,
    },
    Infinity,
}

/// Where a number lies among the stored steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Steps {
    /// The greatest whole number not above it; clamped to an `i128`.
    pub(super) floor: i128,
    /// Whether it is exactly that whole number.
    pub(super) is_whole: bool,
}

impl Decimal {
    /// The most significant digits: with these, a product with any scale fits an `i128`.
    pub const DIGITS_MAX: usize = 34;

    /// The greatest absolute exponent of ten behind the significant digits, more than any `f64`
    /// needs.
    pub const EXPONENT_MAX: i32 = 400;

    /// Greater than every number.
    pub const INFINITY: Self = Self(Value::Infinity);

    /// Less than every number.
    pub const NEG_INFINITY: Self = Self(Value::NegativeInfinity);

    /// Takes `mantissa * 10^exponent`.
    ///
    /// # Errors
    ///
    /// [`FilterError::Digits`] for more than [`DIGITS_MAX`](Self::DIGITS_MAX) digits, trailing
    /// zeros not counted; [`FilterError::Exponent`] beyond [`EXPONENT_MAX`](Self::EXPONENT_MAX).
    pub fn new(mantissa: i128, exponent: i32) -> Result<Self, FilterError> {
        if mantissa == 0 {
            return Ok(Self::whole(0));
        }
        let (mut mantissa, mut exponent) = (mantissa, i64::from(exponent));
        while mantissa % 10 == 0 {
            mantissa /= 10;
            exponent += 1;
        }
        check_digits(mantissa.unsigned_abs().ilog10() as usize + 1)?;
        match i32::try_from(exponent) {
            Ok(exponent) if exponent.abs() <= Self::EXPONENT_MAX => {
                Ok(Self(Value::Finite { mantissa, exponent }))
            }
            _ => Err(FilterError::Exponent { exponent }),
        }
    }

    /// Tells whether it is a number, not an infinity.
    #[must_use]
    pub const fn is_finite(self) -> bool {
        matches!(self.0, Value::Finite { .. })
    }

    /// Tells whether it is less than 0.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        match self.0 {
            Value::NegativeInfinity => true,
            Value::Finite { mantissa, .. } => mantissa < 0,
            Value::Infinity => false,
        }
    }

    /// A whole number of at most 20 digits.
    const fn whole(number: i128) -> Self {
        let (mut mantissa, mut exponent) = (number, 0);
        while mantissa != 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            exponent += 1;
        }
        Self(Value::Finite { mantissa, exponent })
    }

    /// Returns the number times the scale, exactly.
    pub(super) fn steps(self, scale: u16) -> Steps {
        match self.0 {
            Value::NegativeInfinity => Steps::beyond(i128::MIN),
            Value::Infinity => Steps::beyond(i128::MAX),
            Value::Finite { mantissa, exponent } => {
                let scaled = mantissa * i128::from(scale);
                match u32::try_from(exponent) {
                    Ok(exponent) => Steps::times_power(scaled, exponent),
                    Err(_) => Steps::over_power(scaled, exponent.unsigned_abs()),
                }
            }
        }
    }

    /// Returns the whole part of the square of the number times the scale; `u64::MAX` if it is
    /// greater.
    pub(super) fn squared_steps(self, scale: u16) -> u64 {
        let Value::Finite { mantissa, exponent } = self.0 else {
            return u64::MAX;
        };
        let scaled = mantissa * i128::from(scale);
        let Ok(exponent) = u32::try_from(-exponent) else {
            let root = Steps::times_power(scaled, exponent.unsigned_abs()).floor;
            let square = root.checked_mul(root);
            return square.map_or(u64::MAX, saturated);
        };
        // Less than 1, as the product has at most 38 digits.
        if exponent > 38 {
            return 0;
        }
        // Both fit: 10^76 is less than 2^255.
        let square = i256::from_i128(scaled).wrapping_mul(i256::from_i128(scaled));
        let power = i256::from_i128(10).wrapping_pow(2 * exponent);
        let whole = square.wrapping_div(power).to_i128();
        whole.map_or(u64::MAX, saturated)
    }

    /// Returns the nearest `f32`, ties to even; an infinity for what rounds beyond the greatest
    /// one, and 0.0 for what rounds to zero.
    pub(super) fn nearest_f32(self) -> f32 {
        match self.0 {
            Value::NegativeInfinity => f32::NEG_INFINITY,
            Value::Infinity => f32::INFINITY,
            Value::Finite { mantissa, exponent } => {
                // -0.0 + 0.0 is 0.0.
                nearest::<f32>(mantissa, exponent).map_or(0.0, |value| value + 0.0)
            }
        }
    }

    /// Returns the `f64` nearest to the number times the scale times `10^shift`, ties to even.
    pub(crate) fn nearest_steps(self, scale: u16, shift: i32) -> f64 {
        match self.0 {
            Value::NegativeInfinity => f64::NEG_INFINITY,
            Value::Infinity => f64::INFINITY,
            Value::Finite { mantissa, exponent } => {
                let scaled = mantissa * i128::from(scale);
                nearest::<f64>(scaled, exponent + shift).map_or(0.0, |value| value + 0.0)
            }
        }
    }

    /// Returns the exponent `e` with 10^(e-1) <= |number| < 10^e.
    pub(super) fn magnitude(self) -> i32 {
        match self.0 {
            Value::Finite { mantissa, exponent } if mantissa != 0 => {
                mantissa.unsigned_abs().ilog10() as i32 + 1 + exponent
            }
            _ => 0,
        }
    }
}

impl Steps {
    const fn beyond(end: i128) -> Self {
        Self {
            floor: end,
            is_whole: false,
        }
    }

    const fn times_power(scaled: i128, exponent: u32) -> Self {
        let power = 10_i128.checked_pow(exponent);
        let product = match power {
            Some(power) => scaled.checked_mul(power),
            None => None,
        };
        match product {
            Some(floor) => Self {
                floor,
                is_whole: true,
            },
            None if scaled < 0 => Self::beyond(i128::MIN),
            None if scaled > 0 => Self::beyond(i128::MAX),
            None => Self {
                floor: 0,
                is_whole: true,
            },
        }
    }

    const fn over_power(scaled: i128, exponent: u32) -> Self {
        match 10_i128.checked_pow(exponent) {
            Some(power) => Self {
                floor: scaled.div_euclid(power),
                is_whole: scaled % power == 0,
            },
            // Less than 1 from 0, as the product has at most 38 digits.
            None => Self {
                floor: if scaled < 0 { -1 } else { 0 },
                is_whole: scaled == 0,
            },
        }
    }
}

/// The standard library reads decimals with one rounding, whatever their length.
fn nearest<T: FromStr>(mantissa: i128, exponent: i32) -> Option<T> {
    format!("{mantissa}e{exponent}").parse().ok()
}

fn saturated(square: i128) -> u64 {
    u64::try_from(square).unwrap_or(u64::MAX)
}

fn check_digits(digits: usize) -> Result<(), FilterError> {
    match digits <= Decimal::DIGITS_MAX {
        true => Ok(()),
        false => Err(FilterError::Digits { digits }),
    }
}

macro_rules! whole_numbers {
    ($($number:ty),*) => {$(
        impl From<$number> for Decimal {
            fn from(number: $number) -> Self {
                Self::whole(i128::from(number))
            }
        }
    )*};
}

whole_numbers!(u8, u16, u32, u64, i8, i16, i32, i64);

impl From<usize> for Decimal {
    fn from(number: usize) -> Self {
        Self::whole(number as i128)
    }
}

/// Takes the number of the entity type, 0 to 15.
impl From<EntityType> for Decimal {
    fn from(entity_type: EntityType) -> Self {
        Self::from(entity_type.bits())
    }
}

macro_rules! floats {
    ($($float:ty),*) => {$(
        /// Takes the shortest decimal that reads back as the same float; NaN is refused.
        impl TryFrom<$float> for Decimal {
            type Error = FilterError;

            fn try_from(value: $float) -> Result<Self, FilterError> {
                format!("{value:e}").parse()
            }
        }
    )*};
}

floats!(f32, f64);

/// Accepts whole numbers wherever a value is expected.
impl From<Infallible> for FilterError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Reads `12`, `-0.5`, `.5`, `1e3`, `1_000`, `0x101`, `inf` and `-inf`, in any case.
impl FromStr for Decimal {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let is_negative = text.starts_with('-');
        let lower = |word: &str| unsigned.eq_ignore_ascii_case(word);
        if lower("nan") {
            return Err(FilterError::Nan);
        }
        if lower("inf") || lower("infinity") {
            return Ok(if is_negative {
                Self::NEG_INFINITY
            } else {
                Self::INFINITY
            });
        }
        let bad = || FilterError::Number {
            found: shortened(text),
        };
        if let Some(digits) = unsigned.strip_prefix("0x").or(unsigned.strip_prefix("0X")) {
            let number = hexadecimal(digits).ok_or_else(bad)?;
            return Ok(Self::whole(signed(number.into(), is_negative)));
        }
        let Some((digits, exponent)) = scientific(unsigned) else {
            return Err(bad());
        };
        let (mantissa, zeros) = mantissa(&digits)?;
        let exponent = exponent.saturating_add(zeros);
        Self::new(signed(mantissa, is_negative), saturated_i32(exponent))
    }
}

const fn signed(magnitude: i128, is_negative: bool) -> i128 {
    if is_negative { -magnitude } else { magnitude }
}

fn saturated_i32(exponent: i64) -> i32 {
    let far = i64::from(i32::MAX / 2);
    exponent.clamp(-far, far) as i32
}

/// Reads the digits of a hexadecimal number of at most 64 bits.
fn hexadecimal(digits: &str) -> Option<u64> {
    let digits = without_underscores(digits, |digit| digit.is_ascii_hexdigit())?;
    u64::from_str_radix(&digits, 16).ok()
}

/// Splits a number into its digits, without the point, and the exponent of its last digit.
fn scientific(unsigned: &str) -> Option<(String, i64)> {
    let (number, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, power(exponent)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let part = |digits: &str| match digits {
        "" => Some(String::new()),
        _ => without_underscores(digits, |digit| digit.is_ascii_digit()),
    };
    let (whole, fraction) = (part(whole)?, part(fraction)?);
    let exponent = exponent.saturating_sub(i64::try_from(fraction.len()).ok()?);
    Some((whole + &fraction, exponent))
}

/// Reads an exponent, clamped to an `i64`.
fn power(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let magnitude = digits.parse::<i64>().unwrap_or(i64::MAX);
    Some(if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    })
}

/// Returns digits without the underscores between them; `None` for anything else.
fn without_underscores(text: &str, is_digit: impl Fn(char) -> bool) -> Option<String> {
    let is_between = !text.is_empty() && !text.starts_with('_') && !text.ends_with('_');
    let is_number = is_between && text.chars().all(|c| c == '_' || is_digit(c));
    is_number.then(|| text.replace('_', ""))
}

/// Returns the digits without leading and trailing zeros, as a number, and how many trailing zeros
/// there were.
fn mantissa(digits: &str) -> Result<(i128, i64), FilterError> {
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    check_digits(significant.len())?;
    let mantissa = significant.parse().unwrap_or(0);
    Ok((mantissa, (digits.len() - significant.len()) as i64))
}

/// The most characters written without an exponent.
const PLAIN_MAX: i32 = 21;

/// Shows the number so that it reads back, with an exponent if it would be long without one.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mantissa, exponent) = match self.0 {
            Value::NegativeInfinity => return f.write_str("-inf"),
            Value::Infinity => return f.write_str("inf"),
            Value::Finite { mantissa, exponent } => (mantissa, exponent),
        };
        let digits = mantissa.unsigned_abs().to_string();
        let sign = if mantissa < 0 { "-" } else { "" };
        // The number of digits before the point.
        let whole = digits.len() as i32 + exponent;
        if exponent >= 0 && whole <= PLAIN_MAX {
            let zeros = exponent as usize;
            write!(f, "{sign}{digits}{:0>zeros$}", "")
        } else if exponent < 0 && whole > 0 {
            let (whole, fraction) = digits.split_at(whole as usize);
            write!(f, "{sign}{whole}.{fraction}")
        } else if exponent < 0 && -exponent <= PLAIN_MAX {
            let places = -exponent as usize;
            write!(f, "{sign}0.{digits:0>places$}")
        } else {
            write!(f, "{sign}{digits}e{exponent}")
        }
    }
}

/// Shows the number, as `Display` does.
impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn every_way_to_write_a_number_is_the_same_number() {
        for (text, shown) in [
            ("1e3", "1000"),
            ("1_000", "1000"),
            ("+1000.000", "1000"),
            ("0x3E8", "1000"),
            ("0.29", "0.29"),
            (".29", "0.29"),
            ("29.e-2", "0.29"),
            ("00.2900", "0.29"),
            ("-0.0", "0"),
            ("0e999999999999999999999", "0"),
            ("-INF", "-inf"),
            ("Infinity", "inf"),
            ("1e21", "1e21"),
            ("1e20", "100000000000000000000"),
            ("-1.5e-9", "-0.0000000015"),
            ("1e-22", "1e-22"),
        ] {
            assert_eq!(decimal(text).to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "-",
            ".",
            "1.2.3",
            "1e",
            "1e+",
            "1e1.5",
            "_1",
            "1_",
            "0x",
            "0x1_",
            "0xg",
            "1 2",
            "--1",
            "e5",
            "0x10000000000000000",
            "1.e",
            "١",
        ] {
            let found = shortened(text);
            assert_eq!(text.parse::<Decimal>(), Err(FilterError::Number { found }));
        }
        assert_eq!("-NaN".parse::<Decimal>(), Err(FilterError::Nan));
        assert_eq!(Decimal::try_from(f32::NAN), Err(FilterError::Nan));
        let digits = format!("0.{}", "9".repeat(35));
        assert_eq!(
            digits.parse::<Decimal>(),
            Err(FilterError::Digits { digits: 35 })
        );
        assert_eq!(
            Decimal::new(i128::MIN, 0),
            Err(FilterError::Digits { digits: 39 })
        );
        assert_eq!(
            "12.5e-400".parse::<Decimal>(),
            Err(FilterError::Exponent { exponent: -401 })
        );
        let exponent = i64::from(i32::MAX / 2);
        assert_eq!(
            "1e99999999999999999999".parse::<Decimal>(),
            Err(FilterError::Exponent { exponent })
        );
    }

    #[test]
    fn a_float_is_the_decimal_that_is_printed() {
        assert_eq!(Decimal::try_from(0.29_f32), Ok(decimal("0.29")));
        assert_eq!(Decimal::try_from(0.29_f64), Ok(decimal("0.29")));
        assert_eq!(
            Decimal::try_from(f64::MAX),
            Ok(decimal("1.7976931348623157e308"))
        );
        assert_eq!(Decimal::try_from(-5e-324), Ok(decimal("-5e-324")));
        assert_eq!(
            Decimal::try_from(f64::NEG_INFINITY),
            Ok(Decimal::NEG_INFINITY)
        );
    }

    #[test]
    fn a_number_has_exact_steps() {
        let check = |text: &str, scale, floor, is_whole| {
            let steps = Steps { floor, is_whole };
            assert_eq!(decimal(text).steps(scale), steps, "{text} at {scale}");
        };
        check("0.29", 100, 29, true);
        check("-0.291", 100, -30, false);
        check("0.5", 255, 127, false);
        check("1e30", 10_000, 10_i128.pow(34), true);
        check("1e300", 1, i128::MAX, false);
        check("-1e300", 1, i128::MIN, false);
        check("1e-300", 10_000, 0, false);
        check("-1e-300", 10_000, -1, false);
        check("-inf", 1, i128::MIN, false);
        let nines = "9".repeat(34);
        check(&nines, 10_000, (10_i128.pow(34) - 1) * 10_000, true);
        check(&format!("{nines}e-38"), 10_000, 0, false);
    }

    #[test]
    fn a_square_is_cut_off_below_the_exact_one() {
        let check = |text: &str, scale, square| {
            assert_eq!(
                decimal(text).squared_steps(scale),
                square,
                "{text} at {scale}"
            );
        };
        check("0.5", 100, 2500);
        check("0.005", 100, 0);
        check("0.015", 100, 2);
        // The square of 1.414213562373095048801688724 is below 2; one more in the last place,
        // above.
        check("0.01414213562373095048801688724209", 100, 1);
        check("0.01414213562373095048801688724210", 100, 2);
        check(&format!("{}e-38", "9".repeat(34)), 10_000, 0);
        check("1e-300", 100, 0);
        check("42949672.95", 100, u64::from(u32::MAX).pow(2));
        check("42949672.96", 100, u64::MAX);
        check("1e300", 100, u64::MAX);
        check("inf", 100, u64::MAX);
    }

    #[test]
    fn the_nearest_float_is_rounded_once() {
        assert_eq!(decimal("1e40").nearest_f32(), f32::INFINITY);
        assert_eq!(
            decimal("3.402823567797336616375393954581426e38").nearest_f32(),
            f32::INFINITY
        );
        assert_eq!(
            decimal("3.402823567797336616375393954581425e38").nearest_f32(),
            f32::MAX
        );
        // Just above the middle of two floats; rounded to an `f64` first, it would be the middle.
        let middle = "1.00000005960464477539062501";
        assert_eq!(decimal(middle).nearest_f32(), 1.0_f32.next_up());
        assert!(decimal("-1e-60").nearest_f32().is_sign_positive());
        assert_eq!(decimal("0.29").nearest_steps(100, 0), 29.0);
    }
}
