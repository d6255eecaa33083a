OPENQASM 3.0;
include "stdgates.inc";
bit[2] c;
//qgan:idle $0 $1 $4 $5
sx $2;
cz $2, $3;
barrier $2, $3;
c[0] = measure $2;
c[1] = measure $3;
