"""If the system refuses memory, a query raises MemoryError, and the process goes on."""

import os
import subprocess
import sys

import pytest

resource = pytest.importorskip("resource")

TOKENS = 1 << 18

# Each runs in its own process, with this much more memory in MiB: more than a query always takes,
# and less than its answer.
ASK = """
import resource, sys
import numpy, ngtoken
rng = numpy.random.default_rng(1)
records = numpy.frombuffer(rng.bytes(64 * {tokens}), ngtoken.TOKEN_DTYPE).copy()
records["weight"] = rng.random({tokens})
tokens = ngtoken.TokenVec()
tokens.extend(records)
every = numpy.arange(len(tokens))
tokens.where(num_threads=2).count()
tokens.where("id = 1", num_threads=2).tokens(limit=1)
for line in open("/proc/self/status"):
    if line.startswith("VmSize:"):
        size = int(line.split()[1]) << 10
most = size + ({limit} << 20)
resource.setrlimit(resource.RLIMIT_AS, (most, most))
question = tokens.where(num_threads=2)
try:
    {question}
except (MemoryError, ValueError) as error:
    # Other libraries call it by C and lose the class of the exception.
    is_memory = {is_stream} and "out of memory" in str(error)
    assert isinstance(error, MemoryError) or is_memory, error
    print("refused:", error)
else:
    print("answered")
"""

# A thread's own heap has spare room, and freed memory stays at hand unless it is given back: no
# limit takes that away.
PLAIN_HEAP = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}

QUESTIONS = [
    "question.tokens()",
    "question.sample(len(tokens))",
    "question.top(len(tokens), 'timestamp')",
    "question.nearest((0, 0, 0), k=len(tokens))",
    "question.within((0, 0, 0), 1e6)",
    "question.find(every)",
    "question.aggregate('time(20000000)', 'median(id),distinct(timestamp)')",
    "tokens.take(every)",
    "list(question.arrow_stream())",
]


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="no /proc")
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_that_has_no_memory_raises(question):
    told = []
    for limit in (8, 24):
        asked = ASK.format(
            tokens=TOKENS,
            limit=limit,
            question=question,
            is_stream="stream" in question,
        )
        env = os.environ | PLAIN_HEAP
        child = subprocess.run(
            [sys.executable, "-c", asked], env=env, capture_output=True, text=True
        )
        assert child.returncode == 0, (limit, child.returncode, child.stderr)
        told.append(child.stdout)
    assert any("refused" in each for each in told), told
