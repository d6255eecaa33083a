OPENQASM 3.0;
include "stdgates.inc";
input float a;
qubit[3] q;
bit[2] c;
bit d;
gphase(pi/4);
sdg q[0]; tdg q[1]; sx q[2]; u2(0.5, -pi/2) q[0];
cy q[2], q[0]; cswap q[0], q[1], q[2];
gate rzz(t) a, b { cx a, b; rz(t) b; cx a, b; }
rzz(pi/2) q[2], q[0];
ctrl @ rzz(0.5) q[1], q[2], q[0];
negctrl @ gphase(a) q[1];
ctrl @ z q[1], q[2];
p(2*a + 1e-3) q[0]; rz(-a) q[1]; rx(3*pi/7) q[2];
barrier q[0], q[2];
delay[5us] q[0], q[2];
reset q[1];
box[1us] { x q[0]; }
d = measure q[0];
measure q[1];
c = measure q[1:2];
switch (c) { case 0, 3 { x q[0]; } case 1 { } default { h q[2]; } }
if (d || c == 2) { if (!d) { x q[1]; } }
