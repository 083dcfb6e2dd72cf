use std::time::UNIX_EPOCH;

use super::decimal::Decimal;
use super::error::FilterError;
use super::excerpt::shortened;

const DATE_CHARS: usize = "2023-11-14".len();
const SECONDS_CHARS: usize = "2023-11-14T22:13:20".len();

/// Returns the seconds since 1970 of a UTC date (its midnight), or of a UTC date and time.
pub(super) fn seconds(text: &str) -> Result<Decimal, FilterError> {
    let bad = || FilterError::Time {
        found: shortened(text),
    };
    if decimals(text) > 9 {
        return Err(bad());
    }
    let time = match text.len() {
        DATE_CHARS => humantime::parse_rfc3339_weak(&format!("{text}T00:00:00Z")),
        _ => humantime::parse_rfc3339_weak(text),
    };
    let since = time
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let nanos = since.ok_or_else(bad)?.as_nanos();
    Decimal::new(nanos as i128, -9)
}

/// The number of digits of a second's fraction; more than nine would be ignored.
fn decimals(text: &str) -> usize {
    let fraction = text.as_bytes().get(SECONDS_CHARS + 1..).unwrap_or_default();
    let digits = fraction.iter().take_while(|digit| digit.is_ascii_digit());
    digits.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_its_seconds() {
        for (text, shown) in [
            ("1970-01-01", "0"),
            ("2023-11-14", "1699920000"),
            ("2023-11-14T22:13:20Z", "1700000000"),
            ("2023-11-14 22:13:20", "1700000000"),
            ("2023-11-14T22:13:20+00:00", "1700000000"),
            ("2023-11-14T22:13:20.123456789Z", "1700000000.123456789"),
            ("2106-02-07T06:28:16Z", "4294967296"),
        ] {
            assert_eq!(
                seconds(text).map(|time| time.to_string()).as_deref(),
                Ok(shown)
            );
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2023",
            "2023-11-31",
            "1969-12-31",
            "2023-11-14T22:13:20+02:00",
            "14.11.2023",
            "2023-11-14T22:13:20.1234567891Z",
            "2023-11-14T25:00:00Z",
            "2023-11-14x",
            "2023-1é-14",
            "20231114222",
        ] {
            let found = shortened(text);
            assert_eq!(seconds(text), Err(FilterError::Time { found }), "{text}");
        }
    }
}
