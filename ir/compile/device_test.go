package compile

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"qgan/calibration"
	"qgan/ir"
)

// family is a kind of device for tests: its service, native gates, and the
// two-qubit gates of a pair.
type testFamily struct {
	name, service string
	one, two      []string
	directed      bool // each pair in one direction only
}

// families has a row for each set of native gates that is compiled for.
var families = []testFamily{
	{"ibm cz", "ibm", []string{"rz", "sx", "x"}, []string{"cz"}, false},
	{"ibm ecr", "ibm", []string{"rz", "sx", "x"}, []string{"ecr"}, true},
	{"ibm cx", "ibm", []string{"rz", "sx", "x"}, []string{"cx"}, true},
	{"ibm fractional", "ibm", []string{"rz", "sx", "x", "rx"}, []string{"rzz"}, false},
	{"rz and sx", "ibm", []string{"rz", "sx"}, []string{"cz"}, false},
	{"ionq zz", "braket", []string{"gpi", "gpi2"}, []string{"zz"}, false},
	{"ionq ms", "ionq", []string{"gpi", "gpi2"}, []string{"ms"}, false},
	{"iqm", "iqm", []string{"prx"}, []string{"cz"}, false},
	{"rigetti cz", "braket", []string{"rx", "rz"}, []string{"cz"}, false},
	{"rigetti iswap", "braket", []string{"rx", "rz"}, []string{"iswap"}, false},
	{"aqt", "braket", []string{"rz", "prx"}, []string{"rxx"}, false},
	{"prx and directed cx", "iqm", []string{"prx"}, []string{"cx"}, true},
	{"rz, rx and ry", "simulator", []string{"rz", "rx", "ry"}, []string{"cx"}, false},
	{"ibm cz and rzz", "ibm", []string{"rz", "sx", "x", "rx"}, []string{"cz", "rzz"}, false},
}

// line, ring and grid are couplings.
func line(n int) (pairs [][2]int) {
	for q := range n - 1 {
		pairs = append(pairs, [2]int{q, q + 1})
	}
	return pairs
}

func ring(n int) [][2]int { return append(line(n), [2]int{0, n - 1}) }

func grid(rows, columns int) (pairs [][2]int) {
	for r := range rows {
		for c := range columns {
			if c+1 < columns {
				pairs = append(pairs, [2]int{r*columns + c, r*columns + c + 1})
			}
			if r+1 < rows {
				pairs = append(pairs, [2]int{r*columns + c, (r+1)*columns + c})
			}
		}
	}
	return pairs
}

func value(x float64) *calibration.Value { return &calibration.Value{X: x} }

// snapshot is a device with figures that differ from part to part.
func (f testFamily) snapshot(n int, pairs [][2]int) *calibration.Snapshot {
	s := &calibration.Snapshot{Service: f.service, Name: f.name, Basis: append(slices.Clone(f.one), f.two...), SampleTime: 1e-9}
	for q := range n {
		s.Qubits = append(s.Qubits, calibration.Qubit{Label: fmt.Sprint(q), T1: value(2e-4 + 1e-6*float64(q)), T2: value(1e-4), ReadoutError: value(0.01 + 0.001*float64(q%7)), ReadoutTime: value(1e-6)})
	}
	gate := func(name string, e, seconds float64, qubits ...int) {
		s.Gates = append(s.Gates, calibration.Gate{Name: name, Qubits: qubits, Error: value(e), Duration: value(seconds)})
	}
	for _, name := range f.one {
		for q := range n {
			if name != "rz" {
				gate(name, 2e-4+1e-5*float64(q%5), 32e-9, q)
			}
		}
	}
	for _, name := range f.two {
		for i, p := range pairs {
			a, b := p[0], p[1]
			if f.directed && i%2 == 1 {
				a, b = b, a
			}
			gate(name, 4e-3+1e-4*float64(i%9), 68e-9, a, b)
		}
	}
	slices.SortFunc(s.Gates, func(a, b calibration.Gate) int {
		return slices.Compare(append([]int{int(a.Name[0]), len(a.Name), int(a.Name[len(a.Name)-1])}, a.Qubits...), append([]int{int(b.Name[0]), len(b.Name), int(b.Name[len(b.Name)-1])}, b.Qubits...))
	})
	// Encoding sorts and checks as reading does.
	data, err := s.Encode()
	if err != nil {
		panic(err)
	}
	sorted, err := calibration.Read(calibration.File{Name: f.name, Data: data})
	if err != nil {
		panic(err)
	}
	return sorted
}

func (f testFamily) target(t rapid.TB, n int, pairs [][2]int) *Target {
	t.Helper()
	target, err := NewTarget(f.snapshot(n, pairs))
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// realTarget reads a snapshot of the reference data.
func realTarget(t testing.TB, path string) *Target {
	t.Helper()
	shared := os.Getenv("QGAN_SHARED")
	if shared == "" {
		t.Skip("QGAN_SHARED is not set")
	}
	if known, ok := realTargets.Load(path); ok {
		return known.(*Target)
	}
	name := path
	path = filepath.Join(shared, "devices", filepath.FromSlash(path))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := calibration.Read(calibration.File{Name: path, Data: data})
	if err != nil {
		t.Fatal(err)
	}
	target, err := NewTarget(s)
	if err != nil {
		t.Fatal(err)
	}
	realTargets.Store(name, target)
	return target
}

// realTargets holds those that a test has read: nothing changes a target.
var realTargets sync.Map

// evolve runs the unitary operations of a circuit on a state.
func evolve(t rapid.TB, state []complex128, n int, ops []ir.Op) {
	t.Helper()
	for _, op := range ops {
		switch op := op.(type) {
		case *ir.Apply:
			ir.ApplyMatrix(state, n, op.MatrixOf(nil, nil), op.Qubits)
		case *ir.Unitary:
			ir.ApplyMatrix(state, n, op.Matrix, op.Qubits)
		case *ir.Barrier, *ir.Delay, *ir.Measure:
		default:
			t.Fatalf("%T has no unitary", op)
		}
	}
}

// compact numbers the qubits that a compiled circuit uses; logical qubits come
// first in the order of their final places.
func compact(r *Result) (ops []ir.Op, n int) {
	place := map[int]int{}
	for i, q := range r.Final {
		place[q] = i
	}
	for _, op := range r.Circuit.Ops {
		for _, q := range qubitsOf(op) {
			if _, ok := place[q]; !ok {
				place[q] = len(place)
			}
		}
	}
	at := make([]int, r.Circuit.Qubits)
	for q, i := range place {
		at[q] = i
	}
	for _, op := range r.Circuit.Ops {
		ops = append(ops, relocate(op, at))
	}
	return ops, len(place)
}

// stateOf is the final state of the logical qubits, from |0…0>. Other qubits of the
// device must be back in |0>.
func stateOf(t rapid.TB, r *Result, logical int) []complex128 {
	t.Helper()
	ops, n := compact(r)
	state := make([]complex128, 1<<n)
	state[0] = 1
	evolve(t, state, n, ops)
	out := make([]complex128, 1<<logical)
	for i, x := range state {
		if i&(1<<(n-logical)-1) == 0 {
			out[i>>(n-logical)] = x
		} else if abs2(x) > 1e-18 {
			t.Fatalf("amplitude %v on a qubit beside the circuit's", x)
		}
	}
	return out
}

// samePhysics reports how far two states are apart, global phase aside.
func apart(a, b []complex128) float64 {
	var dot complex128
	for i := range a {
		dot += complex(real(a[i]), -imag(a[i])) * b[i]
	}
	if abs2(dot) == 0 {
		return 1
	}
	phase := dot / complex(math.Sqrt(abs2(dot)), 0)
	d := 0.0
	for i := range a {
		d = max(d, math.Sqrt(abs2(a[i]*phase-b[i])))
	}
	return d
}
