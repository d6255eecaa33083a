package compile

import (
	"encoding/csv"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"qgan/ir"
	"qgan/qasm"
)

// Of the corpus the files of at most corpusQubits qubits and corpusOps operations
// are compiled that are circuits, measured at the end if at all: corpusFiles of
// them, spread evenly over the list, and a tenth of those under -short.
const (
	corpusFiles  = 200
	corpusQubits = 8
	corpusOps    = 600
)

// corpusCircuit is a public file's circuit, behind a generic gate on each qubit: a
// product state in general position, on which two circuits make the same state only
// where they are equal up to global phase.
type corpusCircuit struct {
	name            string
	gates, measured *ir.Circuit // without and with its measurements
}

// corpus returns the circuits, which are read once for all processors.
func corpus(t *testing.T) []corpusCircuit {
	t.Helper()
	if os.Getenv("QGAN_SHARED") == "" {
		t.Skip("QGAN_SHARED is not set")
	}
	corpusOnce.Do(func() { corpusRead = readCorpus(t) })
	if corpusRead == nil {
		t.Fatal("the corpus could not be read")
	}
	if !testing.Short() {
		return corpusRead
	}
	var out []corpusCircuit
	for i := 0; i < len(corpusRead); i += 10 {
		out = append(out, corpusRead[i])
	}
	return out
}

var (
	corpusOnce sync.Once
	corpusRead []corpusCircuit
)

func readCorpus(t *testing.T) []corpusCircuit {
	t.Helper()
	shared := os.Getenv("QGAN_SHARED")
	f, err := os.Open(filepath.Join(shared, "corpus", "results.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := slices.Index(rows[0], "n_qubits")
	var found []corpusCircuit
	for _, row := range rows[1:] {
		if n, err := strconv.Atoi(strings.TrimPrefix(row[column], "~")); err != nil || n < 1 || n > corpusQubits {
			continue
		}
		path := filepath.Join(shared, "corpus", filepath.FromSlash(row[0]))
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := qasm.Read(row[0], text, qasm.ReadOptions{Include: []fs.FS{os.DirFS(filepath.Dir(path))}})
		if err != nil || !doc.Runnable() {
			continue // package qasm accounts for these
		}
		c := doc.Understood()
		if gates, ok := gatesOf(c); ok && c.Qubits <= corpusQubits && c.Bits <= corpusQubits && len(gates) <= corpusOps {
			found = append(found, corpusCircuit{row[0], onProduct(t, c, gates), onProduct(t, c, c.Ops)})
		}
	}
	if len(found) < corpusFiles {
		t.Fatalf("%d files of the corpus are circuits of at most %d qubits, %d are wanted", len(found), corpusQubits, corpusFiles)
	}
	out := make([]corpusCircuit, corpusFiles)
	for i := range out {
		out[i] = found[i*len(found)/corpusFiles]
	}
	return out
}

// gatesOf returns the operations before the measurements of a circuit that is
// measured last, each qubit and bit at most once; false where it is no such circuit.
func gatesOf(c *ir.Circuit) (gates []ir.Op, ok bool) {
	read, written := make([]bool, c.Qubits), make([]bool, c.Bits)
	for _, op := range c.Ops {
		switch op := op.(type) {
		case *ir.Measure:
			if op.Bit < 0 || read[op.Qubit] || written[op.Bit] {
				return nil, false
			}
			read[op.Qubit], written[op.Bit] = true, true
		case *ir.Apply, *ir.Unitary, *ir.Delay, *ir.Barrier:
			if slices.ContainsFunc(qubitsOf(op), func(q int) bool { return read[q] }) {
				return nil, false
			}
			gates = append(gates, op)
		default:
			return nil, false
		}
	}
	return gates, true
}

// onProduct puts a generic gate on each qubit before the operations of a circuit,
// and gives its symbols numbers.
func onProduct(t *testing.T, c *ir.Circuit, ops []ir.Op) *ir.Circuit {
	out := *c
	out.Ops = nil
	for q := range c.Qubits {
		out.Gate(ir.U3, []int{q}, ir.Consts(0.3+0.7*float64(q), 1.1*float64(q)-0.4, 0.9)...)
	}
	out.Ops = append(out.Ops, ops...)
	values := make([]float64, len(c.Data))
	for i := range values {
		values[i] = 0.4 + 0.9*float64(i)
	}
	return boundTo(t, &out, nil, values)
}

// checkCorpus compiles the corpus for a target: the gates make the same state, the
// measured circuit has the same law, with its readout folded in every other file.
func checkCorpus(t *testing.T, target *Target) {
	t.Helper()
	t.Parallel()
	for i, f := range corpus(t) {
		r, err := Compile(f.gates, target, Options{})
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		if d := apart(idealState(t, f.gates), stateOf(t, r, f.gates.Qubits)); d > tolerance {
			t.Errorf("%s: %g apart", f.name, d)
		}
		if r, err = Compile(f.measured, target, Options{FoldReadout: i%2 == 1}); err != nil {
			t.Errorf("%s: measured: %v", f.name, err)
			continue
		}
		want := lawOf(t, f.measured.Ops, f.measured.Qubits, f.measured.Bits, nil)
		ops, n := compact(r)
		for x, p := range lawOf(t, ops, n, f.measured.Bits, r.Readout) {
			if math.Abs(p-want[x]) > tolerance {
				t.Errorf("%s: P(%b) is %g, want %g", f.name, x, p, want[x])
				break
			}
		}
	}
}

// Corpus files compiled for processors of each service keep what they compute. For
// each kind of native gates there is one test.
func TestCorpusOnTorino(t *testing.T)     { checkCorpus(t, realTarget(t, "ibm/props_torino.json")) }
func TestCorpusOnSherbrooke(t *testing.T) { checkCorpus(t, realTarget(t, "ibm/props_sherbrooke.json")) }
func TestCorpusOnGarnet(t *testing.T)     { checkCorpus(t, realTarget(t, "braket/iqm_garnet.json")) }
func TestCorpusOnForte(t *testing.T) {
	checkCorpus(t, realTarget(t, "braket/ionq_forte_enterprise.json"))
}
func TestCorpusOnRigetti(t *testing.T) { checkCorpus(t, realTarget(t, "braket/rigetti.json")) }

// Native gates that no processor of the reference data has alone.
func TestCorpusOnGrids(t *testing.T) {
	for _, name := range []string{"ibm cx", "ibm fractional", "ionq ms", "rigetti iswap"} {
		i := slices.IndexFunc(families, func(f testFamily) bool { return f.name == name })
		t.Run(name, func(t *testing.T) { checkCorpus(t, families[i].target(t, 9, grid(3, 3))) })
	}
}
