package ir

import (
	"fmt"
	"strings"
)

// String writes the circuit as text, one operation a line, for golden files and
// for people; it is not OpenQASM (see package qasm) and is not read back.
func (c *Circuit) String() string {
	var b strings.Builder
	hidden := ""
	if c.Hidden > 0 {
		hidden = fmt.Sprintf(", %d hidden", c.Hidden)
	}
	fmt.Fprintf(&b, "circuit %q: %d qubits, %d bits%s\n", c.Name, c.Qubits, c.Bits, hidden)
	symbols(&b, "trained", c.Trained)
	symbols(&b, "data", c.Data)
	if !c.Phase.IsZero() {
		fmt.Fprintf(&b, "phase %s\n", c.Phase.Format(c.Trained, c.Data))
	}
	c.dump(&b, c.Ops, "")
	return b.String()
}

func symbols(b *strings.Builder, kind string, names []string) {
	if len(names) > 0 {
		fmt.Fprintf(b, "%s %s\n", kind, strings.Join(names, " "))
	}
}

func (c *Circuit) dump(b *strings.Builder, ops []Op, indent string) {
	block := func(head string, body []Op) {
		fmt.Fprintf(b, "%s%s {\n", indent, head)
		c.dump(b, body, indent+"  ")
		fmt.Fprintf(b, "%s}\n", indent)
	}
	for _, op := range ops {
		switch op := op.(type) {
		case *Apply:
			b.WriteString(indent)
			for i := range op.Controls {
				if op.Open>>i&1 == 1 {
					b.WriteString("negctrl @ ")
				} else {
					b.WriteString("ctrl @ ")
				}
			}
			b.WriteString(op.Gate.String())
			if len(op.Angles) > 0 {
				args := make([]string, len(op.Angles))
				for i, a := range op.Angles {
					args[i] = a.Format(c.Trained, c.Data)
				}
				fmt.Fprintf(b, "(%s)", strings.Join(args, ", "))
			}
			b.WriteString(list(" q", op.Qubits) + "\n")
		case *Unitary:
			fmt.Fprintf(b, "%sunitary %q%s\n", indent, op.Name, list(" q", op.Qubits))
		case *Measure:
			if op.Bit < 0 {
				fmt.Fprintf(b, "%smeasure q%d\n", indent, op.Qubit)
			} else {
				fmt.Fprintf(b, "%smeasure q%d -> c%d\n", indent, op.Qubit, op.Bit)
			}
		case *Reset:
			fmt.Fprintf(b, "%sreset q%d\n", indent, op.Qubit)
		case *Barrier:
			fmt.Fprintf(b, "%sbarrier%s\n", indent, list(" q", op.Qubits))
		case *Delay:
			fmt.Fprintf(b, "%sdelay %s%s%s\n", indent, formatFloat(op.Duration), op.Unit, list(" q", op.Qubits))
		case *Assign:
			values := make([]string, len(op.Values))
			for i, v := range op.Values {
				values[i] = condText(v)
			}
			fmt.Fprintf(b, "%sassign%s = %s\n", indent, list(" c", op.Bits), strings.Join(values, ", "))
		case *If:
			block("if "+condText(op.Cond), op.Then)
			if len(op.Else) > 0 {
				block("else", op.Else)
			}
		case *Switch:
			fmt.Fprintf(b, "%sswitch%s\n", indent, list(" c", op.Bits))
			for _, k := range op.Cases {
				block("case "+strings.Trim(fmt.Sprint(k.Values), "[]"), k.Body)
			}
			block("default", op.Default)
		case *While:
			block("while "+condText(op.Cond), op.Body)
		case *Opaque:
			fmt.Fprintf(b, "%sopaque %s%s %q\n", indent, op.Kind, list(" q", op.Qubits), op.Text)
		}
	}
}

func list(letter string, indices []int) string {
	var b strings.Builder
	for _, i := range indices {
		fmt.Fprintf(&b, "%s%d", letter, i)
	}
	return b.String()
}

func condText(c Cond) string {
	join := func(cs []Cond, sep string) string {
		out := make([]string, len(cs))
		for i, x := range cs {
			out[i] = condText(x)
		}
		return "(" + strings.Join(out, sep) + ")"
	}
	switch c := c.(type) {
	case Compare:
		return fmt.Sprintf("{%s} %s %v", strings.TrimSpace(list(" c", c.Bits)), c.Rel, c.Value)
	case All:
		return join(c, " && ")
	case Any:
		return join(c, " || ")
	case Not:
		return "!" + condText(c.Cond)
	}
	return fmt.Sprint(c)
}
