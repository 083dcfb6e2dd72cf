"""Eight threads and four processes that query while one appends: each answer is of some commit.

What every commit has is known beforehand. An answer has to be that of a commit, and of none before
the one that the same reader saw last. ``NG_PYTHON_SIZE`` multiplies the length of the history. It
ends when all have seen the last commit, without a clock.
"""

import itertools
import multiprocessing
import threading
import traceback
from functools import cached_property

import numpy as np
import pytest
from conftest import SIZE, varied

import ngtoken
from ngtoken import TokenFile

THREADS, PROCESSES = 8, 4
COMMITS = 12 * SIZE
POINT = [12.5, -7.0, 101.0]


class History:
    """The contents and answers of each commit."""

    def __init__(self, commits):
        sizes = itertools.cycle([1, 63, 4_096, 700, 2_500, 5_000])
        appended = itertools.accumulate(itertools.islice(sizes, commits))
        self.counts = np.array([0, *appended])
        self.records = varied(self.counts[-1], 5)
        self.records["id"] = np.arange(1, len(self.records) + 1)

    @cached_property
    def sums(self):
        """By ids: every commit has another one."""
        return [int(self.records["id"][:count].sum(dtype="u8")) for count in self.counts]

    @cached_property
    def heavy(self):
        heavy = np.cumsum(self.records["weight"] > np.float32(0.5))
        return [int(heavy[count - 1]) if count else 0 for count in self.counts]

    @cached_property
    def near(self):
        """The positions of the three nearest to a point, by commit."""
        steps = self.records["coords"][:, 0].astype("i8") - np.round(np.array(POINT) * 100)
        far = np.square(steps).sum(1)
        answers, best = [], np.zeros(0, "i8")
        for start, end in itertools.pairwise([0, *self.counts]):
            among = np.concatenate([best, np.arange(start, end)]).astype("i8")
            best = among[np.argsort(far[among], kind="stable")][:3]
            answers.append([*best.tolist(), -1, -1, -1][:3])
        return answers

    def of_count(self, count):
        return [at for at, has in enumerate(self.counts) if has == count]


def questions(history, file):
    """The queries, and the commits that have each answer."""
    records, counts = history.records, history.counts

    def of(answer, answers):
        return [at for at, known in enumerate(answers) if known == answer]

    def same(found, expected):
        return history.of_count(len(found)) if found.tobytes() == expected.tobytes() else []

    def column():
        found = file.column("weight")
        return same(found, records["weight"][: len(found)])

    def chunks():
        found = np.concatenate([records[:0], *file.iter_chunks(777)])
        return same(found, records[: len(found)])

    def view():
        found = file.view()
        return same(found, records[: len(found)])

    def aggregate():
        groups = file.aggregate(measures="count,sum(id),max(id)")
        (count, total, last) = (groups[name][0] for name in groups.columns)
        at = history.of_count(count)
        if not count:
            return at if np.isnan([total, last]).all() else []
        return at if (at, last) == (of(total, history.sums), count) else []

    def lookup():
        some = counts[1:]  # The last id of each commit.
        found = file.lookup([0, *some])
        expected = [[-1, *np.where(some <= count, some - 1, -1)] for count in counts]
        return of(found.tolist(), [list(map(int, known)) for known in expected])

    def chunk_counts():
        return history.of_count(sum(ngtoken.parallel_process(file, "count", chunk=1000)))

    return {
        "len": lambda: history.of_count(len(file)),
        "count": lambda: of(file.where("weight > 0.5").count(), history.heavy),
        "nearest": lambda: of(file.nearest(POINT, 3).positions[0].tolist(), history.near),
        "aggregate": aggregate,
        "lookup": lookup,
        "column": column,
        "chunks": chunks,
        "view": view,
        "parallel": chunk_counts,
    }


def read(path, mode, progress, file=None):
    """Queries until the last commit; returns how many answers of how many commits there were."""
    history, at, seen, asked = History(COMMITS), 0, set(), 0
    file = TokenFile.open(path, mode=mode) if file is None else file
    asks = questions(history, file)
    progress.began()
    while at < COMMITS:
        file.refresh()
        for name, ask in asks.items():
            possible = ask()
            later = [commit for commit in possible if commit >= at]
            assert later, f"{name}: of commits {possible}, and {at} was seen before"
            at, asked = later[0], asked + 1
            seen.add(at)
        progress.did()
    return asked, len(seen)


class Progress:
    """Keeps the appender from running ahead of the readers."""

    def __init__(self, context, readers):
        self.begin = context.Barrier(readers + 1)
        self.rounds = context.Semaphore(0)
        self.answers = context.Queue()

    def began(self):
        self.begin.wait()

    def did(self):
        self.rounds.release()

    def tell(self, read, *arguments):
        """Reads, and reports the outcome; a failed reader blocks nobody."""
        try:
            self.answers.put(read(*arguments))
        except BaseException:
            self.answers.put(traceback.format_exc())
            self.begin.abort()
            for _ in range(COMMITS):
                self.rounds.release()


def in_process(path, mode, progress):
    progress.tell(read, path, mode, progress)


# A reader that has not refreshed yet may find an index of a later commit.
@pytest.mark.filterwarnings("ignore::ngtoken.IndexWarning")
def test_every_answer_is_of_some_commit(path, mode):
    context = multiprocessing.get_context("spawn")
    progress, history = Progress(context, THREADS + PROCESSES), History(COMMITS)
    writer = TokenFile.create(path, max_tokens=1 << 20)
    shared = TokenFile.open(path, mode=mode)
    arguments = (path, mode, progress)
    readers = [context.Process(target=in_process, args=arguments) for _ in range(PROCESSES)]
    for number in range(THREADS):
        # Half of the threads share one file, the others the file that appends.
        file = {0: writer}.get(number, shared if number % 2 else None)
        readers.append(threading.Thread(target=progress.tell, args=(read, *arguments, file)))
    for reader in readers:
        reader.start()
    progress.began()
    for number, (start, end) in enumerate(itertools.pairwise(history.counts)):
        assert progress.rounds.acquire(timeout=600)
        writer.append(history.records[start:end])
        writer.commit(tag=number)
        if number % 7 == 3:
            writer.index("weight,id", ids=True, boxes="physical")
    answers = [progress.answers.get(timeout=600) for _ in readers]
    for reader in readers:
        reader.join()
    assert all(isinstance(answer, tuple) for answer in answers), "\n".join(map(str, answers))
    assert [reader.exitcode for reader in readers[:PROCESSES]] == [0] * PROCESSES
    asked, commits = (sum(numbers) for numbers in zip(*answers, strict=True))
    print(f"{mode}: {COMMITS} commits, {asked} answers, {commits} times another commit")
    assert asked >= 9 * len(readers)
