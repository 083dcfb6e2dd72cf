"""`Token`: values are checked going in, and come out as stored."""

import copy
import itertools
import pickle

import numpy as np
import pytest
from codec import ENTITY_TYPES, SCALES, SPACES, Record
from hypothesis import given
from hypothesis import strategies as st

import ngtoken
from ngtoken import FieldError, Token


@given(st.data())
def test_points_are_rounded_to_the_nearest_step(data):
    space = data.draw(st.sampled_from(range(8)))
    scale = SCALES[space]
    steps = data.draw(st.tuples(*[st.integers(-(2**15), 2**15 - 1)] * 3))
    point = tuple(np.float32(step / scale) for step in steps)
    token = Token(1, **{SPACES[space]: point})
    record = Record.of_bytes(token.tobytes())
    assert record.coords[3 * space : 3 * space + 3] == steps
    assert sum(map(abs, record.coords)) == sum(map(abs, steps))
    assert token.coords[space] == list(steps)
    decoded = getattr(token, SPACES[space])
    assert decoded == pytest.approx([step / scale for step in steps], rel=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_the_parts_of_an_id_are_its_bits(id_):
    token = Token(id_)
    assert token.id == id_
    assert token.domain == id_ >> 28
    assert token.entity_type == ENTITY_TYPES[id_ >> 24 & 0xF]
    assert token.local_id == id_ & 0xFFFFFF


def test_values_are_stored_as_the_codec_has_them():
    token = Token(
        7,
        weight=0.5,
        radius=1.0,
        strength=1.0,
        timestamp=99,
        entity_type="goal",
        system=["active", "dirty"],
        user=5,
    )
    record = Record.of_bytes(token.tobytes())
    assert record.id == 9 << 24 | 7
    assert record.flags == 5 << 12 | 9 << 8 | 0b0100_0001
    assert (record.weight, record.radius, record.strength) == (0.5, 100, 255)
    assert record.timestamp == 99
    assert (token.system, token.active, token.user) == (("active", "dirty"), True, 5)


WRONG_VALUES = [
    ({"id": -1}, "id", -1, "0 to 4294967295"),
    ({"id": 2**32}, "id", 2**32, "0 to 4294967295"),
    ({"id": 10**60}, "id", str(10**60), "0 to 4294967295"),
    ({"weight": -0.5}, "weight", -0.5, "0.0 or greater"),
    ({"weight": 1e39}, "weight", 1e39, "a number of 32 bits"),
    ({"radius": 2.56}, "radius", np.float32(2.56), "0.0 to 2.55"),
    ({"strength": 1.5}, "strength", 1.5, "0.0 to 1.0"),
    ({"timestamp": -1}, "timestamp", -1, "0 to 4294967295"),
    ({"user": 16}, "user", 16, "0 to 15"),
    ({"physical": (0, 400.0, 0)}, "physical_y", 400.0, "-327.68 to 327.67"),
    ({"physical": (0, 1)}, "physical", "of 2 numbers", "three numbers, x y z"),
    ({"entity_type": "gaol"}, "entity_type", "gaol", None),
    ({"system": "asleep"}, "system", "asleep", None),
]


@pytest.mark.parametrize(("values", "field", "value", "expected"), WRONG_VALUES)
def test_a_wrong_value_is_named_with_its_field(values, field, value, expected):
    with pytest.raises(FieldError) as raised:
        Token(**values)
    error = raised.value
    assert isinstance(error, ValueError)
    assert (error.field, error.value) == (field, value)
    assert expected is None or error.expected == expected
    assert field in str(error) or field.split("_")[0] in str(error)


@pytest.mark.parametrize("endless", [itertools.repeat(0.5), iter(int, 1)])
def test_a_point_without_an_end_is_refused(endless):
    # All of it was gathered, for ever.
    with pytest.raises(FieldError, match="of more than 3 numbers, expected three numbers"):
        Token(1, physical=endless)


def test_nan_is_no_weight():
    with pytest.raises(FieldError, match="weight NaN, expected 0.0 or greater"):
        Token(1, weight=float("nan"))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"id": "7"}, "id"),
        ({"id": 7.5}, "id"),
        ({"weight": "0.5"}, "weight"),
        ({"weight": [0.5]}, "weight"),
        ({"physical": "abc"}, "physical"),
        ({"physical": 7}, "physical"),
        ({"wieght": 1.0}, "wieght"),
    ],
)
def test_a_wrong_type_is_named_with_its_field(values, field):
    with pytest.raises(TypeError) as raised:
        Token(**values)
    assert raised.value.field == field
    assert raised.value.expected


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(FieldError) as raised:
        Token(1, radius=3.0, weight=-1.0)
    assert "weight" in str(raised.value)
    assert "radius" in str(raised.value)


def test_numbers_of_numpy_are_numbers():
    token = Token(np.uint32(7), weight=np.float32(0.25), motor=np.array([1.0, 2.0, 3.0]))
    assert (token.id, token.weight, token.motor) == (7, 0.25, (1.0, 2.0, 3.0))


def test_replace_changes_what_is_named():
    token = Token(7, weight=0.5, physical=(1, 2, 3))
    other = token.replace(weight=0.75)
    assert (other.weight, other.physical, other.id) == (0.75, (1, 2, 3), 7)
    assert token.weight == 0.5


def test_a_token_cannot_be_changed():
    with pytest.raises(AttributeError):
        Token(1).weight = 0.5


def test_validity_is_told_by_the_field():
    Token(1, timestamp=5).validate(now=5)
    with pytest.raises(FieldError, match="timestamp 6") as raised:
        Token(1, timestamp=6).validate(now=5)
    assert (raised.value.field, raised.value.value) == ("timestamp", 6)
    with pytest.raises(FieldError) as raised:
        Token.from_bytes(Record(weight=float("nan")).to_bytes()).validate()
    assert raised.value.field == "weight"


def test_tokens_are_equal_by_their_bytes():
    assert Token(1) == Token(1)
    assert Token(1) != Token(2)
    assert Token(1) != 1
    assert len({Token(1), Token(1), Token(2)}) == 2
    with pytest.raises(TypeError):
        _ = Token(1) < Token(2)


def test_a_token_is_copied_and_pickled_as_it_is():
    token = Token(7, weight=0.5)
    assert copy.deepcopy(token) is token
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(token, protocol)) == token


def test_the_repr_can_be_read_back():
    token = Token(7, weight=0.5, physical=(1.5, -2.25, 0), timestamp=3, system="dirty")
    text = repr(token)
    assert text.startswith("Token(7, weight=0.5, physical=(1.5, -2.25, 0.0), timestamp=3")
    assert eval(text, {"Token": Token}) == token


def test_bytes_must_be_those_of_one_record():
    with pytest.raises(ValueError, match="length 63, expected 64"):
        Token.from_bytes(bytes(63))
    assert ngtoken.Token.from_bytes(bytes(64)).tobytes() == bytes(64)
