package calibration

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"qgan/ir"
)

// matrixJSON is a matrix of the reference vectors, row by row.
type matrixJSON struct {
	Shape  []int
	Re, Im []float64
}

func (m matrixJSON) at(i int) complex128 {
	im := 0.0
	if m.Im != nil {
		im = m.Im[i]
	}
	return complex(m.Re[i], im)
}

func sharedFile(t *testing.T, path ...string) []byte {
	t.Helper()
	shared := os.Getenv("QGAN_SHARED")
	if shared == "" {
		t.Skip("QGAN_SHARED is not set")
	}
	data, err := os.ReadFile(filepath.Join(append([]string{shared}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func value(x *float64) *Value {
	if x == nil {
		return nil
	}
	return &Value{X: *x}
}

// exchanged reorders a matrix over two operands whose first is the least
// significant, and back; digits is the base of an operand's index.
func exchanged(m []float64, digits, qubits int) []float64 {
	if qubits == 1 {
		return m
	}
	dim := digits * digits
	turn := func(i int) int { return i%digits*digits + i/digits }
	out := make([]float64, len(m))
	for i := range dim {
		for j := range dim {
			out[turn(i)*dim+turn(j)] = m[i*dim+j]
		}
	}
	return out
}

func largest(a, b []float64) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	d := 0.0
	for i := range a {
		d = max(d, math.Abs(a[i]-b[i]))
	}
	return d
}

// The channels of real and synthetic qubits agree with Qiskit Aer's device
// models in closed form: transfer matrices, superoperators and Kraus operators.
func TestNoiseVectors(t *testing.T) {
	var file struct {
		Unitaries map[string]matrixJSON
		Cases     []struct {
			Name   string
			Gate   string
			Inputs struct {
				T1        []*float64 `json:"t1_s"`
				T2        []*float64 `json:"t2_s"`
				Length    *float64   `json:"gate_length_s"`
				Error     *float64   `json:"gate_error"`
				Excited   float64    `json:"excited_population"`
				Unitary   bool       `json:"is_unitary_gate"`
				Kelvin    float64    `json:"temperature_K"`
				Frequency *float64   `json:"frequency_Hz"`
			} `json:"inputs_SI"`
			Derived struct {
				Lambda     float64 `json:"depol_lambda"`
				Infidelity float64 `json:"avg_gate_infidelity_of_total_noise"`
			}
			Noise      matrixJSON   `json:"noise_ptm"`
			Super      *matrixJSON  `json:"noise_superop_colvec"`
			Noisy      *matrixJSON  `json:"noisy_gate_ptm"`
			NoisySuper *matrixJSON  `json:"noisy_gate_superop_colvec"`
			Kraus      []matrixJSON `json:"relaxation_kraus_closed_form"`
		}
	}
	if err := json.Unmarshal(sharedFile(t, "vectors", "noise_vectors.json"), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) != 59 {
		t.Fatalf("%d cases, want 59", len(file.Cases))
	}
	supers := 0
	for _, c := range file.Cases {
		in := c.Inputs
		k := len(in.T1)
		s := &Snapshot{Name: "vector", Qubits: make([]Qubit, k)}
		var qubits []int
		for q := range s.Qubits {
			s.Qubits[q] = Qubit{T1: value(in.T1[q]), T2: value(in.T2[q]), Frequency: value(in.Frequency)}
			qubits = append(qubits, q)
		}
		d := &deviceRules{snapshot: s, scale: Scale{1, 1, 1}, kelvin: in.Kelvin}
		if got := d.excited(0); math.Abs(got-in.Excited) > 1e-15 {
			t.Errorf("%s: excited population %v, want %v", c.Name, got, in.Excited)
		}
		sites, err := d.sites(&Gate{Name: c.Gate, Qubits: qubits, Error: value(in.Error), Duration: value(in.Length)}, qubits, in.Unitary)
		if err != nil {
			t.Fatal(err)
		}
		total := Compose(sites, qubits)
		if d := largest(exchanged(total.Transfer(), 4, k), c.Noise.Re); d > 1e-12 {
			t.Errorf("%s: the noise differs by %.2g", c.Name, d)
		}
		if got := total.Infidelity(); math.Abs(got-c.Derived.Infidelity) > 1e-12 {
			t.Errorf("%s: infidelity %v, want %v", c.Name, got, c.Derived.Infidelity)
		}
		if got := math.Abs(lambdaOf(sites) - c.Derived.Lambda); got > 1e-12 {
			t.Errorf("%s: lambda differs by %.2g", c.Name, got)
		}
		for _, site := range sites {
			checkForms(t, c.Name, site.Channel)
		}
		super := superoperator(sites, qubits)
		if c.Super != nil && c.Super.Re != nil {
			supers++
			checkSuper(t, c.Name, super, *c.Super, k)
		}
		for i, want := range c.Kraus {
			if len(sites) == 0 || !strings.HasPrefix(sites[len(sites)-1].Channel.Name, "relaxation") {
				if i == 0 && (in.T1[0] != nil || in.T2[0] != nil) {
					t.Errorf("%s: no relaxation", c.Name)
				}
				break
			}
			got := sites[len(sites)-1].Channel.Kraus()
			if len(got) != len(c.Kraus) {
				t.Fatalf("%s: %d Kraus operators, want %d", c.Name, len(got), len(c.Kraus))
			}
			for j := range want.Re {
				if d := got[i].A[j] - want.at(j); math.Abs(real(d)) > 1e-12 || math.Abs(imag(d)) > 1e-12 {
					t.Errorf("%s: operator %d is %v, want %v at %d", c.Name, i, got[i].A[j], want.at(j), j)
				}
			}
		}
		if c.Noisy == nil {
			continue
		}
		u := ir.NewMatrix(1 << k)
		for i := range u.A {
			u.A[i] = file.Unitaries[c.Gate].at(i)
		}
		if k == 2 { // Qiskit's first operand is the least significant
			swap := ir.Swap.Info().Matrix(nil)
			u = swap.Mul(u).Mul(swap)
		}
		g, ok := ir.GateByName(c.Gate)
		if !ok || g.Info().Matrix(nil).Distance(u) > 1e-12 {
			t.Errorf("%s: the matrix of %s is another", c.Name, c.Gate)
		}
		noisy := product(total.Transfer(), Transfer(u))
		if d := largest(exchanged(noisy, 4, k), c.Noisy.Re); d > 1e-12 {
			t.Errorf("%s: the noisy gate differs by %.2g", c.Name, d)
		}
		if c.NoisySuper != nil && c.NoisySuper.Re != nil {
			supers++
			gate := &Channel{Qubits: k, kraus: []ir.Matrix{u}}
			checkSuper(t, c.Name+", noisy", super.Mul(gate.Superoperator()), *c.NoisySuper, k)
		}
	}
	if supers < 80 {
		t.Errorf("%d superoperators were compared", supers)
	}
}

// lambdaOf is the strength of the depolarising part.
func lambdaOf(sites []Site) float64 {
	for _, s := range sites {
		if strings.HasPrefix(s.Channel.Name, "depolarizing") {
			dim := 1 << (2 * s.Channel.Qubits)
			return 1 - s.Channel.Transfer()[dim+1]
		}
	}
	return 0
}

// superoperator multiplies the superoperators of sites, on up to two qubits.
func superoperator(sites []Site, qubits []int) ir.Matrix {
	k := len(qubits)
	out := ir.Identity(1 << (2 * k))
	for _, s := range sites {
		c := s.Channel
		if c.Qubits < k {
			c = &Channel{Qubits: k}
			for _, m := range s.Channel.Kraus() {
				if s.Qubits[0] == qubits[0] {
					m = m.Kron(ir.Identity(2))
				} else {
					m = ir.Identity(2).Kron(m)
				}
				c.kraus = append(c.kraus, m)
			}
		}
		out = c.Superoperator().Mul(out)
	}
	return out
}

func checkSuper(t *testing.T, name string, got ir.Matrix, want matrixJSON, k int) {
	t.Helper()
	turn := func(i int) int { // exchanges the operands in the row and the column of rho
		if k == 1 {
			return i
		}
		return i&8>>1 | i&4<<1 | i&2>>1 | i&1<<1
	}
	for i := range got.Dim {
		for j := range got.Dim {
			d := got.At(turn(i), turn(j)) - want.at(i*got.Dim+j)
			if math.Abs(real(d)) > 1e-12 || math.Abs(imag(d)) > 1e-12 {
				t.Errorf("%s: superoperator differs by %v at %d, %d", name, d, i, j)
				return
			}
		}
	}
}

func product(a, b []float64) []float64 {
	dim := int(math.Round(math.Sqrt(float64(len(a)))))
	out := make([]float64, len(a))
	for i := range dim {
		for k := range dim {
			for j := range dim {
				out[i*dim+j] += a[i*dim+k] * b[k*dim+j]
			}
		}
	}
	return out
}

// checkForms holds the two forms of a channel against each other and its Kraus
// operators against the trace.
func checkForms(t interface{ Errorf(string, ...any) }, name string, c *Channel) {
	sum := ir.NewMatrix(1 << c.Qubits)
	transfer := make([]float64, 1<<(4*c.Qubits))
	for _, k := range c.Kraus() {
		for i, x := range k.Adjoint().Mul(k).A {
			sum.A[i] += x
		}
		for i, x := range Transfer(k) {
			transfer[i] += x
		}
	}
	if d := sum.Distance(ir.Identity(sum.Dim)); d > 1e-12 {
		t.Errorf("%s, %s: the sum of K†K differs from 1 by %.2g", name, c.Name, d)
	}
	if d := largest(transfer, c.Transfer()); d > 1e-12 {
		t.Errorf("%s, %s: the two forms differ by %.2g", name, c.Name, d)
	}
	if c.Mixture == nil {
		return
	}
	total := 0.0
	for _, b := range c.Mixture {
		if b.P < 0 || len(b.Steps) != c.Qubits {
			t.Errorf("%s, %s: branch %v", name, c.Name, b)
		}
		total += b.P
	}
	if math.Abs(total-1) > 1e-12 {
		t.Errorf("%s, %s: the probabilities add up to %v", name, c.Name, total)
	}
}

// Both conventions of readout, from the raw files.
func TestReadoutVectors(t *testing.T) {
	var file struct {
		Readout []struct {
			Device     string
			Qubit      int
			Symmetric  [][]float64 `json:"aer_from_backend_V2_rows_prep_cols_meas"`
			Asymmetric [][]float64 `json:"asymmetric_rows_prep_cols_meas"`
		}
	}
	if err := json.Unmarshal(sharedFile(t, "vectors", "noise_vectors.json"), &file); err != nil {
		t.Fatal(err)
	}
	for _, r := range file.Readout {
		name := strings.TrimSuffix(strings.ToLower(strings.TrimPrefix(r.Device, "Fake")), "v2")
		s, err := Read(File{Name: name, Data: sharedFile(t, "devices", "ibm", "props_"+name+".json")})
		if err != nil {
			t.Fatal(err)
		}
		for kind, want := range map[ReadoutKind][][]float64{SymmetricReadout: r.Symmetric, AsymmetricReadout: r.Asymmetric} {
			m, err := NewNoiseModel(s, NoiseOptions{Readout: kind})
			if err != nil {
				t.Fatal(err)
			}
			c, err := m.Confusion([]int{r.Qubit})
			if err != nil {
				t.Fatal(err)
			}
			for measured := range 2 {
				for prepared := range 2 {
					if got := c.Groups[0].A[measured][prepared]; math.Abs(got-want[prepared][measured]) > 1e-12 {
						t.Errorf("%s qubit %d %s: P(%d|%d) = %v, want %v", r.Device, r.Qubit, kind, measured, prepared, got, want[prepared][measured])
					}
				}
			}
		}
	}
}

// The reported error of every gate is met exactly where depolarising noise is
// added, over snapshots with every oddity that occurs.
func TestReportedErrors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSnapshot(t)
		factor := rapid.SampledFrom([]float64{0, 0.5, 1, 2}).Draw(t, "relaxation")
		m, err := NewNoiseModel(s, NoiseOptions{Scale: &Scale{1, factor, 1}})
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Gates {
			checkReported(t, m, s, &s.Gates[i])
		}
	})
}

// The same over the devices' files.
func TestReportedErrorsOfDevices(t *testing.T) {
	shared := os.Getenv("QGAN_SHARED")
	if shared == "" {
		t.Skip("QGAN_SHARED is not set")
	}
	var paths []string
	for _, pattern := range []string{"ibm/props_*.json", "braket/*.json"} {
		found, err := filepath.Glob(filepath.Join(shared, "devices", pattern))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	met := 0
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Read(File{Name: filepath.Base(path), Data: data})
		if err != nil {
			t.Fatal(err)
		}
		m, err := NewNoiseModel(s, NoiseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Gates {
			if checkReported(t, m, s, &s.Gates[i]) {
				met++
			}
		}
	}
	if met < 3000 {
		t.Errorf("only %d gates have depolarising noise", met)
	}
}

// checkReported holds a gate's infidelity against what is reported and says
// whether there is depolarising noise that is not cut.
func checkReported(t interface{ Errorf(string, ...any) }, m *NoiseModel, s *Snapshot, g *Gate) bool {
	if g.Name == "measure" || g.Name == "reset" {
		return false
	}
	sites, err := m.rules.after(tableName(g.Name), g.Qubits, 0)
	var absent *NotNative
	if errors.As(err, &absent) && g.Faulty {
		if !strings.Contains(err.Error(), g.Name) {
			t.Errorf("%v does not name the gate %s", err, g.Name)
		}
		return false
	}
	if err != nil || g.Faulty {
		t.Errorf("%s on %v: faulty %v, error %v", g.Name, g.Qubits, g.Faulty, err)
		return false
	}
	total := Compose(sites, g.Qubits)
	for _, site := range sites {
		checkForms(t, g.Name, site.Channel)
	}
	if first := total.Transfer()[0]; math.Abs(first-1) > 1e-12 {
		t.Errorf("%s on %v: the trace is %v", g.Name, g.Qubits, first)
	}
	d := math.Pow(2, float64(len(g.Qubits)))
	got := total.Infidelity()
	if lambdaOf(sites) == 0 {
		if g.Error.Or(0) > got+1e-12 {
			t.Errorf("%s on %v: error %v is reported, the noise has %v", g.Name, g.Qubits, g.Error.Or(0), got)
		}
		return false
	}
	if lambdaOf(sites) > d*d/(d*d-1)-1e-12 {
		return false // cut: no channel of this kind has that error
	}
	want := min(g.Error.X, d/(d+1))
	if math.Abs(got-want) > 1e-12 {
		t.Errorf("%s on %v: infidelity %v, reported %v", g.Name, g.Qubits, got, want)
	}
	return true
}

// drawSnapshot draws a device of two qubits with what occurs in real files:
// missing times, T2 above 2·T1, no frequency, errors of 0 and 1 and none,
// durations of 0 and none, gates in one direction.
func drawSnapshot(t *rapid.T) *Snapshot {
	maybe := func(name string, low, high float64, special ...float64) *Value {
		switch rapid.IntRange(0, 5).Draw(t, name+" kind") {
		case 0:
			return nil
		case 1:
			if len(special) > 0 {
				return &Value{X: rapid.SampledFrom(special).Draw(t, name)}
			}
		}
		return &Value{X: math.Exp(rapid.Float64Range(math.Log(low), math.Log(high)).Draw(t, name))}
	}
	s := &Snapshot{Name: "drawn", Service: "ibm"}
	for q := range 2 {
		label := fmt.Sprint(q)
		s.Qubits = append(s.Qubits, Qubit{
			Label: label, T1: maybe("T1 of "+label, 1e-6, 1e-3), T2: maybe("T2 of "+label, 1e-6, 4e-3),
			Frequency: maybe("f of "+label, 4e9, 6e9), ReadoutError: maybe("readout of "+label, 1e-3, 0.4, 0, 1),
		})
		if rapid.Bool().Draw(t, "T2 = T1 or 2·T1") && s.Qubits[q].T1 != nil {
			s.Qubits[q].T2 = &Value{X: s.Qubits[q].T1.X * rapid.SampledFrom([]float64{1, 1 + 1e-9, 2, 3}).Draw(t, "T2/T1")}
		}
	}
	gates := []Gate{{Name: "sx", Qubits: []int{0}}, {Name: "rz", Qubits: []int{0}}, {Name: "x", Qubits: []int{1}}, {Name: "cz", Qubits: []int{0, 1}}, {Name: "ecr", Qubits: []int{1, 0}}}
	for i := range gates {
		gates[i].Error = maybe("error of "+gates[i].Name, 1e-5, 0.9, 0, 1)
		gates[i].Duration = maybe("duration of "+gates[i].Name, 1e-8, 1e-3, 0)
	}
	s.Gates = gates
	if err := s.finish(new(odd)); err != nil {
		t.Fatal(err)
	}
	return s
}

func noiseOf(t *testing.T, s *Snapshot, o NoiseOptions) *NoiseModel {
	t.Helper()
	m, err := NewNoiseModel(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestDeviceNoise(t *testing.T) {
	s := read(t, ibmText, ibmConf)
	m := noiseOf(t, s, NoiseOptions{})
	sx := func(q int) *ir.Apply { return &ir.Apply{Gate: ir.SX, Qubits: []int{q}} }
	sites, err := m.After(sx(0))
	if err != nil || len(sites) != 2 || sites[0].Channel.Qubits != 1 || !strings.HasPrefix(sites[1].Channel.Name, "relaxation for 32 ns") {
		t.Errorf("sx on 0: %v, %v", sites, err)
	}
	for _, c := range []struct {
		op   ir.Op
		want string
	}{
		{sx(1), "error 1"},
		{sx(3), "qubits 0 to 2"},
		{&ir.Apply{Gate: ir.H, Qubits: []int{0}}, "h on qubit 0 is not native on ibm_small"},
		{&ir.Apply{Gate: ir.CZ, Qubits: []int{0, 1}}, "not available"}, // listed as 1-0, not operational
		{&ir.Apply{Gate: ir.CX, Qubits: []int{0, 1}}, "cx on qubits 0, 1 is not native"},
		{&ir.Apply{Gate: ir.X, Qubits: []int{1, 0}, Controls: 1}, "cx on qubits 1, 0"},
		{&ir.Unitary{Matrix: ir.Identity(2), Qubits: []int{0}}, "unitary on qubit 0"},
	} {
		_, err := m.After(c.op)
		var absent *NotNative
		if !errors.As(err, &absent) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v, want %q", c.op, err, c.want)
		}
	}
	// rz is in the basis and has no figures: it is virtual.
	if sites, err := m.After(&ir.Apply{Gate: ir.RZ, Angles: []ir.Angle{ir.Const(1)}, Qubits: []int{0}}); err != nil || len(sites) != 0 {
		t.Errorf("rz: %v, %v", sites, err)
	}
	// Time goes by where a delay says so, and in a reset.
	for _, op := range []ir.Op{&ir.Delay{Duration: 250, Unit: "dt", Qubits: []int{0, 2}}, &ir.Reset{Qubit: 0}} {
		sites, err := m.After(op)
		if err != nil || len(sites) != 1 || sites[0].Channel.Name != "relaxation for 1000 ns" {
			t.Errorf("%v: %v, %v", op, sites, err)
		}
	}
	without := noiseOf(t, read(t, ibmText), NoiseOptions{})
	if _, err := without.After(&ir.Delay{Duration: 250, Unit: "dt", Qubits: []int{0}}); err == nil || !strings.Contains(err.Error(), "sample time") {
		t.Errorf("a delay in dt without a sample time: %v", err)
	}
	for _, op := range []ir.Op{&ir.Measure{Qubit: 0}, &ir.Barrier{Qubits: []int{0}}} {
		if sites, err := m.After(op); err != nil || sites != nil {
			t.Errorf("%v: %v, %v", op, sites, err)
		}
	}
	// One warning a kind, with the qubits of the circuit.
	if w := m.Oddities([]int{0, 1}); len(w) != 4 || w[0] != "T2 exceeds 2·T1 and counts as 2·T1: 0" {
		t.Errorf("oddities %q", w)
	}
	hash, _ := s.Hash()
	if m.Snapshot != hash || hash == "" {
		t.Errorf("snapshot %q, want %q", m.Snapshot, hash)
	}
}

func TestConfusionOfDevice(t *testing.T) {
	s := read(t, ibmText)
	for _, c := range []struct {
		o    NoiseOptions
		want [][]float64
	}{
		{NoiseOptions{}, [][]float64{{0.99, 0.03}, {0.01, 0.97}}},
		{NoiseOptions{Readout: SymmetricReadout}, [][]float64{{0.98, 0.02}, {0.02, 0.98}}},
		{NoiseOptions{Scale: &Scale{1, 1, 2}}, [][]float64{{0.98, 0.06}, {0.02, 0.94}}},
		{NoiseOptions{Readout: NoReadout}, nil},
		{NoiseOptions{Scale: &Scale{1, 1, 0}}, nil},
	} {
		got, err := noiseOf(t, s, c.o).Confusion([]int{2, 0})
		if err != nil {
			t.Fatal(err)
		}
		if got.Bits != 2 || (c.want == nil) != (len(got.Groups) == 0) {
			t.Fatalf("%+v: %v", c.o, got)
		}
		if c.want == nil {
			continue
		}
		if g := got.Groups[0]; len(got.Groups) != 1 || g.Bits[0] != 1 || largest(slices.Concat(g.A...), slices.Concat(c.want...)) > 1e-15 {
			t.Errorf("%+v: %v", c.o, got)
		}
	}
	if _, err := noiseOf(t, s, NoiseOptions{Scale: &Scale{1, 1, 2}}).Confusion([]int{1}); err == nil || !strings.Contains(err.Error(), "qubit 1, scaled by 2, exceed 1") {
		t.Errorf("readout error 0.6 twice: %v", err)
	}
	if _, err := noiseOf(t, s, NoiseOptions{}).Confusion([]int{5}); err == nil {
		t.Error("a qubit that is not there is read")
	}
}

func TestScaledGates(t *testing.T) {
	s := read(t, ibmText)
	for _, c := range []struct{ gates, relaxation float64 }{{0, 0}, {0, 1}, {2, 1}, {0.5, 0}, {1, 3}} {
		m := noiseOf(t, s, NoiseOptions{Scale: &Scale{c.gates, c.relaxation, 1}})
		sites, err := m.After(&ir.Apply{Gate: ir.SX, Qubits: []int{0}})
		if err != nil {
			t.Fatal(err)
		}
		relaxation := -(2*math.Expm1(-3.2e-8*c.relaxation/2e-4) + math.Expm1(-3.2e-8*c.relaxation/1e-4)) / 6
		want := max(2e-4*c.gates, relaxation)
		if got := Compose(sites, []int{0}).Infidelity(); math.Abs(got-want) > 1e-15 {
			t.Errorf("%v: infidelity %v, want %v", c, got, want)
		}
	}
	m := noiseOf(t, s, NoiseOptions{Scale: &Scale{6000, 1, 1}})
	if _, err := m.After(&ir.Apply{Gate: ir.SX, Qubits: []int{0}}); err == nil || !strings.Contains(err.Error(), "exceeds 1") {
		t.Errorf("gates scaled by 6000: %v", err)
	}
	for _, bad := range []Scale{{-1, 1, 1}, {1, math.NaN(), 1}, {1, 1, math.Inf(1)}} {
		if _, err := NewNoiseModel(s, NoiseOptions{Scale: &bad}); err == nil {
			t.Errorf("scale %v is taken", bad)
		}
	}
}

func TestNoiseTable(t *testing.T) {
	m := noiseOf(t, read(t, ibmText), NoiseOptions{})
	c := ir.New(3, 1)
	c.Gate(ir.SX, []int{0})
	c.Gate(ir.SX, []int{0})
	c.Ops = append(c.Ops, &ir.Delay{Duration: 1, Unit: "us", Qubits: []int{0}})
	c.Measure(0, 0)
	table, err := m.Table(c)
	if err != nil {
		t.Fatal(err)
	}
	rows := table.Operations
	if len(rows) != 2 || rows[0].Operation != "delay" || rows[1].Operation != "sx" || math.Abs(*rows[1].Error-2e-4) > 1e-15 {
		t.Errorf("%+v", rows)
	}
}

// Public reports of noise models of devices, each with the right outcome.
func TestNoiseModelReports(t *testing.T) {
	device := func(t1, t2, frequency string) string {
		var list []string
		for _, p := range []struct{ name, unit, value string }{{"T1", "us", t1}, {"T2", "us", t2}, {"frequency", "GHz", frequency}} {
			if p.value != "" {
				list = append(list, fmt.Sprintf(`{"name": %q, "unit": %q, "value": %s}`, p.name, p.unit, p.value))
			}
		}
		return `{"backend_name": "one", "backend_version": "1", "last_update_date": "2026-04-15T09:15:15+02:00", "qubits": [[` + strings.Join(list, ",") +
			`]], "gates": [{"gate": "x", "qubits": [0], "parameters": [{"name": "gate_length", "unit": "us", "value": 10}]}]}`
	}
	for _, c := range []struct {
		name, t1, t2, frequency string
		e1, e2                  float64 // exponents: 10 µs over T1 and T2
		warnings                int
	}{
		// qiskit-aer 1464, 1896: T2 above 2·T1, or none, and the model could not be made or run.
		{"T2 above 2·T1", "83.7", "247.4", "4.9", 10 / 83.7, 10 / 167.4, 1},
		{"no T2", "83.7", "", "4.9", 10 / 83.7, 10 / 167.4, 1},
		{"no T1", "", "50", "4.9", 0, 0.2, 1},
		{"neither", "", "", "4.9", 0, 0, 1},
		// Heron's properties carry no frequency, without which a model of qiskit-aer 0.18.2 can't be made.
		{"no frequency", "100", "50", "", 0.1, 0.2, 0},
		// pennylane 4630: relaxation was suspected to lose the trace.
		{"T2 below T1", "100", "20", "4.9", 0.1, 0.5, 0},
	} {
		for _, kelvin := range []float64{0, 0.05} {
			m := noiseOf(t, read(t, device(c.t1, c.t2, c.frequency)), NoiseOptions{Temperature: kelvin})
			sites, err := m.After(&ir.Apply{Gate: ir.X, Qubits: []int{0}})
			if err != nil {
				t.Fatal(err)
			}
			excited := 0.0
			if kelvin > 0 && c.frequency != "" {
				excited = 1 / (1 + math.Exp(6.62607015e-34*4.9e9/(1.380649e-23*kelvin)))
			}
			e1, e2 := math.Exp(-c.e1), math.Exp(-c.e2)
			want := []float64{1, 0, 0, 0, 0, e2, 0, 0, 0, 0, e2, 0, (1 - 2*excited) * (1 - e1), 0, 0, e1}
			if d := largest(Compose(sites, []int{0}).Transfer(), want); d > 1e-9 {
				t.Errorf("%s at %v K: the channel differs by %.2g", c.name, kelvin, d)
			}
			for _, s := range sites {
				checkForms(t, c.name, s.Channel)
			}
			warnings := 0
			for _, w := range m.Oddities([]int{0}) {
				if strings.HasSuffix(w, ": 0") && strings.Contains(w, "T2") {
					warnings++
				}
			}
			if warnings != c.warnings {
				t.Errorf("%s: %d warnings that name the qubit, want %d: %q", c.name, warnings, c.warnings, m.Oddities([]int{0}))
			}
		}
	}
}
