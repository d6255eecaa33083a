#!/usr/bin/env python3
"""Holds what qgan's compiler loses against Qiskit's, by the same calibration data.

    QGAN_SHARED=... python referee/routing.py --qgan bin/qgan [--devices torino,sherbrooke] [FILE.qasm ...]

Compiles OpenQASM 2 circuits of QASMBench (or the files given) with `qgan compile` and with
qiskit.transpile at level 3, and prints for each the two-qubit gates, the log-infidelity of
its gates and readouts (the sum of -ln(1 - error), idle time aside) and the seconds; at the
end the geometric means of the ratios, qgan's by Qiskit's. Circuits that one of the two
does not take are listed. Times depend on what else the machine does, and qgan's has the
start of its process in it.
"""

import argparse
import importlib.util
import json
import math
import os
import pathlib
import statistics
import subprocess
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
    """The two-qubit gates and the log-infidelity of a compiled circuit."""
    total, two = 0.0, 0
    for instruction in circuit.data:
        name = instruction.operation.name
        qubits = tuple(circuit.find_bit(q).index for q in instruction.qubits)
        if name == "measure":
            total -= math.log1p(-min(readouts[qubits[0]], 0.999))
        elif name not in ("barrier", "delay", "rz", "id", "reset"):
            total -= math.log1p(-min(gates.get((name, qubits), gates.get((name, qubits[::-1]), 0)), 0.999))
            two += len(qubits) == 2
    return two, total


def main():
    shared = pathlib.Path(os.environ.get("QGAN_SHARED", "."))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--qgan", default="bin/qgan")
    parser.add_argument("--devices", default="torino,sherbrooke,fez")
    parser.add_argument("files", nargs="*")
    asked = parser.parse_args()
    classes = {"given": asked.files} if asked.files else {
        k: [str(f) for name in names for f in sorted((shared / "corpus/qasmbench").glob(f"*/{name}/{name}.qasm"))] for k, names in CLASSES.items()}
    folder = shared / "devices/ibm"
    for device in asked.devices.split(","):
        target = compile_referee.target(folder, device)
        gates, readouts = errors(folder, device)
        for title, files in classes.items():
            ratios = []
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
                (two, loss), (their_two, their_loss) = lost(ours, gates, readouts), lost(theirs, gates, readouts)
                print(f"{device:11} {name:20} two-qubit gates {two:5} {their_two:5}  log-infidelity {loss:8.3f} {their_loss:8.3f}  seconds {our_time:6.2f} {their_time:6.2f}", flush=True)
                ratios.append((two / max(their_two, 1), loss / their_loss, our_time / their_time))
            if ratios:
                mean = [math.exp(statistics.mean(math.log(max(r[i], 1e-9)) for r in ratios)) for i in range(3)]
                print(f"{device:11} {title}: {len(ratios)} circuits, ratios of two-qubit gates {mean[0]:.2f}, log-infidelity {mean[1]:.2f}, time {mean[2]:.2f}")


if __name__ == "__main__":
    main()
