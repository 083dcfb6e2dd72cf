"""Bad input raises an exception of the right class, with path, field, value and expected."""

import errno
import gc
import io
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from conftest import make, varied

import ngtoken
from ngtoken import TOKEN_DTYPE, Token, TokenFile, TokenVec, create_tokens_batch


def raised(kind, do, **facts):
    """Checks the class and all four facts of what `do` raises; `...` is any but None."""
    with pytest.raises(kind) as caught:
        do()
    error = caught.value
    assert type(error) is kind
    for name in ("path", "field", "value", "expected"):
        found, wanted = getattr(error, name), facts.get(name)
        assert found is not None if wanted is ... else found == wanted, f"{name}: {found!r}"
    assert error.path is None or error.path in str(error)
    return error


GROWN = {name: TOKEN_DTYPE[name] for name in TOKEN_DTYPE.names}


@pytest.mark.parametrize(
    ("given", "kind", "field", "value", "expected"),
    [
        (np.zeros(3, "f4"), TypeError, "dtype", np.dtype("f4"), "TOKEN_DTYPE"),
        (np.zeros(3, ">i8"), TypeError, "dtype", np.dtype(">i8"), "TOKEN_DTYPE"),
        (np.zeros(64, object), TypeError, "dtype", np.dtype(object), "TOKEN_DTYPE"),
        (np.array(["a" * 16]), TypeError, "dtype", np.dtype("U16"), "TOKEN_DTYPE"),
        (np.zeros((2, 63), "u1"), ValueError, "length", 126, "a multiple of 64"),
        (bytearray(65), ValueError, "length", 65, "a multiple of 64"),
        (
            np.zeros(2, [*((n, t) for n, t in GROWN.items() if n != "id"), ("id", "<u8")]),
            TypeError, "id", np.dtype("u8"), "uint32",
        ),
        (
            np.zeros(2, [*GROWN.items(), ("colour", "u1")]),
            TypeError, "colour", sorted([*GROWN, "colour"]), "those of TOKEN_DTYPE",
        ),
        ("tokens", TypeError, "tokens", "of type str", ...),
        (7.5, TypeError, "tokens", "of type float", ...),
        ([Token(1), "token"], TypeError, "tokens", "of type str", ...),
        ([None], TypeError, "tokens", "of type NoneType", ...),
    ],
)
def test_what_is_no_tokens(path, given, kind, field, value, expected):
    file, vector = TokenFile.create(path, max_tokens=1 << 20), TokenVec()
    for take in (file.append, vector.extend):
        error = raised_any(kind, lambda take=take: take(given))
        assert error.field == field
        assert error.expected is not None if expected is ... else error.expected == expected
        assert error.path is None
        assert error.value == value
    assert (file.appended, len(vector)) == (0, 0)


def raised_any(kind, do):
    with pytest.raises(kind) as caught:
        do()
    return caught.value


def test_other_shapes_and_orders_are_taken(path):
    """If a copy makes sense it is made, not refused."""
    records = varied(64)
    whole = records.reshape(4, 4, 4)
    with TokenFile.create(path, max_tokens=1 << 20) as file:
        for given in (
            records.astype(TOKEN_DTYPE.newbyteorder(">")),
            records[::-1][::-1],
            whole.transpose().transpose(),
            np.asfortranarray(whole),
            np.frombuffer(records.tobytes(), "u1").reshape(64, 64),
            records.view("V64"),
        ):
            assert file.append(given) == 64
        for nothing in (records[:0], b"", np.zeros((0, 64), "u1"), np.zeros((5, 0), TOKEN_DTYPE), []):
            assert file.append(nothing) == 0
    found = TokenFile.open(path).view().reshape(6, 64)
    assert all(row.tobytes() == records.tobytes() for row in found)


@pytest.mark.parametrize(
    ("do", "kind", "field", "value", "expected"),
    [
        (lambda: Token(-1), ngtoken.FieldError, "id", -1, "0 to 4294967295"),
        (lambda: Token(2**32), ngtoken.FieldError, "id", 2**32, "0 to 4294967295"),
        (lambda: create_tokens_batch(1, -1), ngtoken.FieldError, "id", -1, "0 to 4294967295"),
        (
            lambda: create_tokens_batch(2, 2**32 - 1),
            ngtoken.FieldError, "id", 2**32, "0 to 4294967295",
        ),
        (lambda: Token(1, weight=-0.5), ngtoken.FieldError, "weight", -0.5, "0.0 or greater"),
        (lambda: Token("7"), TypeError, "id", "'7' of type str", "a whole number"),
        (lambda: Token(1, weight="1"), TypeError, "weight", "'1' of type str", "a number"),
        (lambda: TokenVec().append("token"), TypeError, "token", "of type str", "a Token"),
        (lambda: TokenVec().append(7), TypeError, "token", "of type int", "a Token"),
        (lambda: TokenVec(-1), ValueError, "capacity", -1, ...),
        (lambda: TokenVec().lookup(-1), ValueError, "id", -1, "0 to 4294967295"),
        (lambda: TokenVec().lookup(2**32), ValueError, "id", 2**32, "0 to 4294967295"),
        (lambda: TokenVec().find([2**32]), ValueError, "id", 2**32, "0 to 4294967295"),
        (lambda: TokenVec().lookup("7"), TypeError, "ids", ..., "whole numbers"),
        (lambda: TokenVec().take([0.5]), TypeError, "positions", np.dtype("f8"), "whole numbers"),
        (lambda: TokenVec().take([0]), IndexError, "index", 0, "none"),
        (lambda: create_tokens_batch(3)[3], IndexError, "index", 3, "-3 to 2"),
        (lambda: create_tokens_batch(3)["id"], TypeError, "index", "'id' of type str", ...),
        (lambda: TokenVec().column("wieght"), ValueError, "column", "wieght", ...),
        (lambda: TokenVec().coords("fysical"), ValueError, "space", "fysical", ...),
        (lambda: TokenVec().sort("wieght"), ValueError, "by", "wieght", ...),
        (lambda: TokenVec().where("wieght > 1"), ValueError, "filter", ..., ...),
        (lambda: TokenVec().where(num_threads=0), ValueError, "num_threads", 0, ...),
        (lambda: TokenVec().nearest([0, 0], 1), ValueError, "points", (2,), "shape (3,) or (m, 3)"),
        (lambda: TokenVec().nearest("abc", 1), TypeError, "points", ..., "numbers"),
        (lambda: TokenVec().nearest([0, np.nan, 0], 1), ValueError, "points", ..., ...),
        (lambda: TokenVec().within([0, 0, 0], np.nan), ValueError, "radius", ..., ...),
        (lambda: TokenVec().iter_chunks(0), ValueError, "size", 0, ...),
        (lambda: ngtoken.parallel_process(TokenVec(), "mean"), ValueError, "func", "mean", ...),
        (lambda: ngtoken.parallel_process(TokenVec(), 7), TypeError, "func", "of type int", ...),
    ],
)
def test_values_that_cannot_be(do, kind, field, value, expected):
    error = raised_any(kind, do)
    assert (error.path, error.field) == (None, field)
    for found, wanted in ((error.value, value), (error.expected, expected)):
        assert found is not None if wanted is ... else found == wanted or str(found) == str(wanted)


@pytest.mark.parametrize(
    ("do", "name"),
    [
        (lambda: TokenVec("7"), "capacity"),
        (lambda: TokenVec().coords(7), "space"),
        (lambda: TokenVec(7.5), "capacity"),
        (lambda: create_tokens_batch("7"), "count"),
        (lambda: create_tokens_batch(7, timestamp="now"), "timestamp"),
        (lambda: TokenVec().top("7", "id"), "k"),
        (lambda: TokenVec().nearest([0, 0, 0], "7"), "k"),
        (lambda: TokenVec().histogram("id", "7"), "bins"),
        (lambda: TokenVec().within([0, 0, 0], "7"), "radius"),
        (lambda: TokenVec().iter_chunks("7"), "size"),
        (lambda: TokenVec().sample("7"), "n"),
        (lambda: TokenFile.create("a.ngt", reserve="7"), "reserve"),
    ],
)
def test_another_type_is_named_by_its_parameter(do, name):
    error = raised_any(TypeError, do)
    assert error.field == name
    assert error.value in ("'7' of type str", "7 of type int", "7.5 of type float", "'now' of type str")
    assert error.expected in ("a whole number", "a number", "a string")
    assert str(error) == f"{name} {error.value}, expected {error.expected}"


def test_what_is_no_path():
    assert raised_any(TypeError, lambda: TokenFile.open(7)).__notes__ == ["while processing 'path'"]


class Index:
    """A whole number by `__index__`, like numpy's."""

    def __init__(self, number):
        self.number = number

    def __index__(self):
        return self.number


def test_what_has_an_index_is_a_whole_number(path):
    vector = TokenVec(Index(9))
    assert vector.capacity == 9
    vector.extend(create_tokens_batch(Index(9)))
    vector.reserve(Index(3))
    assert (vector[Index(-1)].id, Token(Index(7), user=Index(3)).user) == (8, 3)
    assert len(vector.top(Index(2), "id")) == 2
    assert [len(part) for part in vector.iter_chunks(Index(5))] == [5, 4]
    TokenFile.create(path, max_tokens=Index(1 << 20), tag=np.uint64(2**63)).close()
    assert TokenFile.open(path).info().tag == 2**63
    for index in (np.uint64(2**63), Index(2**70), -(2**200)):
        with pytest.raises(IndexError, match="out of range|expected one of"):
            vector[index]

    class Broken:
        def __index__(self):
            raise RuntimeError("not today")

    with pytest.raises(RuntimeError, match="not today"):
        TokenVec(Broken())


def test_a_number_that_python_has_no_text_for_is_named(capfd):
    # It was "<unprintable int object>", with a traceback beside.
    huge = 10**5000
    for do, kind in (
        (lambda: TokenVec(huge), ValueError),
        (lambda: Token(huge), ngtoken.FieldError),
        (lambda: Token(-huge), ngtoken.FieldError),
        (lambda: Token(1, weight=huge), ngtoken.FieldError),
        (lambda: create_tokens_batch(3)[-huge], IndexError),
        (lambda: TokenVec().within([0, 0, 0], huge), ValueError),
    ):
        with pytest.raises(kind, match=r"2\*\*16609 or (more|less)"):
            do()
    assert len(create_tokens_batch(3).slice(-huge, huge)) == 3
    assert capfd.readouterr().err == ""


def test_masked_values_are_none():
    # The mask was dropped, and the masked values accepted.
    hidden = np.ma.array(np.zeros((2, 64), "u1"), mask=np.eye(2, 64, dtype=bool))
    record = np.ma.array(np.zeros(2, TOKEN_DTYPE))
    record[1] = np.ma.masked
    vector = create_tokens_batch(9)
    for do, field in (
        (lambda: vector.extend(hidden), "tokens"),
        (lambda: vector.extend([record]), "tokens"),
        (lambda: vector.take(np.ma.array([5, 6], mask=[False, True])), "positions"),
        (lambda: vector.lookup(np.ma.array([5, 6], mask=[False, True])), "ids"),
        (lambda: vector.nearest(np.ma.array([0.0, 0, 0], mask=[True, False, False]), 1), "points"),
    ):
        error = raised(ValueError, do, field=field, value=..., expected=...)
        assert f"{field} with" in str(error) and "masked values, expected none" in str(error)
    assert len(vector) == 9
    vector.extend(np.ma.array(np.zeros(2, TOKEN_DTYPE)))
    assert len(vector) == 11
    assert vector.take(np.ma.array([5, 6], mask=[False, False]))["id"].tolist() == [5, 6]


def test_a_token_is_copied_out_of_any_buffer():
    token = Token(7, weight=0.5)
    raw = token.tobytes()
    twice = memoryview(bytes(byte for byte in raw for _ in range(2)))
    for given in (bytearray(raw), memoryview(raw), twice[::2], np.frombuffer(raw, "V64")[0]):
        assert Token.from_bytes(given) == token
    for given in (raw[1:], memoryview(raw + raw), np.zeros(63, "u1")):
        raised(ValueError, lambda given=given: Token.from_bytes(given), field="length", value=..., expected="64")
    for given in ("a" * 64, 64, None):
        raised(TypeError, lambda given=given: Token.from_bytes(given), field="bytes", value=..., expected=...)


def test_what_a_vector_and_a_follower_do_not_do(path):
    vector = create_tokens_batch(3)
    with pytest.raises(TypeError, match="does not support deletion"):
        del vector[0]
    assert len(vector) == 3
    file = TokenFile.create(path, max_tokens=1 << 20)
    for interval in (1e300, float("inf")):
        raised(
            ValueError,
            lambda interval=interval: file.follow(interval),
            field="interval", value=interval, expected="at most 1000000000 seconds",
        )


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc for its size")
def test_a_thread_that_the_system_refuses_has_its_number():
    script = """
        import resource, ngtoken
        ngtoken.create_tokens_batch(10)  # Workers exist from here on.
        size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + (1 << 20), -1))
        try:
            ngtoken._core._work_until_stopped()
        except OSError as error:
            resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
            print(error.errno, error.strerror.split(":")[0])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == (f"{errno.EAGAIN} cannot start a thread\n", "")


def test_paths_that_will_not_do(tmp_path, path):
    def refused(kind, number, path, do, **facts):
        error = raised(kind, do, path=str(path), **facts)
        assert (error.errno, error.filename) == (number, str(path))

    nowhere = tmp_path / "no" / "a.ngt"
    refused(IsADirectoryError, errno.EISDIR, tmp_path, lambda: TokenFile.open(tmp_path))
    refused(
        IsADirectoryError, errno.EISDIR, tmp_path, lambda: TokenFile.open(tmp_path, append=True)
    )
    refused(
        IsADirectoryError, errno.EISDIR, tmp_path,
        lambda: TokenFile.create(tmp_path, replace=True),
    )
    refused(FileNotFoundError, errno.ENOENT, nowhere, lambda: TokenFile.open(nowhere))
    make(path, varied(1))
    refused(FileExistsError, errno.EEXIST, path, lambda: TokenFile.create(path))
    refused(
        NotADirectoryError, errno.ENOTDIR, path / "a.ngt", lambda: TokenFile.open(path / "a.ngt")
    )


def test_a_closed_file(path):
    file = TokenFile.open(make(path, varied(1)))
    file.close()
    for use in (file.view, file.info, file.refresh, file.where("id > 0").count, file.index):
        error = raised(ngtoken.ClosedError, use, path=str(path))
        assert isinstance(error, ValueError)


def test_a_file_that_another_process_appends_to(path, mode):
    script = """
        import sys, ngtoken
        file = ngtoken.TokenFile.create(sys.argv[1], max_tokens=1 << 20)
        file.append(ngtoken.create_tokens_batch(100))
        file.commit()
        print("open", flush=True)
        sys.stdin.read()
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"open\n"
        error = raised(
            ngtoken.LockedError,
            lambda: TokenFile.open(path, append=True, mode=mode),
            path=str(path),
        )
        assert isinstance(error, BlockingIOError) and error.errno == errno.EAGAIN
        assert f"process {other.pid}" in str(error)
        # Readers are not locked out.
        assert len(TokenFile.open(path, mode=mode)) == 100
        other.stdin.close()
    with TokenFile.open(path, append=True, mode=mode) as file:
        file.append(varied(1))


def test_a_file_that_was_opened_to_read(path):
    file = TokenFile.open(make(path, varied(1)))
    for write in (lambda: file.append(varied(1)), file.commit):
        error = raised(ngtoken.ReadOnlyError, write, path=str(path))
        assert isinstance(error, io.UnsupportedOperation)


def test_a_full_file(path):
    file = TokenFile.create(path, max_tokens=10)
    raised(
        ngtoken.FullError,
        lambda: file.append(varied(11)),
        path=str(path),
        field="tokens",
        value=11,
        expected="at most 10",
    )


def test_damaged_and_foreign_files(path, tmp_path):
    other = tmp_path / "text.ngt"
    other.write_bytes(b"no tokens" * 10_000)
    raised(ngtoken.FormatError, lambda: TokenFile.open(other), path=str(other))
    make(path, varied(20_000))
    os.truncate(path, path.stat().st_size // 2)
    error = raised(
        ngtoken.DamagedError, lambda: TokenFile.open(path),
        path=str(path), field="length", value=..., expected=...,
    )
    assert error.value == path.stat().st_size


def test_a_file_that_is_another_one_by_now(path):
    file = TokenFile.open(make(path, varied(10)))
    make(path, varied(10), replace=True)
    raised(ngtoken.ChangedError, file.refresh, path=str(path))


def test_views_keep_a_vector_from_changing():
    vector = create_tokens_batch(3)
    view = vector.view()
    raised(BufferError, lambda: vector.append(Token(1)))
    del view
    gc.collect()
    vector.append(Token(1))


#: Makes a sync fail with EIO from then on, like a disk that loses what it was given.
SYNCS_FAIL = """
    import ctypes, platform, struct, sys
    import numpy as np
    import ngtoken

    def fail_syncs():
        numbers = {"x86_64": (74, 75, 26, 277), "aarch64": (82, 83, 227, 84)}[platform.machine()]
        program = [(0x20, 0, 0, 0)]  # The number of the call
        for left, number in zip(range(len(numbers) - 1, -1, -1), numbers):
            program.append((0x15, left, 0 if left else 1, number))
        program[-1] = (0x15, 0, 1, numbers[-1])
        program += [(0x06, 0, 0, 0x00050000 | 5), (0x06, 0, 0, 0x7FFF0000)]
        code = b"".join(struct.pack("HBBI", *step) for step in program)
        steps = ctypes.create_string_buffer(code, len(code))
        filter_ = struct.pack("HxxxxxxP", len(program), ctypes.addressof(steps))
        held = ctypes.create_string_buffer(filter_, len(filter_))
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, held, 0, 0):
            sys.exit(77)

    file = ngtoken.TokenFile.create(sys.argv[1], max_tokens=1 << 20, mode=sys.argv[2])
    file.append(ngtoken.create_tokens_batch(10))
    file.commit()
    file.append(ngtoken.create_tokens_batch(10))
    fail_syncs()
    for kind, do in (
        (OSError, file.commit),
        (ngtoken.PoisonedError, file.commit),
        (ngtoken.PoisonedError, lambda: file.append(ngtoken.Token(1))),
        (ngtoken.NotDurableError, lambda: ngtoken.TokenFile.open(sys.argv[1])),
    ):
        try:
            do()
        except OSError as error:
            assert type(error) is kind, repr(error)
            assert (error.errno, error.path) == (5, sys.argv[1]), repr(error)
        else:
            raise AssertionError(kind)
    assert len(file) == 10
"""


@pytest.mark.skipif(sys.platform != "linux", reason="calls are made to fail as Linux has it")
def test_a_disk_that_loses_what_it_was_given(path, mode):
    """The commit may not be durable, and nothing is written behind it."""
    command = [sys.executable, "-c", textwrap.dedent(SYNCS_FAIL), str(path), mode]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode == 77:
        pytest.skip("calls cannot be made to fail here")
    assert done.returncode == 0, done.stderr
    assert len(TokenFile.open(path)) in (10, 20)
