#!/usr/bin/env python3
"""Times qgan beside its peers, in turn, and writes docs/performance.md.

    python referee/performance.py --qgan bin/qgan --write    # the whole table; make performance
    python referee/performance.py --qgan bin/qgan --check    # qgan against the kept table; make bench-check

A row is one piece of work. Each peer works in a process of its own that has warmed up and
waits; a round lets qgan and then each peer do the work once. The ratio of a row is, round by
round, the fastest peer's time by qgan's; the table has its median and its range. Times of a
machine that does other work too mean little, their ratios more. Peak memory is the largest
resident size of a process, the interpreter and its libraries included.

--check does the rows of the kept table that have a peer which is installed, and fails where
a ratio is more than 20 % below the kept one in each of three tries.
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "referee" / "performance.json"
PAGE = ROOT / "docs" / "performance.md"
SLOWER = 1.2  # what --check calls slower
LAYERS, TRAINED = 5, 4  # encodings, and layers with trained angles, of the paper's circuit


# ---- circuits, as lists of (gate, qubit, angle or second qubit)

def generator(z, theta):
    """The paper's circuit: RX of data, RY and RZ in four layers, chains of CNOTs."""
    n, out = len(z), []
    for layer in range(LAYERS):
        for q in range(n):
            out.append(("rx", q, z[q]))
            if layer < TRAINED:
                out += [("ry", q, theta[layer][q][0]), ("rz", q, theta[layer][q][1])]
        out += [("cx", q, q + 1) for q in range(n - 1)]
    return out


def layered(n, layers, seed=1):
    """RY, RZ and a chain of CNOTs, at random angles: what `bench state` and `bench gradient` run."""
    draw, out = random.Random(seed), []
    for _ in range(layers):
        for q in range(n):
            out += [("ry", q, draw.uniform(0, 6)), ("rz", q, draw.uniform(0, 6))]
        out += [("cx", q, q + 1) for q in range(n - 1)]
    return out


def angles(n, batch, timesteps):
    import numpy as np
    draw = np.random.default_rng(7)
    return draw.uniform(-3, 3, (batch, n)), draw.uniform(-3, 3, (timesteps, TRAINED, n, 2)), draw.normal(size=(timesteps, batch, n))


def program(gates, n):
    """The circuit as OpenQASM 3, measured."""
    text = f'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[{n}] q;\nbit[{n}] c;\n'
    for gate, q, x in gates:
        text += f"cx q[{q}], q[{x}];\n" if gate == "cx" else f"h q[{q}];\n" if gate == "h" else f"{gate}({x:.6f}) q[{q}];\n"
    return text + "c = measure q;\n"


def ghz(n):
    return [("h", 0, None)] + [("cx", q, q + 1) for q in range(n - 1)]


# ---- peers: a function of a row's sizes that gives what is to be timed

def jax_batched(s, kron=False):
    """Values and gradients by hand in JAX: the batch first, a gate at a time, or both halves of a layer as matrices."""
    import jax
    import jax.numpy as jnp
    import numpy as np
    jax.config.update("jax_enable_x64", True)
    n = s["neurons"]
    size, half = 1 << n, n // 2
    source = np.arange(size)
    for q in range(n - 1):
        flip = np.arange(size) ^ (((np.arange(size) >> (n - 1 - q)) & 1) << (n - 2 - q))
        source = source[flip]
    sign = jnp.asarray(1.0 - 2.0 * ((np.arange(size)[:, None] >> (n - 1 - np.arange(n))) & 1))

    def turns(z, theta, layer):
        """a and b of the SU(2) [[a, -b*], [b, a*]] of each qubit and lane."""
        shape = (theta.shape[0], z.shape[0], n)
        cz, sz = jnp.cos(z / 2)[None], jnp.sin(z / 2)[None]
        if layer >= TRAINED:
            a, b = cz + 0j, -1j * sz
        else:
            cy, sy = (f(theta[:, layer, :, 0] / 2)[:, None] for f in (jnp.cos, jnp.sin))
            phase = jnp.exp(-0.5j * theta[:, layer, :, 1])[:, None]
            a, b = (cy * cz + 1j * sy * sz) * phase, (sy * cz - 1j * cy * sz) * phase.conj()
        return (jnp.broadcast_to(x, shape).reshape(-1, n) for x in (a, b))

    def one(psi, a, b, q):
        x = psi.reshape(len(psi), 1 << q, 2, -1)
        a, b = a[:, q, None, None], b[:, q, None, None]
        return jnp.stack([a * x[:, :, 0] - b.conj() * x[:, :, 1], b * x[:, :, 0] + a.conj() * x[:, :, 1]], 2).reshape(psi.shape)

    def product(u, qubits):
        out = u[:, qubits[0]]
        for q in qubits[1:]:
            out = jnp.einsum("mij,mkl->mikjl", out, u[:, q]).reshape(len(out), 2 * out.shape[1], -1)
        return out

    def spins(theta, z):
        lanes = theta.shape[0] * z.shape[0]
        psi = jnp.zeros((lanes, size), jnp.complex128).at[:, 0].set(1)
        for layer in range(LAYERS):
            a, b = turns(z, theta, layer)
            if kron:
                u = jnp.stack([jnp.stack([a, -b.conj()], -1), jnp.stack([b, a.conj()], -1)], -2)
                left, right = product(u, range(half)), product(u, range(half, n))
                psi = (left @ psi.reshape(lanes, 1 << half, -1) @ right.swapaxes(1, 2)).reshape(lanes, size)
            else:
                for q in range(n):
                    psi = one(psi, a, b, q)
            psi = psi[:, source]
        return ((jnp.abs(psi) ** 2) @ sign).reshape(theta.shape[0], z.shape[0], n)

    z, theta, up = angles(n, s["batch"], s["timesteps"])

    @jax.jit
    def step(theta):
        value, back = jax.vjp(lambda t: spins(t, z), theta)
        return value, back(up)[0]

    return lambda: step(theta)[1].block_until_ready()


def tensorcircuit(s):
    import jax
    import jax.numpy as jnp
    import numpy as np
    import tensorcircuit as tc
    tc.set_backend("jax")
    tc.set_dtype("complex128")
    n = s["neurons"]
    sign = 1.0 - 2.0 * ((np.arange(1 << n)[:, None] >> (n - 1 - np.arange(n))) & 1)

    def weighted(theta, z, up):
        c = tc.Circuit(n)
        for layer in range(LAYERS):
            for q in range(n):
                c.rx(q, theta=z[q])
                if layer < TRAINED:
                    c.ry(q, theta=theta[layer, q, 0])
                    c.rz(q, theta=theta[layer, q, 1])
            for q in range(n - 1):
                c.cnot(q, q + 1)
        spins = (jnp.abs(c.state()) ** 2) @ sign
        return jnp.sum(spins * up), spins

    def batch(theta, z, up):
        total, spins = jax.vmap(weighted, (None, 0, 0))(theta, z, up)
        return jnp.sum(total), spins

    step = jax.jit(jax.vmap(jax.value_and_grad(batch, has_aux=True), (0, None, 0)))
    z, theta, up = angles(n, s["batch"], s["timesteps"])
    return lambda: step(theta, z, up)[1].block_until_ready()


def lightning_gradient(s):
    """The adjoint sweep of PennyLane Lightning: a weighted sum of <Z>, its gradient by all angles."""
    import pennylane as qml
    from pennylane.tape import QuantumScript
    n = s["qubits"]
    device = qml.device("lightning.qubit", wires=n)
    ops, trained = [], []
    for gate, q, x in layered(n, s["layers"]):
        if gate == "cx":
            ops.append(qml.CNOT([q, x]))
        else:
            trained.append(len(trained))
            ops.append({"ry": qml.RY, "rz": qml.RZ}[gate](x, q))
    weights = [0.1 * (q + 1) for q in range(n)]
    tape = QuantumScript(ops, [qml.expval(qml.Hamiltonian(weights, [qml.Z(q) for q in range(n)]))], trainable_params=trained)
    config = device.setup_execution_config(qml.devices.ExecutionConfig(gradient_method="adjoint"), tape)
    return lambda: device.compute_derivatives(tape, config)


def qulacs_circuit(n, gates):
    from qulacs import QuantumCircuit
    c = QuantumCircuit(n)
    turn = {"rx": c.add_RX_gate, "ry": c.add_RY_gate, "rz": c.add_RZ_gate}
    for gate, q, x in gates:
        if gate == "cx":
            c.add_CNOT_gate(q, x)
        else:
            turn[gate](q, -x)  # qulacs turns the other way
    return c


def qulacs_state(s):
    from qulacs import QuantumState
    from qulacs.circuit import QuantumCircuitOptimizer
    c, state = qulacs_circuit(s["qubits"], layered(s["qubits"], s["layers"])), QuantumState(s["qubits"])
    QuantumCircuitOptimizer().optimize(c, 2)

    def run():
        state.set_zero_state()
        c.update_quantum_state(state)
    return run


def qsim_state(s):
    """In single precision, as qsim is."""
    import cirq
    import qsimcirq
    q = cirq.LineQubit.range(s["qubits"])
    gates = {"ry": cirq.ry, "rz": cirq.rz}
    c = cirq.Circuit(cirq.CNOT(q[a], q[x]) if g == "cx" else gates[g](x)(q[a]) for g, a, x in layered(s["qubits"], s["layers"]))
    simulator = qsimcirq.QSimSimulator(qsimcirq.QSimOptions(cpu_threads=os.cpu_count(), max_fused_gate_size=3))
    return lambda: simulator.simulate(c)


def cudaq_state(s):
    """CUDA-Q's target for processors."""
    import cudaq
    cudaq.set_target("qpp-cpu")
    kernel = cudaq.make_kernel()
    q = kernel.qalloc(s["qubits"])
    for gate, a, x in layered(s["qubits"], s["layers"]):
        if gate == "cx":
            kernel.cx(q[a], q[x])
        else:
            getattr(kernel, gate)(x, q[a])
    return lambda: cudaq.get_state(kernel)


def qulacs_shift(s):
    """A part of the shifted circuits, whose time is scaled to all of them."""
    from qulacs import QuantumState
    import numpy as np
    n, part = s["neurons"], 64
    z, theta, _ = angles(n, 1, 1)
    total = 16 * n * s["batch"] * s["timesteps"]

    def run():
        began = time.perf_counter()
        for _ in range(part):
            state = QuantumState(n)
            qulacs_circuit(n, generator(z[0], theta[0])).update_quantum_state(state)
            np.asarray(state.sampling(s["shots"]))
        return (time.perf_counter() - began) * total / part
    return run


def aer_noisy(s, method="density_matrix"):
    from qiskit import QuantumCircuit
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error
    n = s["neurons"]
    z, theta, _ = angles(n, 1, 1)
    c = QuantumCircuit(n)
    for gate, q, x in generator(z[0], theta[0]):
        c.cx(q, x) if gate == "cx" else getattr(c, gate)(x, q)
    c.measure_all()
    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(1e-3, 1), ["rx", "ry", "rz"])
    model.add_all_qubit_quantum_error(depolarizing_error(1e-2, 2), ["cx"])
    model.add_all_qubit_readout_error(ReadoutError([[0.98, 0.02], [0.02, 0.98]]))
    simulator = AerSimulator(method=method, noise_model=model, max_parallel_threads=os.cpu_count())
    return lambda: simulator.run(c, shots=s["shots"]).result()


def qulacs_sample(s):
    from qulacs import QuantumState
    state = QuantumState(s["qubits"])
    state.set_Haar_random_state(1)
    return lambda: state.sampling(s["shots"])


def aer_method(s, method):
    from qiskit import qasm3
    from qiskit_aer import AerSimulator
    c, simulator = qasm3.loads(program(s["gates"](), s["qubits"])), AerSimulator(method=method)
    return lambda: simulator.run(c, shots=s["shots"]).result()


def stim_sample(s):
    import stim
    c = stim.Circuit()
    for gate, q, x in s["gates"]():
        c.append(gate.upper(), [q] if x is None else [q, x])
    c.append("M", range(s["qubits"]))
    return lambda: c.compile_sampler().sample(s["shots"])


def qiskit_reads(s):
    from qiskit import qasm3
    text = program(s["gates"](), s["qubits"])
    return lambda: qasm3.loads(text)


def reference_reads(s):
    import openqasm3
    text = program(s["gates"](), s["qubits"])
    return lambda: openqasm3.parse(text)


def qiskit_compiles(s):
    from qiskit import qasm3, transpile
    c = qasm3.loads(program(s["gates"](), s["qubits"]))
    line = [[q, q + 1] for q in range(s["qubits"] - 1)]
    line += [[b, a] for a, b in line]
    return lambda: transpile(c, basis_gates=["rz", "sx", "x", "cz"], coupling_map=line, optimization_level=3, seed_transpiler=1)


PEERS = {
    "JAX, by hand": (jax_batched, "jax"),
    "JAX, layers as matrices": (lambda s: jax_batched(s, True), "jax"),
    "TensorCircuit-NG": (tensorcircuit, "tensorcircuit-ng"),
    "PennyLane Lightning": (lightning_gradient, "pennylane-lightning"),
    "qulacs, fused": (qulacs_state, "qulacs"),
    "qsim (single precision)": (qsim_state, "qsimcirq"),
    "CUDA-Q, qpp-cpu": (cudaq_state, "cuda-quantum-cu12"),
    "qulacs (scaled)": (qulacs_shift, "qulacs"),
    "Qiskit Aer, density matrix": (aer_noisy, "qiskit-aer"),
    "Qiskit Aer, trajectories": (lambda s: aer_noisy(s, "statevector"), "qiskit-aer"),
    "qulacs": (qulacs_sample, "qulacs"),
    "Stim": (stim_sample, "stim"),
    "Qiskit Aer, stabilizer": (lambda s: aer_method(s, "stabilizer"), "qiskit-aer"),
    "Qiskit Aer, MPS": (lambda s: aer_method(s, "matrix_product_state"), "qiskit-aer"),
    "Qiskit, qasm3.loads": (qiskit_reads, "qiskit"),
    "openqasm3, reference parser": (reference_reads, "openqasm3"),
}


# ---- rows

def bench(name, **sizes):
    """A workload of `qgan bench`, which times itself after a warm-up."""
    arguments = ["bench", name, "--json", "--repeats", "3"]
    for key, value in sizes.items():
        arguments += [f"--{key}", str(value)]
    return {"bench": arguments}


def adjoint(n):
    """Multiplications and additions, as two a fused instruction of four lanes, of qgan's kernels for values and gradients
    of 640 circuits: 194 instructions a pair of amplitudes and qubit (five layers, there and back, the first one a product)."""
    return 160 * n * (1 << (n - 1)) * 194 * 8


def rows():
    out = []

    def row(key, title, ours, peers, flops=None, **sizes):
        out.append({"key": key, "title": title, "ours": ours, "peers": peers, "sizes": sizes, "flops": flops})

    for n in (4, 8, 10, 12):
        row(f"vjp-{n}", f"values and gradients, {n} qubits × 640 circuits", bench("vjp", neurons=n),
            ["JAX, by hand", "JAX, layers as matrices", "TensorCircuit-NG"], adjoint(n), neurons=n, batch=64, timesteps=10)
    for n in (16, 18, 20, 22, 24):
        row(f"gradient-{n}", f"gradient of one state, {n} qubits, 3 layers", bench("gradient", qubits=n, layers=3), ["PennyLane Lightning"], qubits=n, layers=3)
    for n in (20, 24):
        row(f"state-{n}", f"one state, {n} qubits, 3 layers", bench("state", qubits=n, layers=3),
            ["qulacs, fused", "qsim (single precision)"] + ["CUDA-Q, qpp-cpu"] * (n == 20), qubits=n, layers=3)
    row("shift-10", "shifted circuits with 1,000 shots each, 10 qubits", bench("shift", neurons=10), ["qulacs (scaled)"], neurons=10, batch=8, timesteps=10, shots=1000)
    row("noisy-10", "10,000 noisy shots, 10 qubits", bench("noisy", neurons=10), ["Qiskit Aer, density matrix", "Qiskit Aer, trajectories"], neurons=10, shots=10000)
    row("sample-20", "10⁶ draws from 20 qubits", bench("sample", qubits=20), ["qulacs"], qubits=20, shots=1000000)
    row("ghz-1000", "GHZ state of 1,000 qubits, 1,000 shots", {"run": ["--method", "stabilizer"]}, ["Qiskit Aer, stabilizer", "Stim"], qubits=1000, shots=1000, gates=lambda: ghz(1000))
    row("mps-40", "chain of 40 qubits, 5 layers, 1,000 shots", {"run": ["--method", "mps"]}, ["Qiskit Aer, MPS"], qubits=40, shots=1000, gates=lambda: layered(40, 5))
    row("parse", "reading OpenQASM 3, 19,900 gates", {"inspect": []}, ["Qiskit, qasm3.loads", "openqasm3, reference parser"], qubits=100, gates=lambda: layered(100, 67))
    return out


class Ours:
    """qgan's side of a row: a process a round."""

    def __init__(self, qgan, row, folder):
        self.qgan, self.row, self.memory = qgan, row, 0
        (self.verb, self.extra), = row["ours"].items()
        if self.verb != "bench":
            self.path = folder / (row["key"] + ".qasm")
            self.path.write_text(program(row["sizes"]["gates"](), row["sizes"]["qubits"]))

    def arguments(self):
        if self.verb == "bench":
            return self.extra
        if self.verb == "run":
            return ["run", str(self.path), *self.extra, "--shots", str(self.row["sizes"]["shots"]), "--json"]
        return [self.verb, str(self.path), *self.extra]

    def time(self):
        began = time.perf_counter()
        process = subprocess.Popen([self.qgan, *self.arguments()], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"{self.row['key']}: qgan ended with {os.waitstatus_to_exitcode(status)}")
        self.memory = max(self.memory, usage.ru_maxrss * 1024)
        if self.verb == "bench":
            return json.loads(text)["seconds"]["median"]
        return time.perf_counter() - began


class Peer:
    """A peer's side of a row: one process, which is told when to work."""

    def __init__(self, name, row):
        self.name, self.memory = name, 0
        self.process = subprocess.Popen([sys.executable, __file__, "--peer", name, "--row", row["key"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.errors = []
        threading.Thread(target=lambda: self.errors.extend(self.process.stderr), daemon=True).start()
        self.there = self.answer() is not None

    def answer(self):
        for line in self.process.stdout:
            if line.startswith("qgan-peer "):
                seconds, memory = line.split()[1:]
                self.memory = int(memory)
                return float(seconds)
        return None

    def time(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self.answer()

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def serve(name, key):
    """What a peer's process does: warms up, then works once for each line that it reads."""
    row, = (r for r in rows() if r["key"] == key)
    work = PEERS[name][0](row["sizes"])

    def once():
        began = time.perf_counter()
        scaled = work()
        took = time.perf_counter() - began
        if isinstance(scaled, float):
            took = scaled
        print("qgan-peer", took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, flush=True)
    once()
    for _ in sys.stdin:
        once()


def measure(qgan, row, rounds, folder, names=None):
    """A row's times by name, memory by name, and the peers that are not there with their reasons."""
    ours, times, memory, missing = Ours(qgan, row, folder), {"qgan": []}, {}, {}
    peers = []
    for name in row["peers"] if names is None else names:
        peer = Peer(name, row)
        if peer.there:
            peers.append(peer)
            times[name] = []
        else:
            missing[name] = (peer.errors or ["no answer"])[-1].strip()
    ours.time()
    for _ in range(rounds):
        times["qgan"].append(ours.time())
        for peer in peers:
            took = peer.time()
            if took is None:
                sys.exit(f"{row['key']}: {peer.name} ended: {(peer.errors or ['without a word'])[-1].strip()}")
            times[peer.name].append(took)
    for peer in peers:
        memory[peer.name] = peer.memory
        peer.end()
    memory["qgan"] = ours.memory
    return times, memory, missing


def ratios(times):
    """The fastest peer by its median, and its time by qgan's in each round."""
    peers = {name: t for name, t in times.items() if name != "qgan"}
    if not peers:
        return None, []
    best = min(peers, key=lambda name: statistics.median(peers[name]))
    return best, [p / q for p, q in zip(peers[best], times["qgan"])]


# Multiplications and additions a second of a product of matrices: what the processor's units can do at best. A process
# of its own, since a process begins with the peak memory of the one that made it.
PRODUCT = """
import time, numpy
a, best = numpy.random.default_rng(1).normal(size=(2048, 2048)), 0.0
a @ a
for _ in range(5):
    began = time.perf_counter()
    a @ a
    best = max(best, 2 * 2048 ** 3 / (time.perf_counter() - began))
print(best)
"""


def product_rate():
    return float(subprocess.run([sys.executable, "-c", PRODUCT], check=True, capture_output=True, text=True).stdout)


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if os.path.exists("/proc/cpuinfo") else []:
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def seconds(t):
    return f"{t:.2f} s" if t >= 1 else f"{t * 1e3:.3g} ms"


def page(table):
    lines = ["""# Performance

How fast qgan is beside other programs, measured in turn on one machine. This page is written by `make performance` (referee/performance.py), which installs the peers, runs everything and takes about a
quarter of an hour; `make bench-check` compares the program with the kept table and fails where a ratio fell by more than a fifth.

*Ratio* is the fastest peer's time divided by qgan's, the median of the rounds, with the least and the largest behind it: 10 means that qgan takes a tenth of the time. All are in double precision unless the row says otherwise. The results of peers are not compared
here but by the referee's other programs. Times of one machine at one hour mean little; ratios are what counts.
"""]
    lines.append(f"Measured on {table['date']}: {table['processor']}, {table['cores']} cores, {table['system']}; qgan's kernel {table['kernel']}; {table['rounds']} rounds. A product of matrices reaches {table['product_rate'] / 1e9:.0f} GFLOP/s here.\n")
    lines.append("| work | qgan | fastest peer | its time | ratio | memory: qgan, peer | share of the limit |\n|---|---|---|---|---|---|---|")
    for row in table["rows"]:
        ours = statistics.median(row["times"]["qgan"])
        best, by = ratios(row["times"])
        share = f"{row['flops'] / ours / table['product_rate']:.0%}" if row["flops"] else "–"
        if best is None:
            lines.append(f"| {row['title']} | {seconds(ours)} | none installed | – | – | {row['memory']['qgan'] / 1e6:.0f} MB | {share} |")
            continue
        lines.append(f"| {row['title']} | {seconds(ours)} | {best} | {seconds(statistics.median(row['times'][best]))} | {statistics.median(by):.3g} ({min(by):.3g} to {max(by):.3g}) "
                     f"| {row['memory']['qgan'] / 1e6:.0f} MB, {row['memory'][best] / 1e6:.0f} MB | {share} |")
    lines.append("""
*Memory* is the peak of the whole process, of a peer with its interpreter and libraries. *Share of the limit* is the rate of multiplications and additions of qgan's kernels, as a share of
that of a product of matrices, which is about what the processor can do. Reading, stabilizers and matrix product states are timed as whole processes of qgan, from the start of the program to its end; peers are timed without their start.

## Every peer

| work | program | median | from, to | memory |
|---|---|---|---|---|""")
    for row in table["rows"]:
        for name, t in row["times"].items():
            lines.append(f"| {row['title']} | {name} | {seconds(statistics.median(t))} | {seconds(min(t))}, {seconds(max(t))} | {row['memory'][name] / 1e6:.0f} MB |")
    lines.append("\n## Versions\n\n| package | version |\n|---|---|")
    lines += [f"| {name} | {number} |" for name, number in table["versions"].items()]
    gone = {name: why for row in table["rows"] for name, why in row["missing"].items()}
    if gone:
        lines.append("\nNot measured: " + "; ".join(f"{name} ({why[:120]})" for name, why in gone.items()) + ".")
    lines.append("""
What the compiler reaches beside Qiskit and tket is measured by referee/routing.py and referee/uccbench.py.
""")
    PAGE.write_text("\n".join(lines))


def write(asked, folder):
    table = {
        "date": time.strftime("%Y-%m-%d"), "processor": processor(), "cores": os.cpu_count(), "system": platform.system(), "rounds": asked.rounds, "product_rate": product_rate(),
        "kernel": json.loads(subprocess.run([asked.qgan, "bench", "sample", "--qubits", "4", "--shots", "10", "--json"], check=True, capture_output=True, text=True).stdout)["kernel"],
        "versions": {p: v for p in sorted({package for _, package in PEERS.values()}) if (v := version(p))}, "rows": [],
    }
    if asked.only and TABLE.exists():  # the other rows stay as they are
        kept = json.loads(TABLE.read_text())
        table["rows"], table["product_rate"] = kept["rows"], max(kept["product_rate"], table["product_rate"])
    for row in rows():
        if asked.only and row["key"] not in asked.only:
            continue
        began = time.perf_counter()
        times, memory, missing = measure(asked.qgan, row, asked.rounds, folder)
        best, by = ratios(times)
        done = {"key": row["key"], "title": row["title"], "flops": row["flops"], "times": times, "memory": memory, "missing": missing}
        place = next((i for i, r in enumerate(table["rows"]) if r["key"] == row["key"]), len(table["rows"]))
        table["rows"][place:place + 1] = [done]
        print(f"{row['key']}: {seconds(statistics.median(times['qgan']))}, " + (f"{best} / qgan {statistics.median(by):.3g}" if best else "no peer") + f" ({time.perf_counter() - began:.0f} s)", file=sys.stderr, flush=True)
        for name, why in missing.items():
            print(f"  {name}: {why}", file=sys.stderr)
        TABLE.write_text(json.dumps(table, indent=1) + "\n")  # row by row: some take minutes
    page(table)


def check(asked, folder):
    """True where no ratio fell by more than a fifth."""
    kept, good = json.loads(TABLE.read_text()), True
    now = {r["key"]: r for r in rows()}
    for row in kept["rows"]:
        best, by = ratios(row["times"])
        if best is None or (asked.only and row["key"] not in asked.only):
            continue
        before, tries = statistics.median(by), []
        while len(tries) < 3:
            times, _, missing = measure(asked.qgan, now[row["key"]], asked.rounds, folder, [best])
            if missing:
                break
            tries.append(statistics.median(ratios(times)[1]))
            if tries[-1] * SLOWER >= before:
                break
        if not tries:
            print(f"{row['key']}: {best} is not installed here")
            continue
        slower = max(tries) * SLOWER < before
        good &= not slower
        print(f"{row['key']}: {best} / qgan was {before:.3g}, is {max(tries):.3g}" + (": SLOWER" if slower else ""), flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--qgan", default="bin/qgan")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", help="keys of rows")
    parser.add_argument("--write", action="store_true", help="measure all and write the page and the kept table")
    parser.add_argument("--page", action="store_true", help="write the page of the kept table")
    parser.add_argument("--check", action="store_true", help="compare with the kept table")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--row", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.peer:
        serve(asked.peer, asked.row)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if asked.page:
            page(json.loads(TABLE.read_text()))
        elif asked.check:
            sys.exit(not check(asked, folder))
        elif asked.write:
            write(asked, folder)
        else:
            parser.error("say --write, --page or --check")


if __name__ == "__main__":
    main()
