package qasm

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/backends/wide"
	"qgan/ir"
)

// written returns the circuit that a dialect writes: what Print lowers it to.
func written(c *ir.Circuit, d *dialect) *ir.Circuit {
	d = d.forCircuit(c.Ops)
	qubits, err := d.qubits(c, nil)
	if err != nil {
		panic(err) // nil labels are never wrong
	}
	l := newLowering(d, c, qubits, registers(c.BitRegs, c.Bits, "c", d.oneRegister))
	out := *c
	var phase ir.Angle
	out.Ops, phase = l.ops(c.Ops, "op")
	out.Phase = c.Phase.Add(phase)
	if l.spare > c.Bits {
		out.Ops = ir.Renumber(out.Ops, func(q int) int { return q }, func(b int) int {
			if b >= c.Bits {
				return -1
			}
			return b
		})
	}
	return &out
}

// sameWritten compares a circuit with what was read of its text: operation by operation, or,
// where it has bits of its own that steer it or assignments, which are spelled otherwise in a
// text, by their laws.
func sameWritten(t *testing.T, c, back *ir.Circuit, row *dialect) string {
	diff := sameCircuit(written(c, row), back)
	if diff == "" || c.Hidden == 0 && row.name != "spec" {
		return diff
	}
	if c.Bits != back.Bits {
		return fmt.Sprintf("%d bits, read back %d", c.Bits, back.Bits)
	}
	const shots = 600
	law := func(c *ir.Circuit) map[uint64]float64 {
		p := map[uint64]float64{}
		var runner backends.Runner = new(sim.Simulator)
		if c.Qubits > 10 {
			runner = new(wide.MPS)
		}
		res, err := runner.Run(t.Context(), []backends.Request{{Circuit: ir.DropIdle(c), Shots: []int{shots}, Seed: 3}})
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range res[0].Outcomes[0].Counts {
			p[w.Word] = float64(w.N) / shots
		}
		return p
	}
	want, got := law(c), law(back)
	for w := range got {
		want[w] += 0
	}
	for w, p := range want {
		if d := math.Abs(p - got[w]); d > 6*math.Sqrt(2*max(p, got[w])/shots) {
			return fmt.Sprintf("word %b: %v, read back %v", w, p, got[w])
		}
	}
	return ""
}

// sameCircuit compares two circuits operation by operation, to the last bit of each
// angle. Names of registers count where they tile the circuit.
func sameCircuit(want, got *ir.Circuit) string {
	a, b := *want, *got
	a.Name, b.Name = "", ""
	if len(b.Data) == 0 { // inputs that no angle depends on are not written
		a.Data = nil
	}
	if tiling(a.QubitRegs, a.Qubits) == nil {
		a.QubitRegs, b.QubitRegs = nil, nil
	}
	if tiling(a.BitRegs, a.Bits) == nil {
		a.BitRegs, b.BitRegs = nil, nil
	}
	if a.String() == b.String() && a.Phase.Equal(b.Phase) && slices.EqualFunc(a.BitRegs, b.BitRegs, equalRegister) && slices.EqualFunc(a.QubitRegs, b.QubitRegs, equalRegister) {
		return ""
	}
	return cmp.Diff(a.String(), b.String()) + cmp.Diff(a.QubitRegs, b.QubitRegs) + cmp.Diff(a.BitRegs, b.BitRegs)
}

func equalRegister(a, b ir.Register) bool {
	return a.Name == b.Name && slices.Equal(a.Indices, b.Indices)
}

// The files of the corpus that are not large are written and read back to the
// same circuit in the other dialects whose texts hold all of a circuit.
func TestCorpusDialects(t *testing.T) {
	t.Parallel()
	same, refused := map[string]int{}, map[string]int{}
	for _, f := range corpus(t) {
		if len(f.text) > 10_000 {
			continue
		}
		d, err := Read(filepath.Base(f.name), f.text, ReadOptions{Include: []fs.FS{f.dir}})
		if err != nil || !d.Runnable() {
			continue
		}
		c, _ := d.Circuit()
		for _, name := range []string{"qiskit", "braket", "qasm2", "qasm2-legacy"} {
			row, _ := lookup(name)
			p, err := Print(c, Options{Dialect: name})
			if err != nil {
				refused[name]++
				continue
			}
			again, err := Read("again", []byte(p.Text), ReadOptions{})
			if err != nil {
				t.Errorf("%s in %s: reading back: %v", f.name, name, err)
				continue
			}
			back, err := again.Circuit()
			if err != nil {
				t.Errorf("%s in %s: reading back: %v", f.name, name, err)
				continue
			}
			if diff := sameWritten(t, c, back, row); diff != "" {
				t.Errorf("%s in %s differs:\n%.1500s", f.name, name, diff)
			}
			same[name]++
		}
	}
	if same["qiskit"] < 600 || refused["qiskit"] > 6 || // assignments
		same["qasm2"] < 600 {
		t.Errorf("written and read back: %v, refused: %v", same, refused)
	}
	t.Logf("written and read back: %v, refused: %v", same, refused)
}

// Every file of the corpus that is a circuit is written and read back to the
// same circuit: in generic, or in qiskit where it depends on its outcomes or
// measures twice into a bit.
func TestCorpusRoundTrip(t *testing.T) {
	t.Parallel()
	n, dynamic := 0, 0
	for _, f := range corpus(t) {
		d, err := Read(filepath.Base(f.name), f.text, ReadOptions{Include: []fs.FS{f.dir}})
		if err != nil || !d.Runnable() {
			continue
		}
		c, _ := d.Circuit()
		row := &dialects[0]
		p, err := Print(c, Options{})
		var r *Refusal
		if errors.As(err, &r) && (r.Construct == "if" || r.Construct == "switch" || r.Construct == "while" || len(r.Construct) > 20) {
			dynamic++
			row = &dialects[1]
			if p, err = Print(c, Options{Dialect: "qiskit"}); err != nil {
				row, _ = lookup("spec") // assignments
				p, err = Print(c, Options{Dialect: "spec"})
			}
		}
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		again, err := Read("again", []byte(p.Text), ReadOptions{})
		if err != nil {
			t.Errorf("%s: reading back: %v", f.name, err)
			continue
		}
		back, err := again.Circuit()
		if err != nil {
			t.Errorf("%s: reading back: %v", f.name, err)
			continue
		}
		if diff := sameWritten(t, c, back, row); diff != "" {
			t.Errorf("%s in %s differs:\n%.1500s", f.name, row.name, diff)
		}
		n++
	}
	if n < 1034 {
		t.Errorf("%d files were written and read back, 1034 were before", n)
	}
	t.Logf("%d files, %d of them in qiskit", n, dynamic)
}
