package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"qgan/backends"
	"qgan/backends/sim"
	"qgan/calibration"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/ir/compile"
	"qgan/qasm"
	"qgan/training"
)

// angleProgram has an input, more qubits than bits, and bits in another order than qubits.
const angleProgram = `OPENQASM 3.0;
include "stdgates.inc";
input float theta;
qubit[3] q;
bit[2] c;
ry(theta) q[0];
cx q[0], q[1];
cx q[1], q[2];
h q[2];
c[1] = measure q[0];
c[0] = measure q[2];
`

// registerOf is one register of so many bits, as JSON has it.
func registerOf(name string, bits int) []map[string]any {
	places := make([]int, bits)
	for i := range places {
		places[i] = i
	}
	return []map[string]any{{"name": name, "bits": places}}
}

func writeProgram(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program.qasm")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func circuitOf(t *testing.T, text string, inputs ...float64) *ir.Circuit {
	t.Helper()
	c := must[*ir.Circuit](t)(must[*qasm.Document](t)(qasm.Read("program.qasm", []byte(text), qasm.ReadOptions{})).Circuit())
	return must[*ir.Circuit](t)(c.Bind(nil, inputs))
}

// What inspect counts is counted here by hand.
func TestInspectValues(t *testing.T) {
	same(t, object(t, nil, "inspect", writeProgram(t, angleProgram)), values{
		"schema": "qgan.inspect/v1", "version": "3.0", "qubits": 3, "bits": 2, "gates": map[string]int{"ry": 1, "cx": 2, "h": 1},
		"depth": 5, "two_qubit_gates": 2, "parameters": []string{"theta"}, "runnable": true, "unsupported": []any{}, "notes": []any{},
	})
	same(t, object(t, nil, "inspect", "--syntax", writeProgram(t, angleProgram)), values{"schema": "qgan.inspect-syntax/v1", "version": "3.0", "statements": 11})
}

// The law of the program above: bit 1 is qubit 0, which is 1 with sin² of half the angle,
// and bit 0 a fair coin.
func TestRunCircuitValues(t *testing.T) {
	path, s := writeProgram(t, angleProgram), math.Pow(math.Sin(0.7/2), 2)
	same(t, object(t, nil, "run", path, "--param", "theta=0.7", "--exact"), values{
		"schema": "qgan.run-circuit/v1", "registers": registerOf("c", 2), "bit_order": "bit 0 first", "shots": 0,
		"probabilities": map[string]float64{"00": (1 - s) / 2, "10": (1 - s) / 2, "01": s / 2, "11": s / 2},
	})
	// Shots are the simulator's own, of that seed.
	c := ir.DropIdle(circuitOf(t, angleProgram, 0.7))
	none := backends.Bindings{Trained: [][]float64{nil}, Data: [][]float64{nil}}
	res := must[[]backends.Result](t)(new(sim.Simulator).Run(t.Context(), []backends.Request{{Circuit: c, Bindings: none, Shots: []int{900}, Seed: 11}}))
	counts := map[string]int{}
	for _, k := range res[0].Outcomes[0].Counts {
		counts[fmt.Sprintf("%02b", k.Word)] += k.N
	}
	same(t, object(t, nil, "run", path, "--param", "theta=0.7", "--shots", "900", "--seed", "11"), values{
		"schema": "qgan.run-circuit/v1", "registers": registerOf("c", 2), "bit_order": "bit 0 first", "shots": 900, "counts": counts,
	})
}

// A flip with probability 0.1 and readout errors of 0.02 and 0.06, by hand.
func TestRunNoisyValues(t *testing.T) {
	program := writeProgram(t, "OPENQASM 3.0;\ninclude \"stdgates.inc\";\nqubit[1] q;\nbit[1] c;\nx q[0];\nc[0] = measure q[0];\n")
	model := filepath.Join(t.TempDir(), "flip.toml")
	if err := os.WriteFile(model, []byte("[[noise]]\ngates = [\"x\"]\nchannel = \"bit-flip\"\nprobability = 0.1\n\n[[readout]]\np1_given_0 = 0.02\np0_given_1 = 0.06\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	one := 0.9*0.94 + 0.1*0.02
	o := object(t, nil, "run", program, "--backend", "noisy", "--noise-model", model, "--exact")
	same(t, o, values{
		"schema": "qgan.run-circuit/v1", "registers": registerOf("c", 1), "bit_order": "bit 0 first", "shots": 0, "backend": free{}, "method": "density",
		"probabilities": map[string]float64{"0": 1 - one, "1": one},
	})
	// Mitigated, what was read becomes the inverse of those errors applied to it.
	o = object(t, nil, "run", program, "--backend", "noisy", "--noise-model", model, "--shots", "5000", "--mitigate", "full", "--seed", "3")
	read, _ := fieldOf(o, "counts.1")
	r := read.(float64) / 5000
	got, _ := fieldOf(o, "quasi.1")
	err, _ := fieldOf(o, "quasi_std_err.1")
	if want := (r - 0.02) / 0.92; math.Abs(got.(float64)-want) > 1e-9 || math.Abs(r-one) > 0.02 {
		t.Errorf("quasi %v of %v read, want %v", got, r, want)
	}
	if want := math.Sqrt(r*(1-r)/5000) / 0.92; math.Abs(err.(float64)/want-1) > 0.01 {
		t.Errorf("standard error %v, want %v", err, want)
	}
}

// Compiling: the verb's object is the library's result for each choice of flags.
func TestCompileValues(t *testing.T) {
	_, text, ok := strings.Cut(string(must[[]byte](t)(os.ReadFile("testdata/script/compile.txtar"))), "-- props_line.json --\n")
	if !ok {
		t.Fatal("compile.txtar holds no props_line.json")
	}
	text, _, _ = strings.Cut(text, "\n-- ")
	device := filepath.Join(t.TempDir(), "props_line.json")
	if err := os.WriteFile(device, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	target := must[*compile.Target](t)(compile.NewTarget(must[*calibration.Snapshot](t)(calibration.Read(calibration.File{Name: device, Data: []byte(text)}))))
	// Each pair of three qubits is coupled once, so that on a line some have to move; one waits.
	const program = `OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
bit[2] c;
ry(0.7) q[0];
cx q[0], q[1];
h q[2];
cx q[1], q[2];
ry(0.3) q[2];
cx q[0], q[2];
h q[0];
ry(0.2) q[0];
cx q[0], q[1];
x q[2];
c[1] = measure q[0];
c[0] = measure q[2];
`
	moved := false
	for _, c := range []struct {
		flags   string
		options compile.Options
	}{
		{"", compile.Options{}},
		{"--optimize 0", compile.Options{Level: compile.None}},
		{"--optimize 1 --layout 1,0,2", compile.Options{Level: compile.Light, Layout: []int{1, 0, 2}}},
		{"--fold-readout", compile.Options{FoldReadout: true}},
		{"--dd xx --seed 3", compile.Options{Decoupling: compile.DecoupleXX, Seed: 3}},
		{"--dd xy4", compile.Options{Decoupling: compile.DecoupleXY4}},
	} {
		t.Run(c.flags, func(t *testing.T) {
			r := must[*compile.Result](t)(compile.Compile(circuitOf(t, program), target, c.options))
			want := values{
				"schema": "qgan.compile/v1", "device": target.Name, "snapshot_sha256": target.Snapshot, "circuit": free{}, "approximation_error": 0,
				"layout": r.Layout, "final_layout": r.Final, "bit_map": r.BitMap, "readout_map": nil, "warnings": append([]string{}, r.Warnings...),
				"stats.two_qubit_gates": r.Stats.TwoQubitGates, "stats.two_qubit_depth": r.Stats.TwoQubitDepth, "stats.one_qubit_gates": r.Stats.OneQubitGates,
				"stats.virtual_z": r.Stats.VirtualZ, "stats.depth": r.Stats.Depth, "stats.duration_s": nil, "stats.estimated_fidelity": r.Stats.Fidelity, "stats.seconds": free{},
			}
			if r.Readout != nil {
				want["readout_map"] = map[string]any{"sources": r.Readout.Sources, "flip": r.Readout.Flip}
			}
			if r.Stats.Duration > 0 {
				want["stats.duration_s"] = r.Stats.Duration
			}
			o := object(t, nil, append([]string{"compile", writeProgram(t, program), "--device", device}, strings.Fields(c.flags)...)...)
			same(t, o, want)
			// The circuit that is written is the one that was compiled.
			text, _ := fieldOf(o, "circuit")
			back := must[*ir.Circuit](t)(must[*qasm.Document](t)(qasm.Read("compiled.qasm", []byte(text.(string)), qasm.ReadOptions{})).Circuit())
			if d := gocmp.Diff(r.Circuit.Count(), back.Count()); d != "" {
				t.Errorf("gates of the compiled circuit and of the one written: -want +got:\n%s", d)
			}
			moved = moved || !slices.Equal(r.Layout, r.Final)
		})
	}
	if !moved {
		t.Error("no qubit moved: the final layout is not tested")
	}
}

// What a device can do and what its calibration data say, against the file by hand.
func TestDeviceValues(t *testing.T) {
	device := pairDevice(t)
	data := must[[]byte](t)(os.ReadFile(device))
	s := must[*calibration.Snapshot](t)(calibration.Read(calibration.File{Name: device, Data: data}))
	hash := must[string](t)(s.Hash())
	target := must[*compile.Target](t)(compile.NewTarget(s))
	same(t, object(t, nil, "devices", "show", device), values{
		"schema": "qgan.device/v1", "service": "ibm", "name": "pair", "version": "1.0", "taken": "2026-04-15T09:15:15+02:00", "sha256": hash,
		"qubits": 4, "usable_qubits": usableQubits(target), "pairs": len(target.Edges), "usable_pairs": 1, "one_qubit_gates": target.Pulses(),
		"two_qubit_gates": []string{"cz"}, "limits": s.Limits, "sample_time_s": s.SampleTime, "warnings": s.Warnings,
	})
	oldest, newest := s.Dates()
	o := object(t, nil, "calibration", "show", device)
	want := values{"schema": "qgan.calibration/v1", "sha256": hash, "oldest": nil, "newest": nil, "snapshot": free{}, "figures": free{}}
	if !oldest.IsZero() {
		want["oldest"], want["newest"] = oldest, newest
	}
	same(t, o, want)
	figures := map[string]map[string]any{}
	list, _ := o["figures"].([]any)
	for _, f := range list {
		row := f.(map[string]any)
		figures[row["name"].(string)] = row
	}
	for _, k := range []struct {
		name, unit       string
		known            int
		least, mid, most float64
	}{
		{"T2", "s", 4, 80e-6, 250e-6, 300e-6},
		{"readout error", "", 4, 0.02, 0.03, 0.03},
		{"P(1|0)", "", 2, 0.01, 0.02, 0.02},
		{"P(0|1)", "", 2, 0.03, 0.04, 0.04},
		{"cz duration", "s", 1, 100e-9, 100e-9, 100e-9},
		{"sx duration", "s", 3, 32e-9, 32e-9, 32e-9},
	} {
		row := figures[k.name]
		if row == nil {
			t.Errorf("no figure %s", k.name)
			continue
		}
		for field, want := range map[string]float64{"known": float64(k.known), "min": k.least, "median": k.mid, "max": k.most} {
			if got := row[field].(float64); math.Abs(got-want) > 1e-9*want {
				t.Errorf("%s: %s %v, want %v", k.name, field, got, want)
			}
		}
		if row["unit"] != k.unit {
			t.Errorf("%s: unit %v, want %q", k.name, row["unit"], k.unit)
		}
	}
	weights := compile.LayerWeights(3)
	chains := must[[]compile.Chain](t)(compile.Chains(target, 2, 10, weights))
	same(t, object(t, nil, "calibration", "score", device, "--qubits", "2", "--layers", "3", "--count", "1"), values{
		"schema": "qgan.score/v1", "device": "pair", "sha256": hash, "qubits": 2, "layers": 3,
		"chains": []map[string]any{{"qubits": namesOf(target, chains[0].Qubits), "fidelity": chains[0].Fidelity}},
	})
	// A snapshot in which T1 of qubit 1 halved and the error of cz tripled.
	later := strings.Replace(string(data), `"value": 100}, {"name": "T2", "unit": "us", "value": 250}`, `"value": 50}, {"name": "T2", "unit": "us", "value": 250}`, 1)
	later = strings.Replace(later, `{"name": "gate_error", "unit": "", "value": 0.01}`, `{"name": "gate_error", "unit": "", "value": 0.03}`, 1)
	path := filepath.Join(t.TempDir(), "props_later.json")
	if err := os.WriteFile(path, []byte(later), 0o666); err != nil {
		t.Fatal(err)
	}
	now := must[*compile.Target](t)(compile.NewTarget(must[*calibration.Snapshot](t)(calibration.Read(calibration.File{Name: path, Data: []byte(later)}))))
	fidelity := must[float64](t)(compile.ChainFidelity(now, chains[0].Qubits, weights))
	o = object(t, nil, "calibration", "diff", device, path, "--qubits", "2", "--layers", "3")
	same(t, o, values{
		"schema": "qgan.drift/v1", "device": "pair", "qubits": 2, "relayout": false, "changes": free{},
		"changes.0.old": 0.01, "changes.0.new": 0.03, "changes.0.ratio": 3, "changes.1.old": 100e-6, "changes.1.new": 50e-6, "changes.1.ratio": 0.5,
		"before":         map[string]any{"qubits": namesOf(now, chains[0].Qubits), "fidelity": fidelity},
		"after.fidelity": fidelity,
	})
	if what, _ := fieldOf(o, "changes.0.what"); !strings.Contains(fmt.Sprint(what), "cz") {
		t.Errorf("the largest change is %v, want that of cz", what)
	}
}

func usableQubits(t *compile.Target) int {
	n := 0
	for _, q := range t.Qubits {
		if q.Usable {
			n++
		}
	}
	return n
}

func namesOf(t *compile.Target, qubits []int) []string {
	names := make([]string, len(qubits))
	for i, q := range qubits {
		names[i] = t.Labels[q]
	}
	return names
}

// The circuit of a timestep that is exported is the generator's with those inputs, and the
// probabilities beside are its law, of the neurons' qubits alone.
func TestExportValues(t *testing.T) {
	for _, c := range []struct{ settings, flags string }{
		{"--timesteps 2 --memory none --latent bit --latent-qubits 1 --latent-scale 0.8", "--latent-vector seed:3"},
		{"--timesteps 2 --memory none --latent bit --latent-scale 0.8", "--latent-vector VECTOR"},
		{"--timesteps 3 --memory leaky", "--past 11,01"},
	} {
		dir := t.TempDir()
		vector, file := filepath.Join(dir, "vector"), filepath.Join(dir, "p.json")
		if err := os.WriteFile(vector, []byte("0.25\n-1.5\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		run := trainedRun(t, "--neurons 2 --layers 1 --iterations 1 "+c.settings)
		m := openTrained(t, run)
		circuits := m.model.(interface {
			Circuit(params []float64, timestep int) (*ir.Circuit, error)
		})
		var inputs []float64
		switch g := m.model.(type) {
		case *training.Recurrent:
			inputs = must[[]float64](t)(g.Angles(m.params, 1, []uint32{0b11, 0b01}))
		default:
			if inputs = []float64{0.25, -1.5}; !strings.Contains(c.flags, "VECTOR") {
				inputs = training.DrawLatents(m.config, 1, stream.New(3, "export"))[0]
			}
		}
		want := must[*ir.Circuit](t)(must[*ir.Circuit](t)(circuits.Circuit(m.params, 1)).Bind(nil, inputs))
		law := map[string]float64{}
		for x, p := range must[[]float64](t)(new(sim.Simulator).Probabilities(want, nil, nil)) {
			law[fmt.Sprintf("%0*b", want.Qubits, x)[:2]] += p
		}
		flags := strings.Fields(strings.ReplaceAll(c.flags, "VECTOR", vector))
		r := command(t, nil, append([]string{"export", run, "--timestep", "1", "--probabilities", file}, flags...)...)
		if r.code != exitOK {
			t.Fatal(r.err)
		}
		var o map[string]any
		if err := json.Unmarshal(must[[]byte](t)(os.ReadFile(file)), &o); err != nil {
			t.Fatal(err)
		}
		same(t, o, values{"schema": "qgan.probabilities/v1", "bit_order": "bit 0 first", "probabilities": law})
		// The program has the same law.
		o = object(t, nil, "run", writeProgram(t, r.out), "--exact")
		same(t, o, values{"schema": free{}, "registers": registerOf("c", 2), "bit_order": "bit 0 first", "shots": 0, "probabilities": law})
	}
}

// The benchmarks count their circuits and shots, and times are in order. The probability of
// silence after the Fourier transform of a product state is known by hand.
func TestBenchValues(t *testing.T) {
	for _, c := range []struct {
		args            string
		circuits, shots int
		checksum        any
	}{
		{"qft --qubits 3", 1, 0, (1 + math.Sin(0.1)) * (1 + math.Sin(0.2)) * (1 + math.Sin(0.3)) / 8},
		{"state --qubits 4 --layers 2", 1, 0, free{}},
		{"forward --neurons 2 --timesteps 3 --batch 5", 15, 0, free{}},
		{"shift --neurons 2 --timesteps 2 --batch 3 --shots 10", 2 * 3 * 32, 1920, free{}},
		{"noisy --neurons 2 --shots 100", 1, 100, free{}},
		{"sample --qubits 5 --shots 1000", 1, 1000, free{}},
	} {
		o := object(t, nil, append([]string{"bench"}, strings.Fields(c.args+" --repeats 3 --kernel go")...)...)
		name, _, _ := strings.Cut(c.args, " ")
		want := values{"schema": "qgan.bench/v1", "name": name, "kernel": "go", "circuits": c.circuits, "shots": c.shots, "checksum": c.checksum, "seconds": free{}}
		same(t, o, want)
		var times []float64
		for _, k := range []string{"min", "median", "max"} {
			x, _ := fieldOf(o, "seconds."+k)
			times = append(times, x.(float64))
		}
		if !slices.IsSorted(times) || times[0] <= 0 {
			t.Errorf("%s: seconds %v", c.args, times)
		}
	}
}

// pairDevice writes the calibration data of the script processor.txtar to a file.
func pairDevice(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/script/processor.txtar")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(raw), "-- props_pair.json --\n")
	if !ok {
		t.Fatal("processor.txtar holds no props_pair.json")
	}
	path := filepath.Join(t.TempDir(), "props_pair.json")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}
