"""An independent codec of the record, as the oracle."""

import struct
from dataclasses import dataclass, field

SPACES = (
    "physical",
    "sensory",
    "motor",
    "emotional",
    "cognitive",
    "social",
    "temporal",
    "abstract",
)
SCALES = (100, 10_000, 1_000, 10_000, 10_000, 10_000, 100, 10_000)
ENTITY_TYPES = (
    "undefined",
    "object",
    "event",
    "state",
    "process",
    "concept",
    "relation",
    "pattern",
    "rule",
    "goal",
    "memory",
    "sensor",
    "actuator",
    "controller",
    "buffer",
    "reserved",
)
ACTIVE = 1

RECORD = struct.Struct("<24hIHfBBI")
assert RECORD.size == 64


@dataclass
class Record:
    """A token as its stored values."""

    id: int = 0
    flags: int = ACTIVE
    weight: float = 0.0
    radius: int = 0
    strength: int = 0
    timestamp: int = 0
    coords: tuple[int, ...] = field(default=(0,) * 24)

    def to_bytes(self) -> bytes:
        return RECORD.pack(
            *self.coords,
            self.id,
            self.flags,
            self.weight,
            self.radius,
            self.strength,
            self.timestamp,
        )

    @classmethod
    def of_bytes(cls, raw: bytes) -> "Record":
        *coords, id_, flags, weight, radius, strength, timestamp = RECORD.unpack(raw)
        return cls(id_, flags, weight, radius, strength, timestamp, tuple(coords))


def fresh(id_: int, timestamp: int = 0) -> Record:
    """The values of `Token(id)`: active, with the id's entity type in its flags."""
    return Record(id=id_, flags=ACTIVE | (id_ >> 24 & 0xF) << 8, timestamp=timestamp)
