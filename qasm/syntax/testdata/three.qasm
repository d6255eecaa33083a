OPENQASM 3.1; // a comment; and more
include "stdgates.inc";
defcalgrammar "openpulse";
pragma vendor  some words
#pragma old form
/* a block;
   of two lines */
@reversible now; and then
qubit[2] q; qubit r;
bit[4] c = "01_10"; bit d;
int[8] i = -5; uint u = 0b1_01; float[64] f = 1.5e-3; angle[20] a = .25; bool t = true;
complex[float[32]] z = 3im; complex zz = 2.5 im;
duration w = 100 ns + 2dt - 3µs * 4μs / 5us + 6ms - 7 s; stretch w2;
array[int[8], 2, 3] m = {{1, 2, 3}, {4, 5, 6},};
const int n = 0xFF + 0o17 + 0B11 + 1_000;
input angle theta; output bit[2] result; input array[float, 4] list;
creg old[3]; qreg older[2]; creg one;
let both = q[0:1] ++ r; let some = q[{0, 1}]; let by = q[0:2:-1]; let rest = q[1:]; let whole = q[:];
gate g(x, y) a1, b1 { U(x, y, 0) a1; ctrl @ x a1, b1; }
gate h2 a1 { }
def sub(qubit s, int[8] k, readonly array[int[8], #dim = 2] v, mutable array[float, 2, 2] w, creg cc[2], qreg qq) -> bit[2] { return measure s; }
def nothing() { return; }
extern there(int[8], array[bit, 3], creg[2], creg) -> float[32];
extern none();
cal { play {drive} ; }
defcal rz(angle[20] x, 2 * n) $0, $1 -> bit { some { text } }
defcal measure $0 { a }
defcal gate2 q { b }
U(theta, -theta, 2 ** -3 ** 2) q[0];
inv @ pow(1/2) @ ctrl(2) @ negctrl @ g(1, 2) q[0], q[1], r, $3;
gphase(pi);
h[10ns] q;
there(1, 2);
sub(q, 3);
measure q; measure q -> c; c[0] = measure q[0]; bit e = measure r;
i += 1; i -= 2; i *= 3; i /= 4; i &= 5; i |= 6; i ^= 7; i <<= 8; i >>= 9; i %= 10; f **= 2;
m[0, 1:2] = 3; c[{0, 2}] = "11";
reset q; reset r[0];
barrier; barrier q, r; nop; nop q;
delay[5ns] q; delay[w];
box { h q; } box[100ns] { x r; }
{ int inner = 1; }
if (a == 1 && !(b != 2) || ~c < 3 & d | e ^ f) h q; else { x q; }
if (true) { } else if (false) z q;
for int k in [0:2:10] { x q; } for uint k in {1, 2, 3} h q; for bit k in c { }
while (i <= 3) { break; continue; end; }
switch (i) { case 1, 2 { h q; } case 3 { } default { x q; } }
i = int[8](f) + sin(f) - c[0][1] % (1 + 2) << 1 >> 2;
f = durationof({ h q; x q; }) / 1ns;
i = 340282366920938463463374607431768211456 + 1e3 + 1. + 5im;
t = a > b == c >= d;
float[32](i) + 1;
