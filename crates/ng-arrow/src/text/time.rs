//! Seconds since 1970 UTC as dates and times, by the proleptic Gregorian calendar.

const DAY: u32 = 86_400;

/// Days from 0000-03-01 to 1970-01-01: in years that begin in March the leap day comes
/// last.
const EPOCH_DAYS: u32 = 719_468;

/// Days of 400, 100 and 4 years, without exceptions inside.
const DAYS_400: u32 = 146_097;
const DAYS_100: u32 = 36_524;
const DAYS_4: u32 = 1_461;

/// Appends a time such as `2023-11-14T22:13:20Z`.
pub(super) fn push_time(out: &mut Vec<u8>, seconds: u32) {
    let (year, month, day) = date_of(seconds / DAY);
    let second = seconds % DAY;
    let mut text = *b"0000-00-00T00:00:00Z";
    put(&mut text[0..4], year);
    put(&mut text[5..7], month);
    put(&mut text[8..10], day);
    put(&mut text[11..13], second / 3_600);
    put(&mut text[14..16], second / 60 % 60);
    put(&mut text[17..19], second % 60);
    out.extend_from_slice(&text);
}

fn put(digits: &mut [u8], mut value: u32) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// The year, month and day of a day number since 1970-01-01.
fn date_of(days: u32) -> (u32, u32, u32) {
    let days = days + EPOCH_DAYS;
    let (era, day) = (days / DAYS_400, days % DAYS_400);
    let year = (day - day / (DAYS_4 - 1) + day / DAYS_100 - day / (DAYS_400 - 1)) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    // Months from March on: five of them have 153 days, whichever five.
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = match month {
        0..=9 => (month + 3, 0),
        _ => (month - 9, 1),
    };
    (400 * era + year + next, month, day)
}

/// Days from 1970-01-01 to a valid date.
fn days_to(year: i64, month: i64, day: i64) -> Option<i64> {
    const LENGTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = *LENGTHS.get(usize::try_from(month - 1).ok()?)?;
    let length = length + i64::from(is_leap && month == 2);
    if !(1..=length).contains(&day) {
        return None;
    }
    let year = year - i64::from(month <= 2);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let (era, year) = (year / 400, year % 400);
    let day = 365 * year + year / 4 - year / 100 + of_year;
    Some(era * i64::from(DAYS_400) + day - i64::from(EPOCH_DAYS))
}

/// Reads a date and a time of day: `T` or a space between them, a fraction of zeros, and
/// `Z`, no zone, which means UTC, or an offset such as `+00`, `+01:00` or `-0330`.
pub(super) fn parse_time(text: &[u8]) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let days = match (date[4], date[7]) {
        (b'-', b'-') => days_to(
            digits(&date[..4])?,
            digits(&date[5..7])?,
            digits(&date[8..])?,
        )?,
        _ => return None,
    };
    let rest = match rest {
        [b'T' | b't' | b' ', rest @ ..] => rest,
        _ => return None,
    };
    let (time, rest) = rest.split_at_checked(8)?;
    let parts = (
        digits(&time[..2]).filter(|hour| *hour < 24)?,
        digits(&time[3..5]).filter(|minute| *minute < 60)?,
        digits(&time[6..]).filter(|second| *second < 60)?,
    );
    if time[2] != b':' || time[5] != b':' {
        return None;
    }
    let seconds = parts.0 * 3_600 + parts.1 * 60 + parts.2;
    Some(days * i64::from(DAY) + seconds - offset(without_fraction(rest)?)?)
}

/// Tells whether a text is a date, without a time of day.
pub(super) fn is_date(text: &[u8]) -> bool {
    parse_time(&[text, b"T00:00:00Z"].concat()).is_some()
}

/// The text after a fraction of zeros, if there is one.
fn without_fraction(text: &[u8]) -> Option<&[u8]> {
    let Some(fraction) = text.strip_prefix(b".") else {
        return Some(text);
    };
    let zeros = fraction.iter().take_while(|byte| **byte == b'0').count();
    let rest = &fraction[zeros..];
    let is_more = rest.first().is_some_and(u8::is_ascii_digit);
    (zeros > 0 && !is_more).then_some(rest)
}

/// The seconds that a zone is ahead of UTC.
fn offset(zone: &[u8]) -> Option<i64> {
    let (sign, rest) = match zone {
        [] | [b'Z' | b'z'] => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match *rest {
        [_, _] => (digits(rest)?, 0),
        [_, _, b':', _, _] => (digits(&rest[..2])?, digits(&rest[3..])?),
        [_, _, _, _] => (digits(&rest[..2])?, digits(&rest[2..])?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

fn digits(text: &[u8]) -> Option<i64> {
    let digit = |sum: i64, byte: &u8| {
        byte.is_ascii_digit()
            .then(|| sum * 10 + i64::from(byte - b'0'))
    };
    text.iter().try_fold(0, digit)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, SecondsFormat};
    use proptest::prelude::*;

    use super::*;

    fn told(seconds: u32) -> String {
        let mut out = Vec::new();
        push_time(&mut out, seconds);
        String::from_utf8(out).unwrap()
    }

    #[track_caller]
    fn check(seconds: u32) {
        let theirs = DateTime::from_timestamp(seconds.into(), 0).unwrap();
        let theirs = theirs.to_rfc3339_opts(SecondsFormat::Secs, true);
        assert_eq!(told(seconds), theirs);
        assert_eq!(
            parse_time(theirs.as_bytes()),
            Some(seconds.into()),
            "{theirs}"
        );
    }

    #[test]
    fn every_day_that_a_token_can_have_is_the_calendars() {
        (0..u32::MAX / DAY).for_each(|day| check(day * DAY + day % DAY));
        check(u32::MAX);
    }

    #[test]
    fn zones_and_fractions_of_zeros_are_taken() {
        for text in [
            "2023-11-14T22:13:20Z",
            "2023-11-14 22:13:20",
            "2023-11-14 22:13:20+00",
            "2023-11-14T22:13:20.000000+0000",
            "2023-11-14T23:43:20+01:30",
            "2023-11-14T19:13:20.0-03:00",
        ] {
            assert_eq!(parse_time(text.as_bytes()), Some(1_700_000_000), "{text}");
        }
        assert_eq!(parse_time(b"1969-12-31T23:59:59Z"), Some(-1));
    }

    #[test]
    fn everything_else_is_no_time() {
        for text in [
            "",
            "2023-11-14",
            "2023-11-14T22:13",
            "2023-02-29T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "2023-00-01T00:00:00Z",
            "2023-01-00T00:00:00Z",
            "2023-11-14T24:00:00Z",
            "2023-11-14T22:60:00Z",
            "2023-11-14T22:13:20.5Z",
            "2023-11-14T22:13:20.Z",
            "2023-11-14T22:13:20+1",
            "2023-11-14T22:13:20+24:00",
            "2023-11-14T22:13:20 Z",
            "2023/11/14T22:13:20Z",
            "+023-11-14T22:13:20Z",
        ] {
            assert_eq!(parse_time(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_time_is_the_calendars(seconds in any::<u32>()) {
            check(seconds);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse_time(&text);
        }
    }
}
