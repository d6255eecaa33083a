"""Write the random choices of the yardstick into testdata of metrics.

    python referee/yardstick.py metrics/testdata

The sampling floors and the random subsets that metrics/yardstick_test.go compares with were drawn
with NumPy: the floors by Generator(PCG64(0)).multinomial, one law after the other, 20 draws of each
size (5 of the largest law); the subsets by Generator(PCG64(1)).choice without replacement, 20 for
each number of neurons. Laws are those of the files states_n*_t*.json there; counts are of the states
in their order. NumPy may change its streams: the test knows the figures that must come out.
"""

import gzip
import json
import pathlib
import sys

import numpy as np

SIZES = (128, 500, 1000, 2000, 10000, 100000)
LAWS = ((2, 1), (4, 1), (6, 1), (8, 1), (10, 1), (2, 2), (4, 2), (2, 5), (4, 5))
NEURONS = 50


def law(path):
    """Probabilities of all states, and the indices of those that were seen."""
    f = json.loads(path.read_text())
    n, t = f["neurons"], f["timesteps"]
    p = np.zeros(1 << (n * t))
    for half in (f["odd"], f["even"]):
        if "gaps" in half:
            index = np.cumsum(half["gaps"])
        else:
            words = np.array(half["words"]).reshape(-1, t)
            index = (words << (n * np.arange(t - 1, -1, -1))).sum(axis=1)
        p[index] += half["counts"]
    return p / p.sum(), np.flatnonzero(p)


def write(path, value):
    text = json.dumps(value, separators=(",", ":")) + "\n"
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(path, path.stat().st_size)


def main():
    folder = pathlib.Path(sys.argv[1])
    rng = np.random.default_rng(0)
    draws = []
    for n, t in LAWS:
        p, seen = law(folder / f"states_n{n}_t{t}.json")
        for size in SIZES:
            counts = rng.multinomial(size, p, size=5 if n * t == 20 else 20)[:, seen]
            draws.append({"neurons": n, "timesteps": t, "draws": size, "counts": counts.tolist()})
    write(folder / "yardstick_draws.json.gz", draws)
    rng = np.random.default_rng(1)
    write(folder / "yardstick_subsets.json.gz",
          [[rng.choice(NEURONS, n, replace=False).tolist() for _ in range(20)] for n in (2, 4, 6, 8, 10)])


main()
