"""Random OpenQASM 3 programs that compute with outcomes, against an interpreter of its own.

    python3 referee/fuzz.py QGAN [--programs N] [--seed S] [--device FILE]...

Each program is drawn with its meaning: gates on three qubits, measurements, resets, bits, ints,
uints and bools, assignments, if, switch, while and for with break and continue, gates and
subroutines of its own. The interpreter follows every outcome with its probability; the law of
`qgan run --exact` has to be the same, compiled for each device too. It needs Python alone and
ends with 1 at the first disagreement, whose program it prints.
"""
import argparse, cmath, json, math, os, random, subprocess, sys, tempfile

S = 1 / math.sqrt(2)
GATES = {"x": [[0, 1], [1, 0]], "h": [[S, S], [S, -S]], "z": [[1, 0], [0, -1]], "s": [[1, 0], [0, 1j]], "sx": [[(1 + 1j) / 2, (1 - 1j) / 2], [(1 - 1j) / 2, (1 + 1j) / 2]]}
QUBITS, BITS = 3, 3


class Break(Exception):
    pass


class Continue(Exception):
    pass


class Machine:
    """One course of events: outcomes are taken from script, then 0."""

    def __init__(self, script):
        self.script, self.seen, self.p = script, [], 1.0
        self.state = [0j] * (1 << QUBITS)
        self.state[0] = 1
        self.v = {"c": [0] * BITS, "d": [0] * 2, "n": 0, "u": 0, "ok": 0}
        self.steps = 0

    def gate(self, name, qs):
        m, t = GATES[name.lstrip("c")], qs[-1]
        for i in range(len(self.state)):
            if not i >> t & 1 and all(i >> q & 1 for q in qs[:-1]):
                j = i | 1 << t
                a, b = self.state[i], self.state[j]
                self.state[i], self.state[j] = m[0][0] * a + m[0][1] * b, m[1][0] * a + m[1][1] * b

    def measure(self, q):
        one = sum(abs(a) ** 2 for i, a in enumerate(self.state) if i >> q & 1)
        k = len(self.seen)
        out = self.script[k] if k < len(self.script) else 0
        p = one if out else 1 - one
        self.seen.append(out)
        self.p *= p
        if p > 1e-12:
            self.state = [a / math.sqrt(p) if i >> q & 1 == out else 0j for i, a in enumerate(self.state)]
        return out


def number(bits):
    return sum(b << i for i, b in enumerate(bits))


def signed(x, w):
    x &= (1 << w) - 1
    return x - (1 << w) if x >> (w - 1) else x


class Draw:
    """Draws statements: (text, meaning), the meaning a function of a machine."""

    def __init__(self, rng):
        self.r = rng

    def integer(self, depth=2):
        """An int[6] expression."""
        k = self.r.randrange(7 if depth else 3)
        if k == 0:
            x = self.r.randrange(0, 6)
            return f"int[6]({x})", lambda m: x
        if k == 1:
            return "n", lambda m: m.v["n"]
        if k == 2:
            i = self.r.randrange(BITS)
            return f"int[6](c[{i}])", lambda m: m.v["c"][i]
        if k == 3:
            return "int[6](uint[3](c))", lambda m: number(m.v["c"])
        (a, f), (b, g) = self.integer(depth - 1), self.integer(depth - 1)
        op = self.r.choice("+-*&|^")
        fn = {"+": lambda x, y: x + y, "-": lambda x, y: x - y, "*": lambda x, y: x * y, "&": lambda x, y: x & y, "|": lambda x, y: x | y, "^": lambda x, y: x ^ y}[op]
        return f"({a} {op} {b})", lambda m: signed(fn(f(m), g(m)), 6)

    def condition(self, depth=1):
        k = self.r.randrange(7 if depth else 5)
        i = self.r.randrange(BITS)
        if k == 0:
            return f"c[{i}]", lambda m: m.v["c"][i] == 1
        if k == 1:
            x = self.r.randrange(8)
            return f"c == {x}", lambda m: number(m.v["c"]) == x
        if k == 2:
            return "ok", lambda m: m.v["ok"] == 1
        if k == 3:
            (a, f), (b, g) = self.integer(1), self.integer(1)
            op = self.r.choice(["<", "<=", "==", "!=", ">", ">="])
            fn = {"<": lambda x, y: x < y, "<=": lambda x, y: x <= y, "==": lambda x, y: x == y, "!=": lambda x, y: x != y, ">": lambda x, y: x > y, ">=": lambda x, y: x >= y}[op]
            return f"{a} {op} {b}", lambda m: fn(f(m), g(m))
        if k == 4:
            return "popcount(c) >= 2", lambda m: sum(m.v["c"]) >= 2
        (a, f), (b, g) = self.condition(0), self.condition(0)
        if k == 5:
            return f"({a}) && !({b})", lambda m: f(m) and not g(m)
        return f"({a}) || ({b})", lambda m: f(m) or g(m)

    def block(self, depth, loop, n=3):
        parts = [self.statement(depth, loop) for _ in range(self.r.randint(1, n))]

        def run(m):
            for _, f in parts:
                m.steps += 1
                f(m)
        return " ".join(t for t, _ in parts), run

    def statement(self, depth, loop):
        r = self.r
        k = r.randrange(18 if depth else 11)
        q, p = r.sample(range(QUBITS), 2)
        i, j = r.randrange(BITS), r.randrange(2)
        if k < 3:
            g = r.choice(["x", "h", "z", "s", "sx"])
            return f"{g} q[{q}];", lambda m: m.gate(g, [q])
        if k == 3:
            return f"{r.choice(['cx', 'mine'])} q[{q}], q[{p}];", lambda m: m.gate("cx", [q, p])
        if k < 6:
            def measure(m):
                m.v["c"][i] = m.measure(q)
            return r.choice([f"c[{i}] = measure q[{q}];", f"c[{i}] = look(q[{q}]);"]), measure
        if k == 6:
            def reset(m):
                if m.measure(q):
                    m.gate("x", [q])
            return f"reset q[{q}];", reset
        if k == 7:
            t, f = self.integer()

            def assign(m):
                m.v["n"] = f(m)
            return f"n = {t};", assign
        if k == 8:
            t, f = self.condition()

            def decide(m):
                m.v["ok"] = int(f(m))
            return f"ok = {t};", decide
        if k == 9:
            what = r.choice(["copy", "xor", "flip", "turn"])
            texts = {"copy": f"d[{j}] = c[{i}];", "xor": f"c[{i}] = c[{(i + 1) % BITS}] ^ d[{j}];", "flip": f"c[{i}] = ~c[{i}];", "turn": "c = c << 1;"}

            def bits(m):
                c, d = m.v["c"], m.v["d"]
                if what == "copy":
                    d[j] = c[i]
                elif what == "xor":
                    c[i] = c[(i + 1) % BITS] ^ d[j]
                elif what == "flip":
                    c[i] ^= 1
                else:
                    m.v["c"] = [0] + c[:-1]
            return texts[what], bits
        if k == 10:
            by = r.randint(1, 3)

            def count(m):
                m.v["u"] = (m.v["u"] + by) % 8
            return f"u += {by};", count
        if k < 14:
            (t, f), (a, g), (b, h) = self.condition(), self.block(depth - 1, loop), self.block(depth - 1, loop)
            return f"if ({t}) {{ {a} }} else {{ {b} }}", lambda m: g(m) if f(m) else h(m)
        if k == 14:
            (a, g), (b, h), (c, e) = (self.block(depth - 1, loop, 2) for _ in range(3))
            text = r.choice(["c", "uint[8](c)", "int[32](uint[3](c))"])
            return f"switch ({text}) {{ case 0, 5 {{ {a} }} case 3 {{ {b} }} default {{ {c} }} }}", lambda m: {0: g, 5: g, 3: h}.get(number(m.v["c"]), e)(m)
        if k == 15:
            a, g = self.block(depth - 1, True, 2)
            times = r.randint(1, 3)

            def turns(m):
                for _ in range(times):
                    try:
                        g(m)
                    except Continue:
                        continue
                    except Break:
                        break
            return f"for int i in [1:{times}] {{ {a} }}", turns
        if k == 16 and not loop:
            (t, f), (a, g) = self.condition(), self.block(depth - 1, True, 2)
            name = f"w{r.randrange(10**9)}"

            def repeat(m):
                for _ in range(2):
                    if not f(m):
                        return
                    try:
                        g(m)
                    except Continue:
                        continue
                    except Break:
                        return
            return f"uint[2] {name} = 0; while ({name} < 2 && ({t})) {{ {name} += 1; {a} }}", repeat
        if loop:
            t, f = self.condition()
            word, error = r.choice([("break", Break), ("continue", Continue)])

            def jump(m):
                if f(m):
                    raise error
            return f"if ({t}) {{ {word}; }}", jump
        return f"h q[{q}];", lambda m: m.gate("h", [q])


def program(rng):
    text, run = Draw(rng).block(3, False, 8)
    head = f"OPENQASM 3.0;\ninclude \"stdgates.inc\";\ngate mine a, b {{ cx a, b; }}\ndef look(qubit a) -> bit {{ return measure a; }}\nqubit[{QUBITS}] q; bit[{BITS}] c = \"000\"; bit[2] d = \"00\"; int[6] n = 0; uint[3] u = 0; bool ok = false;\n"
    tail = "\noutput bit[3] c_end; output bit[2] d_end; output int[6] n_end; output uint[3] u_end; output bool ok_end;\nc_end = c; d_end = d; n_end = n; u_end = u; ok_end = ok;\n"
    return head + "h q;\nc[0] = measure q[0];\n" + text.replace("; ", ";\n") + tail, run


def law(run, most=20000):
    out, todo = {}, [[]]
    while todo:
        m = Machine(todo.pop())
        for q in range(QUBITS):
            m.gate("h", [q])
        m.v["c"][0] = m.measure(0)
        known = len(m.script)
        run(m)
        for k in range(known, len(m.seen)):
            todo.append(m.seen[:k] + [1])
        if len(todo) > most:
            return None
        if m.p > 1e-12:
            v = m.v
            word = v["c"] + v["d"] + [v["n"] >> i & 1 for i in range(6)] + [v["u"] >> i & 1 for i in range(3)] + [v["ok"]]
            w = "".join(map(str, word))
            out[w] = out.get(w, 0) + m.p
    return out


def ask(args):
    p = subprocess.run(args, capture_output=True, text=True, timeout=120)
    return p.stdout if p.returncode == 0 else None, p.stderr


def main():
    a = argparse.ArgumentParser()
    a.add_argument("qgan")
    a.add_argument("--programs", type=int, default=3000)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--device", action="append", default=[])
    a = a.parse_args()
    compared = compiled = refused = 0
    with tempfile.TemporaryDirectory() as folder:
        file, native = os.path.join(folder, "p.qasm"), os.path.join(folder, "c.qasm")
        for k in range(a.programs):
            rng = random.Random(f"{a.seed}/{k}")
            text, run = program(rng)
            want = law(run)
            if want is None:
                continue
            open(file, "w").write(text)
            tries = [(None, file)]
            if a.device:
                device = a.device[k % len(a.device)]
                out, why = ask([a.qgan, "compile", file, "--device", device, "--dialect", "spec", "--out", native])
                if out is None:
                    sys.exit(f"program {k}, compiled for {device}: {why}\n{text}")
                tries.append((device, native))
            for device, path in tries:
                out, why = ask([a.qgan, "run", path, "--exact", "--json"])
                if out is None:
                    refused += 1
                    print(f"program {k}: {why}\n{text}")
                    continue
                got = json.loads(out)["probabilities"]
                if any(abs(got.get(w, 0) - want.get(w, 0)) > 1e-9 for w in {*got, *want}):
                    sys.exit(f"program {k} of seed {a.seed} ({device or 'as written'}) disagrees:\n{text}\nqgan {got}\nhere {want}")
                compared, compiled = compared + (device is None), compiled + (device is not None)
    print(f"{compared} programs as written and {compiled} compiled have the law of the interpreter; {refused} refused")


if __name__ == "__main__":
    main()
