"""The quantum Fourier transform of 24 qubits: Qiskit Aer and qgan, alternating in one run.

  python qft.py bin/qgan

Needs (in a virtual environment) qiskit and qiskit-aer. Both run RY(0.1 (q+1)) on each qubit q, then the transform with its
swaps, from |0...0> in double precision on all processors; the probability of |0...0> is compared, then medians are printed.
"""
import argparse, json, math, statistics, subprocess, sys, time

from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator


def circuit(n):
    c = QuantumCircuit(n)
    for q in range(n):
        c.ry(0.1 * (q + 1), q)
    for q in range(n):
        c.h(q)
        for j in range(q + 1, n):
            c.cp(math.pi / 2 ** (j - q), q, j)
    for q in range(n // 2):
        c.swap(q, n - 1 - q)
    return c


def main():
    p = argparse.ArgumentParser()
    p.add_argument("qgan")
    p.add_argument("--qubits", type=int, default=24)
    p.add_argument("--rounds", type=int, default=5)
    a = p.parse_args()
    c = circuit(a.qubits)
    c.save_amplitudes([0])
    runs = {}
    for fused in (True, False):
        runs["aer, " + ("fused" if fused else "gate by gate")] = AerSimulator(method="statevector", fusion_enable=fused)
    times, ours = {name: [] for name in runs}, []
    for turn in range(a.rounds + 1):
        for name, s in runs.items():
            begin = time.perf_counter()
            amplitude = s.run(c).result().data()["amplitudes"][0]
            if turn:
                times[name].append(time.perf_counter() - begin)
        out = subprocess.run([a.qgan, "bench", "qft", "--qubits", str(a.qubits), "--repeats", "1", "--json"], capture_output=True, text=True, check=True)
        out = json.loads(out.stdout)
        if turn:
            ours.append(out["seconds"]["median"])
    off = abs(abs(amplitude) ** 2 - out["checksum"])
    for name, t in times.items():
        print(f"{name}: {statistics.median(t):.3f} s, {statistics.median(t) / statistics.median(ours):.2f} x ours")
    print(f"qgan: {statistics.median(ours):.3f} s; probabilities of |0...0> differ by {off:.1e}")
    if off > 1e-10:
        sys.exit("the states differ")


main()
