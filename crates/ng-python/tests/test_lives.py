"""Random lives of vectors, files and everything that looks at them.

Each view shows the same as when it was made, whatever happens to its source: changed, closed,
deleted, collected. ``NG_PYTHON_LIVES`` sets the number of lives, half of vectors and half of files.
`cargo xtask python --valgrind` checks 1,000 of them for invalid reads and writes.
"""

import copy
import gc
import itertools
import os
import pickle
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from conftest import LIVES, varied
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import ngtoken
from ngtoken import TOKEN_DTYPE, Token, TokenFile, TokenVec, _core

#: What files contain: token by token, up to their lengths.
RECORDS = varied(300_000, 11)

numbers = st.integers(0, 2**20)
counts = st.sampled_from([1, 2, 63, 64, 700, 4_096, 4_097, 9_001])
sizes = st.sampled_from([1, 100, 4_096, 65_536])


class Held:
    """A view of tokens, and the records that it must show."""

    def __init__(self, shows, expected, read=np.asarray, holds=True):
        self.shows = shows
        self.expected = expected
        self.read = read
        #: Whether a vector cannot change while this exists.
        self.holds = holds

    def check(self):
        found = self.read(self.shows)
        assert len(found) == len(self.expected)
        assert found.tobytes() == self.expected.tobytes()

    def glance(self):
        """Looks only at the ends."""
        found, ends = self.read(self.shows), [0, -1]
        assert len(found) == len(self.expected)
        if len(found):
            assert found[ends].tobytes() == self.expected[ends].tobytes()


class Iterated:
    """An iterator in progress, and the pieces it has yet to yield."""

    def __init__(self, shows, expected, holds=True):
        self.shows = shows
        self.rest = expected
        self.holds = holds

    def step(self):
        """Takes a piece; tells whether there was one."""
        piece = next(self.shows, None)
        if piece is None:
            assert len(self.rest) == 0
            return False
        if isinstance(piece, Token):
            more = itertools.islice(self.shows, 999)
            records = b"".join(token.tobytes() for token in (piece, *more))
            piece = np.frombuffer(records, TOKEN_DTYPE)
        assert 0 < len(piece) <= len(self.rest)
        assert piece.tobytes() == self.rest[: len(piece)].tobytes()
        self.rest = self.rest[len(piece) :]
        return True

    def check(self):
        while self.step():
            pass

    def glance(self):
        pass


def of_memoryview(view):
    return np.frombuffer(view, TOKEN_DTYPE)


def of_array(pieces):
    """Arrow columns, taken in again: across the C interface, there and back."""
    arrays = list(_core._ArrowPieces(pieces))
    return np.concatenate([np.zeros(0, TOKEN_DTYPE), *arrays])


def looks(tokens, records, number):
    """One of the ways to look at tokens."""
    some = slice(number % (len(records) + 1), None)
    step = number % 5 + 2
    ways = [
        lambda: Held(tokens.view(), records),
        lambda: Held(tokens[some], records[some]),
        lambda: Held(tokens[::step], records[::step]),
        lambda: Held(tokens[some]["weight"][::step], records[some]["weight"][::step]),
        lambda: Held(np.asarray(tokens), records),
        lambda: Held(memoryview(tokens), records, of_memoryview),
        lambda: Held(tokens.view().base, records, of_memoryview),
        lambda: Held(tokens.snapshot(), records),
        lambda: Held(tokens.slice(some.start), records[some]),
        lambda: Held(tokens.snapshot().slice(0, some.start), records[: some.start]),
        lambda: Held(tokens.take(np.arange(len(records))[::step]), records[::step], holds=False),
        lambda: Held(tokens.column("id"), records["id"], holds=False),
        lambda: Held(
            tokens.sort("id"), records[np.argsort(records["id"], kind="stable")], holds=False
        ),
        lambda: Held(
            tokens.where("weight > 0.5").tokens(),
            records[records["weight"] > np.float32(0.5)],
            holds=False,
        ),
        lambda: Held(copy.deepcopy(tokens.snapshot()), records, holds=False),
        lambda: Iterated(tokens.iter_chunks(number % 3_000 + 1), records),
        lambda: Iterated(iter(tokens.snapshot()), records),
        lambda: Iterated(_core._ArrowPieces(tokens.arrow_stream(raw=True)), records),
        lambda: Iterated(
            map(of_array, tokens.snapshot().arrow_stream(raw=True, where="weight <= 0.5")),
            records[records["weight"] <= np.float32(0.5)],
        ),
    ]
    return ways[number % len(ways)]()


def collect():
    """Collects young objects; those of the libraries would take a tenth of a second."""
    gc.collect(1)


def pickled(tokens, protocol):
    return pickle.loads(pickle.dumps(tokens, protocol))


class Lives(RuleBasedStateMachine):
    """The common part of vectors' and files' lives: the views made from them."""

    def __init__(self):
        super().__init__()
        self.held = []

    def hold(self, held):
        self.held.append(held)
        if len(self.held) > 12:
            self.held.pop(0).check()

    @rule(number=numbers)
    def drop(self, number):
        if self.held:
            self.held.pop(number % len(self.held))

    @rule(number=numbers)
    def drop_and_look(self, number):
        if self.held:
            self.held.pop(number % len(self.held)).check()

    @rule(number=numbers, steps=st.integers(1, 3))
    def go_on(self, number, steps):
        """Takes some pieces of one of the iterators."""
        iterators = [held for held in self.held if isinstance(held, Iterated)]
        if iterators:
            iterator = iterators[number % len(iterators)]
            if not all(iterator.step() for _ in range(steps)):
                self.held.remove(iterator)

    @rule(number=numbers)
    def look_at_a_look(self, number):
        """Makes a view of a view, or a snapshot of a snapshot."""
        views = [held for held in self.held if isinstance(held.shows, (np.ndarray, ngtoken.Tokens))]
        if views:
            held = views[number % len(views)]
            start = number % (len(held.expected) + 1)
            self.hold(Held(held.shows[start:], held.expected[start:], holds=held.holds))

    @rule()
    def collect(self):
        collect()

    @invariant()
    def shows_what_it_did(self):
        for held in self.held:
            held.glance()

    def teardown(self):
        for held in self.held:
            held.check()
        self.held.clear()


class LivesOfVectors(Lives):
    def __init__(self):
        super().__init__()
        self.vector, self.model = TokenVec(), np.zeros(0, TOKEN_DTYPE)
        self.numbers = itertools.count()
        self.writable = None

    def change(self, change, model):
        """Changes the vector; while it has views, it refuses and does not change."""
        if self.writable is not None or any(held.holds for held in self.held):
            with pytest.raises(BufferError):
                change()
        else:
            change()
            self.model = model

    @rule(number=numbers)
    def append(self, number):
        token = RECORDS[number % len(RECORDS)]
        more = np.append(self.model, token)
        self.change(lambda: self.vector.append(Token.from_bytes(token.tobytes())), more)

    @rule(start=numbers, count=counts)
    def extend(self, start, count):
        some = RECORDS[start % 200_000 :][:count]
        self.change(lambda: self.vector.extend(some), np.concatenate([self.model, some]))

    @rule(start=numbers, count=counts, raises=st.booleans())
    def extend_by_pieces(self, start, count, raises):
        some = RECORDS[start % 200_000 :][:count]

        def pieces():
            yield some
            yield Token.from_bytes(some[0].tobytes())
            if raises:
                raise ZeroDivisionError
            yield some.tobytes()

        if raises:
            with pytest.raises(ZeroDivisionError):
                self.vector.extend(pieces())
        else:
            model = np.concatenate([self.model, some, some[:1], some])
            self.change(lambda: self.vector.extend(pieces()), model)

    @precondition(lambda self: len(self.model) < 70_000)
    @rule()
    def extend_beyond_a_batch(self):
        more = RECORDS[:70_000]
        self.change(lambda: self.vector.extend(more), np.concatenate([self.model, more]))

    @precondition(lambda self: len(self.model) < 70_000)
    @rule()
    def extend_by_itself(self):
        twice = np.concatenate([self.model, self.model])
        if len(self.model):
            self.change(lambda: self.vector.extend(self.vector), twice)

    @rule(count=numbers)
    def truncate(self, count):
        count %= len(self.model) + 2
        self.change(lambda: self.vector.truncate(count), self.model[:count])

    @rule(number=numbers, other=numbers)
    def put(self, number, other):
        if len(self.model):
            index, token = number % len(self.model), RECORDS[other % len(RECORDS)]
            model = self.model.copy()
            model[index] = token
            token = Token.from_bytes(token.tobytes())
            self.change(lambda: self.vector.__setitem__(index, token), model)

    @rule(additional=numbers)
    def reserve(self, additional):
        self.change(lambda: self.vector.reserve(additional % 5_000), self.model)

    @rule(number=numbers)
    def look(self, number):
        if self.writable is None:
            self.hold(looks(self.vector, self.model, number))

    @rule(protocol=st.integers(0, 5))
    def pickle(self, protocol):
        self.hold(Held(pickled(self.vector, protocol), self.model, holds=False))

    @precondition(lambda self: self.writable is None)
    @rule()
    def pickle_out_of_band(self):
        buffers = []
        data = pickle.dumps(self.vector, 5, buffer_callback=buffers.append)
        self.hold(Held(buffers[0], self.model, of_memoryview))
        loaded = pickle.loads(data, buffers=buffers)
        self.hold(Held(loaded, self.model, holds=False))

    @precondition(lambda self: self.writable is None)
    @rule()
    def let_write(self):
        """Only if nothing shown changes with it."""
        if not any(held.holds for held in self.held):
            self.writable = self.vector.view(writable=True)

    @precondition(lambda self: self.writable is not None)
    @rule(number=numbers)
    def write(self, number):
        if len(self.model):
            self.model = self.model.copy()
            self.model[number % len(self.model)] = RECORDS[number % len(RECORDS)]
            self.writable[:] = self.model

    @precondition(lambda self: self.writable is not None)
    @rule()
    def end_writing(self):
        self.writable = None

    @rule()
    def forget(self):
        """The vector goes, and its views stay."""
        self.vector, self.writable = TokenVec(), None
        self.model = self.model[:0]
        for held in self.held:
            held.holds = False

    @invariant()
    def is_what_numpy_has(self):
        assert len(self.vector) == len(self.model)
        if len(self.model):
            assert self.vector[-1].tobytes() == self.model[-1].tobytes()

    def teardown(self):
        super().teardown()
        self.writable = None
        assert self.vector.tobytes() == self.model.tobytes()


class LivesOfFiles(Lives):
    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "a.ngt"
        self.committed = self.appended = 0
        self.writer = TokenFile.create(self.path, max_tokens=1 << 20)
        #: Readers, each with how many tokens it shows.
        self.readers = [(TokenFile.open(self.path, mode=mode), 0) for mode in ("map", "read")]

    def reader(self, number):
        return self.readers[number % len(self.readers)]

    @precondition(lambda self: self.appended < 150_000)
    @rule(count=counts)
    def append(self, count):
        self.writer.append(RECORDS[self.appended :][:count])
        self.appended += count

    @precondition(lambda self: self.appended < 70_000)
    @rule(size=st.sampled_from([5_000, 70_000]))
    def append_by_pieces(self, size):
        some = RECORDS[self.appended :][:70_000]
        self.writer.append(some[start : start + size] for start in range(0, 70_000, size))
        self.appended += 70_000

    @rule(count=counts)
    def append_and_raise(self, count):
        def pieces():
            yield RECORDS[:count]
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            self.writer.append(pieces())

    @precondition(lambda self: self.appended < 150_000)
    @rule(number=numbers)
    def append_what_is_there(self, number):
        """Tokens of the file itself, by a reader of it, which are taken back."""
        reader, shown = self.reader(number)

        def pieces():
            yield reader
            yield reader[shown // 2 :]
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            self.writer.append(pieces())

    @rule()
    def commit(self):
        self.writer.commit()
        self.committed = self.appended

    @rule(commits=st.booleans(), mode=st.sampled_from(["map", "read"]))
    def append_anew(self, commits, mode):
        """The writer goes, with or without what was appended, and another one follows."""
        self.writer.close(commit=commits)
        if commits:
            self.committed = self.appended
        self.appended = self.committed
        self.writer = TokenFile.open(self.path, append=True, mode=mode)

    @rule()
    def forget_the_writer(self):
        """A writer dropped without closing commits nothing."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            self.writer = None
            collect()
        self.appended = self.committed
        self.writer = TokenFile.open(self.path, append=True)

    @rule(number=numbers)
    def refresh(self, number):
        reader, shown = self.reader(number)
        # A commit of nothing is a commit, too.
        assert reader.refresh() or shown == self.committed
        self.readers[number % len(self.readers)] = (reader, self.committed)

    @rule(mode=st.sampled_from(["map", "read"]))
    def open(self, mode):
        if len(self.readers) < 5:
            self.readers.append((TokenFile.open(self.path, mode=mode), self.committed))

    @precondition(lambda self: len(self.readers) > 1)
    @rule(number=numbers, closes=st.booleans())
    def close(self, number, closes):
        """Closes a reader, or just drops it."""
        reader, _ = self.readers.pop(number % len(self.readers))
        if closes:
            reader.close()
            with pytest.raises(ngtoken.ClosedError):
                reader.view()

    @rule(number=numbers, which=numbers)
    def look(self, number, which):
        reader, shown = self.reader(which)
        self.hold(looks(reader, RECORDS[:shown], number))

    @rule(number=numbers)
    def look_by_the_writer(self, number):
        """Through its snapshots: its own stream would keep it open."""
        shown = self.writer if number % 2 else self.writer.snapshot()
        self.hold(Held(shown[number % 5_000 :], RECORDS[number % 5_000 : self.committed]))
        self.hold(looks(self.writer.snapshot(), RECORDS[: self.committed], number))

    @rule(which=numbers, protocol=st.integers(0, 5))
    def pickle(self, which, protocol):
        reader, shown = self.reader(which)
        self.hold(Held(pickled(reader.snapshot(), protocol), RECORDS[:shown]))
        if len(self.readers) < 5:
            self.readers.append((pickled(reader, protocol), self.committed))

    @rule(which=numbers, start=numbers)
    def follow(self, which, start):
        """A follower of its own reader, which is closed under it or not."""
        mode = self.reader(which)[0].mode
        start %= self.committed + 1
        stream = TokenFile.open(self.path, mode=mode).follow(0.0, start=start, timeout=0.0)
        if start < self.committed:
            first = next(stream)
            self.hold(Held(first, RECORDS[start:][: len(first)]))
            # The rest may grow until it is looked at.
            seen = start + len(first)
            for more in stream:
                assert more.tobytes() == RECORDS[seen:][: len(more)].tobytes()
                seen += len(more)
            assert seen == self.committed
        assert next(stream, None) is None

    @rule(which=numbers)
    def close_under_an_iterator(self, which):
        reader = TokenFile.open(self.path, mode=self.reader(which)[0].mode)
        iterator = iter(reader)
        if self.committed:
            assert next(iterator).tobytes() == RECORDS[0].tobytes()
        reader.close()
        with pytest.raises(ngtoken.ClosedError):
            for _ in iterator:
                pass

    @rule(boxes=st.booleans())
    def index(self, boxes):
        self.writer.index("weight,id", ids=True, boxes="physical" if boxes else None)

    @rule()
    def drop_index(self):
        self.writer.drop_index()

    @invariant()
    def shows_what_was_committed(self):
        assert (len(self.writer), self.writer.appended) == (self.committed, self.appended)
        for reader, shown in self.readers:
            assert len(reader) == shown

    def teardown(self):
        with self.folder:
            self.end()

    def end(self):
        self.writer.close(commit=False)
        for reader, shown in self.readers:
            assert reader.tobytes() == RECORDS[:shown].tobytes()
            reader.close()
        self.readers.clear()
        whole = TokenFile.open(self.path)
        assert whole.verify().is_clean
        assert whole.tobytes() == RECORDS[: self.committed].tobytes()
        whole.close()
        # Views of a file that is gone.
        os.unlink(self.path)
        super().teardown()


steps = settings(
    max_examples=-(-LIVES // 2),
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestLivesOfVectors = LivesOfVectors.TestCase
TestLivesOfVectors.settings = steps
TestLivesOfFiles = LivesOfFiles.TestCase
TestLivesOfFiles.settings = steps
