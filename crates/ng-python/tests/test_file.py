"""`TokenFile`: create, append, commit, read, refresh, verify, repair."""

import errno
import gc
import os
import sys
import tempfile
import warnings

import numpy as np
import pytest
from conftest import make, varied

import ngtoken
from ngtoken import TOKEN_DTYPE, Token, TokenFile, create_tokens_batch


def test_what_is_committed_is_shown_and_what_is_not_is_not(path, mode):
    records = varied(10_000)
    file = TokenFile.create(path, max_tokens=1 << 20, mode=mode)
    assert (len(file), file.appended, file.writable, file.closed) == (0, 0, True, False)
    assert file.append(records) == 10_000
    assert (len(file), file.appended) == (0, 10_000)
    before = file.snapshot()
    file.commit(tag=7)
    assert (len(before), len(file), file.info().tag) == (0, 10_000, 7)
    assert np.array_equal(file.view(), records)
    file.close()
    assert file.closed


def test_a_reader_sees_what_others_commit(path, mode):
    writer = TokenFile.create(path, max_tokens=1 << 20)
    reader = TokenFile.open(path, mode=mode)
    assert not reader.refresh()
    writer.append(create_tokens_batch(5_000))
    writer.commit()
    assert len(reader) == 0
    assert reader.refresh()
    view = reader.view()
    writer.append(create_tokens_batch(5_000, start_id=5_000))
    writer.commit()
    assert reader.refresh()
    assert (len(view), len(reader)) == (5_000, 10_000)
    assert np.array_equal(reader.column("id"), np.arange(10_000))
    assert not reader.refresh()


def test_views_outlive_the_file(path, mode):
    records = varied(9_000)
    file = TokenFile.open(make(path, records), mode=mode)
    views = [file.view(), file[10:20], np.asarray(file), next(file.iter_chunks(100))]
    snapshot = file.snapshot()
    file.close()
    os.unlink(path)
    del file
    assert np.array_equal(views[0], records)
    assert np.array_equal(views[1], records[10:20])
    assert np.array_equal(views[2], records)
    assert np.array_equal(views[3], records[:100])
    assert np.array_equal(snapshot.view(), records)
    assert snapshot[8_999].tobytes() == records[8_999].tobytes()


def test_a_file_appends_under_its_views(path, mode):
    records = varied(50_000)
    with TokenFile.create(path, max_tokens=1 << 20, mode=mode) as file:
        views = []
        for start in range(0, 50_000, 9_999):
            file.append(records[start : start + 9_999])
            file.commit()
            views.append(file.view())
    for number, view in enumerate(views, 1):
        assert np.array_equal(view, records[: number * 9_999])


def test_arrays_of_a_file_cannot_be_written_to(path, mode):
    view = TokenFile.open(make(path, varied(10)), mode=mode).view()
    assert not view.flags.writeable
    with pytest.raises(ValueError, match="cannot set WRITEABLE"):
        view.flags.writeable = True


def test_a_block_of_with_commits_and_closes(path):
    with TokenFile.create(path, max_tokens=1 << 20) as file:
        file.append(varied(10))
    assert file.closed
    assert len(TokenFile.open(path)) == 10
    with pytest.raises(KeyError), TokenFile.open(path, append=True) as file:
        file.append(varied(10))
        raise KeyError
    assert file.closed
    assert len(TokenFile.open(path)) == 10


def test_closing_commits_unless_told_not_to(path):
    file = TokenFile.create(path, max_tokens=1 << 20)
    file.append(varied(10))
    file.close(commit=False)
    file.close()
    assert len(TokenFile.open(path)) == 0
    file = TokenFile.open(path, append=True)
    file.append(varied(10))
    file.close()
    assert len(TokenFile.open(path)) == 10


@pytest.mark.parametrize(
    "use",
    [
        len,
        list,
        lambda file: file[0],
        lambda file: file.view(),
        lambda file: file.snapshot(),
        lambda file: file.append(varied(1)),
        lambda file: file.commit(),
        lambda file: file.refresh(),
        lambda file: file.info(),
        lambda file: file.verify(),
        lambda file: file.column("id"),
        lambda file: file.memory_usage(),
        lambda file: file.__enter__(),
        lambda file: memoryview(file),
    ],
)
def test_a_closed_file_says_so(path, mode, use):
    file = TokenFile.create(path, max_tokens=1 << 20, mode=mode)
    file.close()
    with pytest.raises(ngtoken.ClosedError, match="closed") as raised:
        use(file)
    assert isinstance(raised.value, ValueError)
    assert raised.value.path == str(path)
    assert repr(file) == f"<ngtoken.TokenFile {path}, closed>"


def test_appends_of_iterators_are_all_or_nothing(path, mode):
    def tokens(end):
        yield varied(20_000, 1)
        yield Token(7)
        yield varied(5_000, 2).tobytes()
        if end is not None:
            raise end

    file = TokenFile.create(path, max_tokens=1 << 20, mode=mode)
    file.append(varied(100, 3))
    for end in (KeyError("on purpose"), KeyboardInterrupt(), SystemExit()):
        with pytest.raises(type(end)):
            file.append(tokens(end))
        assert file.appended == 100
    assert file.append(tokens(None)) == 25_001
    file.close()
    with TokenFile.open(path) as file:
        expected = [varied(100, 3), varied(20_000, 1)]
        expected += [np.frombuffer(Token(7).tobytes(), TOKEN_DTYPE), varied(5_000, 2)]
        assert np.array_equal(file.view(), np.concatenate(expected))
        assert file.verify().is_clean


def test_what_is_no_tokens_appends_nothing(path):
    file = TokenFile.create(path, max_tokens=1 << 20)
    for wrong in (np.zeros(3), "abc", [varied(10), "abc"], bytes(65)):
        with pytest.raises((TypeError, ValueError)) as raised:
            file.append(wrong)
        assert raised.value.expected
    assert file.appended == 0


def test_an_append_keeps_others_out_until_it_is_over(path):
    file = TokenFile.create(path, max_tokens=1 << 20)

    def tokens():
        yield varied(10)
        for meddle in (
            file.commit,
            file.close,
            lambda: file.append(varied(1)),
            lambda: file.reserve(1),
        ):
            with pytest.raises(ngtoken.BusyError, match="another append is in progress"):
                meddle()
        assert len(file) == 0  # Reading goes on.
        yield varied(10)

    assert file.append(tokens()) == 20
    file.commit()
    assert len(file) == 20


def test_a_reader_cannot_append(path, mode):
    file = TokenFile.open(make(path, varied(1)), mode=mode)
    for write in (lambda: file.append(varied(1)), file.commit, lambda: file.reserve(1)):
        with pytest.raises(ngtoken.ReadOnlyError) as raised:
            write()
        assert raised.value.path == str(path)
    assert not file.writable


def test_one_appends_at_a_time(path, mode):
    file = TokenFile.create(path, max_tokens=1 << 20)
    with pytest.raises(ngtoken.LockedError) as raised:
        TokenFile.open(path, append=True, mode=mode)
    assert raised.value.errno == errno.EAGAIN
    assert raised.value.path == str(path)
    assert f"process {os.getpid()}" in str(raised.value)
    with pytest.raises(ngtoken.LockedError):
        TokenFile.create(path, replace=True)
    file.close()
    TokenFile.open(path, append=True, mode=mode).close()


def test_a_path_that_will_not_do_is_named(tmp_path, mode):
    def refused(kind, number, path, do):
        with pytest.raises(kind) as raised:
            do()
        assert (raised.value.errno, raised.value.path) == (number, str(path))

    nowhere, folder = tmp_path / "no" / "a.ngt", tmp_path
    refused(FileNotFoundError, errno.ENOENT, nowhere, lambda: TokenFile.open(nowhere, mode=mode))
    refused(IsADirectoryError, errno.EISDIR, folder, lambda: TokenFile.open(folder, mode=mode))
    there = make(tmp_path / "a.ngt", varied(1))
    refused(FileExistsError, errno.EEXIST, there, lambda: TokenFile.create(there, mode=mode))
    with pytest.raises(FileNotFoundError):
        TokenFile.create(nowhere, mode=mode)
    with pytest.raises(TypeError):
        TokenFile.open(7)


def test_what_is_no_token_file_is_named(tmp_path, mode):
    path = tmp_path / "a.txt"
    path.write_bytes(b"no tokens here" * 10_000)
    with pytest.raises(ngtoken.FormatError, match="not a token file") as raised:
        TokenFile.open(path, mode=mode)
    assert isinstance(raised.value, ValueError)
    assert raised.value.path == str(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(path):
    make(path, varied(1))
    path.chmod(0)
    with pytest.raises(PermissionError) as raised:
        TokenFile.open(path)
    assert raised.value.path == str(path)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"tag": -1}, "tag"),
        ({"mode": "write"}, "mode"),
        ({"cache": "never"}, "cache"),
        ({"reserve": 2**64}, "reserve"),
    ],
)
def test_options_that_cannot_be_are_named(path, values, field):
    with pytest.raises(ValueError) as raised:
        TokenFile.create(path, **values)
    assert raised.value.field == field
    assert raised.value.expected
    assert not path.exists()


def test_a_full_file_says_for_how_many_it_is_made(path, mode):
    file = TokenFile.create(path, max_tokens=1_000, mode=mode)
    with pytest.raises(ngtoken.FullError, match="1001 tokens, the file is made for 1000") as raised:
        file.append(varied(1_001))
    assert (raised.value.value, raised.value.expected) == (1_001, "at most 1000")
    assert file.append(varied(1_000)) == 1_000
    file.close()


def test_a_limit_on_files_is_an_error_and_no_signal(path):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    file = TokenFile.create(path, max_tokens=1 << 20)
    file.append(varied(1_000))
    file.commit()
    resource.setrlimit(resource.RLIMIT_FSIZE, (8 << 20, hard))
    try:
        with pytest.raises(OSError, match="ulimit -f") as raised:
            file.append(varied(200_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert raised.value.errno == errno.EFBIG
    file.append(varied(1_000))
    file.close()
    assert len(TokenFile.open(path)) == 2_000


def spoil(path, offset):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 0xFF]))


def data_offset(path):
    """Where tokens begin: a recognisable record, found in the file's bytes."""
    raw = path.read_bytes()
    return raw.index(Token(0xABCDEF).tobytes())


def damaged(path):
    records = varied(20_000)
    records[0] = np.frombuffer(Token(0xABCDEF).tobytes(), TOKEN_DTYPE)[0]
    make(path, records)
    spoil(path, data_offset(path) + 64 * 5_000)
    return records


def test_a_damaged_block_is_told_and_the_rest_is_read(path):
    records = damaged(path)
    file = TokenFile.open(path, mode="read")
    assert np.array_equal(file[:4_096], records[:4_096])
    assert np.array_equal(file[8_192:], records[8_192:])
    for look in (file.view, lambda: file[5_000], lambda: list(file), lambda: file.column("id")):
        with pytest.raises(ngtoken.DamagedError) as raised:
            look()
        assert raised.value.field == "block 1"
        assert raised.value.path == str(path)
        assert raised.value.expected.startswith("hash 0x")
    report = TokenFile.open(path).verify()
    assert (report.is_clean, report.blocks, len(report.bad)) == (False, 5, 1)
    assert (report.bad[0].block, report.bad[0].cause) == (1, "data")


def lose_newest_slot(path):
    """Damages both copies of the slot that the newest commit of a file is in."""
    slots = {0: (0x1000, 0x1800), 1: (0x3000, 0x3800)}
    for copy in slots[TokenFile.open(path).info().generation % 2]:
        spoil(path, copy + 8)


def test_a_commit_that_may_be_lost_is_warned_of(path, mode):
    # The file opened at an older commit, and only `info` said so.
    make(path, varied(9_000))
    lose_newest_slot(path)
    with pytest.warns(ngtoken.LostCommitWarning, match="a.ngt: .*9000") as warned:
        file = TokenFile.open(path, mode=mode)
    assert (len(warned), len(file)) == (1, 0)
    assert (warned[0].message.path, warned[0].filename) == (str(path), __file__)
    assert not file.refresh() and len(file.view()) == 0  # And no second warning.
    assert len(TokenFile.open(path, mode=mode, older_commit=True).view()) == 0
    with pytest.raises(ngtoken.DamagedError):
        TokenFile.open(path, append=True, mode=mode)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ngtoken.LostCommitWarning):
            TokenFile.open(path, mode=mode)
    assert TokenFile.repair(path, path.with_name("b.ngt")).kept == 9_000


def test_a_first_commit_that_somebody_makes_is_not_lost(path, mode):
    def leave_traces():
        """As a commit does before its slot, at the beginning of the block table."""
        with open(path, "r+b") as raw:
            raw.seek(0x10000)
            raw.write(b"12345678")

    with TokenFile.create(path, max_tokens=1 << 20):
        leave_traces()
        file = TokenFile.open(path, mode=mode)
        assert "first commit is not there" in file.info().findings[0]
        file.refresh()
    leave_traces()
    with pytest.warns(ngtoken.LostCommitWarning, match="first commit is not there") as warned:
        file.refresh()
    assert len(warned) == 1
    with pytest.warns(ngtoken.LostCommitWarning, match="first commit is not there"):
        assert len(TokenFile.open(path, mode=mode)) == 0


def test_a_commit_that_is_lost_later_is_warned_of_at_refresh(path, mode):
    make(path, varied(5_000))
    file, quiet = TokenFile.open(path, mode=mode), TokenFile.open(path, mode=mode, older_commit=True)
    with TokenFile.open(path, append=True) as writer:
        writer.append(varied(10))
    lose_newest_slot(path)
    with pytest.warns(ngtoken.LostCommitWarning, match="5010") as warned:
        file.refresh()
    assert len(warned) == 1
    quiet.refresh()
    assert not file.refresh()  # And no second warning.
    assert len(file) == len(file.view()) == 5_000


def test_a_damaged_file_is_repaired_into_another(path, tmp_path):
    records = damaged(path)
    out = tmp_path / "whole.ngt"
    report = TokenFile.repair(path, out)
    assert (report.kept, report.lost, report.is_whole) == (15_904, ((4_096, 8_192),), False)
    file = TokenFile.open(out)
    assert file.verify().is_clean
    assert np.array_equal(file[8_192:], records[8_192:])
    assert file[5_000].tobytes() == bytes(64)
    with pytest.raises(ValueError, match="the damaged file itself"):
        TokenFile.repair(path, path, replace=True)
    with pytest.raises(FileExistsError):
        TokenFile.repair(path, out)
    assert TokenFile.repair(path, out, replace=True, compact=True).kept == 15_904
    assert len(TokenFile.open(out)) == 15_904


def test_a_file_that_was_cut_is_damaged(path, mode):
    make(path, varied(20_000))
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(ngtoken.DamagedError) as raised:
        TokenFile.open(path, mode=mode)
    assert raised.value.field == "length"
    assert isinstance(raised.value.value, int)


def test_a_file_that_was_replaced_says_so(path):
    file = TokenFile.open(make(path, varied(10)))
    view = file.view()
    make(path, varied(20, 1), replace=True)
    with pytest.raises(ngtoken.ChangedError, match="replaced") as raised:
        file.refresh()
    assert raised.value.path == str(path)
    assert np.array_equal(view, varied(10))


@pytest.mark.parametrize(
    "use",
    [
        lambda file: file.verify(),
        lambda file: file.index(),
        lambda file: file.sort_to(file.path.with_name("sorted.ngt"), "id"),
    ],
)
@pytest.mark.parametrize("tokens", [20, 20_000])
def test_another_file_under_the_name_is_not_taken_for_this_one(path, mode, tokens, use):
    """Operations that use the path read the file that replaced it."""
    file = TokenFile.open(make(path, varied(9_000)), mode=mode)
    os.replace(make(path.with_name("b.ngt"), varied(tokens, 1)), path)
    with pytest.raises(ngtoken.ChangedError, match="file id") as raised:
        use(file)
    assert (raised.value.path, raised.value.field) == (str(path), "file id")
    assert sorted(found.name for found in path.parent.iterdir()) == ["a.ngt"]
    assert np.array_equal(file.view(), varied(9_000))


def test_what_goes_by_the_path_takes_what_others_committed(path, mode):
    file = TokenFile.open(make(path, varied(9_000)), mode=mode)
    with TokenFile.open(path, append=True) as other:
        other.append(varied(9_000, 1))
    assert len(file) == 9_000
    assert file.verify().blocks == 5
    assert file.index().blocks == 4  # Those that are full.
    assert file.sort_to(path.with_name("sorted.ngt"), "id").tokens == 18_000


def test_an_iterable_may_fill_one_array_again_and_again(path, mode):
    def tokens():
        array = np.zeros(2, TOKEN_DTYPE)
        for number in (1, 2, 3):
            array["id"] = number
            yield array

    with TokenFile.create(path, max_tokens=1 << 20, mode=mode) as file:
        assert file.append(tokens()) == 6
        file.commit()
        assert file.view()["id"].tolist() == [1, 1, 2, 2, 3, 3]


def test_info_says_what_the_file_says(path):
    make(path, varied(10), tag=5)
    info = TokenFile.open(path).info()
    assert (info.path, info.version, info.tokens, info.max_tokens) == (
        str(path),
        (1, 1),
        10,
        1 << 20,
    )
    assert (info.generation, info.tag, info.read_only, info.findings) == (1, 5, False, ())
    assert info.length == path.stat().st_size
    assert len(info.file_id) == 32
    with pytest.raises(AttributeError):
        info.tokens = 11


def test_a_relative_path_is_told_whole(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make("a.ngt", varied(1))
    assert TokenFile.open("a.ngt").path == tmp_path / "a.ngt"


def test_memory_of_a_file_is_told(path):
    make(path, varied(10_000))
    mapped, read = TokenFile.open(path), TokenFile.open(path, mode="read")
    usage = mapped.memory_usage(deep=True)
    assert (usage.computed, usage.mapped, usage.reserved) == (640_000, 640_000, 0)
    mapped.view()["id"].sum()
    assert 0 < mapped.memory_usage(deep=True).resident
    assert read.memory_usage().reserved == 0
    read.view()
    assert read.memory_usage().reserved == 640_000
    folder = path.with_name("a.ngt.index")
    folder.mkdir()
    (folder / "zones-1").write_bytes(bytes(1_234))
    assert mapped.memory_usage().index == 1_234


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's figures are Linux's")
def test_a_mapped_file_costs_no_private_memory(path):
    def private():
        with open("/proc/self/smaps_rollup") as rollup:
            return sum(int(line.split()[1]) for line in rollup if line.startswith("Private_D"))

    with TokenFile.create(path, max_tokens=1 << 22) as file:
        file.append(create_tokens_batch(2_000_000))
    before = private()
    file = TokenFile.open(path)
    assert file.view()["id"][::64].sum() > 0
    assert private() - before < 8 << 10


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such locks")
def test_a_mapped_reader_is_registered_while_its_views_live(path):
    """A lock of one byte, far beyond the end, that appenders ignore."""
    import fcntl
    import gc
    import struct

    def has_readers():
        lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 1 << 62, 1, 0)
        with open(path, "r+b") as file:
            found = fcntl.fcntl(file, fcntl.F_GETLK, lock)
        return struct.unpack("hhqqi4x", found)[0] != fcntl.F_UNLCK

    make(path, varied(10))
    assert not has_readers()
    file = TokenFile.open(path)
    view = file.view()
    assert has_readers()
    TokenFile.open(path, append=True).close()
    file.close()
    assert has_readers()
    del view
    gc.collect()
    assert not has_readers()


def test_follow_gives_what_others_commit(path):
    writer = TokenFile.create(path, max_tokens=1 << 20)
    reader = TokenFile.open(path)
    seen = []
    stream = reader.follow(0.0, timeout=0.0)
    assert list(stream) == []
    for start in range(0, 30, 10):
        writer.append(create_tokens_batch(10, start_id=start))
        writer.commit()
        for array in reader.follow(0.0, start=start, timeout=0.0):
            seen += array["id"].tolist()
    assert seen == list(range(30))
    assert sum(map(len, reader.follow(0.0, start=0, timeout=0.0))) == 30
    with pytest.raises(ValueError, match="interval"):
        reader.follow(-1.0)
    with pytest.raises(ValueError, match="start"):
        reader.follow(0.1, start=31)
    with pytest.raises(ValueError, match="timeout"):
        reader.follow(0.1, timeout=float("nan"))


class Clock:
    """A clock that advances only by sleeps, and events after some of them."""

    def __init__(self, comes):
        self.now, self.sleeps, self.comes = 0.0, [], comes

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.sleeps.append(seconds)
        if len(self.sleeps) in self.comes:
            self.comes[len(self.sleeps)]()


def test_follow_waits_for_what_comes_and_ends_when_it_was_quiet(path, monkeypatch):
    from ngtoken import _stream

    writer = TokenFile.create(path, max_tokens=1 << 20)

    def commit():
        writer.append(create_tokens_batch(10))
        writer.commit()

    clock = Clock({3: commit, 6: commit})
    monkeypatch.setattr(_stream, "time", clock)
    reader = TokenFile.open(path)
    seen = [(len(array), len(clock.sleeps)) for array in reader.follow(0.5, timeout=2.0)]
    assert seen == [(10, 3), (10, 6)]
    # Quiet for two seconds since the last commit came.
    assert clock.sleeps == 10 * [0.5]
    assert len(reader) == 20


def test_tokens_that_go_with_their_file_are_warned_of(path, mode, recwarn):
    warnings.simplefilter("always", ResourceWarning)
    file = TokenFile.create(path, max_tokens=1 << 20, mode=mode)
    file.append(varied(7))
    query = file.where("id > 5")
    del file
    gc.collect()
    assert not recwarn.list
    del query
    gc.collect()
    (warning,) = recwarn.list
    assert warning.category is ResourceWarning
    assert str(path) in str(warning.message) and "7 appended tokens" in str(warning.message)
    for commit in (True, False):
        file = TokenFile.open(path, append=True, mode=mode)
        file.append(varied(7))
        file.close(commit=commit)
        del file
    gc.collect()
    assert len(recwarn.list) == 1


def test_an_iterator_over_a_file_verifies_in_read_mode(path, mode):
    records = varied(10_000)
    file = TokenFile.open(make(path, records), mode=mode)
    assert b"".join(token.tobytes() for token in file) == records.tobytes()
    chunks = list(file.iter_chunks(3_000))
    assert [len(chunk) for chunk in chunks] == [3_000, 3_000, 3_000, 1_000]
    assert np.array_equal(np.concatenate(chunks), records)


@pytest.mark.parametrize(
    ("ask", "kind", "field"),
    [
        (lambda path: TokenFile.open("a\0b"), ValueError, "path"),
        (lambda path: TokenFile.create("a\0b"), ValueError, "path"),
        (lambda path: TokenFile.repair(path, "a\0b"), ValueError, "path"),
        (lambda path: ngtoken.read_parquet("a\0b"), ValueError, "path"),
        (lambda path: TokenFile.create(path, max_tokens=10**40), ValueError, "max_tokens"),
        (lambda path: TokenFile.create(path, max_tokens="5"), TypeError, "max_tokens"),
        (lambda path: TokenFile.create(path, mode=5), TypeError, "mode"),
        (lambda path: TokenFile.create(path, mode="write"), ValueError, "mode"),
        (lambda path: TokenFile.open(path, cache=None), TypeError, "cache"),
        (lambda path: TokenFile.create(path.with_name(".ng-tmp-aaaaaaaaaaaaaaaa")), ValueError, "path"),
        (lambda path: make(path, varied(5)) and TokenFile.open(path).follow("1"), TypeError, "interval"),
        (lambda path: make(path, varied(5)) and TokenFile.open(path).follow(start=-1), ValueError, "start"),
    ],
)
def test_an_argument_of_a_file_that_does_not_fit_is_named(path, ask, kind, field):
    with pytest.raises(kind) as raised:
        ask(path)
    assert raised.value.field == field
    assert raised.value.value is not None and raised.value.expected
    if field == "path":
        assert raised.value.path and raised.value.expected != "another name"
