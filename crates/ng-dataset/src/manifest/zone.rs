//! A zone as hexadecimal digits of its bytes.

use std::borrow::Cow;

use ng_query::Zone;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

pub(super) fn serialize<S: Serializer>(
    zone: &Option<Zone>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let digits = |zone: &Zone| {
        let bytes = zone.to_bytes();
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits
            .map(|digit| char::from(DIGITS[usize::from(digit)]))
            .collect::<String>()
    };
    zone.as_ref().map(digits).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Zone>, D::Error> {
    #[derive(Deserialize)]
    struct Digits<'a>(#[serde(borrow)] Cow<'a, str>);

    let digits = Option::<Digits<'de>>::deserialize(deserializer)?;
    let zone = |digits: &str| {
        let bytes: [u8; Zone::SIZE] = bytes_of(digits)?.try_into().ok()?;
        Zone::from_bytes(&bytes).ok()
    };
    match digits {
        None => Ok(None),
        Some(Digits(digits)) => match zone(&digits) {
            Some(zone) => Ok(Some(zone)),
            None => Err(de::Error::custom("expected the bytes of a zone")),
        },
    }
}

fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| Some(value(*high)? << 4 | value(*low)?);
    match rest {
        [] => pairs.iter().map(byte).collect(),
        _ => None,
    }
}
