#!/usr/bin/env python3
"""Holds qgan's noisy simulator against Qiskit Aer on the same snapshot.

    QGAN_SHARED=... python referee/noisy.py --qgan bin/qgan

Compiles the generator's circuit of 4 and 8 qubits for torino with qgan, as it is
and with pulses in its delays. Aer gets a target made of the raw properties and
its own noise model of it; its readout errors are symmetric, so a second model has
the conditional ones of the properties. Compared are the law before the readout,
and the total variation of a million of Aer's shots from qgan's exact law, and of
qgan's shots from Aer's, with what the number of shots lets expect. One line is
printed for each check; the exit code is 1 where one failed. See README.md.
"""

import argparse
import json
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import warnings

from qiskit import QuantumCircuit
from qiskit.circuit import Delay, Measure, Parameter
from qiskit.circuit.library import CZGate, RZGate, SXGate, XGate
from qiskit.providers import BackendV2, Options
from qiskit.transpiler import InstructionProperties, QubitProperties, Target
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, ReadoutError

DEVICE = "torino"
SHOTS = 1_000_000
GATES = {"rz": RZGate(Parameter("angle")), "sx": SXGate(), "x": XGate(), "cz": CZGate()}
SECONDS = {"s": 1, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def generator(n):
    """Returns the generator's circuit with five layers and random angles as OpenQASM 3."""
    rng = random.Random(n)
    latent = [rng.uniform(-math.pi, math.pi) for _ in range(n)]
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', f"qubit[{n}] q;", f"bit[{n}] c;"]
    for layer in range(5):
        for q in range(n):
            lines.append(f"rx({latent[q]!r}) q[{q}];")
            if layer < 4:
                lines += [f"ry({rng.uniform(-3, 3)!r}) q[{q}];", f"rz({rng.uniform(-3, 3)!r}) q[{q}];"]
        lines += [f"cx q[{q}], q[{q + 1}];" for q in range(n - 1)]
    return "\n".join(lines + ["c = measure q;"]) + "\n"


def angle(text):
    """Computes an angle as qgan writes it: a number or a multiple of pi."""
    if not re.fullmatch(r"[-+*/.\de]*(pi)?[-+*/.\de]*", text):
        raise ValueError(f"no angle: {text}")
    return float(eval(text, {"__builtins__": {}, "pi": math.pi}))


def read(text, dt):
    """Reads a compiled program: the physical qubits used, and Qiskit's circuit on them."""
    qubits = sorted({int(n) for line in text.splitlines() if re.match(r"(cz|sx|x|rz|c\[)", line) for n in re.findall(r"\$(\d+)", line)})
    own = {q: i for i, q in enumerate(qubits)}
    circuit = QuantumCircuit(len(qubits), len(re.findall(r"= measure", text)))
    for line in text.splitlines():
        if m := re.fullmatch(r"(\w+)(?:\((.*)\))? (\$\d+(?:, \$\d+)*);", line):
            name, parameter, operands = m.groups()
            on = [own[int(q)] for q in re.findall(r"\$(\d+)", operands) if int(q) in own]
            if name == "barrier":
                continue
            getattr(circuit, name)(*([angle(parameter)] if parameter else []), *on)
        elif m := re.fullmatch(r"delay\[([\d.e+-]+)(\w+)\] (.*);", line):
            time, unit, operands = float(m[1]), m[2], m[3]
            for q in re.findall(r"\$(\d+)", operands):
                if int(q) in own:
                    circuit.delay(round(time if unit == "dt" else time * SECONDS[unit] / dt), own[int(q)], unit="dt")
        elif m := re.fullmatch(r"c\[(\d+)\] = measure \$(\d+);", line):
            circuit.measure(own[int(m[2])], int(m[1]))
        elif line and not re.match(r"OPENQASM|include|bit|//", line):
            raise ValueError(f"not understood: {line}")
    return qubits, circuit


def value(properties, name):
    for p in properties:
        if p["name"] == name:
            return p["value"] * SECONDS.get(p["unit"], 1)
    return None


class Device(BackendV2):
    """Some qubits of a processor, by its raw properties."""

    def __init__(self, properties, qubits, dt):
        super().__init__(name=DEVICE)
        own = {q: i for i, q in enumerate(qubits)}
        self._target = Target(dt=dt, num_qubits=len(qubits), qubit_properties=[
            QubitProperties(t1=value(properties["qubits"][q], "T1"), t2=value(properties["qubits"][q], "T2"), frequency=5e9) for q in qubits])
        sites = {name: {} for name in GATES}
        for gate in properties["gates"]:
            error = value(gate["parameters"], "gate_error")
            if gate["gate"] in sites and all(q in own for q in gate["qubits"]) and error != 1:
                sites[gate["gate"]][tuple(own[q] for q in gate["qubits"])] = InstructionProperties(
                    duration=value(gate["parameters"], "gate_length"), error=error)
        for name, where in sites.items():
            self._target.add_instruction(GATES[name], where)
        self._target.add_instruction(Delay(Parameter("t")), {(i,): None for i in range(len(qubits))})
        self._target.add_instruction(Measure(), {
            (own[q],): InstructionProperties(duration=value(properties["qubits"][q], "readout_length"), error=value(properties["qubits"][q], "readout_error"))
            for q in qubits})

    target = property(lambda self: self._target)
    max_circuits = property(lambda self: None)

    @classmethod
    def _default_options(cls):
        return Options()

    def run(self, *args, **kwargs):
        raise NotImplementedError


def variation(a, b):
    return sum(abs(a.get(w, 0) - b.get(w, 0)) for w in a.keys() | b.keys()) / 2


def expected(law):
    """The mean total variation of SHOTS shots from their law."""
    return sum(math.sqrt(2 * p * (1 - p) / (math.pi * SHOTS)) for p in law.values()) / 2


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--qgan", default=os.environ.get("QGAN", "bin/qgan"))
    qgan = parser.parse_args().qgan
    if "QGAN_SHARED" not in os.environ:
        print("skip  noisy: QGAN_SHARED is not set, the snapshots of the processors are in its folder devices/ibm")
        return 0
    warnings.simplefilter("ignore")
    path = pathlib.Path(os.environ["QGAN_SHARED"]) / "devices" / "ibm" / f"props_{DEVICE}.json"
    properties = json.loads(path.read_text())
    dt = json.loads(path.with_name(f"conf_{DEVICE}.json").read_text())["dt"] * 1e-9
    failed = 0

    def check(name, got, bound):
        nonlocal failed
        failed += got > bound
        print(f"{'ok  ' if got <= bound else 'FAIL'}  {name}: {got:.3g}, at most {bound:.3g}", flush=True)

    def ours(*arguments):
        out = subprocess.run([qgan, *map(str, arguments), "--json"], check=True, capture_output=True, text=True).stdout
        return json.loads(out)

    with tempfile.TemporaryDirectory() as folder:
        for n in (4, 8):
            source = pathlib.Path(folder) / f"generator{n}.qasm"
            source.write_text(generator(n))
            for flags in ([], ["--dd", "xx"]):
                compiled = source.with_suffix(".compiled.qasm")
                subprocess.run([qgan, "compile", source, "--device", path, "--dialect", "ibm", "--out", compiled, *flags], check=True, capture_output=True)
                qubits, circuit = read(compiled.read_text(), dt)
                what = " ".join([f"{n} qubits", *flags])
                run = ["run", compiled, "--backend", "noisy", "--device", path]
                device = Device(properties, qubits, dt)
                for kind in ("none", "symmetric", "asymmetric"):
                    model = NoiseModel.from_backend(device, readout_error=kind == "symmetric")
                    if kind == "asymmetric":
                        for i, q in enumerate(qubits):
                            p1, p0 = (value(properties["qubits"][q], f"prob_meas{k}_prep{1 - k}") for k in (1, 0))
                            model.add_readout_error(ReadoutError([[1 - p1, p1], [p0, 1 - p0]]), [i])
                    simulator = AerSimulator(method="density_matrix", noise_model=model)
                    exact = ours(*run, "--readout-error", kind, "--exact")["probabilities"]
                    if kind == "none":
                        bare = circuit.remove_final_measurements(inplace=False)
                        order = [circuit.find_bit(i.qubits[0]).index for i in circuit.data if isinstance(i.operation, Measure)]
                        bits = [circuit.find_bit(i.clbits[0]).index for i in circuit.data if isinstance(i.operation, Measure)]
                        bare.save_probabilities([q for _, q in sorted(zip(bits, order))])
                        law = simulator.run(bare).result().data(0)["probabilities"]
                        law = {f"{i:0{n}b}"[::-1]: p for i, p in enumerate(law)}
                        # Aer drops error terms below 1e-10, so its laws do not add up to 1.
                        check(f"{what}: largest difference of a probability before the readout", max(abs(p - exact.get(w, 0)) for w, p in law.items()), 1e-7)
                        continue
                    counts = simulator.run(circuit, shots=SHOTS, seed_simulator=7).result().get_counts()
                    theirs = {w[::-1]: k / SHOTS for w, k in counts.items()}
                    bound = 1.5 * expected(exact)
                    check(f"{what}, {kind} readout: total variation of Aer's shots from our law", variation(theirs, exact), bound)
                    drawn = ours(*run, "--readout-error", kind, "--shots", SHOTS, "--seed", 7)["counts"]
                    drawn = {w: k / SHOTS for w, k in drawn.items()}
                    check(f"{what}, {kind} readout: total variation of our shots from Aer's", variation(theirs, drawn), 1.5 * math.sqrt(2) * expected(exact))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
