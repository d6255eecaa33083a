#!/usr/bin/env python3
"""Holds the recordings that qgan reads and writes, and its statistics, against the tools of neuroscience.

    python referee/recordings.py --qgan bin/qgan                  files of our own making
    QGAN_SHARED=DIR python referee/recordings.py --qgan bin/qgan  and the recordings of DIR/data

Spike trains of a small generator are read by the loaders of docs/formats.md, word for
word, with NumPy, Elephant, pynapple and pynwb, and what pynapple and pynwb save is
read by qgan. Elephant computes rates, covariances, correlations, complexity,
cross-correlation histograms, intervals, Fano factors and the PSTH of the same
trains, which must agree to 1e-12. With QGAN_SHARED the recordings must hold the
spikes that they are known to, and load in less than twice scipy's time. One line a
check; the exit code is 1 where one failed. See README.md.
"""

import argparse
import json
import logging
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import pynapple
import pynwb
import quantities as pq
import scipy.io
from elephant import conversion
from elephant import spike_train_correlation as correlation
from elephant import statistics as elephant
from neo import SpikeTrain

logging.disable(logging.WARNING)  # Elephant tells of every rounding of a number of bins
warnings.simplefilter("ignore")

LAGS = 10
WIDTH = 0.02


class Report:
    def __init__(self):
        self.checks = self.failed = 0
        self.worst = 0.0

    def check(self, name, function):
        self.checks += 1
        try:
            print(f"ok   {name}: {function()}", flush=True)
        except Exception as error:  # any failure of a check is its result
            self.failed += 1
            print(f"FAIL {name}: {type(error).__name__}: {(str(error).strip() or 'no message').splitlines()[0]}", flush=True)

    def agree(self, name, ours, theirs, tolerance):
        def compare():
            a, b = np.asarray(ours, float), np.asarray(theirs, float)
            if a.shape != b.shape:
                raise ValueError(f"shapes {a.shape} and {b.shape}")
            worst = float(np.max(np.abs(a - b) / np.maximum(1, np.abs(b)))) if a.size else 0.0
            self.worst = max(self.worst, worst)
            if not worst <= tolerance:
                raise ValueError(f"differ by {worst:.3g}")
            return f"{a.size} numbers agree to {worst:.2g}"

        self.check(name, compare)


class Program:
    def __init__(self, path, directory):
        self.path, self.directory = path, pathlib.Path(directory)

    def __call__(self, *arguments):
        done = subprocess.run([self.path, *map(str, arguments)], capture_output=True, text=True, cwd=self.directory)
        if done.returncode != 0:
            raise RuntimeError(f"exit code {done.returncode}: {(done.stderr.strip().splitlines() or ['no message'])[0]}")
        return done.stdout

    def figures(self, file, *arguments):
        return json.loads(self("evaluate", file, "--json", *arguments))


def loaders(program):
    """Runs the examples of docs/formats.md beside the files that they name."""
    text = (pathlib.Path(__file__).parent.parent / "docs" / "formats.md").read_text()
    found = {}
    os.chdir(program.directory)
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        names = {}
        exec(block, names)
        for name in ("spikes", "binned", "trains", "nwb"):
            if name in names:
                found[name] = names[name]
    return found


def check_written(report, program):
    program("train", "run", "--neurons", 4, "--timesteps", 6, "--iterations", 60)
    for out, form in [("trains.npz", "windows"), ("trains.npy", "windows"), ("trains.mat", "windows"), ("trains.csv", "windows"), ("times.csv", "spike-times"), ("group.npz", "pynapple")]:
        program("generate", "run", "--samples", 400, "--format", form, "--out", out)
    spikes = np.load(program.directory / "trains.npz")["spikes"]
    found = {}

    def documented():
        found.update(loaders(program))
        if sorted(found) != ["binned", "nwb", "spikes", "trains"]:
            raise ValueError(f"only {sorted(found)}")
        return "four loaders run as they stand"

    report.check("docs/formats.md", documented)
    report.agree("NumPy", found["spikes"], spikes, 0)
    report.agree("NumPy, .npy", np.load(program.directory / "trains.npy"), spikes, 0)
    report.agree("scipy, .mat", scipy.io.loadmat(program.directory / "trains.mat")["data"], spikes, 0)
    report.agree("NumPy, .csv", np.loadtxt(program.directory / "trains.csv", delimiter=",", skiprows=1)[:, 2:].reshape(spikes.shape), spikes, 0)
    times = np.loadtxt(program.directory / "times.csv", delimiter=",", skiprows=2)
    again = np.zeros_like(spikes)
    again[times[:, 2].astype(int), np.floor(times[:, 1] / WIDTH).astype(int), times[:, 0].astype(int)] = 1
    report.agree("NumPy, spike times", again, spikes, 0)
    flat = spikes.reshape(-1, spikes.shape[2]).T
    report.agree("Elephant", found["binned"].to_bool_array(), flat, 0)
    trains = found["trains"]
    report.agree("pynapple, epochs", trains.time_support.values.shape, (len(spikes), 2), 0)
    report.agree("pynapple, counts", trains.count(WIDTH).values, spikes.reshape(-1, spikes.shape[2]), 0)

    def nwb():
        with pynwb.NWBHDF5IO(program.directory / "trains.nwb", "r") as io:
            table = io.read()
            counts = [len(table.units["spike_times"][k]) for k in range(spikes.shape[2])]
            if counts != spikes.sum((0, 1)).tolist() or len(table.trials) != len(spikes):
                raise ValueError(f"{counts} spikes in {len(table.trials)} trials")
        return f"{len(spikes)} trials, {sum(counts)} spikes"

    report.check("pynwb", nwb)

    trains.save(str(program.directory / "saved.npz"))
    names = ["rates_hz", "covariance", "k_probability", "autocorrelogram"]
    ours = program.figures("trains.npz")
    for file in ["trains.npy", "trains.mat", "trains.csv", "times.csv", "group.npz", "saved.npz", "trains.nwb"]:
        theirs = program.figures(file)
        for name in names:
            report.agree(f"qgan reads {file}, {name}", theirs[name], ours[name], 0)


def trains_of(spikes):
    """Neo spike trains of the middles of the bins, one a repeat and neuron."""
    stop = spikes.shape[1] * WIDTH
    return [[SpikeTrain((np.flatnonzero(x) + 0.5) * WIDTH, units="s", t_start=0, t_stop=stop) for x in repeat.T] for repeat in spikes]


def binned(trains, bins):
    return conversion.BinnedSpikeTrain(trains, bin_size=WIDTH * pq.s, n_bins=bins, t_start=0 * pq.s)


def check_statistics(report, name, spikes, ours, tolerance):
    repeats, bins, n = spikes.shape
    flat = spikes.reshape(-1, n)
    whole = binned([SpikeTrain((np.flatnonzero(x) + 0.5) * WIDTH, units="s", t_start=0, t_stop=len(flat) * WIDTH) for x in flat.T], len(flat))
    silent = [i for i in range(n) if flat[:, i].sum() == 0]
    parts, spiking = trains_of(spikes), ours["spiking"]["drawn"]
    long = [SpikeTrain((np.flatnonzero(x) + 0.5) * WIDTH, units="s", t_start=0, t_stop=len(flat) * WIDTH) for x in flat.T]
    report.agree(f"{name}, mean_firing_rate", ours["rates_hz"], [float(elephant.mean_firing_rate(t).rescale("Hz")) for t in long], tolerance)
    report.agree(f"{name}, covariance", ours["covariance"], correlation.covariance(whole, binary=True), tolerance)
    theirs = np.nan_to_num(correlation.correlation_coefficient(whole, binary=True))
    for i in silent:
        theirs[i, i] = 0
    report.agree(f"{name}, correlation_coefficient", spiking["correlation_coefficient"], theirs, tolerance)
    pdf = elephant.Complexity(long, bin_size=WIDTH * pq.s, binary=True, spread=0).pdf().magnitude.ravel()
    pdf = np.pad(pdf, (0, max(0, n + 1 - len(pdf))))
    report.agree(f"{name}, Complexity.pdf", ours["k_probability"], pdf, tolerance)
    rate = elephant.time_histogram([t for repeat in parts for t in repeat], bin_size=WIDTH * pq.s, output="rate")
    report.agree(f"{name}, time_histogram", spiking["time_histogram_hz"], rate.rescale("Hz").magnitude.ravel(), tolerance)
    if bins > LAGS:
        histograms = {(p["i"], p["j"]): p["count"] for p in spiking["cross_correlation_histogram"]}
        theirs = {pair: np.zeros(2 * LAGS + 1) for pair in histograms}
        for repeat in parts:
            for i, j in theirs:
                if len(repeat[i]) and len(repeat[j]):
                    cch, _ = correlation.cross_correlation_histogram(
                        binned([repeat[i]], bins), binned([repeat[j]], bins), window=[-LAGS, LAGS], border_correction=True, binary=True)
                    theirs[i, j] += cch.magnitude.ravel()
        report.agree(f"{name}, cross_correlation_histogram", list(histograms.values()), list(theirs.values()), tolerance)
    fano = [elephant.fanofactor([repeat[i] for repeat in parts]) if i not in silent else 0 for i in range(n)]
    isi = [np.concatenate([elephant.isi(repeat[i]).rescale("s").magnitude for repeat in parts if len(repeat[i]) > 1] or [[]]) for i in range(n)]
    # Windows shorter than the repeats count other intervals: those of whole repeats only are Elephant's.
    if ours["recording"]["timesteps"] == bins:
        report.agree(f"{name}, fanofactor", spiking["fano_factor"], fano, tolerance)
        report.agree(f"{name}, isi", [x["mean_s"] for x in spiking["isi"]], [np.mean(x) if len(x) else 0 for x in isi], tolerance)
        report.agree(f"{name}, cv", [x["cv"] for x in spiking["isi"]], [np.std(x) / np.mean(x) if len(x) else 0 for x in isi], 1e-7)


def check_shared(report, program, shared, tolerance):
    data = shared / "data"
    for file, arguments, shape, count in [
        ("salamander50.mat", ["--repeat-bins", 953], (297, 953, 50), 544080),
        ("salamander50_dichotomised_gaussian.mat", [], None, None), ("salamander50_k_pairwise.mat", [], None, None),
        ("bint_40x6x953_v5.mat", [], (40, 953, 6), 8076), ("bint_40x6x953_v73.mat", [], (40, 953, 6), 8076), ("units_5x7.nwb", [], (5, 953, 7), 974),
    ]:
        def check():
            out = json.loads(program("baseline", "--data", data / file, "--neurons", 2, "--json", *arguments))
            if shape is None:
                return f"{out['windows']} bins"
            if out["windows"] != shape[0] * shape[1]:
                raise ValueError(f"{out['windows']} bins, {shape[0] * shape[1]} expected")
            figures = program.figures(data / file, "--data", data / file, "--timesteps", 1, "--neurons", f"0-{shape[2] - 1}", *arguments) if shape[2] <= 32 else None
            if figures is None:
                return f"{out['windows']} bins"
            spikes = round(sum(figures["rates_hz"]) * WIDTH * shape[0] * shape[1])
            if spikes != count:
                raise ValueError(f"{spikes} spikes, {count} expected")
            return f"{out['windows']} bins, {spikes} spikes"

        report.check(f"data/{file}", check)

    def load_time():
        # Both in a new process, without its start; of qgan, whose reading ends with the
        # refusal of windows longer than a repeat, with the choice of two neurons.
        file = str(data / "salamander50.mat")

        def run(*command):
            start = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True)
            return time.perf_counter() - start, done.stdout

        timed = f"import time, scipy.io\ns = time.perf_counter()\nscipy.io.loadmat({file!r})\nprint(time.perf_counter() - s)"
        starts, whole, loads = [], [], []
        for _ in range(15):  # in turn, so that what else the machine does befalls both
            starts.append(run(program.path, "version")[0])
            whole.append(run(program.path, "baseline", "--data", file, "--timesteps", "999999", "--neurons", "2")[0])
            loads.append(float(run(sys.executable, "-c", timed)[1]))
        ours, theirs = min(whole) - min(starts), min(loads)
        if not ours < 2 * theirs:
            raise ValueError(f"{1000 * ours:.0f} ms, scipy {1000 * theirs:.0f} ms")
        return f"{1000 * ours:.0f} ms with its hash, scipy {1000 * theirs:.0f} ms"

    report.check("time to load salamander50.mat", load_time)

    spikes = scipy.io.loadmat(data / "bint_40x6x953_v5.mat")["bint"].transpose(0, 2, 1)
    ours = program.figures(data / "bint_40x6x953_v5.mat", "--data", data / "bint_40x6x953_v73.mat", "--timesteps", 953)
    check_statistics(report, "bint", spikes, ours, tolerance)


def main():
    parser = argparse.ArgumentParser(description="Holds qgan's recordings and statistics against Elephant, pynapple and pynwb.")
    parser.add_argument("--qgan", default=os.environ.get("QGAN"), required=not os.environ.get("QGAN"), help="the program (default: $QGAN)")
    parser.add_argument("--tolerance", type=float, default=1e-12, help="default %(default)s")
    arguments = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as directory:
        program = Program(os.path.abspath(arguments.qgan), directory)
        check_written(report, program)
        spikes = np.load(program.directory / "trains.npz")["spikes"]
        check_statistics(report, "trains", spikes, program.figures("trains.npz"), arguments.tolerance)
        rng = np.random.default_rng(1)
        spikes = (rng.random((30, 200, 5)) < [0.02, 0.1, 0.3, 0.0, 0.05]).astype(np.uint8)
        spikes[:, 3:, 1] |= spikes[:, :-3, 2] & (rng.random((30, 197)) < 0.3)
        np.savez(program.directory / "poisson.npz", spikes=spikes, bin_width_s=WIDTH)
        check_statistics(report, "poisson", spikes, program.figures("poisson.npz", "--data", "poisson.npz", "--timesteps", 200), arguments.tolerance)
        shared = os.environ.get("QGAN_SHARED")
        if shared:
            check_shared(report, program, pathlib.Path(shared), arguments.tolerance)
        else:
            print("QGAN_SHARED is not set, so no recording of it was read")
        os.chdir("/")
    print(f"{report.checks} checks, {report.failed} failed, largest difference {report.worst:.3g}")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
