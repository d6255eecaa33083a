package qasm

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"qgan/ir"
)

// assembly is a lowered circuit on its way to a text that is no OpenQASM.
type assembly struct {
	*printer
	circuit *ir.Circuit
	program *Program
	ops     []ir.Op
	numbers []int // of the qubits
}

// numbersOf are the numbers of qubits: the device's labels or those of $n where there are, or
// else the circuit's.
func (p *printer) numbersOf(labels []string, qubits int) []int {
	out := make([]int, qubits)
	for i := range out {
		out[i] = i
		name := ""
		if labels != nil {
			name = labels[i]
		} else if len(p.qubits) == qubits {
			name, _ = strings.CutPrefix(p.qubits[i].name, "$")
		}
		if n, err := strconv.Atoi(name); err == nil {
			out[i] = n
		}
	}
	return out
}

// spelledAs names the gates of a language as it does.
func spelledAs(names map[string]string) func(*ir.Info) string {
	return func(g *ir.Info) string { return names[g.Name] }
}

// qirNames are functions of the quantum instruction set that QIR's own runner and PyQIR have,
// without what all of them begin with.
var qirNames = spelledAs(map[string]string{
	"x": "x__body", "y": "y__body", "z": "z__body", "h": "h__body", "s": "s__body", "sdg": "s__adj", "t": "t__body", "tdg": "t__adj",
	"rx": "rx__body", "ry": "ry__body", "rz": "rz__body", "cx": "cnot__body", "cz": "cz__body", "swap": "swap__body", "ccx": "ccx__body",
})

// qir writes a program of QIR's base profile as LLVM's text, as its specification has it
// (version 2.0, "Base Profile"): four blocks, qubits and results as numbers cast to pointers, an
// array of results for each register. A result is that of a qubit: two bits that the same
// qubit is measured into are one.
func (a *assembly) qir() {
	results := map[int]int{} // of each qubit
	resultOf := map[int]int{}
	declared := map[string]string{}
	var gates, measures strings.Builder
	highest := -1
	for _, n := range a.numbers {
		highest = max(highest, n)
	}
	for _, op := range a.ops {
		switch op := op.(type) {
		case *ir.Apply:
			var args, types, values []string
			for _, x := range op.Angles {
				args, types = append(args, fmt.Sprintf("double 0x%016X", math.Float64bits(x.Const))), append(types, "double")
				values = append(values, a.d.number(x.Const))
			}
			for _, q := range op.Qubits {
				args, types = append(args, pointer(a.numbers[q])), append(types, "ptr")
			}
			name := "__quantum__qis__" + a.d.spelling(op.Gate)
			declared[name] = strings.Join(types, ", ")
			fmt.Fprintf(&gates, "  call void @%s(%s)", name, strings.Join(args, ", "))
			if len(values) > 0 {
				fmt.Fprintf(&gates, " ; %s", strings.Join(values, ", "))
			}
			gates.WriteByte('\n')
		case *ir.Measure:
			r, again := results[op.Qubit]
			if !again {
				r = len(results)
				results[op.Qubit] = r
				fmt.Fprintf(&measures, "  call void @__quantum__qis__mz__body(%s, ptr writeonly %s)\n", pointer(a.numbers[op.Qubit]), strings.TrimPrefix(pointer(r), "ptr "))
			}
			resultOf[op.Bit] = r
		}
	}
	labels, output := a.recording(resultOf)
	for _, n := range a.program.Notes {
		fmt.Fprintf(&a.out, "; %s\n", n)
	}
	a.out.WriteString(labels)
	fmt.Fprintf(&a.out, "\ndefine i64 @main() #0 {\nentry:\n  call void @__quantum__rt__initialize(ptr null)\n  br label %%body\n\nbody:\n%s  br label %%measurements\n\n"+
		"measurements:\n%s  br label %%output\n\noutput:\n%s  ret i64 0\n}\n\n", gates.String(), measures.String(), output)
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		fmt.Fprintf(&a.out, "declare void @%s(%s)\n", name, declared[name])
	}
	fmt.Fprintf(&a.out, `declare void @__quantum__qis__mz__body(ptr, ptr writeonly) #1
declare void @__quantum__rt__initialize(ptr)
declare void @__quantum__rt__array_record_output(i64, ptr)
declare void @__quantum__rt__result_record_output(ptr, ptr)

attributes #0 = { "entry_point" "output_labeling_schema"="qgan" "qir_profiles"="base_profile" "required_num_qubits"="%d" "required_num_results"="%d" }
attributes #1 = { "irreversible" }

!llvm.module.flags = !{!0, !1, !2, !3}

!0 = !{i32 1, !"qir_major_version", i32 2}
!1 = !{i32 7, !"qir_minor_version", i32 0}
!2 = !{i32 1, !"dynamic_qubit_management", i1 false}
!3 = !{i32 1, !"dynamic_result_management", i1 false}
`, highest+1, len(results))
}

// pointer is a qubit or a result as an argument.
func pointer(i int) string {
	if i == 0 {
		return "ptr null"
	}
	return fmt.Sprintf("ptr inttoptr (i64 %d to ptr)", i)
}

// recording writes what is put out, by register, and the constants that label it: the names of
// registers and bits. A bit that nothing was measured into is not put out.
func (a *assembly) recording(resultOf map[int]int) (labels, output string) {
	var constants, calls strings.Builder
	n := 0
	label := func(s string) string {
		fmt.Fprintf(&constants, "@%d = internal constant [%d x i8] c\"%s\\00\"\n", n, len(s)+1, s)
		n++
		return fmt.Sprintf("ptr @%d", n-1)
	}
	for _, r := range a.bits {
		var own []int
		for _, b := range r.indices() {
			if _, ok := resultOf[b]; ok {
				own = append(own, b)
			}
		}
		if len(own) == 0 {
			continue
		}
		fmt.Fprintf(&calls, "  call void @__quantum__rt__array_record_output(i64 %d, %s)\n", len(own), label(r.name))
		for _, b := range own {
			fmt.Fprintf(&calls, "  call void @__quantum__rt__result_record_output(%s, %s)\n", pointer(resultOf[b]), label(a.operand(a.bits, b)))
		}
	}
	return constants.String(), calls.String()
}

// quilNames are Quil's standard gates, with its modifiers.
var quilNames = spelledAs(map[string]string{
	"id": "I", "x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "sdg": "DAGGER S", "t": "T", "tdg": "DAGGER T",
	"p": "PHASE", "rx": "RX", "ry": "RY", "rz": "RZ", "cx": "CNOT", "cy": "CONTROLLED Y", "cz": "CZ", "ch": "CONTROLLED H", "cp": "CPHASE",
	"crx": "CONTROLLED RX", "cry": "CONTROLLED RY", "crz": "CONTROLLED RZ", "swap": "SWAP", "iswap": "ISWAP", "ccx": "CCNOT", "ccz": "CONTROLLED CZ", "cswap": "CSWAP",
})

// quil writes a program of Quil, as its specification has it: the bits are the memory ro, which
// is what its readers give back; conditions are jumps.
func (a *assembly) quil() {
	for _, n := range a.program.Notes {
		fmt.Fprintf(&a.out, "# %s\n", n)
	}
	for _, r := range registers(a.circuit.BitRegs, a.circuit.Bits, "c", false) {
		fmt.Fprintf(&a.out, "# ro[%d:%d] is %q\n", r.first, r.first+r.size-1, r.asked)
	}
	for _, in := range a.program.Inputs {
		if in.Name != in.Symbol {
			fmt.Fprintf(&a.out, "# %s is %q\n", in.Name, in.Symbol)
		}
		fmt.Fprintf(&a.out, "DECLARE %s REAL[1]\n", in.Name)
	}
	for i, n := range a.names.trained {
		a.names.trained[i] = n + "[0]"
	}
	for i, n := range a.names.data {
		a.names.data[i] = n + "[0]"
	}
	for _, r := range a.bits {
		fmt.Fprintf(&a.out, "DECLARE %s BIT[%d]\n", r.name, r.size)
	}
	j := &jumps{assembly: a}
	j.write(a.ops)
}

// jumps writes operations with jumps to labels.
type jumps struct {
	*assembly
	labels int
}

func (j *jumps) say(format string, args ...any) { fmt.Fprintf(&j.out, format+"\n", args...) }

// label makes a label of its own.
func (j *jumps) label(word string) string {
	j.labels++
	return fmt.Sprintf("@%s%d", word, j.labels)
}

func (j *jumps) bit(b int) string { return j.operand(j.bits, b) }

// at writes numbers of qubits.
func (j *jumps) at(qubits []int) string {
	var b strings.Builder
	for _, q := range qubits {
		fmt.Fprintf(&b, " %d", j.numbers[q])
	}
	return b.String()
}

func (j *jumps) write(ops []ir.Op) {
	for _, op := range ops {
		switch op := op.(type) {
		case *ir.Apply:
			name := j.d.spelling(op.Gate)
			if len(op.Angles) > 0 {
				args := make([]string, len(op.Angles))
				for i, x := range op.Angles {
					args[i] = j.d.angle(x, j.names)
				}
				name += "(" + strings.Join(args, ", ") + ")"
			}
			j.say("%s%s", name, j.at(op.Qubits))
		case *ir.Measure:
			j.say("MEASURE%s %s", j.at([]int{op.Qubit}), j.bit(op.Bit))
		case *ir.Reset:
			j.say("RESET%s", j.at([]int{op.Qubit}))
		case *ir.Barrier:
			j.say("FENCE%s", j.at(op.Qubits))
		case *ir.Delay:
			unit, _ := ir.UnitSeconds(op.Unit, 0)
			seconds := op.Duration / math.Round(1/unit) // 100 ns are 1e-07 then
			for _, q := range op.Qubits {
				j.say("DELAY%s %s", j.at([]int{q}), float(seconds))
			}
		case *ir.Assign:
			j.choose(op.Values[0], func() { j.say("MOVE %s 1", j.bit(op.Bits[0])) }, func() { j.say("MOVE %s 0", j.bit(op.Bits[0])) })
		case *ir.If:
			var otherwise func()
			if len(op.Else) > 0 {
				otherwise = func() { j.write(op.Else) }
			}
			j.choose(op.Cond, func() { j.write(op.Then) }, otherwise)
		case *ir.While:
			again, end := j.label("while"), j.label("done")
			j.say("LABEL %s", again)
			j.jump(op.Cond, end, false)
			j.write(op.Body)
			j.say("JUMP %s", again)
			j.say("LABEL %s", end)
		}
	}
}

// choose writes two ways, of which the second may be nil.
func (j *jumps) choose(c ir.Cond, then, otherwise func()) {
	other, end := j.label("else"), ""
	j.jump(c, other, false)
	then()
	if otherwise != nil {
		end = j.label("end")
		j.say("JUMP %s", end)
	}
	j.say("LABEL %s", other)
	if otherwise != nil {
		otherwise()
		j.say("LABEL %s", end)
	}
}

// jump goes to a label where the condition is what is wanted, and on otherwise.
func (j *jumps) jump(c ir.Cond, label string, wanted bool) {
	each := func(list []ir.Cond, decides bool) { // one that is so decides about all
		if wanted == decides {
			for _, x := range list {
				j.jump(x, label, wanted)
			}
			return
		}
		past := j.label("past")
		for _, x := range list {
			j.jump(x, past, decides)
		}
		j.say("JUMP %s", label)
		j.say("LABEL %s", past)
	}
	switch c := c.(type) {
	case ir.Not:
		j.jump(c.Cond, label, !wanted)
	case ir.All:
		each(c, false)
	case ir.Any:
		each(c, true)
	case ir.Compare:
		switch {
		case !isBit(c):
			j.jump(spelled(c), label, wanted)
		case (c.Value.Sign() != 0) == wanted:
			j.say("JUMP-WHEN %s %s", label, j.bit(c.Bits[0]))
		default:
			j.say("JUMP-UNLESS %s %s", label, j.bit(c.Bits[0]))
		}
	}
}
