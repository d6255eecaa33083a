#!/usr/bin/env python3
"""Holds the texts that qgan writes against their readers, and qgan's reader against Qiskit.

    python referee/readers.py --qgan bin/qgan             generators of 2, 4 and 8 neurons in every dialect
    QGAN_SHARED=DIR python referee/readers.py --qgan ...  and compiled for DIR/devices/ibm/props_torino.json,
                                                          and up to 300 files of DIR/corpus, run by both

Each small generator is exported in each dialect; each program that reads the
dialect computes the outcome law of the text, which must be the one that
`export --probabilities` wrote. So must the law of the generator compiled for a
device, bits mapped back, and every operation must be the device's own. Files of at most 10 qubits whose measurements
come last are run by `qgan run --exact` and by Qiskit. One line a check; the exit
code is 1 where one failed. See README.md.
"""

import argparse
import csv
import json
import os
import pathlib
import sys
import tempfile

import cirq
import numpy
import openqasm3
import pyqasm
import qiskit.qasm2
import qiskit.qasm3
from braket.default_simulator import StateVectorSimulator
from braket.ir.openqasm import Program as BraketProgram
from cirq.contrib.qasm_import import circuit_from_qasm
from qiskit import QuantumCircuit
from qiskit.circuit import Barrier, Measure
from qiskit.quantum_info import Statevector

from circuits import Program, Report, deviation, qgan_law

SIZES = [2, 4, 8]
MOST_QUBITS = 10
MOST_FILES = 300


def words(probabilities, n):
    """A law as {"01": p} from a list whose index has bit 0 as its most significant bit."""
    return {format(x, f"0{n}b"): float(p) for x, p in enumerate(probabilities)}


def append(circuit, operation, qubits):
    """Appends a gate, or its body where OpenQASM 2 defines it: Qiskit would multiply out its whole matrix."""
    body = operation.definition if type(operation).__name__ == "_DefinedGate" else None
    if body is None:
        circuit.append(operation, qubits)
        return
    circuit.global_phase += body.global_phase
    for i in body.data:
        append(circuit, i.operation, [qubits[body.find_bit(q).index] for q in i.qubits])


def law_of(circuit):
    """The law of a Qiskit circuit whose measurements come last; bits that nothing is measured into are 0."""
    bare = QuantumCircuit(circuit.num_qubits)
    qubit_of, done = {}, set()
    for i in circuit.data:
        qubits = [circuit.find_bit(q).index for q in i.qubits]
        if isinstance(i.operation, Measure):
            qubit_of[circuit.find_bit(i.clbits[0]).index] = qubits[0]
            done.add(qubits[0])
            continue
        if isinstance(i.operation, Barrier):
            continue
        if i.clbits or done & set(qubits) or i.operation.name in ("reset", "if_else", "while_loop", "switch_case", "for_loop"):
            raise NotImplementedError("measures before its end")
        append(bare, i.operation, qubits)
    bits = sorted(qubit_of)
    width = circuit.num_clbits
    if not bits:  # qgan measures all qubits then
        bits, qubit_of, width = list(range(circuit.num_qubits)), {q: q for q in range(circuit.num_qubits)}, circuit.num_qubits
    measured = sorted(set(qubit_of.values()))
    law = {}
    for x, p in enumerate(Statevector(bare).probabilities(measured)):
        word = ["0"] * width
        for b in bits:
            word[b] = str(x >> measured.index(qubit_of[b]) & 1)
        law["".join(word)] = law.get("".join(word), 0.0) + float(p)
    return law


def by_qiskit(text):
    return law_of(qiskit.qasm3.loads(text))


def by_qiskit2(text):
    return law_of(qiskit.qasm2.loads(text, include_path=qiskit.qasm2.LEGACY_INCLUDE_PATH))


def by_qiskit2_legacy(text):
    return law_of(by_version(text)(text))


def by_parser(text):
    openqasm3.parse(text)


def by_pyqasm(text):
    module = pyqasm.loads(text)
    module.validate()
    module.unroll()
    unrolled = pyqasm.dumps(module)
    if "OPENQASM 3" in unrolled and "include" not in unrolled:  # of a text without a library
        unrolled = unrolled.replace(";", ';\ninclude "stdgates.inc";', 1)
    return law_of(by_version(unrolled)(unrolled))


def by_version(text):
    if "OPENQASM 2" in text:
        return lambda t: qiskit.qasm2.loads(t, include_path=qiskit.qasm2.LEGACY_INCLUDE_PATH, custom_instructions=qiskit.qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
    return qiskit.qasm3.loads


def by_cirq(text):
    circuit = circuit_from_qasm(text)
    keys = [(op.gate.key, op.qubits[0]) for op in circuit.all_operations() if cirq.is_measurement(op)]
    keys.sort(key=lambda k: int(k[0].rsplit("_", 1)[1]))
    bare = cirq.Circuit(op for op in circuit.all_operations() if not cirq.is_measurement(op))
    order = [q for _, q in keys]
    state = bare.final_state_vector(qubit_order=order, dtype=numpy.complex128)
    return words(abs(state) ** 2, len(order))


def by_braket(text):
    lines = [line for line in text.splitlines() if "measure" not in line and not line.startswith("bit[")]
    source = "\n".join(lines + ["#pragma braket result probability all", ""])
    result = StateVectorSimulator().run(BraketProgram(source=source), shots=0)
    values = result.resultTypes[0].value
    return words(values, len(values).bit_length() - 1)


IONQ = {"si": "sdg", "ti": "tdg", "v": "sx", "vi": "sxdg", "cnot": "cx", "xx": "rxx", "yy": "ryy", "zz": "rzz"}


def by_ionq_json(text):
    """The gate set qis as IonQ's clients map it."""
    job = json.loads(text)
    n = job["input"]["qubits"]
    circuit = QuantumCircuit(n, n)
    for g in job["input"]["circuit"]:
        qubits = ([g["control"]] if "control" in g else []) + (g.get("targets") or [g["target"]])
        getattr(circuit, IONQ.get(g["gate"], g["gate"]))(*([g["rotation"]] if "rotation" in g else []), *qubits)
    for bit, qubit in enumerate(json.loads(job["metadata"]["qubit_of_bit"])):
        circuit.measure(qubit, bit)
    return law_of(circuit)


# Who reads which dialect. A reader that returns nothing checks the grammar only.
READERS = {
    "generic": {"Qiskit": by_qiskit, "reference parser": by_parser, "pyqasm": by_pyqasm, "Cirq": by_cirq},
    "qiskit": {"Qiskit": by_qiskit, "reference parser": by_parser},
    "braket": {"Braket simulator": by_braket, "reference parser": by_parser, "pyqasm": by_pyqasm},
    "ionq": {"Qiskit": by_qiskit, "reference parser": by_parser, "pyqasm": by_pyqasm, "Cirq": by_cirq},
    "qasm2": {"Qiskit": by_qiskit2, "pyqasm": by_pyqasm, "Cirq": by_cirq},
    "qasm2-legacy": {"Qiskit": by_qiskit2_legacy, "pyqasm": by_pyqasm, "Cirq": by_cirq},
    "ionq-json": {"gate set qis": by_ionq_json},
}


def iqm_architecture():
    """Twenty qubits in a square lattice with the corners off, two of them not calibrated, as dynamic-quantum-architecture lists them."""
    rows, labels, number = [range(1, 4), range(5), range(5), range(5), range(1, 3)], {}, 0
    for r, columns in enumerate(rows):
        for c in columns:
            number += 1
            labels[r, c] = f"QB{number}"
    for place in [(1, 2), (3, 0)]:
        del labels[place]
    edges = [[a, labels[there]] for (r, c), a in labels.items() for there in [(r, c + 1), (r + 1, c)] if there in labels]
    gates = {"prx": ("drag", [[q] for q in labels.values()]), "cz": ("tgss", edges), "measure": ("constant", [[q] for q in labels.values()])}
    return {"calibration_set_id": "referee", "qubits": list(labels.values()), "computational_resonators": [], "gates": {
        name: {"implementations": {kind: {"loci": loci}}, "default_implementation": kind, "override_default_implementation": {}}
        for name, (kind, loci) in gates.items()}}


def by_iqm_json(text, architecture):
    """The circuit of a job request, whose operations must be calibrated; prx is rz(phase) rx(angle) rz(-phase)."""
    qubits = {label: i for i, label in enumerate(architecture["qubits"])}
    loci = {name: [l for k in gate["implementations"].values() for l in k["loci"]] for name, gate in architecture["gates"].items()}
    instructions = json.loads(text)["instructions"]
    bits = {i["args"]["key"]: int(i["args"]["key"].rsplit("_", 1)[1]) for i in instructions if i["name"] == "measure"}
    circuit = QuantumCircuit(len(qubits), len(bits))
    for i in instructions:
        name, locus, args = i["name"], i["locus"], i["args"]
        if name != "barrier" and locus not in loci[name] and not (name == "cz" and locus[::-1] in loci[name]):
            raise ValueError(f"{name} is not calibrated on {locus}")
        on = [qubits[label] for label in locus]
        if name == "prx":
            circuit.r(args["angle"], args["phase"], on[0])
        elif name == "cz":
            circuit.cz(*on)
        elif name == "measure":
            circuit.measure(on[0], bits[args["key"]])
    return circuit


def by_ibm(text, properties):
    """A text on physical qubits, which Qiskit numbers as it does: operations must be in the device's properties, but for rz and delays."""
    native = {(g["gate"], tuple(g["qubits"])) for g in properties["gates"]}
    circuit = qiskit.qasm3.loads(text)
    for i in circuit.data:
        on = tuple(circuit.find_bit(q).index for q in i.qubits)
        if i.operation.name not in ("measure", "delay", "barrier", "rz") and (i.operation.name, on) not in native:
            raise ValueError(f"{i.operation.name} is not native on {on}")
    return circuit


def used(circuit):
    """The circuit on the qubits that it acts on."""
    of = sorted({circuit.find_bit(q).index for i in circuit.data for q in i.qubits})
    out = QuantumCircuit(len(of), circuit.num_clbits)
    for i in circuit.data:
        if i.operation.name != "delay":
            out.append(i.operation, [of.index(circuit.find_bit(q).index) for q in i.qubits], [circuit.find_bit(c).index for c in i.clbits])
    return out


def unfolded(law, readout):
    """A law with outcomes corrected by the compiler's readout map."""
    if readout is None:
        return law
    out = {}
    for word, p in law.items():
        bits = [str((sum(int(word[j]) for j in sources) + flip) % 2) for sources, flip in zip(readout["sources"], readout["flip"])]
        out["".join(bits)] = out.get("".join(bits), 0.0) + p
    return out


def check_compiled(report, program, devices, tolerance):
    """Generators compiled for devices: {name: (file, dialect, reader of the text)}."""
    for n in SIZES:
        run = program.train(f"compiled-{n}", ["--neurons", n, "--iterations", 10, "--latent-scale", "0.7"])
        _, law = program.bound(run, 0, "generic", "--latent-vector", "seed:1")
        for name, (file, dialect, read) in devices.items():
            for flags in [[], ["--fold-readout"], ["--optimize", 0], ["--dd", "xy4"]]:
                if dialect == "iqm-json" and "--dd" in flags:
                    continue  # the architecture holds no durations

                def check():
                    compiled = json.loads(program("compile", run, "--device", file, "--dialect", dialect, "--latent-vector", "seed:1", "--json", *flags))
                    got = unfolded(law_of(used(read(compiled["circuit"]))), compiled["readout_map"])
                    worst = deviation(qgan_law(law), got)
                    report.compared += 1
                    report.worst = max(report.worst, worst)
                    if not worst <= tolerance:
                        raise ValueError(f"probabilities differ by {worst:.3g}")
                    return f"probabilities agree to {worst:.2g}"

                report.check(" ".join(map(str, [f"{n} neurons compiled for {name}", *flags])), check)


def check_dialects(report, program, tolerance):
    for n in SIZES:
        run = program.train(f"run-{n}", ["--neurons", n, "--iterations", 10, "--latent-scale", "0.7"])
        for dialect, readers in READERS.items():
            text, law = program.bound(run, 0, dialect, "--latent-vector", "seed:1")
            for name, read in readers.items():
                def check():
                    got = read(text)
                    if got is None:
                        return "read"
                    worst = deviation(qgan_law(law), got)
                    report.compared += 1
                    report.worst = max(report.worst, worst)
                    if not worst <= tolerance:
                        raise ValueError(f"probabilities differ by {worst:.3g}")
                    return f"probabilities agree to {worst:.2g}"

                report.check(f"{n} neurons, {dialect}, {name}", check)


def corpus(shared):
    """Files that Qiskit accepts, of at most MOST_QUBITS qubits, spread over the sources."""
    rows = list(csv.DictReader((shared / "corpus" / "results.tsv").open(), delimiter="\t"))
    small = [r["file"] for r in rows if r["qiskit_ok"] == "1" and "invalid" not in r["file"] and 0 < int(r["n_qubits"].lstrip("~") or 0) <= MOST_QUBITS]
    return small


def check_corpus(report, program, shared, tolerance):
    done = skipped = 0
    for name in corpus(shared):
        if done == MOST_FILES:
            break
        path = shared / "corpus" / name
        text = path.read_text()
        try:
            circuit = by_version(text)(text)
            theirs = law_of(circuit)
        except Exception:  # measures in the middle, has inputs, or cannot be simulated there
            skipped += 1
            continue
        done += 1

        def check():
            ours = json.loads(program("run", path, "--exact", "--json"))["probabilities"]
            worst = deviation(ours, theirs)
            report.compared += 1
            report.worst = max(report.worst, worst)
            if not worst <= tolerance:
                raise ValueError(f"probabilities differ by {worst:.3g}")
            return f"probabilities agree to {worst:.2g}"

        report.check(name, check)
    print(f"corpus: {done} files compared, {skipped} left out (they measure before their end, or have inputs)")


def main():
    parser = argparse.ArgumentParser(description="Holds qgan's dialects against their readers.")
    parser.add_argument("--qgan", default=os.environ.get("QGAN"), required=not os.environ.get("QGAN"), help="the program (default: $QGAN)")
    parser.add_argument("--tolerance", type=float, default=1e-9, help="default %(default)s")
    arguments = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as directory:
        program = Program(os.path.abspath(arguments.qgan), directory)
        check_dialects(report, program, arguments.tolerance)
        architecture = iqm_architecture()
        file = program.directory / "architecture.json"
        file.write_text(json.dumps(architecture))
        devices = {"an IQM lattice": (file, "iqm-json", lambda text: by_iqm_json(text, architecture))}
        shared = os.environ.get("QGAN_SHARED")
        if shared:
            torino = pathlib.Path(shared) / "devices" / "ibm" / "props_torino.json"
            properties = json.loads(torino.read_text())
            devices["torino"] = (torino, "ibm", lambda text: by_ibm(text, properties))
        check_compiled(report, program, devices, arguments.tolerance)
        if shared:
            check_corpus(report, program, pathlib.Path(shared), arguments.tolerance)
        else:
            print("QGAN_SHARED is not set, so nothing was compiled for torino and no file of the corpus was compared")
    print(f"{report.checks} checks, {report.failed} failed, {report.compared} laws compared, largest difference of a probability {report.worst:.3g}")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
