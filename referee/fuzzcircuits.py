"""Random circuits, written in OpenQASM 2 or 3 and compiled, against an interpreter of its own.

    python3 referee/fuzzcircuits.py QGAN version2 --count 1500            OpenQASM 2 as written, and against Qiskit
    python3 referee/fuzzcircuits.py QGAN version3 --count 1500            OpenQASM 3 that Qiskit's importer takes, the same
    python3 referee/fuzzcircuits.py QGAN compiled --count 5000 --device FILE[,FILE]...

Each circuit is drawn with its meaning: gates with angles and definitions of its own, controls,
measurements in the middle, resets, barriers, if, else, switch and while. The law of
`qgan run --exact`, of the text or of what `compile` makes of it, has to be that of the
interpreter; Qiskit's reading of the text is followed by the same machine. Disagreements are
printed and counted; the program ends with 1 where there was one. Refusals are counted, by their reason.
"""
import math, os, random, tempfile

import machine, tally

ONE = ["x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "rx", "ry", "rz", "p"]
TWO = ["cx", "cz", "cy", "ch", "cp", "crx", "cry", "crz", "cu", "swap"]
THREE = ["ccx", "cswap"]
OLD = {"sx": "id", "p": "u1", "cp": "cu1", "cu": "cu3", "crx": "cx", "cry": "cz", "swap": "cx", "cswap": "ccx"}  # what the paper's qelib1.inc has


class Draw:
    """Draws statements: (text, meaning), the meaning a function of a machine."""

    def __init__(self, rng, version, qubits, bits, dynamic, plain=False):
        self.r, self.version, self.n, self.bits, self.dynamic, self.plain = rng, version, qubits, bits, dynamic, plain
        self.definitions = []

    def angle(self):
        r = self.r
        k = r.choice([0, 3, 4, 5]) if self.plain else r.randrange(6)
        if k == 0:
            a, b = r.randint(-8, 8), r.choice([1, 2, 3, 4, 8])
            return f"{a}*pi/{b}", a * math.pi / b
        if k == 1:
            x = r.uniform(-1, 1)
            return f"sin({x!r})", math.sin(x)
        if k == 2 and self.version == 2:
            x = r.randint(1, 3)
            return f"({x}/4)^2 - -{x}", (x / 4) ** 2 + x
        if k == 2:
            x = r.randint(1, 7)
            return f"{x}/2 + 0.25*{x}**2", x // 2 + 0.25 * x * x
        if k == 3:
            x = r.choice([1e-10, 3e-7, 1e-3, math.pi - 4e-8, 2 * math.pi])
            return repr(x), x
        x = r.uniform(-4, 4)
        return repr(x), x

    def name(self, most):
        r = self.r
        pool = ONE + (TWO if most > 1 else []) + (THREE if most > 2 and r.random() < 0.3 else [])
        if most > 1 and r.random() < 0.3:
            pool = TWO
        name = r.choice(pool)
        return OLD.get(name, name) if self.version == 2 else name

    def gate(self):
        """A gate on qubits, with modifiers in version 3."""
        r = self.r
        if self.definitions and r.random() < 0.15:
            name, params, width, run = r.choice(self.definitions)
            if width <= self.n:
                qs = r.sample(range(self.n), width)
                args = [self.angle() for _ in range(params)]
                head = name + (f"({', '.join(t for t, _ in args)})" if params else "")
                return f"{head} {', '.join(f'q[{q}]' for q in qs)};", lambda m: run(m, qs, [x for _, x in args])
        name = self.name(self.n)
        controls, targets, params, f = machine.GATES[name]
        args = [self.angle() for _ in range(params)]
        text = name + (f"({', '.join(t for t, _ in args)})" if params else "")
        values = [x for _, x in args]
        matrix = f(*values)
        zeros, more = [], 0
        if self.version == 3 and not self.plain and name not in ("cu",) and r.random() < 0.25:
            k = r.randrange(3)
            if k == 0:
                text, matrix = "inv @ " + text, [[complex(matrix[j][i]).conjugate() for j in range(len(matrix))] for i in range(len(matrix))]
            elif k == 1 and controls + targets < self.n:
                text, more = "ctrl @ " + text, 1
            elif k == 2 and controls + targets < self.n:
                text, more, zeros = "negctrl @ " + text, 1, [0]
        qs = r.sample(range(self.n), more + controls + targets)
        off = [qs[i] for i in zeros]
        return f"{text} {', '.join(f'q[{q}]' for q in qs)};", lambda m: m.matrix(matrix, qs[:more + controls], qs[more + controls:], off)

    def define(self, name):
        """A gate of its own."""
        r = self.r
        width, params = r.randint(1, min(3, self.n)), r.randint(0, 2)
        outer, self.n = self.n, width
        body, runs = [], []
        for _ in range(r.randint(1, 4)):
            g = self.name(width)
            controls, targets, count, f = machine.GATES[g]
            if controls + targets > width:
                continue
            args = []
            for _ in range(count):
                if params and r.random() < 0.6:
                    k, by = r.randrange(params), r.choice([-1, 1, 2, 0.5])
                    args.append((f"{by}*a{k}", (k, by)))
                else:
                    args.append(self.angle())
            qs = r.sample(range(width), controls + targets)
            body.append(g + (f"({', '.join(t for t, _ in args)})" if args else "") + " " + ", ".join(f"b{q}" for q in qs) + ";")
            runs.append((g, qs, [x for _, x in args]))
        self.n = outer

        def run(m, qubits, values):
            for g, qs, args in runs:
                m.gate(g, [qubits[q] for q in qs], [values[x[0]] * x[1] if isinstance(x, tuple) else x for x in args])
        self.definitions.append((name, params, width, run))
        head = f"gate {name}" + (f"({', '.join(f'a{k}' for k in range(params))})" if params else "")
        return f"{head} {', '.join(f'b{q}' for q in range(width))} {{ {' '.join(body)} }}"

    def simple(self):
        r = self.r
        k = r.random()
        if self.dynamic and k < 0.12:
            q, b = r.randrange(self.n), r.randrange(self.bits)

            def measure(m):
                m.v["c"][b] = m.measure(q)
            return (f"measure q[{q}] -> c[{b}];" if self.version == 2 or r.random() < 0.3 else f"c[{b}] = measure q[{q}];"), measure
        if self.dynamic and k < 0.17:
            q = r.randrange(self.n)
            return f"reset q[{q}];", lambda m: m.reset(q)
        if k < 0.2:
            return "barrier q;", lambda m: None
        return self.gate()

    def block(self, depth):
        parts = [self.statement(depth) for _ in range(self.r.randint(1, 3))]
        return " ".join(t for t, _ in parts), lambda m: [f(m) for _, f in parts]

    def condition(self):
        r = self.r
        b, x = r.randrange(self.bits), r.randrange(1 << self.bits)
        k = r.randrange(3 if self.plain else 5)
        if k == 0:
            return f"c[{b}] == {['false', 'true'][x & 1]}" if self.plain else f"c[{b}]", lambda m: m.v["c"][b] == (x & 1 if self.plain else 1)
        if k == 1:
            return f"c == {x}", lambda m: number(m.v["c"]) == x
        if k == 2:
            return f"!c[{b}]" if not self.plain else f"c[{b}] == false", lambda m: m.v["c"][b] == 0
        if k == 3:
            return f"uint[{self.bits}](c) < {x}", lambda m: number(m.v["c"]) < x
        d = r.randrange(self.bits)
        return f"c[{b}] ^ c[{d}]", lambda m: m.v["c"][b] != m.v["c"][d]

    def statement(self, depth):
        r = self.r
        if not self.dynamic or not depth or r.random() > 0.2:
            return self.simple()
        if self.version == 2:
            x = r.randrange(1 << self.bits)
            t, f = self.simple()
            while t.startswith("barrier"):
                t, f = self.simple()
            return f"if (c == {x}) {t}", lambda m: f(m) if number(m.v["c"]) == x else None
        k = r.randrange(4 if self.plain else 6)
        (t, f), (a, g), (b, h) = self.condition(), self.block(depth - 1), self.block(depth - 1)
        if k < 2:
            return f"if ({t}) {{ {a} }}", lambda m: g(m) if f(m) else None
        if k < 4:
            return f"if ({t}) {{ {a} }} else {{ {b} }}", lambda m: g(m) if f(m) else h(m)
        if k == 4:
            return f"switch (c) {{ case 0, 2 {{ {a} }} default {{ {b} }} }}", lambda m: g(m) if number(m.v["c"]) in (0, 2) else h(m)
        q, d = r.randrange(self.n), r.randrange(self.bits)

        def once(m):  # ends after the outcome 0, and surely: the qubit is reset in the body
            while m.v["c"][d]:
                m.reset(q)
                m.v["c"][d] = m.measure(q)
        return f"while (c[{d}]) {{ reset q[{q}]; c[{d}] = measure q[{q}]; }}", once


def number(bits):
    return sum(b << i for i, b in enumerate(bits))


def program(rng, version, dynamic, plain=False, most=5):
    n = rng.randint(1, most)
    bits = n if not dynamic else min(n, 3)
    d = Draw(rng, version, n, bits, dynamic, plain)
    defined = [d.define(f"own{k}") for k in range(rng.choice([0, 0, 1, 2]))]
    parts = [d.statement(2) for _ in range(rng.randint(3, 14 if dynamic else 22))]
    if version == 2:
        head = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n' + "\n".join(defined) + f"\nqreg q[{n}];\ncreg c[{bits}];\n"
        tail = f"\ncreg d[{n}];\nmeasure q -> d;\n"
    else:
        head = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n' + "\n".join(defined) + f"\nqubit[{n}] q;\nbit[{bits}] c;\nbit[{n}] d;\n"
        tail = "\nd = measure q;\n"

    def run(m):
        m.v["c"] = [0] * bits
        for _, f in parts:
            f(m)
        return "".join(map(str, m.v["c"] + [m.measure(q) for q in range(n)]))
    return head + "\n".join(t for t, _ in parts) + tail, n, run


def qiskit_law(text, version, bits):
    """The law of the text as Qiskit reads it, and its reason where it does not."""
    from qiskit import qasm2, qasm3
    from qiskit.circuit import Clbit
    from qiskit.quantum_info import Operator
    try:
        c = qasm2.loads(text, include_path=qasm2.LEGACY_INCLUDE_PATH, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS) if version == 2 else qasm3.loads(text)
    except Exception as error:
        return None, type(error).__name__ + ": " + str(error).split("\n")[0][-60:]

    def follow(m, circuit, qs, cs):
        for i in circuit.data:
            op, q, b = i.operation, [qs[circuit.find_bit(x).index] for x in i.qubits], [cs[circuit.find_bit(x).index] for x in i.clbits]
            where = getattr(op, "condition", None)
            if op.name in ("if_else", "while_loop"):
                bit, value = op.condition
                value = int(value)

                def holds():
                    if isinstance(bit, Clbit):
                        return m.v["c"][cs[circuit.find_bit(bit).index]] == value
                    return number([m.v["c"][cs[circuit.find_bit(x).index]] for x in bit]) == value
                if op.name == "while_loop":
                    while holds():
                        follow(m, op.blocks[0], q, b)
                elif holds():
                    follow(m, op.blocks[0], q, b)
                elif len(op.blocks) > 1:
                    follow(m, op.blocks[1], q, b)
            elif where is not None:
                raise ValueError("a condition of the old kind")
            elif op.name == "measure":
                m.v["c"][b[0]] = m.measure(q[0])
            elif op.name == "reset":
                m.reset(q[0])
            elif op.name == "barrier":
                pass
            else:  # Qiskit's first qubit is the least significant
                m.matrix(Operator(op).data.tolist(), [], q[::-1])

    def run(m):
        m.v["c"] = [0] * len(c.clbits)
        follow(m, c, list(range(c.num_qubits)), list(range(len(c.clbits))))
        return "".join(map(str, m.v["c"]))
    return machine.law(c.num_qubits, run), None


def main():
    a = tally.options(1500, kind=["version2", "version3", "compiled"]).parse_args()
    told = tally.Tally()
    with tempfile.TemporaryDirectory() as folder:
        file, native = os.path.join(folder, "p.qasm"), os.path.join(folder, "c.qasm")
        for k in range(a.first, a.first + a.count):
            rng = random.Random(f"{a.kind}/{a.seed}/{k}")
            version = {"version2": 2, "version3": 3, "compiled": 3}[a.kind]
            text, n, run = program(rng, version, rng.random() < 0.5, plain=a.kind == "version3")
            want = machine.law(n, run)
            if want is None:
                told.count("too many courses")
                continue
            with open(file, "w") as f:
                f.write(text)
            path, where = file, ""
            if a.kind == "compiled":
                device = a.device[k % len(a.device)]
                level = rng.choice(["2", "2", "2", "1", "0"])
                out, why = tally.ask([a.qgan, "compile", file, "--device", device, "--dialect", "spec", "--optimize", level, "--out", native])
                if out is None:
                    told.refused("refused by compile", why.strip().split("\n")[0].replace(file, "FILE"))
                    continue
                path, where = native, f", for {device} at --optimize {level}"
                told.count("compiled for " + os.path.basename(device))
            got, why = tally.probabilities([a.qgan, "run", path, "--exact", "--json"])
            if got is None:
                told.refused("refused by run", why.strip().split("\n")[0].replace(file, "FILE").replace(native, "NATIVE"))
                continue
            told.count("compared")
            if machine.apart(got, want) > 1e-8:
                told.differs(f"DISAGREES: number {k} of {a.kind}, seed {a.seed}{where}:\n{text}\nqgan {got}\nhere {want}")
            if a.kind == "compiled":
                continue
            other, why = qiskit_law(text, version, n)
            if other is None:
                told.refused("refused by Qiskit", "Qiskit: " + (why or "too many courses"))
                continue
            told.count("compared with Qiskit")
            if machine.apart(got, other) > 1e-8:
                told.differs(f"DISAGREES WITH QISKIT: number {k} of {a.kind}, seed {a.seed}:\n{text}\nqgan {got}\nQiskit {other}\nhere {want}")
    told.end()


if __name__ == "__main__":
    main()
