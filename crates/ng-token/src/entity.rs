use core::fmt;

/// What a token represents, four bits, stored in the id and in the flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(::serde::Serialize, ::serde::Deserialize),
    serde(rename_all = "lowercase")
)]
#[repr(u8)]
pub enum EntityType {
    /// Unspecified.
    Undefined,
    /// A thing.
    Object,
    /// Something that happens.
    Event,
    /// How something is at a time.
    State,
    /// Something ongoing.
    Process,
    /// An idea.
    Concept,
    /// How things relate.
    Relation,
    /// A recurring form.
    Pattern,
    /// A consequence.
    Rule,
    /// A state to reach.
    Goal,
    /// Something remembered.
    Memory,
    /// A source of values.
    Sensor,
    /// An output for actions.
    Actuator,
    /// What decides on actions.
    Controller,
    /// Temporary storage.
    Buffer,
    /// Reserved for later versions.
    Reserved,
}

impl EntityType {
    /// Every entity type, at the index of its bits.
    pub const ALL: [Self; 16] = [
        Self::Undefined,
        Self::Object,
        Self::Event,
        Self::State,
        Self::Process,
        Self::Concept,
        Self::Relation,
        Self::Pattern,
        Self::Rule,
        Self::Goal,
        Self::Memory,
        Self::Sensor,
        Self::Actuator,
        Self::Controller,
        Self::Buffer,
        Self::Reserved,
    ];

    /// Returns the entity type of a number, or `None` above 15.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits < 16 {
            Some(Self::from_low_bits(bits))
        } else {
            None
        }
    }

    /// Returns the number, 0 to 15.
    #[inline]
    #[must_use]
    pub const fn bits(self) -> u8 {
        self as u8
    }

    /// Returns the name in lower case, as messages and serialised forms have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Undefined => "undefined",
            Self::Object => "object",
            Self::Event => "event",
            Self::State => "state",
            Self::Process => "process",
            Self::Concept => "concept",
            Self::Relation => "relation",
            Self::Pattern => "pattern",
            Self::Rule => "rule",
            Self::Goal => "goal",
            Self::Memory => "memory",
            Self::Sensor => "sensor",
            Self::Actuator => "actuator",
            Self::Controller => "controller",
            Self::Buffer => "buffer",
            Self::Reserved => "reserved",
        }
    }

    /// Returns the entity type of the low four bits and ignores the others.
    #[inline]
    pub(crate) const fn from_low_bits(bits: u8) -> Self {
        Self::ALL[(bits & 0xF) as usize]
    }
}

/// Shows the name.
impl fmt::Display for EntityType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
