use ng_query::sealed::{Hex, seal, unseal};
use serde::de::{self, Deserializer, Visitor};
use serde::ser::{SerializeTuple, Serializer};
use serde::{Deserialize, Serialize};

use super::{Fields, Manifest, Parent, ParentFields, Rows};
use crate::ManifestFlaw;

const FORMAT: &str = "ng-dataset 1";
/// What stands for the end of an open tail.
const OPEN: &str = "open";

impl Manifest {
    /// Parses and checks the bytes of a manifest.
    ///
    /// # Errors
    ///
    /// [`ManifestFlaw`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestFlaw> {
        let (hash, json) = unseal(bytes)?;
        let fields: Fields = serde_json::from_slice(&json).map_err(|error| ManifestFlaw::Json {
            line: error.line(),
            column: error.column(),
        })?;
        if fields.format != FORMAT {
            return Err(ManifestFlaw::Format {
                found: fields.format,
                expected: FORMAT,
            });
        }
        let manifest = Self {
            dataset: fields.dataset,
            generation: fields.generation,
            parent: fields.parent.map(|parent| Parent {
                generation: parent.generation,
                hash: parent.hash.0,
            }),
            verb: fields.verb,
            committed_ns: fields.committed_ns,
            oldest_kept: fields.oldest_kept,
            appended: fields.appended,
            rewritten: fields.rewritten,
            tags: fields.tags,
            entries: fields.entries,
            hash,
        };
        manifest.check()?;
        Ok(manifest)
    }

    /// Returns the manifest with its hash, and the bytes of its file.
    ///
    /// # Errors
    ///
    /// [`ManifestFlaw::Json`] does not occur: everything in a manifest can be written.
    pub(crate) fn sealed(self) -> Result<(Self, Vec<u8>), ManifestFlaw> {
        self.check()?;
        let fields = Fields {
            format: FORMAT.to_owned(),
            dataset: self.dataset,
            generation: self.generation,
            parent: self.parent.map(|parent| ParentFields {
                generation: parent.generation,
                hash: Hex(parent.hash),
            }),
            verb: self.verb,
            committed_ns: self.committed_ns,
            oldest_kept: self.oldest_kept,
            appended: self.appended,
            rewritten: match self.verb.rewrites() {
                true => self.generation,
                false => self.rewritten,
            },
            tags: self.tags,
            entries: self.entries,
        };
        let json = serde_json::to_vec(&fields).map_err(|error| ManifestFlaw::Json {
            line: error.line(),
            column: error.column(),
        })?;
        let (hash, bytes) = seal(json);
        let manifest = Self {
            dataset: fields.dataset,
            generation: fields.generation,
            parent: self.parent,
            verb: fields.verb,
            committed_ns: fields.committed_ns,
            oldest_kept: fields.oldest_kept,
            appended: fields.appended,
            rewritten: fields.rewritten,
            tags: fields.tags,
            entries: fields.entries,
            hash,
        };
        Ok((manifest, bytes))
    }
}

/// `[from, to]`, or `[from, "open"]`.
impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pair = serializer.serialize_tuple(2)?;
        pair.serialize_element(&self.from)?;
        match self.to {
            Some(to) => pair.serialize_element(&to)?,
            None => pair.serialize_element(OPEN)?,
        }
        pair.end()
    }
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (from, End(to)) = Deserialize::deserialize(deserializer)?;
        Ok(Self { from, to })
    }
}

struct End(Option<u64>);

impl<'de> Deserialize<'de> for End {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EndVisitor)
    }
}

struct EndVisitor;

impl Visitor<'_> for EndVisitor {
    type Value = End;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a number of rows or {OPEN:?}")
    }

    fn visit_u64<E: de::Error>(self, to: u64) -> Result<End, E> {
        Ok(End(Some(to)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<End, E> {
        match text {
            OPEN => Ok(End(None)),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }
}
