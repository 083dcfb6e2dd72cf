"""What the tests have in common."""

import importlib
import os
import signal

import numpy as np
import pytest
from hypothesis import settings

import ngtoken

#: The number of random lives, and three times that of random queries: see `test_lives.py` and
#: `test_oracle.py`. Without the variable the examples are the same each time, so that only the
#: change under test matters; with it, they are new.
LIVES = int(os.environ.get("NG_PYTHON_LIVES", "50"))

# No timed tests: the machine may be busy.
same = "NG_PYTHON_LIVES" not in os.environ
settings.register_profile("here", deadline=None, print_blob=True, derandomize=same)
settings.load_profile("here")

#: The factor for tests that have a size.
SIZE = int(os.environ.get("NG_PYTHON_SIZE", "1"))

# The parent process may ignore Ctrl-C, as shells do for background jobs.
signal.signal(signal.SIGINT, signal.default_int_handler)


def engine(name: str):
    """A module of what `engines.txt` locks; without it the test is skipped, unless
    ``cargo xtask python`` has installed it."""
    return importlib.import_module(name) if "NG_ENGINES" in os.environ else pytest.importorskip(name)


def varied(count: int, seed: int = 0) -> np.ndarray:
    """Tokens with random bytes, except for weights, which are not NaN."""
    rng = np.random.default_rng(seed)
    records = np.frombuffer(rng.bytes(64 * count), ngtoken.TOKEN_DTYPE).copy()
    records["weight"] = rng.random(count, np.float32)
    return records


@pytest.fixture
def path(tmp_path):
    """A path without a file."""
    return tmp_path / "a.ngt"


@pytest.fixture(params=["map", "read"])
def mode(request):
    """Both modes of a file."""
    return request.param


def make(path, records, mode="map", **options):
    """A file of these records, in one commit."""
    with ngtoken.TokenFile.create(path, max_tokens=1 << 20, mode=mode, **options) as file:
        file.append(records)
    return path


#: Questions that files and datasets answer alike.
QUESTIONS = [
    lambda of: of.count(),
    lambda of: of.any(),
    lambda of: of.positions(),
    lambda of: of.positions(limit=17),
    lambda of: of.tokens().tokens.tobytes(),
    lambda of: list(of.aggregate("entity_type", "count, mean(weight), max(id), median(weight)")),
    lambda of: of.histogram("weight", 7).counts,
    lambda of: of.top(9, "weight"),
    lambda of: of.nearest([[0, 0, 0], [10, 20, -30]], 5),
    lambda of: of.within([0, 0, 0], 200.0),
    lambda of: of.sample(50, seed=3).positions,
    lambda of: of.duplicates().ids,
    lambda of: of.to_arrow(["position", "id", "weight"]).to_pydict(),
]


def plain(answer):
    """An answer as lists."""
    if isinstance(answer, (np.ndarray, np.generic)):
        return answer.tolist()
    if hasattr(answer, "stats") and not isinstance(answer, (int, float)):
        return [plain(each) for each in answer]
    return answer
