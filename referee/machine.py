"""A quantum computer of a few qubits that follows every outcome with its probability.

Gates are written out by hand, after the text of OpenQASM 3 (stdgates.inc) and of qelib1.inc.
It needs Python alone, and shares nothing with the program that it judges.
"""
import cmath, math

S = 1 / math.sqrt(2)


def e(x):
    return cmath.exp(1j * x)


def rx(t):
    c, s = math.cos(t / 2), math.sin(t / 2)
    return [[c, -1j * s], [-1j * s, c]]


def ry(t):
    c, s = math.cos(t / 2), math.sin(t / 2)
    return [[c, -s], [s, c]]


def rz(t):
    return [[e(-t / 2), 0], [0, e(t / 2)]]


def u(t, p, l):
    c, s = math.cos(t / 2), math.sin(t / 2)
    return [[c, -e(l) * s], [e(p) * s, e(p + l) * c]]


def cu(t, p, l, g):
    return [[e(g) * x for x in row] for row in u(t, p, l)]


SWAP = [[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]
X, Y, Z = [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]
H = [[S, S], [S, -S]]
SX = [[(1 + 1j) / 2, (1 - 1j) / 2], [(1 - 1j) / 2, (1 + 1j) / 2]]


def phase(t):
    return [[1, 0], [0, e(t)]]


def always(m):
    return lambda: m


# name: controls in front, targets, parameters, matrix of the targets (the first the most significant)
GATES = {
    "id": (0, 1, 0, always([[1, 0], [0, 1]])), "x": (0, 1, 0, always(X)), "y": (0, 1, 0, always(Y)), "z": (0, 1, 0, always(Z)),
    "h": (0, 1, 0, always(H)), "s": (0, 1, 0, lambda: phase(math.pi / 2)), "sdg": (0, 1, 0, lambda: phase(-math.pi / 2)),
    "t": (0, 1, 0, lambda: phase(math.pi / 4)), "tdg": (0, 1, 0, lambda: phase(-math.pi / 4)), "sx": (0, 1, 0, always(SX)),
    "rx": (0, 1, 1, rx), "ry": (0, 1, 1, ry), "rz": (0, 1, 1, rz), "p": (0, 1, 1, phase), "u1": (0, 1, 1, phase),
    "u2": (0, 1, 2, lambda p, l: u(math.pi / 2, p, l)), "u3": (0, 1, 3, u),
    "cx": (1, 1, 0, always(X)), "cy": (1, 1, 0, always(Y)), "cz": (1, 1, 0, always(Z)), "ch": (1, 1, 0, always(H)),
    "cp": (1, 1, 1, phase), "crx": (1, 1, 1, rx), "cry": (1, 1, 1, ry), "crz": (1, 1, 1, rz), "cu1": (1, 1, 1, phase),
    "cu": (1, 1, 4, cu), "cu3": (1, 1, 3, u), "swap": (0, 2, 0, always(SWAP)), "ccx": (2, 1, 0, always(X)), "cswap": (1, 2, 0, always(SWAP)),
}


class Impossible(Exception):
    """A course of events whose probability is 0."""


class Machine:
    """One course of events: outcomes are taken from script, then 0."""

    def __init__(self, qubits, script=()):
        self.qubits, self.script, self.seen, self.p = qubits, script, [], 1.0
        self.state = [0j] * (1 << qubits)
        self.state[0] = 1
        self.v = {}

    def matrix(self, m, controls, targets, zeros=()):
        """Applies a matrix to targets where the controls are 1, those in zeros 0."""
        on = sum(1 << q for q in controls)
        want = on - sum(1 << q for q in zeros)
        masks = [sum(1 << q for i, q in enumerate(targets) if x >> (len(targets) - 1 - i) & 1) for x in range(len(m))]
        state, rows = self.state, range(len(m))
        for i in range(len(state)):
            if i & on == want and not i & masks[-1]:
                old = [state[i | k] for k in masks]
                for r in rows:
                    state[i | masks[r]] = sum(m[r][c] * old[c] for c in rows)

    def gate(self, name, qs, args=()):
        controls, _, _, f = GATES[name]
        self.matrix(f(*args), qs[:controls], qs[controls:])

    def measure(self, q):
        one = sum(abs(a) ** 2 for i, a in enumerate(self.state) if i >> q & 1)
        k = len(self.seen)
        out = self.script[k] if k < len(self.script) else 0
        p = one if out else 1 - one
        self.seen.append(out)
        self.p *= p
        if self.p < 1e-12:
            raise Impossible
        self.state = [a / math.sqrt(p) if i >> q & 1 == out else 0j for i, a in enumerate(self.state)]
        return out

    def reset(self, q):
        if self.measure(q):
            self.gate("x", [q])


def law(qubits, run, most=20000):
    """The words that run returns for a machine, with their probabilities; None where it takes too many courses."""
    out, todo = {}, [[]]
    while todo:
        m = Machine(qubits, todo.pop())
        try:
            w = run(m)
        except Impossible:
            w = None
        for k in range(len(m.script), len(m.seen)):
            todo.append(m.seen[:k] + [1])
        if len(todo) > most:
            return None
        if w is not None:
            out[w] = out.get(w, 0) + m.p
    return out


def apart(a, b):
    """The largest difference of two laws."""
    return max((abs(a.get(w, 0) - b.get(w, 0)) for w in {*a, *b}), default=0)
