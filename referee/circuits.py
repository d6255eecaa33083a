#!/usr/bin/env python3
"""Holds the circuits that qgan writes against Qiskit.

    python referee/circuits.py                         golden files only
    python referee/circuits.py --qgan bin/qgan         and the circuits of three small runs, trained for the purpose
    python referee/circuits.py --qgan bin/qgan RUN...  and those of these runs

The golden files of qasm/testdata are loaded with qiskit.qasm3.loads; where the
outcome law of the circuit is kept beside them it is compared. For each run,
timestep (config.timesteps in RUN/manifest.json), seed and dialect the script calls

    qgan export RUN --timestep K --dialect D --latent-vector seed:N --probabilities FILE.json --out FILE.qasm

computes the exact law of the text with qiskit.quantum_info.Statevector, and
compares it with the one that qgan wrote; of a generator with memory, --past takes
the place of the latent vector. The same is done with a latent vector
that the script binds itself to the inputs of `export --parametric`. One line is
printed for each check; the exit code is 1 where one failed. See README.md.
"""

import argparse
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import qiskit.qasm3
from qiskit.circuit import Measure
from qiskit.quantum_info import Statevector

# The runs that are trained where none is given.
RUNS = {
    "run": ["--neurons", 4, "--iterations", 200, "--latent-scale", "trained:0.3"],
    "run of two timesteps": ["--neurons", 4, "--timesteps", 2, "--memory", "none", "--iterations", 20],
    "run with memory": ["--neurons", 3, "--timesteps", 3, "--iterations", 20],
}
# What a generator with memory is asked to remember: the words before the timestep, by their number.
PASTS = ([], [1], [5, 2])
SCHEMA = "qgan.probabilities/v1"
BIT_ORDER = "bit 0 first"


def qiskit_law(text, inputs=None):
    """Returns the outcome law of an OpenQASM 3 text, {"0101": p}, bit 0 first.

    inputs gives values to the text's inputs by name.

    Qiskit numbers qubits and bits by declaration and counts the first as the
    least significant; strings here begin with bit 0.
    """
    circuit = qiskit.qasm3.loads(text)
    if circuit.parameters:
        circuit = circuit.assign_parameters({p.name: (inputs or {})[p.name] for p in circuit.parameters})
    qubit_of_bit = {}
    for instruction in circuit.data:
        if isinstance(instruction.operation, Measure):
            bit = circuit.find_bit(instruction.clbits[0]).index
            qubit_of_bit[bit] = circuit.find_bit(instruction.qubits[0]).index
    if qubit_of_bit and sorted(qubit_of_bit) != list(range(circuit.num_clbits)):
        raise ValueError(f"only the bits {sorted(qubit_of_bit)} of {circuit.num_clbits} are measured")
    qubits = [qubit_of_bit[b] for b in range(circuit.num_clbits)] if qubit_of_bit else list(range(circuit.num_qubits))
    bare = circuit.remove_final_measurements(inplace=False)
    # Registers of idle bits go with the measurements, qubits stay in order.
    probabilities = Statevector(bare).probabilities(qubits)
    n = len(qubits)
    return {"".join(str(i >> k & 1) for k in range(n)): float(p) for i, p in enumerate(probabilities)}


def qgan_law(document):
    """Checks the head of a probabilities document and returns its law."""
    if document.get("schema") != SCHEMA:
        raise ValueError(f"schema {document.get('schema')!r}, want {SCHEMA!r}")
    if document.get("bit_order") != BIT_ORDER:
        raise ValueError(f"bit order {document.get('bit_order')!r}, want {BIT_ORDER!r}")
    law = document["probabilities"]
    if abs(math.fsum(law.values()) - 1) > 1e-9:
        raise ValueError(f"probabilities add up to {math.fsum(law.values())!r}")
    return law


def deviation(ours, theirs):
    """Returns the largest difference of two laws; what is not listed is 0."""
    if {len(k) for k in ours} != {len(k) for k in theirs}:
        raise ValueError(f"outcomes of {sorted({len(k) for k in ours})} and of {sorted({len(k) for k in theirs})} bits")
    return max(abs(ours.get(k, 0.0) - theirs.get(k, 0.0)) for k in ours.keys() | theirs.keys())


class Report:
    """Prints one line a check and remembers whether one failed."""

    def __init__(self):
        self.checks = self.failed = self.compared = 0
        self.worst = 0.0

    def check(self, name, function):
        """Runs one check: function returns the figure to print, or raises."""
        self.checks += 1
        try:
            print(f"ok   {name}: {function()}", flush=True)
        except Exception as error:  # any failure of a check is its result
            self.fail(name, error)

    def fail(self, name, error):
        self.failed += 1
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        print(f"FAIL {name}: {type(error).__name__}: {first}", flush=True)

    def compare(self, text, document, tolerance, inputs=None):
        worst = deviation(qgan_law(document), qiskit_law(text, inputs))
        self.compared += 1
        self.worst = max(self.worst, worst)
        if not worst <= tolerance:
            raise ValueError(f"probabilities differ by {worst:.3g}, tolerance {tolerance:.3g}")
        return f"probabilities agree to {worst:.2g}"


class Program:
    """Calls qgan."""

    def __init__(self, path, directory):
        self.path = path
        self.directory = pathlib.Path(directory)

    def __call__(self, *arguments):
        done = subprocess.run([self.path, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"exit code {done.returncode}: {(done.stderr.strip().splitlines() or ['no message'])[0]}")
        return done.stdout

    def train(self, name, settings):
        """Makes a run and returns its directory."""
        run = self.directory / name
        self("train", run, *settings)
        return run

    def bound(self, run, timestep, dialect, *inputs):
        """Exports a circuit bound to a latent vector or a past: its text and its law."""
        text, law = self.directory / "circuit.qasm", self.directory / "law.json"
        for file in (text, law):
            file.unlink(missing_ok=True)
        self("export", run, "--timestep", timestep, "--dialect", dialect, *inputs, "--probabilities", law, "--out", text)
        return text.read_text(), json.loads(law.read_text())

    def parametric(self, run, timestep, dialect, latent):
        """Exports a circuit with inputs, its law for a latent vector, and the inputs' values."""
        file = self.directory / "latent.json"
        file.write_text(json.dumps(latent))
        _, law = self.bound(run, timestep, dialect, "--latent-vector", file)
        text = self("export", run, "--timestep", timestep, "--dialect", dialect, "--parametric")
        return text, law, {f"z_{i}": z for i, z in enumerate(latent)}


def qubits(text):
    return sum(int(n) for n in re.findall(r"^qubit\[(\d+)\]", text, re.MULTILINE))


def constants(circuit):
    """Returns the angles of a circuit that hold no input, one list an operation."""
    return [[float(x) for x in i.operation.params if not getattr(x, "parameters", None)] for i in circuit.data]


def load_golden(path, report, tolerance):
    circuit = qiskit.qasm3.loads(path.read_text())
    line = f"{circuit.num_qubits} qubits, {len(circuit.data)} operations, {len(circuit.parameters)} inputs"
    if path.name.startswith("floats."):
        # What Qiskit makes of k*pi/n is the number that the plain literals stand for.
        plain = qiskit.qasm3.loads(path.with_name("floats.generic.golden").read_text())
        ours, theirs = ([x.hex() for angles in constants(c) for x in angles] for c in (plain, circuit))
        if ours != theirs:
            raise ValueError(f"constants differ: {[pair for pair in zip(ours, theirs) if pair[0] != pair[1]]}")
        line += f", {len(ours)} constants equal bit by bit"
    law = path.with_name(path.name.split(".")[0] + ".law.json")
    if law.exists():
        line += ", " + report.compare(path.read_text(), json.loads(law.read_text()), tolerance)
    return line


def check_run(report, program, run, arguments, dialects):
    config = json.loads((run / "manifest.json").read_text())["config"]
    for timestep in range(int(config["timesteps"])):
        for dialect in dialects:
            name = f"{run.name} timestep {timestep} {dialect}"
            if config["memory"] != "none":
                for past in PASTS[:timestep + 1]:
                    words = ",".join(f"{w % 2 ** config['neurons']:0{config['neurons']}b}" for w in past)
                    report.check(f"{name} past {words or 'silent'}", lambda: report.compare(
                        *program.bound(run, timestep, dialect, "--past", words), arguments.tolerance))
                continue
            for seed in arguments.seeds:
                report.check(f"{name} seed {seed}", lambda: report.compare(
                    *program.bound(run, timestep, dialect, "--latent-vector", f"seed:{seed}"), arguments.tolerance))

            def inputs():
                n = qubits(program("export", run, "--timestep", timestep))
                text, law, values = program.parametric(run, timestep, dialect, [0.3 - 0.7 * i for i in range(n)])
                return report.compare(text, law, arguments.tolerance, values)

            report.check(f"{name} inputs", inputs)


def numbers(text):
    return [int(x) for x in text.split(",")]


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="Holds qgan's circuits against Qiskit.")
    parser.add_argument("runs", nargs="*", type=pathlib.Path, help="run directories of qgan train (none: three small ones are trained)")
    parser.add_argument("--qgan", default=os.environ.get("QGAN"), help="the program (default: $QGAN)")
    parser.add_argument("--seeds", type=numbers, default=[1, 2, 3], metavar="N,...", help="of the latent vector, default 1,2,3")
    parser.add_argument("--dialects", default="generic,qiskit", help="default %(default)s")
    parser.add_argument("--golden", type=pathlib.Path, default=here.parent / "qasm" / "testdata", help="directory of the golden files")
    parser.add_argument("--tolerance", type=float, default=1e-9, help="default %(default)s")
    arguments = parser.parse_args()
    dialects = arguments.dialects.split(",")
    if arguments.runs and not arguments.qgan:
        parser.error("runs are exported by the program: give --qgan")

    report = Report()
    golden = sorted(p for d in dialects for p in arguments.golden.glob(f"*.{d}.golden"))
    if not golden:
        parser.error(f"no golden files of {arguments.dialects} in {arguments.golden}")
    for path in golden:
        report.check(path.name, lambda: load_golden(path, report, arguments.tolerance))
    if arguments.qgan:
        with tempfile.TemporaryDirectory() as directory:
            program = Program(arguments.qgan, directory)
            runs = list(arguments.runs)
            if not runs:
                for name, settings in RUNS.items():
                    report.check(f"qgan train, {name}", lambda: runs.append(program.train(name, settings)) or " ".join(map(str, settings)))
            for run in runs:
                try:
                    check_run(report, program, run, arguments, dialects)
                except (OSError, ValueError, KeyError) as error:
                    report.fail(f"{run.name} manifest", error)
    summary = f"{report.checks} checks, {report.failed} failed"
    if report.compared:
        summary += f", {report.compared} laws compared, largest difference of a probability {report.worst:.3g}"
    print(summary)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
