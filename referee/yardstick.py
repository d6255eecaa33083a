"""The random choices of the yardstick, with which metrics/yardstick_test.go compares.

    python referee/yardstick.py --subsets metrics/testdata
    python referee/yardstick.py --qgan bin/qgan [--sizes 128,1000]

The sampling floors and the random subsets of the reference figures were drawn with NumPy: the floors by
Generator(PCG64(0)).multinomial, one law after the other, 20 draws of each size (5 of the largest law);
the subsets by Generator(PCG64(1)).choice without replacement, 20 for each number of neurons. The first
form writes the subsets. The second draws the same windows, lets `qgan evaluate FILE` judge each draw,
and compares the mean divergence with the reference in QGAN_SHARED. NumPy may change its streams; then
no figure agrees.
"""

import argparse
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

SIZES = (128, 500, 1000, 2000, 10000, 100000)
LAWS = ((2, 1), (4, 1), (6, 1), (8, 1), (10, 1), (2, 2), (4, 2), (2, 5), (4, 5))
NEURONS = 50


def law(path):
    """Probabilities of all states."""
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
    return p / p.sum()


def subsets(folder):
    rng = np.random.default_rng(1)
    value = [[rng.choice(NEURONS, n, replace=False).tolist() for _ in range(20)] for n in (2, 4, 6, 8, 10)]
    path = folder / "yardstick_subsets.json.gz"
    path.write_bytes(gzip.compress(json.dumps(value, separators=(",", ":")).encode() + b"\n", mtime=0))
    print(path, path.stat().st_size)


def judged(qgan, shared, folder, n, t, counts):
    """The divergence that qgan finds for windows with these counts."""
    states = np.repeat(np.arange(len(counts)), counts)
    bits = (states[:, None] >> np.arange(n * t - 1, -1, -1)) & 1
    path = folder / "windows.npy"
    np.save(path, bits.reshape(-1, t, n).astype(np.uint8))
    out = subprocess.run(
        [qgan, "evaluate", path, "--data", shared / "data" / "salamander50.mat", "--repeat-bins", "953",
         "--neurons", str(n), "--timesteps", str(t), "--json"], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)["js_nats"]


def floors(qgan, sizes):
    shared = pathlib.Path(os.environ["QGAN_SHARED"])
    want = {(s["n"], s["t"]): s["sampling_floor"] for s in json.loads((shared / "facts" / "yardstick.json").read_text())["state"]}
    fixtures = pathlib.Path(__file__).parent.parent / "metrics" / "testdata"
    rng = np.random.default_rng(0)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for n, t in LAWS:
            p = law(fixtures / f"states_n{n}_t{t}.json")
            for size in SIZES:
                draws = rng.multinomial(size, p, size=5 if n * t == 20 else 20)
                if size not in sizes:
                    continue
                js = np.mean([judged(qgan, shared, pathlib.Path(folder), n, t, c) for c in draws])
                reference = want[n, t][str(size)]["js_nat_mean"]
                ok = abs(js - reference) <= 1e-9 * reference
                failed += not ok
                print("ok  " if ok else "FAIL", f"n={n} t={t}, {size} draws: {js:.9g}, reference {reference:.9g}", flush=True)
    print(failed, "failed")
    return failed


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--subsets", type=pathlib.Path)
    a.add_argument("--qgan")
    a.add_argument("--sizes", default="128,1000")
    a = a.parse_args()
    if a.subsets:
        subsets(a.subsets)
    if a.qgan:
        sys.exit(floors(a.qgan, {int(s) for s in a.sizes.split(",")}) > 0)


main()
