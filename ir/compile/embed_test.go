package compile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"qgan/internal/stream"
	"qgan/ir"
	"qgan/qasm"
)

// hexagons are rows of qubits with bridges between them, four apart, as IBM's devices
// have them.
func hexagons(rows, columns int) (n int, pairs [][2]int) {
	n = rows * columns
	for r := range rows {
		for c := range columns {
			q := r*columns + c
			if c+1 < columns {
				pairs = append(pairs, [2]int{q, q + 1})
			}
			if r+1 < rows && c%4 == r%2*2 {
				pairs = append(pairs, [2]int{q, n}, [2]int{q + columns, n})
				n++
			}
		}
	}
	return n, pairs
}

// Every connected part of a device fits on it, whatever its qubits are called.
func TestEmbedParts(t *testing.T) {
	t.Parallel()
	n, pairs := hexagons(7, 15)
	target := families[0].target(t, n, pairs)
	rng := stream.New(3, "parts")
	for _, size := range []int{12, 30, 53, 80} {
		for range 5 {
			name := map[int]int{} // physical -> logical
			names := rng.Perm(size)
			for q := rng.IntN(n); len(name) < size; {
				if _, ok := name[q]; !ok {
					name[q] = names[len(name)]
				}
				q = target.neighbours[q][rng.IntN(len(target.neighbours[q]))]
			}
			c := ir.New(size, 0)
			for _, p := range pairs {
				a, one := name[p[0]]
				b, two := name[p[1]]
				if one && two {
					c.Gate(ir.CX, []int{a, b})
				}
			}
			d := demandOf(c, target)
			layout := embed(target, d)
			if layout == nil {
				t.Errorf("a part of %d qubits does not fit", size)
				continue
			}
			distinct(t, "layout", layout, n)
			for p := range d.pairs {
				if _, ok := target.Edge(layout[p[0]], layout[p[1]]); !ok {
					t.Errorf("%v is put on %d and %d, which are not coupled", p, layout[p[0]], layout[p[1]])
				}
			}
		}
	}
	star := pairsOf(5, 0, "0-1 0-2 0-3 0-4")
	if layout := embed(target, demandOf(star, target)); layout != nil {
		t.Errorf("a qubit with four neighbours is put at %v", layout)
	}
}

// A circuit that was made for a device of 53 qubits needs no swap where it fits. Qiskit
// 2.6.2 (level 3, the coupling alone) has 367 two-qubit gates on each of these.
// Torino's qubit 86 has no pair that works, and without it there is no place.
func TestEmbedQueko(t *testing.T) {
	shared := os.Getenv("QGAN_SHARED")
	if shared == "" {
		t.Skip("QGAN_SHARED is not set")
	}
	const file = "53QBT_100CYC_QSE_3.qasm"
	text, err := os.ReadFile(filepath.Join(shared, "corpus/qiskit/test/benchmarks/qasm", file))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := qasm.Read(file, text, qasm.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for device, warning := range map[string]string{"boston": "", "kingston": "", "nighthawk": "", "torino": "(74-86, 85-86, 86-87)"} {
		r, err := Compile(doc.Understood(), realTarget(t, "ibm/props_"+device+".json"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Stats.TwoQubitGates > 365 {
			t.Errorf("%s: %d two-qubit gates, at most 365 are wanted", device, r.Stats.TwoQubitGates)
		}
		if told := strings.Join(r.Warnings, "; "); (told == "") != (warning == "") || !strings.Contains(told, warning) {
			t.Errorf("%s: warnings %q", device, told)
		}
	}
}
