//! `Token`: one record, with its values decoded.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{SystemTime, UNIX_EPOCH};

use ng_token::{EntityType, Space, SystemFlags, Token, TokenBuilder};
use pyo3::basic::CompareOp;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyMemoryView, PyString, PyTuple};

use crate::error::{Class, Error, FIELD, Value};
use crate::given::{Whole, kind_of, shown, text_of};
use crate::whole::field_of;

/// A token: a record of 64 bytes.
///
/// ``Token(id=0, *, weight, radius, strength, timestamp, entity_type, system, user, flags,
/// physical, sensory, motor, emotional, cognitive, social, temporal, abstract)``: the defaults are
/// those of a fresh token, active and all else 0. Points are three numbers in the units of their
/// space, ``entity_type`` is a name, ``system`` a name or names of system flags.
///
/// Values are checked when set: ``FieldError``, a ``ValueError``, names the field, the value and
/// what was expected.
#[pyclass(frozen, name = "Token", module = "ngtoken", freelist = 256)]
pub(crate) struct PyToken {
    // Bytes, because the interpreter aligns objects to 16, and tokens are aligned to 64.
    bytes: [u8; Token::SIZE],
}

impl From<Token> for PyToken {
    #[inline]
    fn from(token: Token) -> Self {
        Self {
            bytes: *token.as_bytes(),
        }
    }
}

impl PyToken {
    #[inline]
    pub(crate) fn token(&self) -> Token {
        Token::from_bytes(&self.bytes)
    }

    fn of_slice(bytes: &[u8]) -> Result<Self, Error> {
        match <[u8; Token::SIZE]>::try_from(bytes) {
            Ok(bytes) => Ok(Self { bytes }),
            Err(_) => Err(Error::value(
                "length",
                Value::Whole(bytes.len() as i128),
                "64",
            )),
        }
    }

    /// The token of an argument that must be one.
    pub(crate) fn of(given: &Bound<'_, PyAny>) -> PyResult<Token> {
        match given.cast::<Self>() {
            Ok(token) => Ok(token.get().token()),
            Err(_) => Err(Error::wrong_type("token", kind_of(given), "a Token").into()),
        }
    }
}

#[pymethods]
impl PyToken {
    #[new]
    #[pyo3(signature = (id = None, **values))]
    fn new(id: Option<Whole<'_>>, values: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let id = id.map_or(Ok(0), |id| field_of("id", &id, u32::MAX))?;
        built(Token::builder(id), values)
    }

    /// Copies a token from its 64 bytes, which may be any.
    #[staticmethod]
    fn from_bytes(bytes: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = bytes.cast::<PyBytes>() {
            return Ok(Self::of_slice(bytes.as_bytes())?);
        }
        let Ok(view) = PyMemoryView::from(bytes) else {
            return Err(Error::wrong_type("bytes", kind_of(bytes), "a buffer of 64 bytes").into());
        };
        let copy = view.call_method0("tobytes")?.cast_into::<PyBytes>()?;
        Ok(Self::of_slice(copy.as_bytes())?)
    }

    /// The 64 bytes of the record.
    fn tobytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.bytes)
    }

    /// A token with other values for some of its fields.
    #[pyo3(signature = (**values))]
    fn replace(&self, values: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        built(self.token().to_builder(), values)
    }

    /// Raises ``FieldError`` unless the token is valid at a time, in seconds since 1970 UTC; by
    /// default now.
    #[pyo3(signature = (now = None))]
    fn validate(&self, now: Option<Whole<'_>>) -> PyResult<()> {
        let now = now.map(|now| field_of("now", &now, u32::MAX)).transpose()?;
        let now = now.unwrap_or_else(crate::token::now);
        let valid = self.token().validate(now);
        Ok(valid.map_err(|invalid| invalid_field(&self.token(), invalid))?)
    }

    /// All 32 bits of the id.
    #[getter]
    fn id(&self) -> u32 {
        self.token().id().raw()
    }

    /// Bits 28-31 of the id.
    #[getter]
    fn domain(&self) -> u8 {
        self.token().id().domain()
    }

    /// Bits 24-27 of the id, by name.
    #[getter]
    fn entity_type(&self) -> &'static str {
        self.token().id().entity_type().name()
    }

    /// Bits 0-23 of the id.
    #[getter]
    fn local_id(&self) -> u32 {
        self.token().id().local()
    }

    /// All 16 flags as stored.
    #[getter]
    fn flags(&self) -> u16 {
        self.token().flags().bits()
    }

    /// The names of the system flags that are set.
    #[getter]
    fn system<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let system = self.token().flags().system();
        let names: Vec<String> = system
            .iter_names()
            .map(|(name, _)| name.to_lowercase())
            .collect();
        PyTuple::new(py, names)
    }

    /// Whether the flag ``active`` is set.
    #[getter]
    fn active(&self) -> bool {
        self.token().flags().system().contains(SystemFlags::ACTIVE)
    }

    /// The user's four flags.
    #[getter]
    fn user(&self) -> u8 {
        self.token().flags().user()
    }

    /// The weight.
    #[getter]
    fn weight(&self) -> f32 {
        self.token().weight()
    }

    /// The radius of the field, in units.
    #[getter]
    fn radius(&self) -> f32 {
        self.token().radius()
    }

    /// The strength of the field.
    #[getter]
    fn strength(&self) -> f32 {
        self.token().strength()
    }

    /// Seconds since 1970 UTC; 0 if not set.
    #[getter]
    fn timestamp(&self) -> u32 {
        self.token().timestamp()
    }

    /// The stored points of all spaces, in steps.
    #[getter]
    fn coords(&self) -> [[i16; 3]; 8] {
        self.token().coordinates()
    }

    /// The point in the space L1, in units.
    #[getter]
    fn physical(&self) -> (f32, f32, f32) {
        self.token().coordinate(Space::Physical).into()
    }

    /// The point in the space L2, in units.
    #[getter]
    fn sensory(&self) -> (f32, f32, f32) {
        self.token().coordinate(Space::Sensory).into()
    }

    /// The point in the space L3, in units.
    #[getter]
    fn motor(&self) -> (f32, f32, f32) {
        self.token().coordinate(Space::Motor).into()
    }

    /// The point in the space L4, in units.
    #[getter]
    fn emotional(&self) -> (f32, f32, f32) {
        self.token().coordinate(Space::Emotional).into()
    }

    /// The point in the space L5, in units.
    #[getter]
    fn cognitive(&self) -> (f32, f32, f32) {
        self.token().coordinate(Space::Cognitive).into()
    }

    /// The point in the space L6, in units.
    #[getter]
    fn social(&self) -> (f32, f32, f32) {
        self.token().coordinate(Space::Social).into()
    }

    /// The point in the space L7, in units.
    #[getter]
    fn temporal(&self) -> (f32, f32, f32) {
        self.token().coordinate(Space::Temporal).into()
    }

    /// The point in the space L8, in units.
    #[getter]
    fn r#abstract(&self) -> (f32, f32, f32) {
        self.token().coordinate(Space::Abstract).into()
    }

    fn __richcmp__<'py>(
        &self,
        other: &Bound<'py, PyAny>,
        op: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = other.py();
        let equal = other
            .cast::<Self>()
            .map(|other| self.bytes == other.get().bytes);
        Ok(match (equal, op) {
            (Ok(equal), CompareOp::Eq) => equal.into_pyobject(py)?.to_owned().into_any(),
            (Ok(equal), CompareOp::Ne) => (!equal).into_pyobject(py)?.to_owned().into_any(),
            _ => py.NotImplemented().into_bound(py),
        })
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.bytes.hash(&mut hasher);
        hasher.finish()
    }

    /// The values that are set, as given.
    fn __repr__(&self) -> String {
        let (token, mut text) = (self.token(), format!("Token({}", self.id()));
        let mut say = |name: &str, value: String| text.push_str(&format!(", {name}={value}"));
        if token.weight().to_bits() != 0 {
            say("weight", format!("{:?}", token.weight()));
        }
        for space in Space::ALL {
            if token.steps(space) != [0; 3] {
                let [x, y, z] = token.coordinate(space);
                say(space.name(), format!("({x:?}, {y:?}, {z:?})"));
            }
        }
        for (name, value) in [("radius", token.radius()), ("strength", token.strength())] {
            if value != 0.0 {
                say(name, format!("{value:?}"));
            }
        }
        if token.timestamp() != 0 {
            say("timestamp", token.timestamp().to_string());
        }
        if token.flags() != Token::new(self.id()).flags() {
            say("flags", format!("{:#06x}", self.flags()));
        }
        text.push(')');
        text
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let make = slf.py().get_type::<Self>().getattr("from_bytes")?;
        Ok((make, (slf.get().tobytes(slf.py()),)))
    }

    fn __copy__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __deepcopy__<'py>(slf: Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        slf
    }
}

/// This moment, in seconds since 1970 UTC.
pub(crate) fn now() -> u32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| u32::try_from(now.as_secs()).unwrap_or(u32::MAX))
}

/// Sets values by the names of their fields, and builds.
fn built(mut builder: TokenBuilder, values: Option<&Bound<'_, PyDict>>) -> PyResult<PyToken> {
    let mut flags = None;
    for (name, value) in values.into_iter().flatten() {
        let name: String = name.extract()?;
        if value.is_none() {
            continue;
        }
        builder = match name.as_str() {
            "id" => builder.id(whole(&value, "id", u32::MAX)?),
            "entity_type" => builder.entity_type(entity_type(&value)?),
            "weight" => builder.weight(number(&value, "weight")?),
            "radius" => builder.radius(number(&value, "radius")?),
            "strength" => builder.strength(number(&value, "strength")?),
            "timestamp" => builder.timestamp(whole(&value, "timestamp", u32::MAX)?),
            "system" => builder.system(system(&value)?),
            "user" => builder.user(whole(&value, "user", 15)? as u8),
            "flags" => {
                flags = Some(whole(&value, "flags", u16::MAX.into())? as u16);
                builder
            }
            other => match Space::ALL.into_iter().find(|space| space.name() == other) {
                Some(space) => builder.coordinate(space, point(&value, space.name())?),
                None => return Err(unknown(other).into()),
            },
        };
    }
    let token = builder.build_all().map_err(Error::from)?;
    Ok(match flags {
        Some(bits) => token.with_flags(ng_token::Flags::from_bits(bits)).into(),
        None => token.into(),
    })
}

fn unknown(name: &str) -> Error {
    let expected = "weight, radius, strength, timestamp, entity_type, system, user, flags, or a \
                    space such as physical";
    let text = format!("no field `{name}`, expected {expected}");
    Error::new(Class::Type, text).of(name, Value::Text(name.into()), expected)
}

/// A whole number from 0 to `most`.
fn whole(given: &Bound<'_, PyAny>, field: &str, most: u32) -> Result<u32, Error> {
    field_of(field, &Whole::As(given.clone()), most)
}

fn number(given: &Bound<'_, PyAny>, field: &str) -> Result<f32, Error> {
    if given.is_instance_of::<PyString>() {
        return Err(Error::wrong_type(field, shown(given), "a number"));
    }
    match given.extract::<f64>() {
        Ok(value) => {
            let narrow = value as f32;
            match narrow.is_infinite() && value.is_finite() {
                true => Err(Error::field(
                    field,
                    Value::Number(value),
                    "a number of 32 bits",
                )),
                false => Ok(narrow),
            }
        }
        Err(error) if error.is_instance_of::<PyTypeError>(given.py()) => {
            Err(Error::wrong_type(field, shown(given), "a number"))
        }
        Err(_) => Err(Error::field(field, Value::Text(text_of(given)), "a number")),
    }
}

fn point(given: &Bound<'_, PyAny>, space: &str) -> Result<[f32; 3], Error> {
    let expected = "three numbers, x y z";
    if given.is_instance_of::<PyString>() {
        return Err(Error::wrong_type(space, shown(given), expected));
    }
    // An iterator may have no end.
    let items = given
        .try_iter()
        .and_then(|items| items.take(4).collect::<PyResult<Vec<_>>>());
    let items = items.map_err(|_| Error::wrong_type(space, shown(given), expected))?;
    match items.as_slice() {
        [x, y, z] => Ok([number(x, space)?, number(y, space)?, number(z, space)?]),
        other => {
            let found = match other.len() {
                4 => "of more than 3 numbers".into(),
                few => format!("of {few} numbers"),
            };
            Err(Error::field(space, Value::Text(found), expected))
        }
    }
}

fn entity_type(given: &Bound<'_, PyAny>) -> Result<EntityType, Error> {
    if let Ok(name) = given.extract::<String>() {
        let found = EntityType::ALL
            .into_iter()
            .find(|known| known.name() == name);
        let names = EntityType::ALL.map(EntityType::name).join(", ");
        return found.ok_or_else(|| {
            Error::field("entity_type", Value::Text(name), format!("one of {names}"))
        });
    }
    let bits = whole(given, "entity_type", 15)?;
    Ok(EntityType::from_bits(bits as u8).unwrap_or(EntityType::Undefined))
}

/// System flags: their bits, a name, or names.
fn system(given: &Bound<'_, PyAny>) -> Result<SystemFlags, Error> {
    let named = |name: &str| {
        let found = SystemFlags::from_name(&name.to_uppercase());
        let names = SystemFlags::all()
            .iter_names()
            .map(|(name, _)| name.to_lowercase());
        let expected = || format!("one of {}", names.collect::<Vec<_>>().join(", "));
        found.ok_or_else(|| Error::field("system", Value::Text(name.into()), expected()))
    };
    if let Ok(name) = given.extract::<String>() {
        return named(&name);
    }
    if let Ok(names) = given.extract::<Vec<String>>() {
        let flags = names.iter().map(|name| named(name));
        return flags.collect();
    }
    let bits = whole(given, "system", u8::MAX.into())?;
    Ok(SystemFlags::from_bits_retain(bits as u8))
}

/// Which field makes a token invalid.
fn invalid_field(token: &Token, invalid: ng_token::Invalid) -> Error {
    use ng_token::Invalid;
    let text = invalid.to_string();
    let (field, value, expected) = match invalid {
        Invalid::TimestampInFuture { timestamp, latest } => (
            "timestamp",
            Value::Whole(timestamp.into()),
            format!("at most {latest}"),
        ),
        Invalid::EntityTypeMismatch { id, flags } => (
            "flags",
            Value::Text(flags.name().into()),
            format!("entity type {id}"),
        ),
        _ => (
            "weight",
            Value::Number(token.weight().into()),
            "0.0 or greater".into(),
        ),
    };
    Error::new(FIELD, text).of(field, value, expected)
}

/// The stored fields and their offsets in the record, according to Rust.
#[pyfunction]
#[pyo3(name = "_field_offsets")]
pub(crate) fn field_offsets() -> Vec<(&'static str, usize)> {
    Token::FIELD_OFFSETS.to_vec()
}
