#!/usr/bin/env python3
"""Holds the QIR and the Quil that qgan writes against their own readers.

    python -m venv VENV; VENV/bin/pip install -r referee/assembly.txt
    QGAN_SHARED=DIR VENV/bin/python referee/assembly.py --qgan bin/qgan

Up to --files programs of DIR/corpus, of at most --qubits qubits, are exported in both
dialects. PyQIR (LLVM) parses and verifies each module; its calls are computed here by the
matrices of the instructions' names, and QIR's runner samples it. pyQuil parses each program
and computes it by its own matrices; those with jumps or measurements in the middle are
sampled by its virtual machine. Laws must be those of `qgan run --exact` to 1e-9; shots must
be as near as so many shots are. One line a program; the exit code is 1 where one failed.
"""
import argparse, collections, json, math, os, pathlib, random, re, subprocess, sys, tempfile, warnings

import numpy as np
import pyqir
import qirrunner

warnings.filterwarnings("ignore")
from pyquil import Program
from pyquil.pyqvm import PyQVM
from pyquil.quilbase import Declare, DelayQubits, Fence, FenceAll, Gate, Measurement
from pyquil.simulation.tools import lifted_gate

H = np.array([[1, 1], [1, -1]]) / math.sqrt(2)
X, Y, Z = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])


def rotation(p):
    return lambda t: math.cos(t / 2) * np.eye(2) - 1j * math.sin(t / 2) * p


def controlled(m):
    n = len(m)
    return np.block([[np.eye(n), np.zeros((n, n))], [np.zeros((n, n)), m]])


SWAP = np.eye(4)[[0, 2, 1, 3]]
QIS = {"h__body": H, "x__body": X, "y__body": Y, "z__body": Z, "s__body": np.diag([1, 1j]), "s__adj": np.diag([1, -1j]),
       "t__body": np.diag([1, np.exp(0.25j * math.pi)]), "t__adj": np.diag([1, np.exp(-0.25j * math.pi)]),
       "rx__body": rotation(X), "ry__body": rotation(Y), "rz__body": rotation(Z), "cnot__body": controlled(X), "cz__body": controlled(Z),
       "swap__body": SWAP, "ccx__body": controlled(controlled(X))}


def apply(state, matrix, qubits):
    """Applies a matrix whose first operand is the most significant."""
    k = len(qubits)
    state = np.tensordot(matrix.reshape([2] * (2 * k)), state, (range(k, 2 * k), qubits))
    return np.moveaxis(state, range(k), qubits)


def law_of(state, qubit_of):
    """The law of words, of which bit i is a qubit, None for one that stays 0."""
    law = collections.Counter()
    for index, p in np.ndenumerate(abs(state) ** 2):
        law["".join("0" if q is None else str(index[q]) for q in qubit_of)] += float(p)
    return law


def qir(text, names, shots, seed, directory):
    """The law of a module, and the words of so many shots of its runner; names are those of the bits."""
    module = pyqir.Module.from_ir(pyqir.Context(), text)
    if module.verify() is not None:
        raise ValueError(module.verify())
    entry = [f for f in module.functions if pyqir.is_entry_point(f)]
    if len(entry) != 1 or entry[0].attributes.func["qir_profiles"].string_value != "base_profile":
        raise ValueError("no entry point of the base profile")
    n = pyqir.required_num_qubits(entry[0])
    state = np.zeros([2] * n, complex)
    state[(0,) * n] = 1
    qubit_of_result, result_of_bit, blocks = {}, {}, entry[0].basic_blocks
    if len(blocks) != 4:
        raise ValueError(f"{len(blocks)} blocks")
    for k, block in enumerate(blocks):
        for call in block.instructions:
            if not isinstance(call, pyqir.Call):
                continue
            name, args = call.callee.name, call.args
            if k == 1:
                angles = [a.value for a in args if isinstance(a, pyqir.FloatConstant)]
                qubits = [pyqir.ptr_id(a) for a in args if not isinstance(a, pyqir.FloatConstant)]
                matrix = QIS[name.removeprefix("__quantum__qis__")]
                state = apply(state, matrix(*angles) if angles else matrix, qubits)
            elif k == 2:
                qubit_of_result[pyqir.ptr_id(args[1])] = pyqir.ptr_id(args[0])
            elif k == 3 and "result_record" in name:
                label = pyqir.extract_byte_string(args[1]).decode().rstrip("\0")
                result_of_bit[label] = pyqir.ptr_id(args[0])
    if len(qubit_of_result) != pyqir.required_num_results(entry[0]):
        raise ValueError("the number of results")
    law = law_of(state, [qubit_of_result[result_of_bit[b]] if b in result_of_bit else None for b in names])
    path = pathlib.Path(directory) / "module.bc"
    path.write_bytes(module.bitcode)
    handler = qirrunner.OutputHandler()
    qirrunner.run(str(path), shots=shots, rng_seed=seed, output_fn=handler.handle)
    words = collections.Counter()
    for shot in handler.get_output().split("START")[1:]:
        read = {m[2]: m[1] for m in re.finditer(r"RESULT\t([01])\t(\S+)", shot)}
        words["".join(read.get(b, "0") for b in names)] += 1
    return law, words


def quil(text, qubits, bits, shots, seed):
    """The law of a program, or None and the words of so many shots where it is not static."""
    program = Program(text)
    state = np.zeros(2 ** qubits, complex)
    state[0] = 1
    qubit_of, done, static = [None] * bits, set(), True
    for k in program:
        if isinstance(k, Gate):
            static = static and not done & set(k.get_qubit_indices())
            if static:
                state = lifted_gate(k, qubits) @ state
        elif isinstance(k, Measurement):
            q = k.get_qubit_indices().pop()
            qubit_of[k.classical_reg.offset] = q
            done.add(q)
        elif not isinstance(k, (Declare, Fence, FenceAll, DelayQubits)):
            static = False
    if static:  # qubit 0 is pyQuil's least significant
        return law_of(state.reshape([2] * qubits).transpose(range(qubits)[::-1]), qubit_of), None
    # The machine resets no single qubit: it measures it and turns it.
    lines = ["DECLARE scratch BIT[1]"]
    for i, line in enumerate(text.splitlines()):
        if line.startswith("RESET "):
            q = line.split()[1]
            lines += [f"MEASURE {q} scratch[0]", f"JUMP-UNLESS @reset{i} scratch[0]", f"X {q}", f"LABEL @reset{i}"]
        elif not line.startswith(("FENCE", "DELAY")):
            lines.append(line)
    plain = Program("\n".join(lines))
    words = collections.Counter()
    for shot in range(shots):
        machine = PyQVM(n_qubits=qubits, seed=seed + shot)
        machine.execute(plain)
        words["".join(str(int(b)) for b in machine.ram["ro"])] += 1
    return None, words


def near(words, law):
    """How far shots are from a law, in units of what so many shots are expected to be."""
    n = sum(words.values())
    if any(law.get(w, 0) < 1e-12 for w in words):
        raise ValueError(f"a word without probability: {[w for w in words if law.get(w, 0) < 1e-12][0]}")
    chi = sum((words.get(w, 0) - n * p) ** 2 / (n * p) for w, p in law.items() if n * p >= 5)
    k = max(1, sum(n * p >= 5 for p in law.values()))
    if (chi - k) / math.sqrt(2 * k) > 6:
        raise ValueError(f"shots are far from the law: chi² {chi:.1f} of {k}")
    return chi / k


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--qgan", required=True)
    a.add_argument("--files", type=int, default=60)
    a.add_argument("--qubits", type=int, default=8)
    a.add_argument("--shots", type=int, default=200)
    a.add_argument("paths", nargs="*", type=pathlib.Path, help="programs (none: a selection of the corpus)")
    args = a.parse_args()
    paths = args.paths
    if not paths:
        paths = [p for p in sorted(pathlib.Path(os.environ["QGAN_SHARED"], "corpus").rglob("*.qasm")) if p.stat().st_size < 20000]
        random.Random(1).shuffle(paths)
    count, failed = collections.Counter(), 0

    def call(*words):
        return subprocess.run([args.qgan, *map(str, words)], capture_output=True, text=True, timeout=60)

    for path in paths:
        if count["programs"] >= args.files:
            break
        seen = call("inspect", path, "--json")
        if seen.returncode != 0:
            continue
        seen = json.loads(seen.stdout)
        if not seen["runnable"] or seen["parameters"] or not 0 < seen["qubits"] <= args.qubits or not 0 < seen["bits"] <= args.qubits:
            continue
        law = call("run", path, "--exact", "--json")
        if law.returncode != 0 or "nothing is measured" in law.stderr:
            continue
        law = json.loads(law.stdout)
        names = {b: f"{r['name']}[{i}]" for r in law["registers"] for i, b in enumerate(r["bits"])}
        if not seen["gates"] or sorted(names) != list(range(seen["bits"])) or any(r["name"] != r["name"].lower() for r in law["registers"]):
            continue
        names, law = [names[b] for b in range(seen["bits"])], law["probabilities"]
        count["programs"] += 1
        said = []
        for dialect in "qir", "quil":
            out = call("export", path, "--dialect", dialect)
            if out.returncode != 0:
                count[dialect + " refused"] += 1
                said.append(f"{dialect}: refused: {out.stderr.splitlines()[0].split(': ', 2)[-1][:70]}")
                continue
            try:
                with tempfile.TemporaryDirectory() as d:
                    theirs, words = qir(out.stdout, names, args.shots, 1, d) if dialect == "qir" else quil(out.stdout, seen["qubits"], seen["bits"], args.shots, 1)
                text = []
                if theirs is not None:
                    worst = max(abs(law.get(w, 0) - theirs.get(w, 0)) for w in law.keys() | theirs.keys())
                    text.append(f"{worst:.1e}")
                    count[dialect + " laws"] += 1
                    if worst > 1e-9:
                        raise ValueError(f"probabilities differ by {worst:.3g}")
                if words is not None:
                    text.append(f"chi²/k {near(words, law):.2f}")
                    count[dialect + " sampled"] += 1
                said.append(f"{dialect}: {', '.join(text)}")
            except Exception as e:  # any failure of a check is its result
                failed += 1
                said.append(f"FAIL {dialect}: {type(e).__name__}: {str(e).splitlines()[0][:120] if str(e) else ''}")
        print(path.name, "; ".join(said), flush=True)
    print(", ".join(f"{k} {v}" for k, v in sorted(count.items())) + f", failed {failed}")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
