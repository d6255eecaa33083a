package ir

import "strings"

// NameOf names an operation in OpenQASM's words, for messages: a gate with its controls
// ("ctrl @ x"), "unitary", "measure", "if".
func NameOf(op Op) string {
	switch op := op.(type) {
	case *Apply:
		var b strings.Builder
		for i := range op.Controls {
			if op.Open>>i&1 == 1 {
				b.WriteString("neg")
			}
			b.WriteString("ctrl @ ")
		}
		return b.String() + op.Gate.String()
	case *Unitary:
		return "unitary"
	case *Measure:
		return "measure"
	case *Reset:
		return "reset"
	case *Barrier:
		return "barrier"
	case *Delay:
		return "delay"
	case *Assign:
		return "an assignment to bits"
	case *If:
		return "if"
	case *Switch:
		return "switch"
	case *While:
		return "while"
	case *Opaque:
		return op.Kind
	}
	return "operation"
}
