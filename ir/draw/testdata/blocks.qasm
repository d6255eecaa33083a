OPENQASM 3.0;
include "stdgates.inc";
input float theta;
qubit[4] q;
qubit anc;
bit[3] c;
bit flag;
h q[0];
rx(pi/2) q[1];
cx q[0], q[2];
crz(0.3*theta+1) q[1], q[3];
swap q[2], anc;
ccx q[0], q[1], anc;
negctrl @ ctrl @ ry(theta) q[0], q[3], q[1];
barrier q;
delay[100ns] q[0];
flag = measure anc;
if (flag) { x q[2]; cz q[2], q[3]; } else { h q[3]; }
c[0] = measure q[0];
c[1] = measure q[1];
while (c == 3) { reset q[0]; h q[0]; c[0] = measure q[0]; }
cp(pi/8) q[3], q[0];
u3(0.1234567, pi, -pi/3) anc;
c[2] = measure q[2];
