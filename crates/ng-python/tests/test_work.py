"""Work ends by Ctrl-C, runs on threads that come and go, and survives a panic."""

import ctypes
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest
from conftest import make, varied

import ngtoken
from ngtoken import Token, TokenFile, TokenVec, create_tokens_batch, parallel_process

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc for threads")


def threads():
    """The names of this process's threads, as the kernel knows them."""
    names = []
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/comm") as name:
                names.append(name.read().strip())
        except OSError:
            pass  # It has ended meanwhile.
    return names


@contextmanager
def interrupts_of_work():
    """Raises KeyboardInterrupt when a signal is handled during a call."""

    def soon():
        signal.setitimer(signal.ITIMER_REAL, 0.002)

    def interrupt(*_):
        is_at_work = "ng-python" in threads()
        # Only now: one that came while files were opened above would leave one open.
        soon()
        if is_at_work:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    soon()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def of_many_points(tokens):
    tokens.nearest(np.random.default_rng(1).uniform(-300, 300, (20_000, 3)), k=10)


def of_many_ids(tokens):
    tokens.find(np.arange(4_000_000))


def of_many_ids_looked_up(tokens):
    tokens.lookup(np.arange(4_000_000))


@on_linux
@pytest.mark.parametrize("ask", [of_many_points, of_many_ids, of_many_ids_looked_up])
def test_signals_are_handled_during_long_work_over_few_tokens(ask):
    """The length of work was guessed from the number of tokens alone."""
    tokens = TokenVec()
    tokens.extend(varied(100_000))
    with pytest.raises(KeyboardInterrupt), interrupts_of_work():
        for _ in range(50):
            ask(tokens)


@on_linux
def test_threads_of_counts_that_are_no_longer_asked_for_end():
    """Each thread count ever used kept its threads."""
    create_tokens_batch(10, num_threads=None)
    before = len(threads())
    for count in range(2, 30):
        assert len(create_tokens_batch(10, num_threads=count)) == 10
    deadline = time.monotonic() + 60
    while len(threads()) > before + 28 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(threads()) <= before + 28


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_has_workers_whatever_others_were_at():
    """Another thread may be starting workers, under a lock that no child releases."""
    done = threading.Event()

    def start_others():
        while not done.is_set():
            for count in (40, 41):
                create_tokens_batch(10, num_threads=count)

    starter = threading.Thread(target=start_others)
    starter.start()
    try:
        for _ in range(10):
            child = os.fork()
            if child == 0:
                try:
                    signal.signal(signal.SIGALRM, signal.SIG_DFL)
                    signal.alarm(60)  # Ends a child that waits for ever.
                    ids = create_tokens_batch(5_000, num_threads=3).column("id")
                    os._exit(not np.array_equal(ids, np.arange(5_000)))
                finally:
                    os._exit(2)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        done.set()
        starter.join()


def test_a_panic_amid_a_change_leaves_the_vector_whole():
    vector = create_tokens_batch(10)
    with pytest.raises(ngtoken.InternalError, match="on purpose"):
        vector._panic()
    assert vector.column("id").tolist() == list(range(10))
    vector.append(Token(10))
    assert len(vector) == 11


class Buffer(ctypes.Structure):
    """``Py_buffer``."""

    _fields_ = [
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_void_p),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    ]


@pytest.mark.parametrize("closed", [False, True])
def test_a_view_that_is_refused_has_no_object(path, closed):
    """Python requires this: a caller that gets an error may still look at the object."""
    file = TokenFile.open(make(path, varied(10)))
    if closed:
        file.close()
    view = Buffer(obj=1)
    get = ctypes.pythonapi.PyObject_GetBuffer
    get.argtypes = [ctypes.py_object, ctypes.POINTER(Buffer), ctypes.c_int]
    with pytest.raises(ngtoken.ClosedError if closed else BufferError):
        get(file, ctypes.byref(view), 0 if closed else 1)  # PyBUF_WRITABLE
    assert view.obj is None


def test_threads_that_pass_by_do_not_keep_a_vector_from_changing():
    """An iterator, a length or a token in another thread counted as a view for a moment."""
    vector, failures, done = create_tokens_batch(200), [], threading.Event()

    def look():
        try:
            while not done.is_set():
                for token in vector:
                    assert token.id < 1_000_000
                assert 200 <= len(vector) <= vector.capacity  # In this order: it may grow between.
                assert vector[7] == Token(7)
                assert vector.memory_usage().computed >= 200 * 64
        except BaseException as failure:
            failures.append(failure)

    lookers = [threading.Thread(target=look) for _ in range(4)]
    for looker in lookers:
        looker.start()
    try:
        for number in range(20_000):
            vector.append(Token(number))
            vector[-1] = Token(number + 1)
            vector.truncate(200)
    finally:
        done.set()
        for looker in lookers:
            looker.join()
    assert not failures


def loaded(file):
    """How many bytes of a file in read mode are in memory."""
    return file.memory_usage().reserved


def test_what_is_read_of_a_file_is_what_is_asked_for(path):
    """A strided slice, counts and appends elsewhere loaded the whole file."""
    records = varied(10_000)
    file = TokenFile.open(make(path, records), mode="read")
    for some in (slice(0, 10, 2), slice(9_000, 4_000, -3), slice(None, None, 4_000), slice(5, 5, 7)):
        assert np.array_equal(file[some], records[some])
    assert parallel_process(file, "count", chunk=100) == [100] * 100
    chunks = parallel_process(file, "sum_weight", chunk=5_000)
    assert chunks == pytest.approx([records["weight"][a : a + 5_000].sum(dtype="f8") for a in (0, 5_000)])
    vector = TokenVec()
    assert vector.extend(file) == vector.extend([file]) == 10_000
    assert vector.extend(file.slice(5, 9_000)) == 8_995
    other = path.with_name("b.ngt")
    with TokenFile.create(other, max_tokens=1 << 20) as copy:
        assert copy.append(file) == 10_000
    assert loaded(file) == 0
    assert np.array_equal(vector.view(), np.concatenate([records, records, records[5:9_000]]))
    assert np.array_equal(TokenFile.open(other).view(), records)


def test_a_slice_with_a_stride_reads_none_of_the_damage_beside_it(path):
    records = varied(20_000)
    raw = make(path, records).read_bytes()
    at = raw.index(records[5_000].tobytes())
    with open(path, "r+b") as out:
        out.seek(at)
        out.write(bytes(64))
    file = TokenFile.open(path, mode="read")
    assert np.array_equal(file[0:4_000:7], records[0:4_000:7])
    with pytest.raises(ngtoken.DamagedError):
        file[0:5_000:7]


def test_the_positions_of_ids_share_one_array():
    """An array was allocated for each id, while all other threads waited."""
    tokens = create_tokens_batch(1_000)
    tokens.extend(create_tokens_batch(500))
    found = tokens.find([3, 700, 5_000, 4])
    assert [places.tolist() for places in found] == [[3, 1_003], [700], [], [4, 1_004]]
    assert found.first.tolist() == [3, 700, -1, 4]
    assert found[0].base is found[1].base is not None
    assert found.positions[0].tolist() == found[0].tolist() == [3, 1_003]
    assert [places.tolist() for places in found[1:3]] == [[700], []]
    assert found[-1].tolist() == [4, 1_004]
    with pytest.raises(IndexError):
        found[4]
    nothing = tokens.find([])
    assert (len(nothing), list(nothing), nothing.first.tolist()) == (0, [], [])
    twice = tokens.duplicates(limit=2)
    assert (twice.id_count, twice.ids.tolist(), [p.tolist() for p in twice]) == (
        500,
        [0, 1],
        [[0, 1_000], [1, 1_001]],
    )
