#!/usr/bin/env python3
"""Holds the figures of `qgan score --json` against Elephant and against LDNS's formulas.

    python referee/score.py --qgan bin/qgan                  trains of our own making
    QGAN_SHARED=DIR python referee/score.py --qgan bin/qgan  and the recording and the samples of DIR/data

Each sample is judged by the even repeats of its recording. Elephant gives rates, the law of
the number of active cells, covariances, correlations, cross-correlation histograms,
intervals, Fano factors and PSTHs of both sides, of which the figures are made here. The four
metrics of Latent Diffusion for Neural Spiking data (Kapoor, Schulz et al., NeurIPS 2024;
github.com/mackelab/LDNS, ldns/utils/eval_utils.py) are written out with NumPy, since no
registry has that package: the divergence of the population count, and root mean squares
of the differences of correlations of all bins, and of means and standard deviations of the
intervals of all repeats together. One line a check; the exit code is 1 where one failed.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile

import numpy as np
import quantities as pq
import scipy.io
from elephant import spike_train_correlation as correlation
from elephant import statistics as elephant
from neo import SpikeTrain

from recordings import WIDTH, Program, Report, binned, trains_of

LAGS = (1, 2, 5, 10)


class Side:
    """What Elephant says of spike trains, repeats x bins x cells."""

    def __init__(self, spikes):
        self.spikes, (self.repeats, self.bins, self.cells) = spikes, spikes.shape
        flat = spikes.reshape(-1, self.cells)
        long = [SpikeTrain((np.flatnonzero(x) + 0.5) * WIDTH, units="s", t_start=0, t_stop=len(flat) * WIDTH) for x in flat.T]
        whole = binned(long, len(flat))
        self.parts = trains_of(spikes)
        self.rates = np.array([float(elephant.mean_firing_rate(t).rescale("Hz")) for t in long])
        pdf = elephant.Complexity(long, bin_size=WIDTH * pq.s, binary=True, spread=0).pdf().magnitude.ravel()
        self.active = np.pad(pdf, (0, self.cells + 1 - len(pdf)))
        self.covariance = correlation.covariance(whole, binary=True)
        self.correlation = correlation.correlation_coefficient(whole, binary=True)
        intervals = [np.concatenate([elephant.isi(repeat[i]).rescale("s").magnitude for repeat in self.parts if len(repeat[i]) > 1]) for i in range(self.cells)]
        self.mean = np.array([np.mean(x) for x in intervals])
        self.deviation = np.array([np.std(x) for x in intervals])
        self.cv = np.array([elephant.cv(x) for x in intervals])
        # Elephant's variance is that of all repeats that there are (ddof 0), the figure's that of those they stand for (ddof 1).
        self.fano = np.array([elephant.fanofactor([repeat[i] for repeat in self.parts]) for i in range(self.cells)]) * self.repeats / (self.repeats - 1)
        self.psth = np.array([
            elephant.time_histogram([repeat[i] for repeat in self.parts], bin_size=WIDTH * pq.s, output="mean").magnitude.ravel() for i in range(self.cells)])

    def lagged(self, lags):
        """Covariances of a cell's bins and another's so many bins later, within repeats."""
        reach = max(lags)
        joint = np.zeros((self.cells, self.cells, 2 * reach + 1))
        trains = [[binned([t], self.bins) for t in repeat] for repeat in self.parts]
        for repeat, part in zip(trains, self.parts):
            for i in range(self.cells):
                for j in range(self.cells):
                    if len(part[i]) and len(part[j]):
                        histogram, _ = correlation.cross_correlation_histogram(repeat[i], repeat[j], window=[-reach, reach], border_correction=False, binary=True)
                        joint[i, j] += histogram.magnitude.ravel()
        out = {}
        for lag in lags:
            pairs = self.repeats * (self.bins - lag)
            first, second = self.spikes[:, :self.bins - lag].sum((0, 1), dtype=float), self.spikes[:, lag:].sum((0, 1), dtype=float)
            out[lag] = (joint[..., reach + lag] - np.outer(first, second) / pairs) / (pairs - 1)
        return out


def off(matrix):
    return matrix[np.triu_indices(len(matrix), 1)]


def rms(x):
    return np.sqrt(np.mean(np.square(x)))


def relative(a, b):
    return np.abs(a - b).sum() / np.abs(b).sum()


def by_elephant(a, b, lags):
    seen = (a.active > 0) & (b.active > 0)
    out = {
        "rate_error": relative(a.rates, b.rates),
        "kl_population_count": np.sum(a.active[seen] * np.log(a.active[seen] / b.active[seen])),
        "unseen": a.active[b.active == 0].sum(),
        "k_probability_distance": np.abs(a.active - b.active).sum(),
        "rmse_correlation": rms(off(a.correlation) - off(b.correlation)),
        "max_correlation_error": np.abs(off(a.correlation) - off(b.correlation)).max(),
        "covariance_error_lag_0": np.linalg.norm(off(a.covariance) - off(b.covariance)) / np.linalg.norm(off(b.covariance)),
        "rmse_mean_isi_s": rms(a.mean - b.mean),
        "rmse_std_isi_s": rms(a.deviation - b.deviation),
        "rmse_cv_isi": rms(a.cv - b.cv),
        "fano_relative_error": relative(a.fano, b.fano),
        "psth_r2_median": np.median(1 - np.square(a.psth - b.psth).sum(1) / np.square(b.psth - b.psth.mean(1, keepdims=True)).sum(1)),
    }
    if lags:
        all_x, all_y = a.lagged(lags), b.lagged(lags)
    for lag in lags:
        x, y = all_x[lag], all_y[lag]
        own = np.eye(len(x), dtype=bool)
        out[f"covariance_error_lag_{lag}"] = np.linalg.norm((x - y)[~own]) / np.linalg.norm(y[~own])
        out[f"autocovariance_error_lag_{lag}"] = np.linalg.norm((x - y)[own]) / np.linalg.norm(y[own])
    return out


def by_ldns(a, b):
    """LDNS's four, of counts samples x bins x cells: its formulas, without its code."""

    def of(counts):
        cells = counts.shape[2]
        population = np.bincount(counts.sum(2).ravel(), minlength=cells + 1) / counts[..., 0].size
        intervals = [np.concatenate([np.diff(np.flatnonzero(repeat)) * WIDTH for repeat in counts[..., i]]) for i in range(cells)]
        return population, np.corrcoef(counts.reshape(-1, cells).T), np.array([x.mean() for x in intervals]), np.array([x.std() for x in intervals])

    (p, r, m, d), (q, s, n, e) = of(a), of(b)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = p * np.log(p / q)
    return {
        "kl_population_count": np.sum(terms[np.isfinite(terms)]),
        "rmse_correlation": rms(off(r) - off(s)), "rmse_mean_isi_s": rms(m - n), "rmse_std_isi_s": rms(d - e),
    }


def check(report, program, name, file, recording, sample, spikes, tolerance, lags=(), arguments=()):
    """Judges file by recording and holds the figures against those of both referees."""
    out = json.loads(program("score", file, "--data", recording, "--json", "--baselines", "none", "--resamples", 0, "--bin-width", WIDTH, *arguments))
    ours = {v["name"]: v["value"] for v in out["judged"][0]["figures"]}
    judge = spikes[1::2]
    for referee, theirs in ("Elephant", by_elephant(Side(sample), Side(judge), lags)), ("LDNS", by_ldns(sample, judge)):
        for figure, value in theirs.items():
            report.agree(f"{name}, {figure}, {referee}", ours[figure], value, tolerance)


def check_made(report, program, tolerance):
    rng = np.random.default_rng(2)
    rates = np.clip(0.1 + 0.1 * np.sin(np.arange(120)[:, None] / 7 + np.arange(5)), 0.01, 1)

    def trains(repeats, chance):
        spikes = (rng.random((repeats, 120, 5)) < chance).astype(np.uint8)
        spikes[:, 2:, 1] |= spikes[:, :-2, 2] & (rng.random((repeats, 118)) < 0.4)
        return spikes

    recording, sample = trains(40, rates), trains(25, rates.mean())
    for name, spikes in ("recording.npz", recording), ("sample.npz", sample):
        np.savez(program.directory / name, spikes=spikes, bin_width_s=WIDTH)
    check(report, program, "made", "sample.npz", "recording.npz", sample, recording, tolerance, LAGS)
    program("baseline", "--data", "recording.npz", "--samples", "psth=psth.npz", "--bin-width", WIDTH, "--neurons", 5)
    check(report, program, "psth of it", "psth.npz", "recording.npz", np.load(program.directory / "psth.npz")["spikes"], recording, tolerance, LAGS)


def check_shared(report, program, data, tolerance):
    file = data / "salamander50.mat"
    whole = scipy.io.loadmat(file)["data"].reshape(-1, 953, 50)
    for name in "dichotomised_gaussian", "k_pairwise":
        path = data / f"salamander50_{name}.mat"
        content = scipy.io.loadmat(path)
        bins = content["data" if "data" in content else "samples_batch_all"].astype(np.uint8)
        samples = bins[:len(bins) // 953 * 953].reshape(-1, 953, 50)
        for n in (10, 50) if name == "k_pairwise" else (10,):
            check(report, program, f"{name}, {n} cells", path, file, samples[..., :n], whole[..., :n], tolerance, arguments=("--repeat-bins", 953, "--neurons", n))


def main():
    parser = argparse.ArgumentParser(description="Holds the figures of qgan score against Elephant and LDNS's formulas.")
    parser.add_argument("--qgan", default=os.environ.get("QGAN"), required=not os.environ.get("QGAN"), help="the program (default: $QGAN)")
    parser.add_argument("--tolerance", type=float, default=1e-9, help="default %(default)s")
    arguments = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as directory:
        program = Program(os.path.abspath(arguments.qgan), directory)
        check_made(report, program, arguments.tolerance)
        shared = os.environ.get("QGAN_SHARED")
        if shared:
            check_shared(report, program, pathlib.Path(shared) / "data", arguments.tolerance)
        else:
            print("QGAN_SHARED is not set, so no recording of it was judged")
    print(f"{report.checks} checks, {report.failed} failed, largest difference {report.worst:.3g}")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
