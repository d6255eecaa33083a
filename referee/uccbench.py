#!/usr/bin/env python3
"""Holds the circuits of ucc-bench, compiled for all pairs of qubits, against Qiskit's and tket's.

    QGAN_SHARED=... python referee/uccbench.py --qgan bin/qgan [--rounds 3] [--tket SECONDS] [--check]

Compiles each circuit to cx and one-qubit gates with `qgan compile --basis --unitary`, with
qiskit.transpile at level 3 and, if asked, with tket's passes (the fewest gates of those that end in
time), one process each, in turn, and prints a table: two-qubit gates, seconds of the
processor (the median of the rounds; qgan's are of the whole process, those of the others of
compiling alone) and the peak of memory of the process. The Fourier transform is compiled with
--approximate 4e-5, which leaves out what Qiskit leaves out; the error that qgan tells for the
whole circuit stands beside it. The circuit of quantum volume is Qiskit's, quantum_volume(100,
seed=12345), and that of its class QuantumVolume; the published one is of an older generator. --check compares the unitaries of the small circuits.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

BASIS = ["cx", "rz", "rx", "ry"]
# File, the fewest two-qubit gates that are published, and the error of a gate that may be left out.
CIRCUITS = [
    ("qaoa_barabasi_albert_N100_3reps_basis_rz_rx_ry_cx", 1176, 0),
    ("qv_N100", 14854, 0),
    ("qv_N100_class", 14854, 0),
    ("qft_N100_basis_rz_rx_ry_cx", 2740, 4e-5),
    ("square_heisenberg_N100_basis_rz_rx_ry_cx", 540, 0),
    ("prep_select_N25_ghz_basis_rz_rx_ry_h_cx", 9698, 0),
    ("qcnn_N100_7layers_basis_rz_rx_ry_h_cx", 388, 0),
    ("qaoa_barabasi_albert_N10_3reps_basis_rz_rx_ry_cx", None, 0),
    ("qv_N010_12345_basis_rz_rx_ry_cx", None, 0),
    ("qft_N010_basis_rz_rx_ry_cx", None, 0),
    ("square_heisenberg_N9_basis_rz_rx_ry_cx", None, 0),
    ("prep_select_N10_ghz_basis_rz_rx_ry_h_cx", None, 0),
    ("qcnn_N10_4layers_basis_rz_rx_ry_h_cx", None, 0),
]


def qiskit(file):
    from qiskit import qasm2, transpile

    circuit = qasm2.load(file)
    began = time.process_time()
    out = transpile(circuit, basis_gates=BASIS + ["h"], optimization_level=3, seed_transpiler=1)
    return out.count_ops().get("cx", 0), time.process_time() - began


def tket(file, name):
    from pytket import passes
    from pytket.qasm import circuit_from_qasm

    chosen = {"peephole": passes.FullPeepholeOptimise, "kak": lambda: passes.SequencePass([passes.SynthesiseTket(), passes.KAKDecomposition()])}[name]()
    circuit = circuit_from_qasm(file)
    began = time.process_time()
    chosen.apply(circuit)
    return circuit.n_2qb_gates(), time.process_time() - began


def volume(file):
    from qiskit import qasm2, transpile
    from qiskit.circuit.library import QuantumVolume, quantum_volume

    made = QuantumVolume(100, seed=12345) if "class" in file else quantum_volume(100, seed=12345)
    qasm2.dump(transpile(made.decompose(), basis_gates=BASIS, optimization_level=0), file)


def child(command, seconds=None):
    """What a process prints, its seconds of the processor and its peak of memory in MB; None where it doesn't end in time."""
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        end = time.time() + (seconds or 1e9)
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.time() > end:
                process.kill()
                os.wait4(process.pid, 0)
                return None
            time.sleep(0.005)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(map(str, command))} ended with {process.returncode}")
        out.seek(0)
        return out.read(), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def same(file, printed):  # in a process of its own: the peak of a child is never below its parent's memory
    """Whether a compiled circuit is the original up to global phase and the places of its qubits at the end."""
    from qiskit import qasm2, qasm3
    from qiskit.circuit.library import PermutationGate
    from qiskit.quantum_info import Operator

    answer = json.loads(pathlib.Path(printed).read_text())
    compiled = qasm3.loads(answer["circuit"])
    compiled.append(PermutationGate(answer["final_layout"]), compiled.qubits)
    return bool(Operator(compiled).equiv(Operator(qasm2.load(file)), atol=1e-7))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--qgan", default="bin/qgan")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tket", type=float, default=0, help="seconds of the clock that each of tket's passes may take")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps({"qiskit": qiskit, "tket": tket, "volume": volume, "same": same}[asked.one[0]](*asked.one[1:])))
        return
    folder = pathlib.Path(os.environ.get("QGAN_SHARED", ".")) / "corpus/ucc-bench"
    again = [sys.executable, __file__, "--one"]
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("qv_N100", "qv_N100_class"):
            child(again + ["volume", f"{scratch}/{name}.qasm"])
        print("circuit | published | qgan: cx, s, MB | Qiskit level 3: cx, s, MB | tket: cx, s | qgan's error")
        for name, published, approximate in CIRCUITS:
            file = (pathlib.Path(scratch) if name.startswith("qv_N100") else folder) / f"{name}.qasm"
            command = [asked.qgan, "compile", file, "--basis", ",".join(BASIS), "--unitary", "--approximate", str(approximate), "--dialect", "qiskit", "--json"]
            ours, theirs = [], []
            for _ in range(asked.rounds):
                printed, seconds, memory = child(command)
                ours.append((seconds, memory))
                out, _, peak = child(again + ["qiskit", file])
                count, spent = json.loads(out)
                theirs.append((spent, peak))
            answer = json.loads(printed)
            best = None
            for each in ("peephole", "kak") if asked.tket else ():
                if (ended := child(again + ["tket", file, each], asked.tket)) is not None:
                    best = min(best or (1e9,), tuple(json.loads(ended[0])))
            equal = ""
            if asked.check and published is None:
                kept = pathlib.Path(scratch) / "compiled.json"
                kept.write_text(printed)
                equal = f" | same unitary: {child(again + ['same', file, kept])[0].strip()}"
            middle = lambda rows, i: statistics.median(r[i] for r in rows)
            print(f"{name.split('_basis')[0]} | {published or '-'} | {answer['stats']['two_qubit_gates']}, {middle(ours, 0):.2f}, {middle(ours, 1):.0f}"
                  f" | {count}, {middle(theirs, 0):.2f}, {middle(theirs, 1):.0f} | {f'{best[0]}, {best[1]:.1f}' if best else '-'} | {answer['approximation_error']:.2g}{equal}", flush=True)


if __name__ == "__main__":
    main()
