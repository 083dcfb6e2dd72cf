"""Run in an environment that has the wheel and numpy alone: the package is whole."""

import sys
import tempfile
from pathlib import Path

import numpy as np

import ngtoken

tokens = ngtoken.create_tokens_batch(100_000)
assert np.array_equal(tokens.column("id"), np.arange(100_000))
assert sum(token.id for token in tokens) == 4_999_950_000
assert sum(ngtoken.parallel_process(tokens, "count")) == 100_000
assert np.asarray(tokens).dtype == ngtoken.TOKEN_DTYPE
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "a.ngt"
    with ngtoken.TokenFile.create(path) as file:
        assert file.append(tokens) == 100_000
    for mode in ("map", "read"):
        file = ngtoken.TokenFile.open(path, mode=mode)
        assert file.verify().is_clean
        view = file.view()
        file.close()
        assert np.array_equal(view, tokens.view())
try:
    tokens.append(ngtoken.Token(1, weight=-1.0))
except ngtoken.FieldError as error:
    assert error.field == "weight"
else:
    raise AssertionError("a weight of -1 was taken")
try:
    ngtoken._core._panic(within="call")
except ngtoken.InternalError as error:
    assert "panicked at src/work.rs:" in str(error), error
else:
    raise AssertionError("a panic was none")
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & {"pyarrow", "polars", "pandas", "matplotlib"}
print(f"ngtoken {ngtoken.__version__} on Python {sys.version.split()[0]}, numpy {np.__version__}")
