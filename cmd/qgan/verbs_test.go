package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"qgan/backends/emulator"
	"qgan/backends/ledger"
	"qgan/calibration"
	"qgan/internal/durable"
	"qgan/internal/stream"
	"qgan/ir"
	"qgan/ir/compile"
	"qgan/metrics/spikes"
	"qgan/qasm"
	"qgan/training"
	"qgan/training/assess"
)

const flipProgram = "OPENQASM 3.0;\ninclude \"stdgates.inc\";\ninput float a;\nqubit[1] q;\nbit[1] c;\nrx(a) q[0];\nc[0] = measure q[0];\n"

// sold is an emulated IonQ, and an environment with its key and no address.
func sold(t *testing.T) (address string, env map[string]string) {
	t.Helper()
	web := httptest.NewServer(must[*emulator.IonQ](t)(emulator.NewIonQ(emulator.Options{})))
	t.Cleanup(web.Close)
	return web.URL, map[string]string{
		"QGAN_LEDGER": t.TempDir(), "IONQ_API_KEY": "KEY",
		"XDG_CONFIG_HOME": configured(t, "[remote]\nlook_every = \"1ms\"\npoll_min = \"1ms\"\npoll_max = \"2ms\"\n"),
	}
}

// jobsOf are the jobs of a ledger.
func jobsOf(t *testing.T, dir string) []ledger.Job {
	t.Helper()
	l := must[*ledger.Ledger](t)(ledger.Open(durable.OS{}, dir, time.Now))
	defer l.Close()
	return must[[]ledger.Job](t)(l.Jobs())
}

// A job is followed where it was sent, without a word of the address; several are waited for
// in turn, and inputs have the values that are given.
func TestJobsAreFollowed(t *testing.T) {
	address, env := sold(t)
	program := writeProgram(t, flipProgram)
	var ids []string
	for _, angle := range []string{"0", "3.141592653589793"} {
		r := command(t, env, "submit", program, "--backend", "ionq:simulator", "--endpoint", "ionq="+address, "--shots", "30", "--param", "a="+angle)
		if r.code != exitOK {
			t.Fatal(r.err)
		}
		ids = append(ids, strings.TrimSpace(r.out))
	}
	if r := command(t, env, append([]string{"jobs", "wait"}, ids...)...); r.code != exitOK || r.out != "" {
		t.Fatalf("exit code %d: %s", r.code, r.err)
	}
	for i, j := range jobsOf(t, env["QGAN_LEDGER"]) {
		if j.State != ledger.Done || j.Command != "submit "+program || j.Endpoint != address {
			t.Errorf("job %+v", j)
		}
		if r := command(t, env, "jobs", "result", ids[i]); strings.Join(strings.Fields(r.out), " ") != fmt.Sprint(i, " 30") {
			t.Errorf("result of an angle: %q", r.out)
		}
	}
	// A service that turns its users away is no fault of theirs.
	closed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "closed", http.StatusForbidden) }))
	defer closed.Close()
	for _, args := range [][]string{{"devices", "list", "--service", "ionq"}, {"devices", "fetch", "ionq:qpu.emulated"}, {"submit", program, "--backend", "ionq:simulator", "--param", "a=0"}} {
		if r := command(t, env, append(args, "--endpoint", "ionq="+closed.URL)...); r.code != exitRemote || !strings.Contains(r.err, "closed") {
			t.Errorf("%v where all is closed: exit code %d: %s", args, r.code, r.err)
		}
	}
	out := filepath.Join(t.TempDir(), "fetched.json")
	if r := command(t, env, "devices", "fetch", "ionq:qpu.emulated", "--endpoint", "ionq="+address, "--out", out); r.code != exitOK || r.out != out+"\n" {
		t.Errorf("exit code %d: %s%s", r.code, r.out, r.err)
	}
	if s, err := calibration.Read(calibration.File{Name: out, Data: must[[]byte](t)(os.ReadFile(out))}); err != nil || s.Name != "qpu.emulated" {
		t.Errorf("fetched %+v, %v", s, err)
	}
}

// A job that the service refuses has its id told all the same, and is not waited for.
func TestRefusedJobs(t *testing.T) {
	emulated := must[*emulator.IonQ](t)(emulator.NewIonQ(emulator.Options{}))
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			http.Error(w, "no more today", http.StatusForbidden)
			return
		}
		emulated.ServeHTTP(w, r)
	}))
	defer web.Close()
	_, env := sold(t)
	program := writeProgram(t, flipProgram)
	for i, args := range [][]string{{}, {"--wait"}, {"--json"}, {"--wait", "--json"}} {
		r := command(t, env, append([]string{"submit", program, "--backend", "ionq:simulator", "--endpoint", "ionq=" + web.URL, "--param", "a=0"}, args...)...)
		jobs := jobsOf(t, env["QGAN_LEDGER"])
		if len(jobs) != i+1 || jobs[i].State != ledger.Failed {
			t.Fatalf("%v: jobs %+v: %s", args, jobs, r.err)
		}
		told := strings.TrimSpace(r.out)
		if slices.Contains(args, "--json") {
			var j jobJSON
			if err := json.Unmarshal([]byte(r.out), &j); err != nil || j.State != ledger.Failed {
				t.Errorf("%v: %s (%v)", args, r.out, err)
			}
			told = j.ID
		}
		if r.code != exitRemote || told != jobs[i].ID || !strings.Contains(r.err, "no more today") {
			t.Errorf("%v: exit code %d, output %q, want the id %s: %s", args, r.code, r.out, jobs[i].ID, r.err)
		}
	}
}

// Whatever may have been lost is looked up, and sent again only where that is asked for.
func TestReconcile(t *testing.T) {
	address, env := sold(t)
	env["QGAN_IONQ_URL"] = address
	dir := env["QGAN_LEDGER"]
	body := command(t, env, "submit", writeProgram(t, flipProgram), "--backend", "ionq:simulator", "--shots", "30", "--param", "a=1", "--dry-run")
	if body.code != exitOK || !json.Valid([]byte(body.out)) {
		t.Fatal(body.err)
	}
	for _, states := range [][]ledger.State{{ledger.Sending, ledger.Unknown}, {ledger.Sending}, {}, {ledger.Sending, ledger.Submitted}} {
		l := must[*ledger.Ledger](t)(ledger.Open(durable.OS{}, dir, time.Now))
		jobs := must[[]ledger.Job](t)(l.Plan(t.Context(), []ledger.Plan{{Job: ledger.Job{Service: "ionq", Device: "simulator", Shots: 30, Circuits: 1, Estimate: new(float64)}, Request: []byte(body.out)}}, ledger.Limits{}))
		for _, s := range states {
			if err := l.Record(ledger.Update{Job: jobs[0].ID, State: s, Attempt: 1, Remote: map[ledger.State]string{ledger.Submitted: "there"}[s]}); err != nil {
				t.Fatal(err)
			}
		}
		l.Close()
	}
	jobs := jobsOf(t, dir)
	both := func(state string) string { return fmt.Sprintf("%s %s\n%s %s\n", jobs[0].ID, state, jobs[1].ID, state) }
	if r := command(t, env, "jobs", "reconcile"); r.code != exitRemote || r.out != both("unknown") {
		t.Errorf("exit code %d: %s%s", r.code, r.out, r.err)
	}
	if r := command(t, env, "jobs", "reconcile", jobs[2].ID); r.code != exitOK || r.out != jobs[2].ID+" planned\n" { // it was not lost
		t.Errorf("exit code %d: %s%s", r.code, r.out, r.err)
	}
	if r := command(t, env, "jobs", "reconcile", "--resubmit-unknown"); r.code != exitOK || r.out != both("submitted") {
		t.Errorf("exit code %d: %s%s", r.code, r.out, r.err)
	}
	for i, want := range []ledger.State{ledger.Submitted, ledger.Submitted, ledger.Planned, ledger.Submitted} {
		if j := jobsOf(t, dir)[i]; j.State != want || (j.Remote != "") != (want == ledger.Submitted) {
			t.Errorf("job %d is %s as %q, want %s", i, j.State, j.Remote, want)
		}
	}
}

// What compile says of a circuit are the figures of the library, and the twirled circuits
// are those of the seed.
func TestCompileSays(t *testing.T) {
	device := pairDevice(t)
	const program = "OPENQASM 3.0;\ninclude \"stdgates.inc\";\nqubit[2] q;\nbit[2] c;\nry(0.7) q[0];\ncx q[0], q[1];\nry(0.4) q[1];\ncx q[1], q[0];\nh q[1];\ncx q[0], q[1];\nc = measure q;\n"
	target := must[*compile.Target](t)(compile.NewTarget(must[*calibration.Snapshot](t)(calibration.Read(calibration.File{Name: device, Data: must[[]byte](t)(os.ReadFile(device))}))))
	for _, c := range []struct {
		flags   string
		options compile.Options
		more    string
	}{
		{"", compile.Options{}, ""},
		{"--fold-readout", compile.Options{FoldReadout: true}, "qgan: outcomes have to be corrected, by the map in the JSON report\n"},
	} {
		r := must[*compile.Result](t)(compile.Compile(circuitOf(t, program), target, c.options))
		got := command(t, nil, append([]string{"compile", writeProgram(t, program), "--device", device}, strings.Fields(c.flags)...)...)
		s := r.Stats
		want := fmt.Sprintf("qgan: pair: %d two-qubit gates in depth %d, %d one-qubit gates, estimated fidelity %.3g, on the qubits %v\n",
			s.TwoQubitGates, s.TwoQubitDepth, s.OneQubitGates, s.Fidelity, r.Report(0).Layout) + c.more
		for _, w := range slices.Backward(r.Warnings) {
			want = "qgan: warning: " + w + "\n" + want
		}
		if got.code != exitOK || got.err != want || s.TwoQubitGates == s.OneQubitGates {
			t.Errorf("compile %s says %q, want %q", c.flags, got.err, want)
		}
	}
	r := must[*compile.Result](t)(compile.Compile(circuitOf(t, program), target, compile.Options{Seed: 5}))
	var want []string
	for _, c := range must[[]*ir.Circuit](t)(r.Twirls(3, 5)) {
		want = append(want, must[*qasm.Program](t)(qasm.Print(c, qasm.Options{Dialect: "ibm"})).Text)
	}
	o := object(t, nil, "compile", writeProgram(t, program), "--device", device, "--twirl", "3", "--seed", "5", "--dialect", "ibm")
	if got := fmt.Sprint(o["twirled"]); got != fmt.Sprint(want) || len(slices.Compact(slices.Clone(want))) < 2 {
		t.Errorf("twirled %s, want %s", got, want)
	}
	// Files of the twirled circuits are beside that of the plain one.
	out := filepath.Join(t.TempDir(), "out.qasm")
	if r := command(t, nil, "compile", writeProgram(t, program), "--device", device, "--twirl", "3", "--seed", "5", "--dialect", "ibm", "--out", out); r.code != exitOK || r.out != "" {
		t.Fatal(r.err)
	}
	for i, text := range append([]string{fmt.Sprint(o["circuit"])}, want...) {
		path := out
		if i > 0 {
			path = strings.TrimSuffix(out, ".qasm") + fmt.Sprintf("-twirl%d.qasm", i)
		}
		if got := string(must[[]byte](t)(os.ReadFile(path))); got != text {
			t.Errorf("%s holds another circuit", path)
		}
	}
}

// Without a word of a latent vector it is that of seed 0; what a memory without one circuit for
// all timesteps recalls is of its own timestep.
func TestExportInputs(t *testing.T) {
	for _, c := range []struct{ settings, flags string }{
		{"--memory none --latent-scale 0.8", ""}, {"--memory none --latent-scale 0.8", "--latent-vector seed:0"}, {"--memory none --latent-scale 0.8", "--latent-vector seed:9"},
		{"--memory leaky --tied=false", "--past 11"},
	} {
		run := trainedRun(t, "--neurons 2 --timesteps 2 --layers 1 --iterations 1 "+c.settings)
		m := openTrained(t, run)
		var inputs []float64
		if g, ok := m.model.(*training.Recurrent); ok {
			inputs = must[[]float64](t)(g.Angles(m.params, 1, []uint32{0b11}))
			if slices.Equal(inputs, must[[]float64](t)(g.Angles(m.params, 0, []uint32{0b11}))) {
				t.Error("the timesteps' memories are alike")
			}
		} else {
			seed := uint64(0)
			if strings.HasSuffix(c.flags, "9") {
				seed = 9
			}
			inputs = training.DrawLatents(m.config, 1, stream.New(seed, "export"))[0]
		}
		bound := must[*ir.Circuit](t)(must[*ir.Circuit](t)(m.model.(training.CircuitModel).Circuit(m.params, 1)).Bind(nil, inputs))
		bound.Name = "timestep 1"
		bound.MeasureFirst(2)
		want := must[*qasm.Program](t)(qasm.Print(bound, qasm.Options{Dialect: "generic"})).Text
		if r := command(t, nil, append([]string{"export", run, "--timestep", "1"}, strings.Fields(c.flags)...)...); r.out != want {
			t.Errorf("%s %s:\n%s, want\n%s", c.settings, c.flags, r.out, want)
		}
	}
}

// By shots, latent vectors are as many as asked for, and what is said of the samples is true.
func TestLatentsByShots(t *testing.T) {
	device, run := pairDevice(t), trainedRun(t, "--preset paper --neurons 2 --iterations 2")
	o := object(t, nil, "evaluate", run, "--backend", "noisy", "--device", device, "--samples", "60", "--latents", "64", "--shots-per-latent", "70")
	laws := o["noise"].(map[string]any)["laws"].([]any)
	if read := laws[len(laws)-1].(map[string]any); o["latents"] != 64. || o["drawn"] != 60. || read["windows"] != 60. {
		t.Errorf("%v latent vectors, %v windows", o["latents"], o["drawn"])
	}
	for _, k := range []struct {
		flags string
		each  int
	}{{"--latents 4", 8}, {"--shots-per-latent 5", 5}} {
		out := filepath.Join(t.TempDir(), "drawn.npy")
		r := command(t, nil, append([]string{"generate", run, "--backend", "noisy", "--device", device, "--samples", "30", "--seed", "3", "--out", out}, strings.Fields(k.flags)...)...)
		if r.code != exitOK {
			t.Fatal(r.err)
		}
		size, correlation := assess.Effective(must[*spikes.Raster](t)(spikes.Load(out, spikes.LoadOptions{})), k.each)
		want := fmt.Sprintf("qgan: effective sample size %.0f of 30: spike counts of samples that share a latent vector correlate by %.2g\nqgan: 30 samples of 1 bin x 2 neurons in %s\n", size, correlation, out)
		if !strings.HasSuffix(r.err, want) {
			t.Errorf("generate %s says %q, want %q", k.flags, r.err, want)
		}
	}
	out := filepath.Join(t.TempDir(), "drawn.npy")
	if r := command(t, nil, "generate", run, "--samples", "3", "--out", out); r.err != fmt.Sprintf("qgan: 3 samples of 1 bin x 2 neurons in %s\n", out) {
		t.Errorf("generate without noise says %q", r.err)
	}
	// A calibration is of the seed, too.
	program := writeProgram(t, "OPENQASM 3.0;\nbit[1] c;\nx $0;\nc[0] = measure $0;\n")
	overheads := map[any]bool{}
	for _, seed := range []string{"1", "2", "1"} {
		o := object(t, nil, "run", program, "--backend", "noisy", "--device", device, "--mitigate", "full", "--calibration-shots", "500", "--seed", seed)
		overheads[o["overhead"]] = true
	}
	if len(overheads) != 2 {
		t.Errorf("%d calibrations of two seeds", len(overheads))
	}
}
