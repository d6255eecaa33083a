#!/usr/bin/env python3
"""Times qgan's methods for many qubits against Qiskit Aer's, in turn, in one run.

    python referee/methods.py --qgan bin/qgan [--shots 1000] [--runs 3]

Samples a GHZ state of 1,000 qubits (stabilizer) and a chain of 40 qubits with five layers of
random rotations and cx (mps), and prints the seconds of each run, the median and the ratio,
Aer's by qgan's. qgan's time is that of its whole process, reading the file included; Aer's
is that of its run alone. Of the chain it also compares <Z> of each qubit, which must agree
within five standard errors.
"""

import argparse
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

from qiskit import qasm3
from qiskit_aer import AerSimulator

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[{n}] q;\nbit[{n}] c;\n'


def ghz(n):
    return HEAD.format(n=n) + "h q[0];\n" + "".join(f"cx q[{i}], q[{i + 1}];\n" for i in range(n - 1)) + "c = measure q;\n"


def chain(n, layers):
    draw = random.Random(1)
    text = HEAD.format(n=n)
    for _ in range(layers):
        for q in range(n):
            text += "".join(f"{g}({draw.uniform(-3, 3):.6f}) q[{q}];\n" for g in ("rx", "ry", "rz"))
        text += "".join(f"cx q[{q}], q[{q + 1}];\n" for q in range(n - 1))
    return text + "c = measure q;\n"


def spins(counts, n, last_first):
    """<Z> of each qubit."""
    total = sum(counts.values())
    out = [0.0] * n
    for word, times in counts.items():
        for q, bit in enumerate(reversed(word) if last_first else word):
            out[q] += (1 - 2 * int(bit)) * times / total
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--qgan", default="bin/qgan")
    parser.add_argument("--shots", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for title, text, ours, theirs, n in (
            ("GHZ state of 1,000 qubits", ghz(1000), "stabilizer", "stabilizer", 1000),
            ("chain of 40 qubits, 5 layers", chain(40, 5), "mps", "matrix_product_state", 40),
        ):
            path = pathlib.Path(folder) / "circuit.qasm"
            path.write_text(text)
            circuit = qasm3.loads(text)
            times = {"qgan": [], "Aer": []}
            for run in range(asked.runs):
                began = time.time()
                done = subprocess.run([asked.qgan, "run", str(path), "--method", ours, "--shots", str(asked.shots), "--seed", str(run), "--json"], check=True, capture_output=True, text=True)
                times["qgan"].append(time.time() - began)
                began = time.time()
                result = AerSimulator(method=theirs).run(circuit, shots=asked.shots, seed_simulator=run).result()
                times["Aer"].append(time.time() - began)
            mine, other = spins(json.loads(done.stdout)["counts"], n, False), spins(result.get_counts(), n, True)
            worst = max(abs(a - b) for a, b in zip(mine, other))
            bound = 5 * (2 / asked.shots) ** 0.5
            failed |= worst > bound
            a, b = statistics.median(times["qgan"]), statistics.median(times["Aer"])
            print(f"{title}: {asked.shots} shots, qgan {a:.3f} s, Aer {b:.3f} s, Aer / qgan {b / a:.1f} "
                  f"({', '.join(f'{y / x:.1f}' for x, y in zip(times['qgan'], times['Aer']))}); <Z> differ by at most {worst:.3f} (bound {bound:.3f})")
    sys.exit(failed)


if __name__ == "__main__":
    main()
