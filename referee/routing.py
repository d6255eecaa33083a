#!/usr/bin/env python3
"""Holds what qgan's compiler loses against Qiskit's, by the same calibration data.

    QGAN_SHARED=... python referee/routing.py --qgan bin/qgan [--devices torino,sherbrooke] [--tket SECONDS] [FILE.qasm ...]

Compiles OpenQASM 2 circuits of QASMBench (or the files given) with `qgan compile` and with
qiskit.transpile at level 3, and prints for each the two-qubit gates, the depth in them, the log-infidelity of
its gates and readouts (the sum of -ln(1 - error), idle time aside) and the seconds; at the
end the geometric means of the ratios, qgan's by Qiskit's, and the circuits in which qgan
has more than a tenth more two-qubit gates. Circuits that one of the two
does not take are listed. Times depend on what else the machine does, and qgan's has the
start of its process in it.

With --tket pytket compiles too (FullPeepholeOptimise, mapped by its default, cleaned up),
for so many seconds a circuit at most; of it the two-qubit gates and their depth are told.
"""

import argparse
import importlib.util
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import time

os.environ.setdefault("QISKIT_PARALLEL", "FALSE")
from qiskit import qasm2, qasm3, transpile  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
spec = importlib.util.spec_from_file_location("compile_referee", HERE / "compile.py")
compile_referee = importlib.util.module_from_spec(spec)
spec.loader.exec_module(compile_referee)

CLASSES = {
    "up to 10 qubits": ["adder_n10", "dnn_n8", "hhl_n7", "ising_n10", "pea_n5", "qaoa_n6", "qpe_n9", "sat_n7", "shor_n5", "vqe_uccsd_n6"],
    "11 to 20": ["bigadder_n18", "dnn_n16", "multiplier_n15", "multiply_n13", "qf21_n15", "qft_n18", "qram_n20", "sat_n11", "seca_n11", "square_root_n18"],
    "more": ["adder_n28", "adder_n64", "dnn_n33", "ising_n42", "knn_n31", "knn_n67", "multiplier_n45", "qft_n29", "qugan_n39", "swap_test_n25", "swap_test_n83", "wstate_n36"],
}


def errors(folder, device):
    """The error of each gate on its qubits, and of each readout."""
    properties = json.loads((folder / f"props_{device}.json").read_text())
    gates = {(g["gate"], tuple(g["qubits"])): {p["name"]: p["value"] for p in g["parameters"]}.get("gate_error", 0) for g in properties["gates"]}
    readouts = [{p["name"]: p["value"] for p in q}["readout_error"] for q in properties["qubits"]]
    return gates, readouts


def lost(circuit, gates, readouts):
    """The two-qubit gates, their depth and the log-infidelity of a compiled circuit."""
    total, two = 0.0, 0
    depth = circuit.depth(lambda i: len(i.qubits) == 2 and i.operation.name != "barrier")
    for instruction in circuit.data:
        name = instruction.operation.name
        qubits = tuple(circuit.find_bit(q).index for q in instruction.qubits)
        if name == "measure":
            total -= math.log1p(-min(readouts[qubits[0]], 0.999))
        elif name not in ("barrier", "delay", "rz", "id", "reset"):
            total -= math.log1p(-min(gates.get((name, qubits), gates.get((name, qubits[::-1]), 0)), 0.999))
            two += len(qubits) == 2
    return two, depth, total


TKET = """
import json, sys
from pytket import OpType
from pytket.architecture import Architecture
from pytket.passes import DefaultMappingPass, DecomposeBoxes, FullPeepholeOptimise, SequencePass, SynthesiseTket
from pytket.qasm import circuit_from_qasm
file, pairs = sys.argv[1], json.loads(sys.argv[2])
circuit = circuit_from_qasm(file, maxwidth=64)
SequencePass([DecomposeBoxes(), FullPeepholeOptimise(), DefaultMappingPass(Architecture([tuple(p) for p in pairs])), DecomposeBoxes(), FullPeepholeOptimise(allow_swaps=False), SynthesiseTket()]).apply(circuit)
print(circuit.n_2qb_gates(), circuit.depth_2q())
"""


def tket(file, pairs, seconds):
    """tket's two-qubit gates and their depth, or why there are none."""
    try:
        run = subprocess.run([sys.executable, "-c", TKET, file, json.dumps(pairs)], capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return None, f"more than {seconds:g} s"
    if run.returncode:
        return None, (run.stderr.strip().splitlines() or ["ended"])[-1][:60]
    return tuple(int(x) for x in run.stdout.split()), ""


def main():
    shared = pathlib.Path(os.environ.get("QGAN_SHARED", "."))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--qgan", default="bin/qgan")
    parser.add_argument("--devices", default="torino,sherbrooke,fez")
    parser.add_argument("--tket", type=float, default=0, help="seconds a circuit for pytket; 0: without it")
    parser.add_argument("files", nargs="*")
    asked = parser.parse_args()
    classes = {"given": asked.files} if asked.files else {
        k: [str(f) for name in names for f in sorted((shared / "corpus/qasmbench").glob(f"*/{name}/{name}.qasm"))] for k, names in CLASSES.items()}
    folder = shared / "devices/ibm"
    for device in asked.devices.split(","):
        target = compile_referee.target(folder, device)
        gates, readouts = errors(folder, device)
        for title, files in classes.items():
            ratios, more, of_tket = [], [], []
            for file in files:
                name = pathlib.Path(file).stem
                try:
                    circuit = qasm2.load(file, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
                    began = time.time()
                    theirs = transpile(circuit, target=target, optimization_level=3, seed_transpiler=1)
                    their_time = time.time() - began
                except Exception as e:  # what Qiskit refuses, it refuses in many ways
                    print(f"{device:11} {name:20} Qiskit: {str(e)[:90]}")
                    continue
                began = time.time()
                run = subprocess.run([asked.qgan, "compile", file, "--device", str(folder / f"props_{device}.json"), "--dialect", "qiskit", "--json"], capture_output=True, text=True)
                our_time = time.time() - began
                if run.returncode:
                    print(f"{device:11} {name:20} qgan: {run.stderr.strip()[:90]}")
                    continue
                ours = qasm3.loads(json.loads(run.stdout)["circuit"])
                (two, depth, loss), (their_two, their_depth, their_loss) = lost(ours, gates, readouts), lost(theirs, gates, readouts)
                line = f"{device:11} {name:20} two-qubit gates {two:5} {their_two:5}  depth {depth:5} {their_depth:5}  log-infidelity {loss:8.3f} {their_loss:8.3f}  seconds {our_time:6.2f} {their_time:6.2f}"
                if asked.tket:
                    got, why = tket(file, sorted({tuple(sorted(q)) for _, q in gates if len(q) == 2}), asked.tket)
                    line += f"  tket {got[0]:5} {got[1]:5}" if got else f"  tket: {why}"
                    if got:
                        of_tket.append((two / max(got[0], 1), depth / max(got[1], 1)))
                print(line, flush=True)
                ratios.append((two / max(their_two, 1), depth / max(their_depth, 1), loss / their_loss, our_time / their_time))
                if two > 1.1 * their_two:
                    more.append(f"{name} {two}:{their_two}")
            if ratios:
                mean = [math.exp(statistics.mean(math.log(max(r[i], 1e-9)) for r in ratios)) for i in range(4)]
                print(f"{device:11} {title}: {len(ratios)} circuits, ratios of two-qubit gates {mean[0]:.2f}, depth {mean[1]:.2f}, log-infidelity {mean[2]:.2f}, time {mean[3]:.2f}"
                      + ("; more than a tenth more gates: " + ", ".join(more) if more else ""))
            if of_tket:
                mean = [math.exp(statistics.mean(math.log(max(r[i], 1e-9)) for r in of_tket)) for i in range(2)]
                print(f"{device:11} {title}: {len(of_tket)} circuits that tket compiled, ratios of two-qubit gates {mean[0]:.2f}, depth {mean[1]:.2f}")


if __name__ == "__main__":
    main()
