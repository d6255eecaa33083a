#!/usr/bin/env python3
"""Holds qgan's compiler against Qiskit's on the same snapshots.

    QGAN_SHARED=... python referee/compile.py [torino sherbrooke fez]

Compiles the circuits of the benchmarks of ir/compile (chains, rings and Fourier
transforms) with qiskit.transpile at the levels 1 and 3, five seeds each, and runs
`go test -bench Compile ./ir/compile`, in turn. Prints for each circuit the median
of two-qubit gates, two-qubit depth, pulses (sx and x) and milliseconds. Times
depend on what else the machine does: only those of one run compare. The exit
code is 1 where qgan needs more two-qubit gates than a tenth above level 3.
"""

import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import time

from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Measure, Parameter
from qiskit.circuit.library import CXGate, CZGate, ECRGate, IGate, RZGate, SXGate, XGate
from qiskit.synthesis.qft import synth_qft_full
from qiskit.transpiler import InstructionProperties, Target

ROOT = pathlib.Path(__file__).resolve().parent.parent
TWO = {"cx": CXGate(), "cz": CZGate(), "ecr": ECRGate()}
ONE = {"id": IGate(), "rz": RZGate(Parameter("angle")), "sx": SXGate(), "x": XGate()}


def target(folder, device):
    """Makes Qiskit's target of an IBM snapshot."""
    properties = json.loads((folder / f"props_{device}.json").read_text())
    out = Target(num_qubits=len(properties["qubits"]))
    gates = {}
    for gate in properties["gates"]:
        if gate["gate"] in TWO or gate["gate"] in ONE:
            values = {p["name"]: p["value"] for p in gate["parameters"]}
            gates.setdefault(gate["gate"], {})[tuple(gate["qubits"])] = InstructionProperties(
                duration=values["gate_length"] * 1e-9, error=values.get("gate_error"))
    for name, sites in gates.items():
        out.add_instruction({**TWO, **ONE}[name], sites)
    readout = {}
    for i, qubit in enumerate(properties["qubits"]):
        values = {p["name"]: p["value"] for p in qubit}
        readout[(i,)] = InstructionProperties(duration=values["readout_length"] * 1e-9, error=values["readout_error"])
    out.add_instruction(Measure(), readout)
    return out


def layers(n, ring=False):
    """The generator's circuit with five layers and random angles."""
    rng = random.Random(5)
    circuit = QuantumCircuit(n, n)
    latent = [rng.gauss(0, 1) for _ in range(n)]
    for _ in range(5):
        for q in range(n):
            circuit.rx(latent[q], q)
            circuit.ry(rng.uniform(-3, 3), q)
            circuit.rz(rng.uniform(-3, 3), q)
        for q in range(n - 1):
            circuit.cx(q, q + 1)
        if ring:
            circuit.cx(n - 1, 0)
    circuit.measure(range(n), range(n))
    return circuit


def fourier(n):
    circuit = QuantumCircuit(n, n)
    circuit.compose(synth_qft_full(n), inplace=True)
    circuit.measure(range(n), range(n))
    return circuit


CIRCUITS = {
    "chain10": layers(10), "chain100": layers(100), "ring10": layers(10, True), "ring100": layers(100, True),
    "qft10": fourier(10), "qft20": fourier(20),
}


def qiskit_figures(circuit, on, level):
    """The median two-qubit gates, their depth, pulses and milliseconds of five seeds."""
    rows = []
    for seed in range(5):
        began = time.perf_counter()
        compiled = transpile(circuit, target=on, optimization_level=level, seed_transpiler=seed)
        took = 1e3 * (time.perf_counter() - began)
        counts = compiled.count_ops()
        rows.append((sum(counts.get(g, 0) for g in TWO), compiled.depth(lambda i: i.operation.name in TWO),
                     counts.get("sx", 0) + counts.get("x", 0), took))
    return [statistics.median(column) for column in zip(*rows)]


def qgan_figures(device, name):
    """The same figures from the benchmarks."""
    out = subprocess.run(["go", "test", "-run", "^$", "-bench", f"^BenchmarkCompile$/^{device}$/^{name}$", "-benchtime", "5x", "./ir/compile"],
                         cwd=ROOT, check=True, capture_output=True, text=True).stdout
    found = {unit: float(value) for value, unit in re.findall(r"([\d.]+) (ns/op|two-qubit|depth|pulses)", out)}
    return [found["two-qubit"], found["depth"], found["pulses"], found["ns/op"] / 1e6]


def main():
    if "QGAN_SHARED" not in os.environ:
        sys.exit("QGAN_SHARED is not set: the snapshots of the processors are in its folder devices/ibm")
    folder = pathlib.Path(os.environ["QGAN_SHARED"]) / "devices" / "ibm"
    worse = 0
    print(f"{'device':11}{'circuit':9}{'compiler':10}{'two-qubit':>10}{'depth':>8}{'pulses':>8}{'ms':>9}")
    for device in sys.argv[1:] or ["torino", "sherbrooke", "fez"]:
        on = target(folder, device)
        for name, circuit in CIRCUITS.items():
            rows = {"level 1": qiskit_figures(circuit, on, 1), "level 3": qiskit_figures(circuit, on, 3), "qgan": qgan_figures(device, name)}
            for compiler, (gates, depth, pulses, took) in rows.items():
                print(f"{device:11}{name:9}{compiler:10}{gates:10.0f}{depth:8.0f}{pulses:8.0f}{took:9.1f}", flush=True)
            worse += rows["qgan"][0] > 1.1 * rows["level 3"][0]
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
