"""The snippets of the report that the project began from, unchanged."""

import ngtoken as neurograph


def process(token):
    """What the report leaves to its reader."""
    return token.id


def test_room_is_made_beforehand():
    # Good - 4x faster
    tokens = neurograph.TokenVec(capacity=1_000_000)
    assert (len(tokens), tokens.capacity) == (0, 1_000_000)
    # Bad - slow
    tokens = []
    assert tokens == []


def test_a_batch_is_a_single_call():
    # Good - single Rust call
    tokens = neurograph.create_tokens_batch(count=1_000_000)
    assert (len(tokens), tokens[999_999].id) == (1_000_000, 999_999)
    # Bad - 1M Python→Rust calls
    tokens = [neurograph.Token(i) for i in range(1_000_000)]
    assert tokens[999_999] == neurograph.create_tokens_batch(1, start_id=999_999)[0]


def test_tokens_are_iterated_over():
    large_token_vec = neurograph.create_tokens_batch(count=100_000)
    # Should be fast (18ns/token in Rust)
    for token in large_token_vec:
        process(token)
    assert sum(process(token) for token in large_token_vec) == 4_999_950_000


def test_rusts_threads_work_for_python():
    tokens = neurograph.create_tokens_batch(count=1_000_000)

    def func(view):
        return int(view["id"].sum(dtype="u8"))

    # Expose Rust parallelism to Python
    results = neurograph.parallel_process(tokens, func, num_threads=4)
    # The checksum of the report.
    assert sum(results) == 499_999_500_000


def test_memory_is_understood(capsys):
    token_vec = neurograph.create_tokens_batch(count=1_000_000)
    # Help users understand memory usage
    print(f"Memory: {token_vec.memory_usage()} MB")
    # As in the report's own table.
    assert capsys.readouterr().out == "Memory: 61.04 MB\n"
