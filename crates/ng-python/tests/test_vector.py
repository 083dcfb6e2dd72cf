"""`TokenVec`, and the common behaviour of `Tokens`."""

import array
import gc
import mmap
import pickle
import sys
import threading

import numpy as np
import pytest
from conftest import varied
from hypothesis import given
from hypothesis import strategies as st

import ngtoken
from ngtoken import TOKEN_DTYPE, Token, TokenVec, create_tokens_batch


def test_a_vector_grows_as_a_list_does():
    vector = TokenVec(capacity=10)
    assert (len(vector), vector.capacity) == (0, 10)
    for index in range(25):
        vector.append(Token(index))
    assert [token.id for token in vector] == list(range(25))
    assert vector[3] == Token(3)
    assert vector[-1] == Token(24)
    vector[-1] = Token(99)
    assert vector[24].id == 99
    vector.truncate(5)
    assert len(vector) == 5
    vector.clear()
    assert len(vector) == 0
    assert vector.capacity >= 25


def test_numbers_of_numpy_are_counts_and_indices():
    vector = create_tokens_batch(np.int64(5), start_id=np.uint8(3), num_threads=np.int32(2))
    assert vector[np.int16(-1)].id == 7
    assert len(vector[np.int64(1) : np.uint8(3)]) == 2
    assert next(vector.iter_chunks(np.int8(2)))["id"].tolist() == [3, 4]


@pytest.mark.parametrize("index", [5, -6, 2**40])
def test_an_index_beyond_the_end_is_named(index):
    with pytest.raises(IndexError, match=f"index {index} is out of range for 5 tokens"):
        create_tokens_batch(5)[index]
    with pytest.raises(IndexError):
        create_tokens_batch(5)[index] = Token(1)


def test_an_index_is_a_number_or_a_slice():
    with pytest.raises(TypeError) as raised:
        create_tokens_batch(5)["id"]
    assert raised.value.field == "index"


@given(st.slices(20))
def test_slices_are_those_of_a_list(some):
    vector = create_tokens_batch(20)
    assert list(vector[some]["id"]) == list(range(20))[some]


@given(
    st.one_of(st.none(), st.integers(-30, 30)), st.one_of(st.none(), st.integers(-30, 30))
)
def test_a_slice_of_tokens_is_what_a_slice_is(start, stop):
    some = create_tokens_batch(20).slice(start, stop)
    assert [token.id for token in some] == list(range(20))[start:stop]
    assert list(some.column("id")) == list(range(20))[start:stop]


def test_arrays_are_views_of_the_vectors_memory():
    vector = create_tokens_batch(100)
    address = vector.view().__array_interface__["data"][0]
    assert vector[10:20].__array_interface__["data"][0] == address + 10 * 64
    assert np.asarray(vector).__array_interface__["data"][0] == address
    assert np.frombuffer(vector, TOKEN_DTYPE).__array_interface__["data"][0] == address


def test_arrays_cannot_be_written_to_nor_made_so():
    view = create_tokens_batch(10).view()
    assert not view.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        view["id"][0] = 1
    with pytest.raises(ValueError, match="cannot set WRITEABLE"):
        view.flags.writeable = True
    with pytest.raises(TypeError, match="read-only"):
        memoryview(create_tokens_batch(1)).cast("B")[0] = 1


def test_a_vector_that_is_looked_at_does_not_grow():
    vector = create_tokens_batch(10)
    first, second = vector.view(), vector[3:5]
    for change in (
        lambda: vector.append(Token(1)),
        lambda: vector.extend([Token(1)]),
        lambda: vector.reserve(1 << 20),
        vector.clear,
        lambda: vector.__setitem__(0, Token(9)),
    ):
        with pytest.raises(BufferError, match="while it has 2 views"):
            change()
    del first
    with pytest.raises(BufferError, match="while it has 1 view:"):
        vector.append(Token(1))
    assert second["id"].tolist() == [3, 4]
    del second
    gc.collect()
    vector.append(Token(10))
    assert len(vector) == 11


def test_every_kind_of_view_counts():
    vector = create_tokens_batch(10)
    for look in (
        lambda: memoryview(vector),
        vector.snapshot,
        lambda: vector.slice(2, 3),
        lambda: vector.iter_chunks(4),
        lambda: next(vector.iter_chunks(4)),
        lambda: np.asarray(vector),
        lambda: vector.view(writable=True),
        lambda: vector.view()["weight"][::2],
    ):
        held = look()
        with pytest.raises(BufferError):
            vector.append(Token(1))
        del held
        gc.collect()
        vector.append(Token(1))


def test_an_iterator_lets_the_vector_grow_and_sees_it():
    vector = create_tokens_batch(3)
    seen = []
    for token in vector:
        seen.append(token.id)
        if len(seen) <= 3:
            vector.append(Token(100 + token.id))
    assert seen == [0, 1, 2, 100, 101, 102]


def test_a_buffer_counts_its_exports():
    buf = create_tokens_batch(10).view().base
    while not isinstance(buf, ngtoken.Buf):
        buf = buf.obj if isinstance(buf, memoryview) else buf.base
    before = buf.exports
    views = [memoryview(buf) for _ in range(5)]
    assert buf.exports == before + 5
    views[0].release()
    assert buf.exports == before + 4
    del views
    gc.collect()
    assert buf.exports == before
    assert (buf.readonly, buf.nbytes, len(buf)) == (True, 640, 10)


def test_views_live_longer_than_the_vector():
    records = varied(1_000)
    vector = TokenVec()
    vector.extend(records)
    views = [vector.view(), vector[10:20], vector.view()["weight"], np.asarray(vector)]
    del vector
    gc.collect()
    noise = [create_tokens_batch(1_000) for _ in range(10)]
    assert np.array_equal(views[0], records)
    assert np.array_equal(views[1], records[10:20])
    assert np.array_equal(views[2], records["weight"])
    assert np.array_equal(views[3], records)
    del noise


def test_a_writable_view_changes_the_vector():
    vector = create_tokens_batch(10)
    view = vector.view(writable=True)
    view["weight"] = 0.5
    assert vector[7].weight == 0.5
    # Rust reads slices, which nobody may write to.
    for ask in (lambda: vector.column("weight"), lambda: vector.lookup(3), lambda: vector.sort("id")):
        with pytest.raises(BufferError, match="1 writable view"):
            ask()
    assert sum(token.weight for token in vector) == 5.0
    del view
    assert vector.column("weight").sum() == 5.0


def test_a_snapshot_and_a_writable_view_exclude_each_other():
    """Writes to the vector changed its snapshots, too."""
    vector = create_tokens_batch(10)
    for hold in (
        vector.snapshot,
        lambda: vector.slice(2, 3),
        lambda: vector.snapshot().slice(2, 3),
        lambda: iter(vector.arrow_stream(["id"])),
    ):
        held = hold()
        with pytest.raises(BufferError, match="1 reader"):
            vector.view(writable=True)
        del held
        view = vector.view(writable=True)
        with pytest.raises(BufferError, match="1 writable view"):
            hold()
        view["id"][0] += 1
        del view
    assert vector[0].id == 4


def test_an_array_shows_what_a_writable_one_writes():
    vector = create_tokens_batch(10)
    writable, view = vector.view(writable=True), vector.view()
    writable["id"][0] = 99
    assert view["id"][0] == vector[0].id == 99


def test_what_is_extended_with_may_be_of_many_kinds():
    records = varied(10)
    held = TokenVec()
    held.extend(np.repeat(records, 2))
    mapped = mmap.mmap(-1, 640)
    mapped[:] = records.tobytes()
    for given_ in (
        records,
        records.tobytes(),
        bytearray(records.tobytes()),
        memoryview(records.tobytes()),
        memoryview(np.repeat(records.view("V64"), 2))[::2],
        memoryview(held)[::2],
        array.array("B", records.tobytes()),
        mapped,
        records.view("V64"),
        records.view("u1").reshape(10, 64),
        records.astype(records.dtype.newbyteorder(">")),
        np.repeat(records, 2)[::2],
        np.asfortranarray(records.reshape(5, 2).repeat(2, axis=1)[:, ::2]),
        [records[:4], records[4:]],
        (Token.from_bytes(row.tobytes()) for row in records),
        iter([records[0], Token.from_bytes(records[1].tobytes()), records[2:].tobytes()]),
    ):
        vector = TokenVec()
        assert vector.extend(given_) == 10
        assert vector.view().tobytes() == records.tobytes(), given_
    other = TokenVec()
    assert other.extend(vector) == 10
    assert other.extend(vector.snapshot()) == 10
    assert other.view().tobytes() == 2 * records.tobytes()


def test_an_iterable_may_fill_one_array_again_and_again():
    """The first array was copied after the second one was made."""

    def tokens():
        array = np.zeros(2, TOKEN_DTYPE)
        for number in (1, 2, 3):
            array["id"] = number
            yield array

    vector = TokenVec()
    assert vector.extend(tokens()) == 6
    assert vector.view()["id"].tolist() == [1, 1, 2, 2, 3, 3]
    with pytest.raises(KeyError):
        vector.extend(array if array["id"][0] < 3 else {}["on purpose"] for array in tokens())
    assert len(vector) == 6


@pytest.mark.parametrize("offset", [0, 1, 4, 8])
def test_records_may_begin_anywhere(offset):
    records = varied(100)
    vector = TokenVec()
    vector.extend(memoryview(bytes(offset) + records.tobytes())[offset:])
    assert np.array_equal(vector.view(), records)


def test_fields_are_taken_by_their_names():
    records = varied(10)
    padded = np.dtype(
        {
            "names": list(reversed(TOKEN_DTYPE.names)),
            "formats": [TOKEN_DTYPE[name] for name in reversed(TOKEN_DTYPE.names)],
            "offsets": [4 + sum(TOKEN_DTYPE[n].itemsize for n in TOKEN_DTYPE.names[i + 1 :])
                        for i in reversed(range(7))],
            "itemsize": 80,
        }
    )
    other = np.zeros(10, padded)
    for name in TOKEN_DTYPE.names:
        other[name] = records[name]
    vector = TokenVec()
    vector.extend(other)
    assert np.array_equal(vector.view(), records)


@pytest.mark.parametrize("given_", [[], b"", np.zeros(0, TOKEN_DTYPE), np.zeros((0, 64), "u1"), iter(())])
def test_nothing_can_be_appended(given_):
    vector = TokenVec()
    assert vector.extend(given_) == 0
    assert len(vector) == len(vector.view()) == len(list(vector)) == 0
    assert vector.view().dtype == TOKEN_DTYPE


@pytest.mark.parametrize(
    ("given_", "kind", "text"),
    [
        (np.zeros(64, "f4"), TypeError, "dtype float32, expected TOKEN_DTYPE"),
        (np.zeros(64, object), TypeError, "dtype object"),
        (np.zeros(63, "u1"), ValueError, "length 63 bytes, expected a multiple of 64"),
        (bytes(65), ValueError, "length 65 bytes"),
        (array.array("d", [0.0] * 8), TypeError, "items of 8 bytes"),
        ("abc", TypeError, "tokens of type str"),
        ({1: 2}, TypeError, "tokens of type dict"),
        (7, TypeError, "tokens of type int"),
        (None, TypeError, "tokens of type NoneType"),
        ([Token(1), 7], TypeError, "tokens of type int"),
        (np.zeros(3, [("id", "<u4")]), TypeError, "fields coords, flags"),
        (
            np.zeros(3, [*[(n, TOKEN_DTYPE[n]) for n in TOKEN_DTYPE.names if n != "id"], ("id", "<i8")]),
            TypeError,
            "field id of int64, expected uint32",
        ),
    ],
)
def test_what_is_no_tokens_is_named(given_, kind, text):
    vector = TokenVec()
    vector.append(Token(5))
    with pytest.raises(kind, match=text) as raised:
        vector.extend(given_)
    assert raised.value.field
    assert raised.value.expected
    assert len(vector) == 1


def test_an_iterator_that_raises_appends_nothing():
    def tokens():
        yield varied(10_000)
        yield Token(1)
        raise KeyError("on purpose")

    vector = create_tokens_batch(3)
    with pytest.raises(KeyError, match="on purpose"):
        vector.extend(tokens())
    assert len(vector) == 3


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_a_batch_is_the_same_for_any_number_of_threads(threads):
    vector = create_tokens_batch(100_000, start_id=7, timestamp=9, num_threads=threads)
    ids = vector.view()["id"]
    assert np.array_equal(ids, np.arange(7, 100_007))
    assert (vector.view()["timestamp"] == 9).all()
    assert vector[5] == Token(12, timestamp=9)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"count": -1}, "count"),
        ({"count": 2**100}, "count"),
        ({"count": 10**60}, "count"),
        ({"count": "5"}, "count"),
        ({"count": 2.5}, "count"),
        ({"count": 1, "start_id": 2**200}, "id"),
        ({"count": 1, "num_threads": "4"}, "num_threads"),
        ({"count": 2, "start_id": 2**32 - 1}, "id"),
        ({"count": 1, "start_id": -1}, "id"),
        ({"count": 1, "timestamp": 2**32}, "timestamp"),
        ({"count": 1, "num_threads": 0}, "num_threads"),
        ({"count": 1, "num_threads": -3}, "num_threads"),
    ],
)
def test_a_batch_that_cannot_be_is_named(values, field):
    kind = TypeError if isinstance(list(values.values())[-1], (str, float)) else ValueError
    with pytest.raises(kind) as raised:
        create_tokens_batch(**values)
    assert raised.value.field == field
    assert raised.value.value is not None and raised.value.expected
    assert len(create_tokens_batch(2, start_id=2**32 - 2)) == 2


@pytest.mark.parametrize(
    ("ask", "kind", "field"),
    [
        (lambda v: v[2**70], IndexError, "index"),
        (lambda v: v[-(2**200)], IndexError, "index"),
        (lambda v: v["5"], TypeError, "index"),
        (lambda v: v.__setitem__(2**70, Token(1)), IndexError, "index"),
        (lambda v: v.__setitem__(10, Token(1)), IndexError, "index"),
        (lambda v: v.__setitem__("5", Token(1)), TypeError, "index"),
        (lambda v: v.slice("5"), TypeError, "start"),
        (lambda v: v.take([2**70]), IndexError, "positions"),
        (lambda v: v.take([0, 2**63]), IndexError, "positions"),
        (lambda v: v.take(np.array([2**63], "u8")), IndexError, "positions"),
        (lambda v: v.lookup([2**70]), ValueError, "ids"),
        (lambda v: v.lookup([2**63, -1]), ValueError, "ids"),
        (lambda v: v.lookup(2**64), ValueError, "ids"),
        (lambda v: v.lookup([0.5]), TypeError, "ids"),
        (lambda v: v.lookup(["5"]), TypeError, "ids"),
        (lambda v: v.find([2**64]), ValueError, "ids"),
        (lambda v: TokenVec("5"), TypeError, "capacity"),
        (lambda v: TokenVec(10**60), ValueError, "capacity"),
        (lambda v: v.reserve(None), TypeError, "additional"),
        (lambda v: v.truncate(1.0), TypeError, "count"),
        (lambda v: v.iter_chunks("5"), TypeError, "size"),
        (lambda v: v.iter_chunks(0), ValueError, "size"),
        (lambda v: v.column(None), TypeError, "column"),
        (lambda v: v.column("wieght"), ValueError, "column"),
        (lambda v: v.coords(5), TypeError, "space"),
        (lambda v: v.sort("wieght"), ValueError, "by"),
        (lambda v: v.sort(""), ValueError, "by"),
        (lambda v: v.sort("id,id"), ValueError, "by"),
        (lambda v: v.sort("position"), ValueError, "by"),
        (lambda v: v.sort(5), TypeError, "by"),
        (lambda v: Token(1).validate(-1), ngtoken.FieldError, "now"),
        (lambda v: Token(1).validate("5"), TypeError, "now"),
        (lambda v: Token(2**200), ngtoken.FieldError, "id"),
        (lambda v: ngtoken.parallel_process(v, len, num_threads="4"), TypeError, "num_threads"),
        (lambda v: ngtoken.parallel_process(v, len, num_threads=2.5), TypeError, "num_threads"),
        (lambda v: ngtoken.parallel_process(v, "count", chunk=None), TypeError, "chunk"),
    ],
)
def test_an_argument_that_does_not_fit_is_named(ask, kind, field):
    with pytest.raises(kind) as raised:
        ask(create_tokens_batch(10))
    assert raised.value.field == field
    assert raised.value.value is not None and raised.value.expected
    assert "what " not in raised.value.expected and raised.value.expected != "an order"


def test_slices_end_where_the_tokens_do():
    vector = create_tokens_batch(10)
    for start, stop in [(0, 2**70), (-(2**70), None), (7, 3), (2**70, 2**71), (-3, -1), (None, 4)]:
        expected = list(range(10))[start:stop]
        assert vector.slice(start, stop).column("id").tolist() == expected


def test_what_an_argument_itself_raises_is_raised():
    class Odd:
        def __index__(self):
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        create_tokens_batch(Odd())
    with pytest.raises(RuntimeError, match="on purpose"):
        create_tokens_batch(3).slice(Odd())


def test_snapshots_are_pickled_out_of_band():
    records = varied(1_000)
    vector = TokenVec()
    vector.extend(records)
    for tokens, expected in (
        (vector, records),
        (vector.snapshot(), records),
        (vector.slice(10, 20), records[10:20]),
    ):
        buffers = []
        pickled = pickle.dumps(tokens, 5, buffer_callback=buffers.append)
        assert len(buffers) == 1 and len(pickled) < 200
        again = pickle.loads(pickled, buffers=buffers)
        assert type(again) is type(tokens) and np.array_equal(again.view(), expected)
        for protocol in range(2, 6):
            again = pickle.loads(pickle.dumps(tokens, protocol))
            assert type(again) is type(tokens) and np.array_equal(again.view(), expected)


def test_what_is_asked_for_has_the_shape_of_what_was_given():
    records = varied(100)
    vector = TokenVec()
    vector.extend(records)
    places = np.array([[5, 7, -1], [0, 99, 5]])
    assert np.array_equal(vector.take(places), records[places])
    assert vector.take(places.tolist()).shape == (2, 3)
    found = vector.lookup(records["id"][places])
    assert found.shape == (2, 3) and np.array_equal(records["id"][found], records["id"][places])
    assert vector.take(np.empty((0, 3), int)).shape == (0, 3)


def test_a_vector_extends_itself_as_a_list_does():
    records = varied(100)
    vector = TokenVec()
    vector.extend(records)
    assert vector.extend(vector) == 100
    assert vector.view().tobytes() == 2 * records.tobytes()


def test_too_much_memory_is_an_error():
    with pytest.raises(ValueError):
        TokenVec(-1)
    with pytest.raises(MemoryError):
        TokenVec(2**56)
    with pytest.raises(MemoryError):
        create_tokens_batch(3).reserve(2**56)


@given(st.integers(0, 300), st.integers(1, 400))
def test_chunks_are_the_tokens_in_order(count, size):
    records = varied(count)
    vector = TokenVec()
    vector.extend(records)
    chunks = vector.iter_chunks(size)
    assert len(chunks) == -(-count // size)
    arrays = list(chunks)
    assert [len(array) for array in arrays] == [
        min(size, count - start) for start in range(0, count, size)
    ]
    assert b"".join(array.tobytes() for array in arrays) == records.tobytes()


@pytest.mark.parametrize("size", [0, -1])
def test_a_chunk_has_a_token_at_least(size):
    with pytest.raises(ValueError, match="size"):
        create_tokens_batch(3).iter_chunks(size)


def test_an_array_is_made_as_numpy_asks():
    vector = create_tokens_batch(5)
    assert np.array(vector, copy=True).flags.writeable
    assert not vector.__array__().flags.writeable
    assert vector.__array__(copy=True).flags.owndata
    with pytest.raises(ValueError):
        vector.__array__(dtype="V64", copy=False)
    assert vector.__array__(TOKEN_DTYPE, copy=False).dtype == TOKEN_DTYPE


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_vector_is_pickled_by_its_bytes(protocol):
    vector = TokenVec()
    vector.extend(varied(1_000))
    for tokens in (vector, vector.snapshot(), vector.slice(10, 20)):
        copy = pickle.loads(pickle.dumps(tokens, protocol))
        assert np.array_equal(copy.view(), tokens.view())


def test_protocol_5_takes_a_vectors_bytes_out_of_band():
    vector = TokenVec()
    vector.extend(varied(1_000))
    buffers = []
    pickled = pickle.dumps(vector, 5, buffer_callback=buffers.append)
    assert len(pickled) < 500
    assert [buffer.raw().nbytes for buffer in buffers] == [64_000]
    copy = pickle.loads(pickled, buffers=buffers)
    assert np.array_equal(copy.view(), vector.view())


def test_memory_is_told():
    vector = TokenVec(capacity=1_000)
    vector.extend(create_tokens_batch(100))
    usage = vector.memory_usage()
    assert (usage.computed, usage.reserved, usage.mapped, usage.index) == (6_400, 64_000, 0, 0)
    assert usage.resident is None
    assert vector.memory_usage(deep=True).resident >= 6_400
    assert f"{create_tokens_batch(2**20).memory_usage()} MB" == "64.00 MB"


def test_objects_do_not_leak():
    vector = create_tokens_batch(10)
    before = sys.getrefcount(vector)
    for _ in range(100):
        vector.view()
        vector[2:3]
        list(vector)
        list(vector.iter_chunks(3))
        memoryview(vector).release()
    gc.collect()
    assert sys.getrefcount(vector) == before


def test_threads_may_use_one_vector():
    vector, failures = TokenVec(), []

    def work(number):
        try:
            for index in range(300):
                try:
                    vector.append(Token(number * 1_000 + index))
                except BufferError:
                    pass
                view = vector.view()
                assert len(view) == len(view["id"])
                del view
                sum(token.id for token in vector)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    gc.collect()
    vector.append(Token(1))
