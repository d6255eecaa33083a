"""Random OpenQASM 3 programs that compute with outcomes, against an interpreter of its own.

    python3 referee/fuzz.py QGAN [--programs N] [--first K] [--seed S] [--device FILE]...

Each program is drawn with its meaning: gates on three qubits, measurements, resets, bits, ints,
uints, bools, floats, angles and arrays, an input, assignments, quotients, shifts and indices by
outcomes, if, switch, while and for with break, continue and end, gates and subroutines of its own.
The interpreter follows every outcome with its probability; the law of `qgan run --exact` has to be
the same, compiled for a device too, where some are given. It needs Python alone. Disagreements are
printed, refusals counted by their reason; it ends with 1 where there was a disagreement.
"""
import os, random, tempfile

import machine, tally

QUBITS, BITS = 3, 3
FLOATS = [0.25, 0.5, 1.0, -0.75]


class Break(Exception):
    pass


class Continue(Exception):
    pass


class End(Exception):
    pass


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
        k = self.r.randrange(11 if depth else 3)
        if k == 7:
            i = self.r.randrange(BITS)
            return f"ar[uint[1](c[{i}])]", lambda m: m.v["ar"][m.v["c"][i]]
        if k == 8:
            return "k", lambda m: m.v["k"]
        if k == 9:
            op, by = self.r.choice("/%"), self.r.choice([2, 3, 5, -3])
            (a, f) = self.r.choice([("n", lambda m: m.v["n"]), ("int[6](uint[3](c))", lambda m: number(m.v["c"])), ("(ar[2] - int[6](c[0]))", lambda m: signed(m.v["ar"][2] - m.v["c"][0], 6))])
            return f"({a} {op} int[6]({by}))", lambda m: quotient(op, f(m), by)
        if k == 10:
            op = self.r.choice(["<<", ">>", "/"])
            if op == "/":
                return "(n / (int[6](uint[2](d)) | int[6](1)))", lambda m: quotient("/", m.v["n"], number(m.v["d"]) | 1)
            return f"(n {op} uint[2](d))", lambda m: signed(m.v["n"] << number(m.v["d"]), 6) if op == "<<" else m.v["n"] >> number(m.v["d"])
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
        k = r.randrange(20 if depth else 13)
        if k == 11 or k == 12:
            return self.by_cases()
        k -= 2 if k > 12 else 0
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
            if r.random() < 0.3:
                def some(m):
                    for _ in range(number(m.v["d"]) + 1):
                        try:
                            g(m)
                        except Continue:
                            continue
                        except Break:
                            break
                if not loop:
                    a, g = self.block(depth - 1, True, 2)
                    return f"for int i in [0:uint[2](d)] {{ {a} }}", some
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
            word, error = r.choice([("break", Break), ("continue", Continue), ("end", End)])

            def jump(m):
                if f(m):
                    raise error
            return f"if ({t}) {{ {word}; }}", jump
        return f"h q[{q}];", lambda m: m.gate("h", [q])


    def by_cases(self):
        """A statement with a number that depends on outcomes."""
        r = self.r
        k = r.randrange(11)
        q, i = r.randrange(QUBITS), r.randrange(BITS)
        x = r.choice(FLOATS)
        if k == 0:
            return f"t = {x};", lambda m: m.v.update(t=x)
        if k == 1:
            return "t = 0.5 - t;", lambda m: m.v.update(t=0.5 - m.v["t"])
        if k == 2:
            g = r.choice(["rx", "ry", "rz"])
            return f"{g}(t) q[{q}];", lambda m: m.gate(g, [q], [m.v["t"]])
        if k == 3:
            return f"ry({x} * uint[3](c)) q[{q}];", lambda m: m.gate("ry", [q], [x * number(m.v["c"])])
        if k == 4:
            g = r.choice(["x", "h"])
            return f"{g} q[uint[2](d)];", lambda m: m.gate(g, [number(m.v["d"])]) if number(m.v["d"]) < QUBITS else None
        if k == 5:
            t, f = self.integer(1)

            def put(m):
                if number(m.v["d"]) < 3:
                    m.v["ar"][number(m.v["d"])] = f(m)
            return f"ar[uint[2](d)] = {t};", put
        if k == 6:
            t, f = self.integer(1)
            j = r.randrange(3)

            def add(m):
                m.v["ar"][j] = signed(m.v["ar"][j] + f(m), 6)
            return f"ar[{j}] += {t};", add
        if k == 7:
            def turn(m):
                m.v["a"] = m.v["a"] * 2 % 8
            return "a <<= 1;", turn
        if k == 8:
            def bit(m):
                m.v["a"] = m.v["a"] & ~1 | m.v["c"][i]
            return f"a[0] = c[{i}];", bit
        if k == 9:
            sign = r.choice([1, -1])
            return f"p({'-' if sign < 0 else ''}a) q[{q}];", lambda m: m.gate("p", [q], [sign * m.v["a"] * machine.math.pi / 4])
        return f"rx(-0.125 * n) q[{q}];", lambda m: m.gate("rx", [q], [-0.125 * m.v["n"]])


def quotient(op, a, b):
    """C's: towards zero; a number of six bits."""
    q = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return signed(q if op == "/" else a - q * b, 6)


def program(rng):
    draw = Draw(rng)
    text, run = draw.block(3, False, 8)
    if rng.random() < 0.4:
        (t, f), (more, rest) = draw.condition(), draw.block(2, False, 3)
        text, run = f"{text} if ({t}) {{ end; }} {more}", then(run, f, rest)
    head = f"OPENQASM 3.0;\ninclude \"stdgates.inc\";\ninput int[6] k;\ngate mine a, b {{ cx a, b; }}\ndef look(qubit a) -> bit {{ return measure a; }}\nqubit[{QUBITS}] q; bit[{BITS}] c = \"000\"; bit[2] d = \"00\"; int[6] n = 0; uint[3] u = 0; bool ok = false;\narray[int[6], 3] ar = {{3, -2, 7}}; float t = 0.25; angle[3] a = 0;\n"
    head += "output bit[3] c_end; output bit[2] d_end; output int[6] n_end; output uint[3] u_end; output bool ok_end; output array[int[6], 3] ar_end;\n"
    tail = "\nc_end = c; d_end = d; n_end = n; u_end = u; ok_end = ok; ar_end = ar;\n"
    return head + "h q;\nc[0] = measure q[0];\n" + text.replace("; ", ";\n") + tail, run, rng.randint(-32, 31)


def then(run, f, rest):
    def both(m):
        run(m)
        if f(m):
            raise End
        rest(m)
    return both


def law(run, k):
    def course(m):
        m.steps = 0
        m.v = {"c": [0] * BITS, "d": [0] * 2, "n": 0, "u": 0, "ok": 0, "t": 0.25, "a": 0, "ar": [3, -2, 7], "k": k}
        for q in range(QUBITS):
            m.gate("h", [q])
        m.v["c"][0] = m.measure(0)
        try:
            run(m)
        except End:
            return "0" * 33
        v = m.v
        word = v["c"] + v["d"] + [v["n"] >> i & 1 for i in range(6)] + [v["u"] >> i & 1 for i in range(3)] + [v["ok"]]
        return "".join(map(str, word + [x >> i & 1 for x in v["ar"] for i in range(6)]))
    return machine.law(QUBITS, course, 3000)


def main():
    a = tally.options(3000).parse_args()
    told = tally.Tally()
    with tempfile.TemporaryDirectory() as folder:
        file, native = os.path.join(folder, "p.qasm"), os.path.join(folder, "c.qasm")
        for k in range(a.first, a.first + a.count):
            rng = random.Random(f"{a.seed}/{k}")
            text, run, given = program(rng)
            want = law(run, given)
            if want is None:
                told.count("too many courses")
                continue
            with open(file, "w") as f:
                f.write(text)
            param = ["--param", f"k={given}"]
            tries = [(None, [a.qgan, "run", file, "--exact", "--json", *param])]
            if a.device:
                device = a.device[k % len(a.device)]
                out, why = tally.ask([a.qgan, "compile", file, "--device", device, "--dialect", "spec", "--out", native, *param])
                if out is not None:
                    tries.append((device, [a.qgan, "run", native, "--exact", "--json"]))
                else:
                    told.refused("refused", why.strip().split("\n")[-1].replace(file, "FILE"))
            for device, command in tries:
                got, why = tally.probabilities(command)
                if got is None:
                    last = [w for w in why.split("\n") if w.startswith("qgan: ") and "for some outcomes" not in w and "' is a gate of" not in w and "run: " not in w]
                    told.refused("refused", " ".join(last[0].split(": ", 2)[1:]).replace(folder, "") + f" (program {k})")
                    continue
                told.count("compared, compiled" if device else "compared, as written")
                if machine.apart(got, want) > 1e-9:
                    told.differs(f"DISAGREES: program {k} of seed {a.seed}, k = {given} ({device or 'as written'}):\n{text}\nqgan {got}\nhere {want}")
    told.end()


if __name__ == "__main__":
    main()
