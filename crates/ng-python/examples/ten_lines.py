"""10 million tokens in ten lines: a file, a filter, the nearest, groups, SQL, a picture."""

import duckdb
import numpy as np

import ngtoken

COUNT = 10_000_000

rng = np.random.default_rng(1)
tokens = ngtoken.create_tokens_batch(COUNT, timestamp=1_700_000_000).view(writable=True)
tokens["id"] |= rng.integers(0, 16, COUNT, "u4") << 24
tokens["weight"], tokens["coords"][:, 0] = rng.random(COUNT, "f4"), rng.normal(0, 5e3, (COUNT, 3))
with ngtoken.TokenFile.create("ten.ngt", max_tokens=COUNT, replace=True) as file:
    file.append(tokens)
file = ngtoken.TokenFile.open("ten.ngt")
print(file.where("weight > 0.9 and physical_x < 0").count(), file.nearest([0, 0, 0], k=3))
print(file.aggregate("entity_type", ["count", "mean(weight)"]).to_polars())
print(duckdb.sql("select entity_type, max(weight) from file group by all order by all limit 3"))
file.plot.space("physical")[0].figure.savefig("ten.png", dpi=60)
