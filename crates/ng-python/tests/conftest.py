"""What the tests have in common."""

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
