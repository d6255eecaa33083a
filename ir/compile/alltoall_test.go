package compile

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"qgan/internal/stream"
	"qgan/ir"
)

// randomState is a vector of norm 1 with nothing special about it.
func randomState(rng *rand.Rand, n int) []complex128 {
	state, norm := make([]complex128, 1<<n), 0.0
	for i := range state {
		state[i] = complex(rng.NormFloat64(), rng.NormFloat64())
		norm += abs2(state[i])
	}
	for i := range state {
		state[i] /= complex(math.Sqrt(norm), 0)
	}
	return state
}

// moved is a state whose qubit i has gone to the place at[i].
func moved(state []complex128, at []int) []complex128 {
	out := make([]complex128, len(state))
	for x, amplitude := range state {
		y := 0
		for i, q := range at {
			y |= x >> (len(at) - 1 - i) & 1 << (len(at) - 1 - q)
		}
		out[y] = amplitude
	}
	return out
}

// unitaryApart compares a circuit with what was compiled of it on a random state.
func unitaryApart(t rapid.TB, c *ir.Circuit, r *Result) float64 {
	t.Helper()
	want := randomState(stream.New(3, "state"), c.Qubits)
	got := moved(want, r.Layout)
	evolve(t, want, c.Qubits, c.Ops)
	evolve(t, got, c.Qubits, r.Circuit.Ops)
	return apart(moved(want, r.Final), got)
}

// On a target whose pairs are all coupled a circuit is the same in the basis, whatever the
// state at its beginning, on the places that the layouts tell.
func TestAllToAllKeepsUnitary(t *testing.T) {
	t.Parallel()
	for _, basis := range []string{"cx,rz,rx,ry", "cz,rz,sx,x", "cnot,rz,rx", "rzz,rz,sx,x,rx", "iswap,rz,sx", "cz,zz,gpi,gpi2", "iswap,cx,prx"} {
		names := strings.Split(basis, ",")
		t.Run(basis, rapid.MakeCheck(func(r *rapid.T) {
			c := boundTo(r, drawCircuit(r, 4, 12), trainedValues, dataValues)
			target, err := AllToAll(c.Qubits, names)
			if err != nil {
				r.Fatal(err)
			}
			options := Options{Level: rapid.SampledFrom([]Level{Full, Light, None}).Draw(r, "level"), Unitary: true, Verify: true}
			if rapid.Bool().Draw(r, "placed") {
				options.Layout = rapid.Permutation(upTo(c.Qubits)).Draw(r, "layout")
			}
			compiled, err := Compile(c, target, options)
			if err != nil {
				r.Fatal(err)
			}
			for _, op := range compiled.Circuit.Ops {
				if a := op.(*ir.Apply); !slices.Contains(names, a.Gate.String()) && !(a.Gate == ir.CX && names[0] == "cnot") {
					r.Fatalf("%s is not in the basis", a.Gate)
				}
			}
			if d := unitaryApart(r, c, compiled); d > tolerance {
				r.Fatalf("%g apart\n%v\n%v", d, c, compiled.Circuit)
			}
		}))
	}
}

func TestAllToAllTarget(t *testing.T) {
	t.Parallel()
	target, err := AllToAll(5, []string{"iswap", "cz", "rzz", "rz", "sx", "x"})
	if err != nil {
		t.Fatal(err)
	}
	if qubits, pairs := target.Usable(); qubits != 5 || pairs != 10 {
		t.Errorf("%d qubits and %d pairs", qubits, pairs)
	}
	if e, ok := target.Edge(3, 1); !ok || e.Gate != ir.CZ || e.Qubits != [2]int{3, 1} {
		t.Errorf("the gate of a pair is %v", e)
	}
	if got := target.Entanglers(); !slices.Equal(got, []string{"cz", "rzz"}) || target.Pulses() != "rz, sx, x" || target.Timed() {
		t.Errorf("%v, %s", got, target.Pulses())
	}
	for _, bad := range []struct{ gates, want string }{
		{"cx,rz,rq", `no gate on one or two qubits is called "rq"`},
		{"ccx,rz,sx", `no gate on one or two qubits is called "ccx"`},
		{"cp,rz,sx", "no decomposition into cp is known"},
		{"rz,sx", "no basis without a gate on two qubits"},
		{"cx,h", "no decomposition into its one-qubit gates (cx, h) is known"},
	} {
		if _, err := AllToAll(2, strings.Split(bad.gates, ",")); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%s: %v, want %s", bad.gates, err, bad.want)
		}
	}
}

// A swap is another name of its qubits, whatever it is written with and merged with.
func TestMirrored(t *testing.T) {
	t.Parallel()
	cx, xc := step(ir.CX, both), step(ir.CX, []int{1, 0})
	for name, k := range map[string]struct {
		gates        []ir.Step
		free, device int
	}{
		"three cx":             {[]ir.Step{cx, xc, cx}, 0, 0},
		"two cx":               {[]ir.Step{cx, xc}, 1, 2},
		"iswap":                {[]ir.Step{step(ir.ISwap, both)}, 1, 2},
		"swap and cp":          {[]ir.Step{step(ir.CP, both, 0.7), cx, xc, cx}, 2, 3},
		"a swap of a rotation": {[]ir.Step{cx, step(ir.RY, other, 0.3), xc, cx}, 2, 3},
		"cx":                   {[]ir.Step{cx}, 1, 1},
	} {
		c := ir.New(2, 0)
		for _, s := range k.gates {
			c.Ops = append(c.Ops, &ir.Apply{Gate: s.Gate, Angles: s.Angles, Qubits: s.Qubits})
		}
		target, err := AllToAll(2, []string{"cx", "rz", "sx"})
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range []struct {
			target *Target
			want   int
		}{{target, k.free}, {families[0].target(t, 2, line(2)), k.device}} {
			r, err := Compile(c, to.target, Options{Unitary: true, Verify: true})
			if err != nil {
				t.Fatal(err)
			}
			if d := unitaryApart(t, c, r); d > tolerance || r.Stats.TwoQubitGates != to.want {
				t.Errorf("%s: %d two-qubit gates on %s, want %d; %g apart", name, r.Stats.TwoQubitGates, to.target.Name, to.want, d)
			}
		}
	}
}

// The circuits of ucc-bench take as few cx as the fewest that are published, or fewer, and
// the small ones are what they were for every state at their beginning.
func TestUCC(t *testing.T) {
	t.Parallel()
	shared := os.Getenv("QGAN_SHARED")
	if shared == "" {
		t.Skip("QGAN_SHARED is not set")
	}
	for _, k := range []struct {
		file        string
		most        int
		approximate float64
	}{
		{"prep_select_N10_ghz_basis_rz_rx_ry_h_cx", 948, 0}, {"qaoa_barabasi_albert_N10_3reps_basis_rz_rx_ry_cx", 96, 0}, {"qcnn_N10_4layers_basis_rz_rx_ry_h_cx", 32, 0},
		{"qft_N010_basis_rz_rx_ry_cx", 90, 0}, {"qv_N010_12345_basis_rz_rx_ry_cx", 150, 0}, {"square_heisenberg_N9_basis_rz_rx_ry_cx", 36, 0},
		{"prep_select_N25_ghz_basis_rz_rx_ry_h_cx", 9698, 0}, {"qaoa_barabasi_albert_N100_3reps_basis_rz_rx_ry_cx", 1176, 0}, {"qcnn_N100_7layers_basis_rz_rx_ry_h_cx", 388, 0},
		{"qft_N100_basis_rz_rx_ry_cx", 2590, 4e-5}, {"square_heisenberg_N100_basis_rz_rx_ry_cx", 540, 0},
	} {
		t.Run(k.file, func(t *testing.T) {
			t.Parallel()
			c := circuitIn(t, filepath.Join(shared, "corpus/ucc-bench", k.file+".qasm"))
			target, err := AllToAll(c.Qubits, []string{"cx", "rz", "rx", "ry"})
			if err != nil {
				t.Fatal(err)
			}
			r, err := Compile(c, target, Options{Unitary: true, Approximate: k.approximate})
			if err != nil {
				t.Fatal(err)
			}
			if r.Stats.TwoQubitGates > k.most || r.Error > 0.005 || k.approximate == 0 && r.Error > 0 {
				t.Errorf("%d two-qubit gates, want at most %d; an error of %g", r.Stats.TwoQubitGates, k.most, r.Error)
			}
			if c.Qubits <= 10 {
				if d := unitaryApart(t, c, r); d > tolerance {
					t.Errorf("%g apart", d)
				}
			}
		})
	}
}
