package draw_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"qgan/internal/stream"
	"qgan/ir"
	"qgan/ir/draw"
	"qgan/qasm"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func read(t *testing.T, path string) *ir.Circuit {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := qasm.Read(path, text, qasm.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.Circuit()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What people see: look at the pictures before they are accepted.
func TestDrawings(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.qasm")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		c := read(t, path)
		name := strings.TrimSuffix(path, ".qasm")
		for ending, got := range map[string]string{".txt": draw.Text(c, 80), ".svg": draw.SVG(c)} {
			if *update {
				if err := os.WriteFile(name+ending, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name + ending)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s%s: not as in the golden file; with -update it becomes\n%s", name, ending, got)
			}
		}
	}
}

// anyCircuit is a circuit of gates and measurements.
func anyCircuit(seed uint64) *ir.Circuit {
	r := stream.New(seed, "drawing")
	c := ir.New(2+r.IntN(5), 3)
	for range 30 {
		q := r.Perm(c.Qubits)
		switch r.IntN(6) {
		case 0:
			c.Gate(ir.CX, q[:2])
		case 1:
			c.Gate(ir.RZZ, q[:2], ir.Const(r.Float64()))
		case 2:
			c.Gate(ir.U, q[:1], ir.Const(r.Float64()), ir.Const(-r.Float64()), ir.Const(1e-5))
		case 3:
			c.Measure(q[0], r.IntN(3))
		case 4:
			c.Ops = append(c.Ops, &ir.If{Cond: ir.BitSet(r.IntN(3)), Then: []ir.Op{&ir.Apply{Gate: ir.X, Qubits: q[:1]}, &ir.Apply{Gate: ir.Swap, Qubits: q[:2]}}})
		case 5:
			c.Gate(ir.H, q[:1])
		}
	}
	return c
}

// Every operation is drawn once, no line is longer than it may be, and a picture is XML with
// as many signs as the text.
func TestNothingIsLost(t *testing.T) {
	for seed := range uint64(40) {
		c := anyCircuit(seed)
		n := c.Count()
		measures, ifs := 0, 0
		ir.Walk(c.Ops, func(op ir.Op) error {
			switch op.(type) {
			case *ir.Measure:
				measures++
			case *ir.If:
				ifs++
			}
			return nil
		})
		want := map[string]int{"⊕": n["cx"], "●": n["cx"], "╳": 2 * n["swap"], " RZZ(": n["rzz"], " U(": n["U"], " H ": n["h"], " X ": n["x"], " M ": measures, " if c": ifs, " end ": ifs}
		for _, width := range []int{0, 50, 80, 200} {
			text := draw.Text(c, width)
			for sign, k := range want {
				if got := strings.Count(text, sign); got != k {
					t.Errorf("seed %d, width %d: %q is drawn %d times, want %d\n%s", seed, width, sign, got, k, text)
				}
			}
			for line := range strings.Lines(text) {
				if k := utf8.RuneCountInString(strings.TrimRight(line, "\n")); width > 0 && k > width {
					t.Errorf("seed %d: %d characters of %d: %s", seed, k, width, line)
				}
			}
		}
		picture := draw.SVG(c)
		for sign, k := range map[string]int{`r="9"`: n["cx"], `r="4"`: n["cx"], ">RZZ(": n["rzz"], ">H<": n["h"], ">end<": ifs, "a9 9 0 0 1": measures} {
			if got := strings.Count(picture, sign); got != k {
				t.Errorf("seed %d: %q is in the picture %d times, want %d", seed, sign, got, k)
			}
		}
		d := xml.NewDecoder(strings.NewReader(picture))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	}
}

// What stands on a wire before another operation of the same wire is drawn to the left of it.
func TestOrder(t *testing.T) {
	c := ir.New(3, 0)
	for i := range 12 {
		c.Gate(ir.RX, []int{i % 3}, ir.Const(float64(i)+0.5))
		c.Gate(ir.CX, []int{i % 3, (i + 1) % 3})
	}
	lines := strings.Split(draw.Text(c, 0), "\n")
	for q := range 3 {
		for _, line := range lines {
			if !strings.HasPrefix(line, fmt.Sprintf("q[%d]: ", q)) {
				continue
			}
			last := -1
			for i := q; i < 12; i += 3 {
				at := strings.Index(line, fmt.Sprintf("RX(%v)", float64(i)+0.5))
				if at <= last {
					t.Errorf("qubit %d: operation %d at %d, the one before at %d\n%s", q, i, at, last, line)
				}
				last = at
			}
		}
	}
}

// Nothing at all, and what no wire holds.
func TestEmpty(t *testing.T) {
	for name, k := range map[string]struct {
		c    *ir.Circuit
		want string
	}{
		"nothing": {ir.New(0, 0), ""},
		"idle":    {ir.New(1, 1), "q: ─\n\nc: ═\n"},
		"phase":   {&ir.Circuit{Phase: ir.Const(-0.25)}, "global phase -0.25\n"},
		"blocks":  {&ir.Circuit{Ops: []ir.Op{&ir.While{Cond: ir.Any{}}, &ir.Assign{}, &ir.Barrier{}, &ir.Opaque{Kind: "pragma"}}}, ""},
	} {
		if got := draw.Text(k.c, 80); got != k.want {
			t.Errorf("%s: %q, want %q", name, got, k.want)
		}
		if got := draw.SVG(k.c); !strings.HasSuffix(got, "</svg>\n") {
			t.Errorf("%s: %s", name, got)
		}
	}
}
