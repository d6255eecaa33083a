OPENQASM 2.0;
include "qelib1.inc";
qreg q[3]; creg c[3];
opaque magic(a, b) x, y;
opaque plain x;
gate box(angle, bit) input, output { U(angle/2, -bit, +3^2^1) input; CX input, output; barrier input, output; }
box(pi, sin(pi/4)) q[0], q[1];
if (c == 5) x q[2];
measure q -> c; measure q[0] -> c[1];
reset q; barrier q[0], q;
//qgan:  keep   this
