package syntax_test

import (
	"fmt"

	"qgan/qasm/syntax"
)

// A mistake is told with its place; the statements around it are read.
func ExampleParse() {
	file := &syntax.File{Name: "bell.qasm", Text: "qubit[2] q;\nh q[0;\ncx q[0], q[1];\n"}
	stmts, err := syntax.Parse(file)
	for _, s := range stmts {
		fmt.Printf("%v %T\n", file.Position(s.Pos()), s)
	}
	fmt.Println(err)
	// Output:
	// bell.qasm:1:1 *syntax.Declare
	// bell.qasm:3:1 *syntax.Call
	// bell.qasm:2:6: expected ']' after the index, found ';'
	//   h q[0;
	//        ^
}
