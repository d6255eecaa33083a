package calibration

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"qgan/ir"
)

// noiseText has every kind of channel and of readout error.
const noiseText = `
schema = "qgan.noise/v1"
name = "all of them"

[[noise]]
gates = ["sx", "CNOT"]
channel = "depolarizing"
probability = 0.01

[[noise]]
gates = ["sx"]
qubits = [3]
channel = "amplitude-damping"
probability = 0.1
excited = 0.25

[[noise]]
gates = ["cx"]
channel = "phase-damping"
probability = 0.2

[[noise]]
gates = ["cx"]
qubits = [1, 0]
channel = "pauli"
probabilities = {XI = 0.1, ZZ = 0.2}

[[noise]]
gates = ["id"]
channel = "bit-flip"
probability = 0.3

[[noise]]
gates = ["x"]
channel = "kraus"
operators = [
  [[1, 0], [0, 0.8]],
  [[0, [0, 0.6]], [0, 0]],
]

[[noise]]
gates = ["rz"]
channel = "rotation"
axis = "z"
angle = 0.01

[[noise]]
gates = ["delay", "reset"]
channel = "relaxation"
t1 = 1e-4
t2 = 2e-4
time = 1e-6

[[readout]]
p1_given_0 = 0.01
p0_given_1 = 0.02

[[readout]]
qubits = [5]
p1_given_0 = 0.0
p0_given_1 = 0.5

[[readout]]
qubits = [2, 4]
matrix = [[0.9, 0, 0, 0], [0.1, 1, 0, 0], [0, 0, 1, 0.5], [0, 0, 0, 0.5]]
`

// noiseJSON is a part of it as JSON.
const noiseJSON = `{
 "name": "as JSON",
 "noise": [
  {"gates": ["sx"], "channel": "bit-flip", "probability": 0.25},
  {"gates": ["cx"], "channel": "kraus",
   "operators": [[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, [0, 1]]]]}
 ],
 "readout": [{"qubits": [1], "p1_given_0": 0.5, "p0_given_1": 0.25}]
}`

func TestNoiseFile(t *testing.T) {
	m, err := ReadNoiseModel(File{"noise.toml", []byte(noiseText)})
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "all of them" || m.Snapshot != "" {
		t.Errorf("name %q, snapshot %q", m.Name, m.Snapshot)
	}
	gate := func(g ir.Gate, q ...int) *ir.Apply {
		return &ir.Apply{Gate: g, Qubits: q, Angles: make([]ir.Angle, len(g.Info().Params))}
	}
	for _, c := range []struct {
		op    ir.Op
		names []string
	}{
		{gate(ir.SX, 0), []string{"depolarizing 0.01"}},
		{gate(ir.SX, 3), []string{"depolarizing 0.01", "amplitude damping 0.1"}},
		{gate(ir.CX, 0, 1), []string{"depolarizing 0.01", "phase damping 0.2", "phase damping 0.2"}},
		{gate(ir.CX, 1, 0), []string{"depolarizing 0.01", "phase damping 0.2", "phase damping 0.2", "pauli XI 0.1, ZZ 0.2"}},
		{&ir.Apply{Gate: ir.X, Qubits: []int{1, 0}, Controls: 1}, []string{"depolarizing 0.01", "phase damping 0.2", "phase damping 0.2", "pauli XI 0.1, ZZ 0.2"}},
		{gate(ir.ID, 7), []string{"bit flip 0.3"}},
		{gate(ir.X, 7), []string{"2 Kraus operators"}},
		{gate(ir.RZ, 7), []string{"rotation Z by 0.01"}},
		{&ir.Delay{Duration: 3, Unit: "us", Qubits: []int{1, 2}}, []string{"relaxation for 1000 ns", "relaxation for 1000 ns"}},
		{&ir.Reset{Qubit: 1}, []string{"relaxation for 1000 ns"}},
		{gate(ir.H, 0), nil},
		{&ir.Measure{Qubit: 1}, nil},
	} {
		sites, err := m.After(c.op)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, s := range sites {
			names = append(names, s.Channel.Name)
			checkForms(t, "file", s.Channel)
		}
		if !slices.Equal(names, c.names) {
			t.Errorf("%v: %q, want %q", c.op, names, c.names)
		}
	}
	c, err := m.Confusion([]int{4, 0, 5, 2})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Groups) != 3 || !slices.Equal(c.Groups[0].Bits, []int{3, 0}) || c.Groups[0].A[1][0] != 0.1 ||
		!slices.Equal(c.Groups[1].Bits, []int{1}) || c.Groups[1].A[1][0] != 0.01 || c.Groups[2].A[0][1] != 0.5 {
		t.Errorf("confusion %v", c)
	}
	if _, err := m.Confusion([]int{2, 4, 2}); err == nil || !strings.Contains(err.Error(), "measured twice") {
		t.Errorf("a qubit of a pair measured twice: %v", err)
	}
}

func TestNoiseFileJSON(t *testing.T) {
	m, err := ReadNoiseModel(File{"noise.json", []byte(noiseJSON)})
	if err != nil {
		t.Fatal(err)
	}
	sites, err := m.After(&ir.Apply{Gate: ir.CX, Qubits: []int{0, 1}})
	if err != nil || len(sites) != 1 || sites[0].Channel.Kraus()[0].At(3, 3) != 1i {
		t.Errorf("%v, %v", sites, err)
	}
	if c, err := m.Confusion([]int{0, 1}); err != nil || len(c.Groups) != 1 || c.Groups[0].Bits[0] != 1 {
		t.Errorf("%v, %v", c, err)
	}
}

// Mistakes are told with their line.
func TestNoiseFileErrors(t *testing.T) {
	head := "[[noise]]\ngates = [\"sx\"]\n"
	for _, c := range []struct{ text, want string }{
		{"nois = 3\n", `n:1:1: unknown key "nois"`},
		{head + "channel = \"bit-flip\"\nprobability = 0.1\nprobabilty = 1\n", `n:5:1: unknown key "probabilty"`},
		{head + "channel = \"bit-flop\"\n", `n:3:1: channel "bit-flop": it can be amplitude-damping`},
		{head + "channel = \"bit-flip\"\n", "probability is missing"},
		{head + "channel = \"bit-flip\"\nprobability = 1.5\n", "n:4:1: probability = 1.5: it can be 0 to 1"},
		{head + "channel = \"bit-flip\"\nprobability = nan\n", "n:4:1: probability = NaN"},
		{head + "channel = \"bit-flip\"\nprobability = \"x\"\n", "n:4:1: probability holds something else"},
		{head + "channel = \"pauli\"\nprobabilities = {X = 0.6, Z = 0.6}\n", "add up to 1.2"},
		{head + "channel = \"pauli\"\nprobabilities = {XX = 0.6}\n", "n:2:1: the channel acts on 2 qubits, sx on 1"},
		{head + "channel = \"pauli\"\nprobabilities = {Q = 0.6}\n", `"Q" is no string`},
		{head + "channel = \"kraus\"\noperators = [[[1, 0], [0, 0.9]]]\n", "does not keep the trace"},
		{head + "channel = \"kraus\"\noperators = [[[1, 0], [0]]]\n", "operator 1: row 2 has 1 numbers"},
		{head + "channel = \"kraus\"\noperators = [[[1, 0, 0], [0, 1, 0], [0, 0, 1]]]\n", "order 3"},
		{head + "channel = \"kraus\"\noperators = []\n", "has no operators"},
		{head + "channel = \"rotation\"\naxis = \"i\"\nangle = 1\n", "axis"},
		{head + "channel = \"relaxation\"\nt1 = 1\nt2 = 3\ntime = 1\n", "exceeds 2·t1"},
		{"[[noise]]\nchannel = \"bit-flip\"\nprobability = 0.1\n", "gates is missing"},
		{"[[noise]]\ngates = [\"foo\"]\nchannel = \"bit-flip\"\nprobability = 0.1\n", `n:2:1: gate "foo" is not in the gate table`},
		{"[[noise]]\ngates = [\"measure\"]\nchannel = \"bit-flip\"\nprobability = 0.1\n", "write them as readout"},
		{"[[noise]]\ngates = [\"cx\"]\nqubits = [1]\nchannel = \"bit-flip\"\nprobability = 0.1\n", "cx acts on 2 qubits, and qubits names 1"},
		{"[[noise]]\ngates = [\"cx\"]\nqubits = [1, 1]\nchannel = \"bit-flip\"\nprobability = 0.1\n", "n:3:1: qubits: 1 is given twice"},
		{"[[readout]]\nqubits = [0]\np1_given_0 = 0.1\n", "p0_given_1 is missing"},
		{"[[readout]]\nqubits = [0]\nmatrix = [[0.9, 0.1], [0.2, 0.9]]\n", "n:3:1: matrix: column 1 adds up to 1.1"},
		{"[[readout]]\nmatrix = [[1, 0], [0, 1]]\n", "needs its qubits"},
		{"[[readout]]\nqubits = [0]\nmatrix = [[1, 0], [0, 1]]\n[[readout]]\nqubits = [0]\nmatrix = [[1, 0], [0, 1]]\n", "n:6:1: qubit 0 is in two matrices"},
		{"[[readout]\n", "n:2:"},
		{"noise = 3\n", "n:1:1: noise is a list of tables"},
		{"schema = \"qgan.noise/v9\"\n", `n:1:1: schema "qgan.noise/v9" is not read`},
		{"{\"noise\": [\n {\"gates\": [\"sx\"],\n  \"chanel\": 1, \"channel\": \"bit-flip\"}]}", `n:3:1: unknown key "chanel"`},
		{"{\"noise\": [\n {\"gates\": [\"sx\"], \"channel\": \"bit-flip\",\n\n \"probability\": 7}]}", "n:4:1: probability = 7"},
		{"{\"noise\": [\n3]}", "an object belongs here"},
		{"{\"noise\": {}}", "n:1:1: noise is a list of objects"},
		{"{\"noise\": [], \"noise\": []}", "given twice"},
		{"{\"name\": \"x\"", "the file ends in the middle"},
		{"{} x", "something follows"},
	} {
		_, err := ReadNoiseModel(File{"n", []byte(c.text)})
		var file *FileError
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, &file) {
			t.Errorf("%q: error %v, want %q", c.text, err, c.want)
		}
	}
}

// A sum of K†K that is 1 up to rounding is taken, and taken to 1; what is further
// off is not.
func TestOperatorsTolerance(t *testing.T) {
	for _, off := range []float64{0, 5e-10, -5e-10, 5e-9} {
		k := ir.Matrix{Dim: 2, A: []complex128{complex(math.Sqrt(1+off), 0), 0, 0, 0.6}}
		jump := ir.Matrix{Dim: 2, A: []complex128{0, 0.8, 0, 0}}
		c, err := Operators("test", []ir.Matrix{k, jump})
		if (err != nil) != (math.Abs(off) > 1e-9) {
			t.Errorf("off by %v: %v", off, err)
		}
		if err == nil {
			checkForms(t, "test", c)
		}
	}
	// Operators of a Pauli channel are found to be one, whatever their form.
	for _, want := range []*Channel{PhaseDamping(0.3), Depolarizing(2, 0.4)} {
		kraus := want.Kraus()
		mixed := slices.Clone(kraus) // an equal set: rotate the first two into each other
		for i := range kraus[0].A {
			a, b := kraus[0].A[i], kraus[1].A[i]
			mixed[0].A, mixed[1].A = slices.Clone(mixed[0].A), slices.Clone(mixed[1].A)
			mixed[0].A[i], mixed[1].A[i] = 0.6*a+0.8*b, 0.8*a-0.6*b
		}
		c, err := Operators("test", mixed)
		if err != nil || c.Mixture == nil {
			t.Fatalf("%s: %v, mixture %v", want.Name, err, c)
		}
		checkForms(t, want.Name, c)
		if d := largest(c.Transfer(), want.Transfer()); d > 1e-12 {
			t.Errorf("%s: differs by %.2g", want.Name, d)
		}
	}
}

func FuzzReadNoiseModel(f *testing.F) {
	f.Add([]byte(noiseText))
	f.Add([]byte(noiseJSON))
	f.Add([]byte("{\"noise\": [{\"gates\": [\"cx\"], \"channel\": \"rotation\", \"axis\": \"xx\", \"angle\": 1}]}"))
	f.Add([]byte("[[readout]]\nqubits = [1, 2]\nmatrix = [[1]]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ReadNoiseModel(File{"fuzz", data})
		if err != nil {
			return
		}
		for _, g := range ir.Gates() {
			n := g.Info().Qubits
			qubits := []int{0, 1, 2}[:n]
			sites, err := m.After(&ir.Apply{Gate: g, Qubits: qubits, Angles: make([]ir.Angle, len(g.Info().Params))})
			if err != nil {
				t.Errorf("%s: %v", g, err)
			}
			for _, s := range sites {
				checkForms(t, g.String(), s.Channel)
			}
		}
	})
}
