#!/usr/bin/env python3
"""Times gradients of one large state against PennyLane Lightning's, in turn, in one run.

    python referee/gradients.py --qgan bin/qgan [--qubits 16,18,20,22,24] [--layers 3] [--rounds 3]

The circuit is that of `qgan bench gradient`: layers of RY and RZ on each qubit and a chain of CX,
with random angles; what is computed is the gradient of a weighted sum of all <Z> by every angle.
Lightning does it by its adjoint method in double precision with the sum as one observable, so
that it has one co-state as qgan has; its tape is made beforehand and not timed. qgan computes
each <Z> besides. Each round runs qgan and then Lightning, each in a process of its own with so
many threads (`--threads`): the peak of the memory is that of the process. This one imports
nothing large, since Linux counts what the parent of a process held.

Printed for each number of qubits are the seconds of a gradient by the clock (median of the
rounds, smallest and largest), those of the processor, the peak of the memory, and the ratios,
Lightning's by qgan's, of each round. Seconds of the processor are what is left to compare where
other programs run beside. First the derivatives of a circuit of `--check` qubits are held against
Lightning's own central differences; qgan's are held by its tests.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time


def circuit(n, layers):
    """Lightning's tape of the circuit, with random angles, and its device."""
    import pennylane as qml

    draw = random.Random(7)
    gates = []
    for _ in range(layers):
        for q in range(n):
            gates += [qml.RY(draw.gauss(0, 1), q), qml.RZ(draw.gauss(0, 1), q)]
        gates += [qml.CNOT([q, q + 1]) for q in range(n - 1)]
    sum_of_z = qml.Hamiltonian([draw.gauss(0, 1) for _ in range(n)], [qml.Z(q) for q in range(n)])
    tape = qml.tape.QuantumScript(gates, [qml.expval(sum_of_z)])
    tape.trainable_params = range(2 * n * layers)
    return tape, qml.device("lightning.qubit", wires=n)


def lightning(n, layers, repeats):
    """The seconds of each run, by the clock and of the processor, of Lightning's adjoint method."""
    from pennylane.devices import ExecutionConfig

    tape, device = circuit(n, layers)
    config = device.setup_execution_config(ExecutionConfig(gradient_method="adjoint"), tape)
    clock, processor = [], []
    warm = int(repeats > 1)
    for run in range(repeats + warm):
        wall, cpu = time.perf_counter(), time.process_time()
        gradient = device.compute_derivatives(tape, config)
        if run >= warm:
            clock.append(time.perf_counter() - wall)
            processor.append(time.process_time() - cpu)
    return {"clock": statistics.median(clock), "processor": statistics.median(processor), "angles": len(gradient)}


def differs(n, layers):
    """The largest difference of Lightning's derivatives from central differences."""
    from pennylane.devices import ExecutionConfig

    tape, device = circuit(n, layers)
    gradient = device.compute_derivatives(tape, device.setup_execution_config(ExecutionConfig(gradient_method="adjoint"), tape))
    angles, step, worst = tape.get_parameters(), 1e-5, 0.0
    for i, g in enumerate(gradient):
        value = [float(device.execute(tape.bind_new_parameters([angles[i] + h], [i]))) for h in (step, -step)]
        worst = max(worst, abs((value[0] - value[1]) / (2 * step) - float(g)))
    return worst


def child(arguments, threads):
    """What a process prints, its seconds of the processor and the peak of its memory in MB."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as messages:
        process = subprocess.Popen(arguments, stdout=out, stderr=messages, env={**os.environ, "GOMAXPROCS": str(threads), "OMP_NUM_THREADS": str(threads)})
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            messages.seek(0)
            sys.exit(f"{' '.join(arguments)}: exit code {process.returncode}\n{messages.read()}")
        out.seek(0)
        return json.load(out), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def ours(program, n, layers, repeats, threads):
    """The same of qgan. A second call with one run tells what its start and its warming up take."""
    command = [program, "bench", "gradient", "--qubits", str(n), "--layers", str(layers), "--json", "--repeats"]
    told, many, peak = child(command + [str(repeats + 1)], threads)
    _, one, _ = child(command + ["1"], threads)
    return {"clock": told["seconds"]["median"], "processor": (many - one) / repeats, "peak": peak}


def spread(values, form="{:.3g}"):
    """The median with the smallest and the largest."""
    return f"{form.format(statistics.median(values))} ({form.format(min(values))} to {form.format(max(values))})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--qgan", default="bin/qgan")
    parser.add_argument("--qubits", default="16,18,20,22,24")
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--check", type=int, default=6)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        n, layers, repeats = map(int, asked.one.split(","))
        print(json.dumps(lightning(n, layers, repeats) if repeats else differs(n, layers)))
        return

    def theirs(n, repeats):
        return child([sys.executable, __file__, "--one", f"{n},{asked.layers},{repeats}"], asked.threads)

    worst, _, _ = theirs(asked.check, 0)  # first: nothing is timed that is not right
    print(f"{asked.check} qubits: Lightning's derivatives are its central differences to {worst:.1e}")
    for n in map(int, asked.qubits.split(",")):
        repeats = max(1, min(64, 2**22 >> n))
        rows = {"qgan": [], "Lightning": []}
        for _ in range(asked.rounds):
            rows["qgan"].append(ours(asked.qgan, n, asked.layers, repeats, asked.threads))
            told, _, peak = theirs(n, repeats)
            rows["Lightning"].append({**told, "peak": peak})
        print(f"{n} qubits, {asked.layers} layers, {told['angles']} angles, {asked.threads} threads:")
        for name, runs in rows.items():
            print(f"  {name}: {spread([r['clock'] for r in runs])} s by the clock, {spread([r['processor'] for r in runs])} s of the processor, {max(r['peak'] for r in runs):.0f} MB")
        for what in ("clock", "processor"):
            print(f"  Lightning / qgan, {what}: {spread([b[what] / a[what] for a, b in zip(*rows.values())], '{:.1f}')}")
        sys.stdout.flush()
    sys.exit(worst > 1e-6)


if __name__ == "__main__":
    main()
