//! JSON files that end with their own hash, and the numbers in them that JSON readers would round.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use twox_hash::XxHash3_64;

/// The text between the fields and the hash of everything before it, and the text after it.
const HASH_KEY: &str = ",\n\"hash\":\"";
const HASH_END: &str = "\"}\n";
/// The hexadecimal digits of a hash.
const DIGITS: usize = 16;

/// How many bytes at the end of a sealed file have its hash.
pub const SEAL_BYTES: usize = HASH_KEY.len() + DIGITS + HASH_END.len();

/// A number written as 16 hexadecimal digits, because not every JSON reader has whole numbers of 64
/// bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Hex(pub u64);

/// The random number of a file: 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub [u8; 16]);

/// What is wrong with the end of a sealed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealFlaw {
    /// It does not end like a sealed file.
    #[error("no hash at its end")]
    NotOne,
    /// It does not have its own hash.
    #[error("hash {found:#018x}, expected {expected:#018x}")]
    Hash {
        /// The hash of its contents.
        found: u64,
        /// The hash at its end.
        expected: u64,
    },
}

/// Appends the hash to a JSON object, and returns it with the bytes of the file.
#[must_use]
pub fn seal(object: Vec<u8>) -> (u64, Vec<u8>) {
    let mut bytes = object;
    let end = bytes.iter().rposition(|byte| *byte == b'}').unwrap_or(0);
    bytes.truncate(end);
    bytes.truncate(bytes.trim_ascii_end().len());
    let hash = XxHash3_64::oneshot_with_seed(0, &bytes);
    bytes.extend_from_slice(format!("{HASH_KEY}{hash:016x}{HASH_END}").as_bytes());
    (hash, bytes)
}

/// Returns the hash in the last [`SEAL_BYTES`] of a sealed file; whether it is that of the file only
/// [`unseal`] can tell.
#[must_use]
pub fn hash_in(end: &[u8]) -> Option<u64> {
    let digits = end.strip_prefix(HASH_KEY.as_bytes())?;
    let digits = digits.strip_suffix(HASH_END.as_bytes())?;
    let Hex(hash) = Hex::parse(str::from_utf8(digits).ok()?)?;
    Some(hash)
}

/// Checks the hash at the end, and returns it with the JSON without it.
///
/// # Errors
///
/// [`SealFlaw`].
pub fn unseal(bytes: &[u8]) -> Result<(u64, Vec<u8>), SealFlaw> {
    let split = bytes.len().checked_sub(SEAL_BYTES);
    let (fields, end) = bytes.split_at(split.ok_or(SealFlaw::NotOne)?);
    let expected = hash_in(end).ok_or(SealFlaw::NotOne)?;
    let found = XxHash3_64::oneshot_with_seed(0, fields);
    match found == expected {
        true => Ok((found, [fields, b"}"].concat())),
        false => Err(SealFlaw::Hash { found, expected }),
    }
}

impl Hex {
    /// Parses 16 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(digits: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_sound = digits.len() == DIGITS && digits.bytes().all(is_plain);
        let number = u64::from_str_radix(digits, 16).ok();
        number.filter(|_| is_sound).map(Self)
    }
}

impl FileId {
    /// Parses 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(digits: &str) -> Option<Self> {
        let (high, low) = digits.split_at_checked(DIGITS)?;
        let (Hex(high), Hex(low)) = Hex::parse(high).zip(Hex::parse(low))?;
        Some(Self(
            (u128::from(high) << 64 | u128::from(low)).to_be_bytes(),
        ))
    }
}

impl std::fmt::Display for Hex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl std::fmt::Display for FileId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        Self::parse(&digits).ok_or_else(|| de::Error::custom("expected 16 hexadecimal digits"))
    }
}

impl Serialize for FileId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FileId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        Self::parse(&digits).ok_or_else(|| de::Error::custom("expected 32 hexadecimal digits"))
    }
}
