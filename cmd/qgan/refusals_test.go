package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"qgan/backends/ledger"
	"qgan/backends/remote"
	"qgan/backends/service"
	"qgan/internal/conffile"
	"qgan/internal/words"
	"qgan/ir"
	"qgan/ir/compile"
	"qgan/training/lab"
)

// Every flag of every verb with its kind and its default: testdata/flags.txt.
func TestFlags(t *testing.T) {
	var got strings.Builder
	for _, cmd := range leaves(newRootCmd(testApp())) {
		if !takesConfig(cmd) {
			continue
		}
		fmt.Fprintf(&got, "%s\n", verbPath(cmd))
		for _, f := range flagsOf(cmd) {
			fmt.Fprintf(&got, "  --%s %s %s\n", f.name, f.kind, words.Quoted(f.initial))
		}
	}
	path := filepath.Join("testdata", "flags.txt")
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := strings.Split(string(must[[]byte](t)(os.ReadFile(path))), "\n")
	if d := gocmp.Diff(want, strings.Split(got.String(), "\n")); d != "" {
		t.Errorf("%s (-update writes it anew): %s", path, d)
	}
}

// Values and flags that don't go together are refused before any work, with the whole of
// what is said: the bounds of each, and what to do instead.
func TestRefusals(t *testing.T) {
	device := pairDevice(t)
	program := writeProgram(t, "OPENQASM 3.0;\ninclude \"stdgates.inc\";\ninput float a;\nqubit[1] q;\nbit[1] c;\nrx(a) q[0];\nc[0] = measure q[0];\n")
	const small = "--neurons 2 --timesteps 2 --layers 1 --iterations 1 "
	latent, memory := trainedRun(t, small+"--memory none"), trainedRun(t, small+"--memory bits --tied=false")
	for _, c := range []struct{ args, want string }{
		{"run PROGRAM --shots 0", "--shots 0: it can be 1 to 100000000"},
		{"run PROGRAM --shots 100000001", "--shots 100000001: it can be 1 to 100000000"},
		{"run PROGRAM --exact --shots 1024", "--exact draws no shots: leave out --shots"},
		{"run PROGRAM --exact --backend noisy --device DEVICE --mitigate m3", "--mitigate corrects counts, and --exact draws none: leave out one of them\nqgan: --readout-error none gives a device's law without readout errors"},
		{"run PROGRAM --noise-model DEVICE", "--noise-model needs --backend noisy"},
		{"run PROGRAM --device-noise gates=1", "--device-noise needs --backend noisy"},
		{"run PROGRAM --readout-error none", "--readout-error needs --backend noisy"},
		{"run PROGRAM", "the program's input 'a' has no value\nqgan: give one with --param a=VALUE"},
		{"run PROGRAM --param a=1 --param b=2", "--param b=2: the program has no such input"},
		{"run PROGRAM --param a=1 --param a=2", "--param a=2: 'a' has a value already"},
		{"run PROGRAM --param a=NaN", "--param a=NaN: NAME=VALUE takes the name of an input and a number"},
		{"run PROGRAM --param a=Inf", "--param a=Inf: NAME=VALUE takes the name of an input and a number"},
		{"run PROGRAM --param a", "--param a: NAME=VALUE takes the name of an input and a number"},
		{"compile PROGRAM --device DEVICE --twirl -1", "--twirl -1: it takes 0 to 1000"},
		{"compile PROGRAM --device DEVICE --twirl 1001", "--twirl 1001: it takes 0 to 1000"},
		{"compile PROGRAM --device DEVICE --optimize -1", "--optimize -1: it takes 0 to 2"},
		{"compile PROGRAM --device DEVICE --parametric", "--parametric is for a run, PROGRAM is a program"},
		{"compile PROGRAM --device DEVICE --past 0", "--past is for a run, PROGRAM is a program"},
		{"export PROGRAM --probabilities p.json", "--probabilities is for a run, PROGRAM is a program"},
		{"export PROGRAM --latent-vector seed:1", "--latent-vector is for a run, PROGRAM is a program"},
		{"export LATENT --parametric --latent-vector seed:1", "--parametric keeps the inputs open: leave out --latent-vector and --past"},
		{"export MEMORY --parametric --past 00", "--parametric keeps the inputs open: leave out --latent-vector and --past"},
		{"export LATENT --parametric --probabilities p.json", "--parametric keeps the inputs open: leave out --probabilities"},
		{"export LATENT --past 00", "--past 00: the run's generator has no memory"},
		{"export LATENT --latent-vector seed:x", "--latent-vector seed:x: seed:N takes a whole number"},
		{"export LATENT --latent-vector nothere", "--latent-vector nothere: there is no such file\nqgan: seed:N draws one"},
		{"export MEMORY --latent-vector seed:1", "--latent-vector seed:1: the run's generator has a memory and no latent vector\nqgan: --past says what it remembers"},
		{"export LATENT --timestep 2", "--timestep 2: the run has timesteps 0 to 1"},
		{"export LATENT --timestep -1", "--timestep -1: the run has timesteps 0 to 1"},
		{"generate LATENT --bins 1", "--bins 1: only samples of a generator with one circuit for all timesteps run on\nqgan: train it with --memory leaky --tied"},
		{"generate MEMORY --bins 5", "--bins 5: only samples of a generator with one circuit for all timesteps run on\nqgan: train it with --memory leaky --tied"},
		{"generate LATENT --bins -1", "--bins -1: at least 1 is needed"},
		{"generate LATENT --samples 0", "--samples 0: at least 1 is needed"},
		{"generate LATENT --samples 500000001", "--samples 500000001 --bins 2: at most 1e+09 bins are drawn at once"},
		{"generate LATENT --shots-per-latent 5", "--shots-per-latent needs --backend noisy"},
		{"generate LATENT --backend noisy --device DEVICE --latents -1", "--latents -1: at least 1 is needed"},
		{"generate LATENT --backend noisy --device DEVICE --shots-per-latent 100000001", "--shots-per-latent 100000001: it can be 1 to 100000000"},
		{"evaluate LATENT --samples 0", "--samples 0: at least 1 is needed"},
		{"evaluate LATENT --timesteps 2", "--timesteps and --neurons are the run's own"},
		{"worker --queue dir:x --study abc", "--study and --scratch are for a NATS server; a folder holds one study"},
		{"worker --queue dir:x --scratch here", "--study and --scratch are for a NATS server; a folder holds one study"},
		{"worker --queue local", "--queue local: it can be dir:PATH or nats://HOST"},
		{"worker --queue dir:x --workers 0", "--workers 0: at least 1 is needed"},
		{"help jobs nothing", "unknown verb \"nothing\" of qgan jobs\nqgan: see `qgan jobs --help`"},
		{"bench qft --repeats 0", "--repeats 0: it can be 1 to 1000"},
		{"bench qft --repeats 1001", "--repeats 1001: it can be 1 to 1000"},
		{"report LATENT --timesteps 2", "--timesteps and --neurons are the run's own"},
		{"report LATENT --neurons 2", "--timesteps and --neurons are the run's own"},
		{"evaluate LATENT --backend ibm:x", "--backend ibm:x: it can be ideal or noisy\nqgan: `qgan generate --backend ibm:x --out FILE` draws there; evaluate the FILE"},
		{"evaluate DEVICE --exact", "--exact is for a run, and this is a file"},
		{"evaluate DEVICE --backend ibm:x", "--backend ibm:x is for a run, DEVICE is a file"},
		{"calibration score DEVICE --qubits 0", "--qubits, --layers and --count take numbers from 1"},
		{"calibration score DEVICE --layers 0", "--qubits, --layers and --count take numbers from 1"},
		{"calibration score DEVICE --count 0", "--qubits, --layers and --count take numbers from 1"},
		{"calibration diff DEVICE DEVICE --qubits 0", "--qubits and --layers take numbers from 1"},
		{"calibration diff DEVICE DEVICE --layers 0", "--qubits and --layers take numbers from 1"},
		{"calibration diff DEVICE DEVICE --sigma 0", "--sigma takes a number above 0 and --ratio one above 1"},
		{"calibration diff DEVICE DEVICE --ratio 1", "--sigma takes a number above 0 and --ratio one above 1"},
		{"submit PROGRAM --backend ibm:x --shots 100000001", "--shots 100000001: it can be 1 to 100000000"},
		{"submit PROGRAM --backend ibm:x", "the program's input 'a' has no value\nqgan: give one with --param a=VALUE"},
		{"submit PROGRAM", "--backend is missing\nqgan: it is SERVICE:DEVICE, such as ibm:ibm_torino"},
		{"submit PROGRAM --param a=1 --backend ibm", "--backend ibm: it is SERVICE:DEVICE, such as ibm:ibm_torino"},
		{"submit PROGRAM --param a=1 --backend ibm:", "--backend ibm:: it is SERVICE:DEVICE, such as ibm:ibm_torino"},
		{"submit PROGRAM --param a=1 --backend ibm:x --endpoint ibm", "--endpoint ibm: it is SERVICE=URL"},
		{"submit PROGRAM --param a=1 --backend ibm:x --endpoint dwave=http://127.0.0.1:1", `service "dwave": there is "ibm", "ionq", "braket", "iqm" or "azure"`},
		{"jobs show nothing", "nothing: there is no such job in the ledger\nqgan: `qgan jobs list` lists them"},
		{"jobs wait nothing", "nothing: there is no such job in the ledger\nqgan: `qgan jobs list` lists them"},
		{"jobs lst", "unknown verb \"lst\" of qgan jobs, did you mean \"list\"?\nqgan: see `qgan jobs --help`"},
		{"run --shots many x", "invalid argument \"many\" for \"--shots\" flag: invalid syntax\nqgan: see `qgan run --help`"},
		{"run --shot 3 x", "unknown flag: --shot, did you mean \"--shots\"?\nqgan: see `qgan run --help`"},
		{"run", "0 arguments given, it is: qgan run FILE.qasm\nqgan: see `qgan run --help`"},
	} {
		names := strings.NewReplacer("SERVICE:DEVICE", "SERVICE:DEVICE", "PROGRAM", program, "DEVICE", device, "LATENT", latent, "MEMORY", memory)
		r := command(t, map[string]string{"QGAN_LEDGER": t.TempDir()}, strings.Fields(names.Replace(c.args))...)
		if want := "qgan: " + names.Replace(c.want) + "\n"; r.code != exitUsage || r.err != want || r.out != "" {
			t.Errorf("qgan %s: exit code %d with %q, want %q", c.args, r.code, r.err, want)
		}
	}
}

// What the configuration says of waits and limits, and what it can't say.
func TestPatienceAndLimits(t *testing.T) {
	for _, c := range []struct {
		text     string
		flags    remoteFlags
		patience remote.Patience
		command  float64 // -1: none
		day      float64
		err      string
	}{
		{"", remoteFlags{}, remote.Patience{}, -1, -1, ""},
		{"[remote]\nlook_every = \"3s\"\npoll_min = \"20ms\"\npoll_max = \"1m\"\ngive_up = \"2h\"\n[limits]\nper_command = 2\nper_day = 0", remoteFlags{}, remote.Patience{LookEvery: 3 * time.Second, PollMin: 20 * time.Millisecond, PollMax: time.Minute, GiveUp: 2 * time.Hour}, 2, 0, ""},
		{"[limits]\nper_command = 2", remoteFlags{maxCost: conffile.Dollars{USD: new(float64)}}, remote.Patience{}, 0, -1, ""},
		{"[remote]\npoll_min = \"0s\"", remoteFlags{}, remote.Patience{}, 0, 0, `remote.poll_min "0s": it takes a time such as 40s`},
		{"[remote]\npoll_max = \"later\"", remoteFlags{}, remote.Patience{}, 0, 0, `remote.poll_max "later": it takes a time such as 40s`},
		{"[limits]\nper_command = \"\"", remoteFlags{}, remote.Patience{}, 0, 0, "limits.per_command : it takes US dollars, 0 or above"},
		{"[limits]\nper_day = nan", remoteFlags{}, remote.Patience{}, 0, 0, "limits.per_day NaN: it takes US dollars, 0 or above"},
		{"[limits]\nper_command = -1", remoteFlags{}, remote.Patience{}, 0, 0, "limits.per_command -1: it takes US dollars, 0 or above"},
		{"[limits]\nper_day = \"1e12\"", remoteFlags{}, remote.Patience{}, 0, 0, "limits.per_day 1e12: it takes US dollars, 0 or above"},
	} {
		a := testApp()
		folder := configured(t, c.text)
		a.getenv = func(name string) string { return map[string]string{"XDG_CONFIG_HOME": folder}[name] }
		a.cfg = must[*config](t)(a.loadConfig(newRootCmd(a)))
		c.flags.unpriced, c.flags.resubmit = true, true
		r, err := c.flags.remote(a, nil, nil, "a verb")
		if c.err != "" {
			if err == nil || !strings.HasSuffix(err.Error(), c.err) || !strings.HasPrefix(err.Error(), folder) || exitCode(t.Context(), err) != exitUsage {
				t.Errorf("%s: %v, want … %s", c.text, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		amount := func(x float64) *float64 {
			if x < 0 {
				return nil
			}
			return &x
		}
		if d := gocmp.Diff(ledger.Limits{PerCommand: amount(c.command), PerDay: amount(c.day), Unpriced: true}, r.Limits); d != "" || r.Patience != c.patience || !r.Resubmit || r.Command != "a verb" {
			t.Errorf("%s: %+v, %s", c.text, r.Patience, d)
		}
	}
}

// What settings of a run say of a service stands beside what flags say.
func TestRemoteFlagsWith(t *testing.T) {
	own := remoteFlags{endpoint: []string{"ibm=a"}, maxCost: conffile.Dollars{USD: new(3.0)}, unpriced: true}
	for _, c := range []struct {
		s    lab.Settings
		want remoteFlags
	}{
		{lab.Settings{}, own},
		{lab.Settings{"endpoint": "ibm=b,iqm=c", "max-cost": "0", "resubmit-unknown": "true", "unpriced": "false"}, remoteFlags{endpoint: []string{"ibm=b", "iqm=c"}, maxCost: conffile.Dollars{USD: new(0.0)}, unpriced: true, resubmit: true}},
	} {
		if got := must[remoteFlags](t)(own.with(c.s)); gocmp.Diff(c.want, got, gocmp.AllowUnexported(remoteFlags{}), cmpopts.EquateEmpty()) != "" {
			t.Errorf("%v: %+v, want %+v", c.s, got, c.want)
		}
	}
	if got := must[remoteFlags](t)(remoteFlags{}.with(lab.Settings{"unpriced": "true", "resubmit-unknown": "false"})); !got.unpriced || got.resubmit {
		t.Errorf("%+v", got)
	}
	if _, err := own.with(lab.Settings{"max-cost": "much"}); err == nil || err.Error() != "--max-cost much: it takes US dollars, 0 or above" {
		t.Errorf("much: %v", err)
	}
	// Of an address the flag's wins, then the environment's; those of other services don't count.
	getenv := func(name string) string { return map[string]string{"QGAN_IQM_URL": "http://127.0.0.1:2"}[name] }
	for endpoint, want := range map[string]string{"": "http://127.0.0.1:2", "ibm=http://127.0.0.1:3": "http://127.0.0.1:2", "iqm=http://127.0.0.1:4": "http://127.0.0.1:4"} {
		var list []string
		if endpoint != "" {
			list = []string{endpoint}
		}
		if got := must[string](t)(service.Address("iqm", list, getenv, serviceNames())); got != want {
			t.Errorf("--endpoint %s: %s, want %s", endpoint, got, want)
		}
	}
}

// Folders of the configuration, the cache and the state, by the XDG specification or home.
func TestFolders(t *testing.T) {
	for _, c := range []struct {
		env                           map[string]string
		config, cache, state, devices string
	}{
		{map[string]string{}, "", "", "", ""},
		{map[string]string{"HOME": "/h"}, "/h/.config/qgan", "/h/.cache/qgan", "/h/.local/state/qgan", "/h/.cache/qgan/devices"},
		{map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "/a", "XDG_CACHE_HOME": "/b", "XDG_STATE_HOME": "/c"}, "/a/qgan", "/b/qgan", "/c/qgan", "/b/qgan/devices"},
	} {
		a := testApp()
		a.getenv = func(name string) string { return c.env[name] }
		got := []string{a.configDir(), a.cacheDir(), a.stateDir(), a.devicesDir()}
		for i, want := range []string{c.config, c.cache, c.state, c.devices} {
			if got[i] != filepath.FromSlash(want) {
				t.Errorf("%v: folders %q, want %q at %d", c.env, got, want, i)
			}
		}
	}
	if _, err := testApp().openLedger(); hintOf(err) != "set QGAN_LEDGER to a folder" {
		t.Errorf("a ledger without a home: %v", err)
	}
	for _, c := range []struct{ variable, below string }{{"HOME", ".local/state/qgan/ledger"}, {"XDG_STATE_HOME", "qgan/ledger"}, {"QGAN_LEDGER", "."}} {
		dir, a := t.TempDir(), testApp()
		a.getenv = func(name string) string { return map[string]string{c.variable: dir}[name] }
		l := must[*ledger.Ledger](t)(a.openLedger())
		l.Close()
		if files, _ := os.ReadDir(filepath.Join(dir, filepath.FromSlash(c.below))); len(files) == 0 {
			t.Errorf("%s: no ledger in %s", c.variable, c.below)
		}
	}
}

// Variables of flags have their names.
func TestVariables(t *testing.T) {
	c := newConfig(nil, nil)
	for flag, want := range map[string]string{"seed": "QGAN_SEED", "generator-lr": "QGAN_GENERATOR_LR", "ledger": "", "ibm-url": "", "shared": ""} {
		if got := c.Variable(flag); got != want {
			t.Errorf("--%s: %q, want %q", flag, got, want)
		}
	}
}

// The flags of compile become the compiler's options.
func TestCompileOptions(t *testing.T) {
	usual := compileFlags{device: "d", layout: "auto", dd: "none", optimize: 2}
	for _, c := range []struct {
		change func(f *compileFlags)
		want   compile.Options
	}{
		{func(f *compileFlags) {}, compile.Options{Level: compile.Full}},
		{func(f *compileFlags) { f.optimize, f.seed, f.fold, f.twirl = 0, 7, true, 1000 }, compile.Options{Level: compile.None, Seed: 7, FoldReadout: true}},
		{func(f *compileFlags) { f.optimize, f.dd, f.layout = 1, "xy4", "3,1" }, compile.Options{Level: compile.Light, Decoupling: compile.DecoupleXY4, Layout: []int{3, 1}}},
		{func(f *compileFlags) { f.dd, f.dialect = "xx", "braket" }, compile.Options{Level: compile.Full, Decoupling: compile.DecoupleXX}},
	} {
		f := usual
		c.change(&f)
		if d := gocmp.Diff(c.want, must[compile.Options](t)(f.options(testApp()))); d != "" {
			t.Errorf("%+v: %s", f, d)
		}
	}
	// Passes are written in their order.
	f := usual
	f.dump = filepath.Join(t.TempDir(), "passes")
	o := must[compile.Options](t)(f.options(testApp()))
	for _, pass := range []string{"b", "a"} {
		if err := o.Dump(pass, ir.New(1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for _, e := range must[[]os.DirEntry](t)(os.ReadDir(f.dump)) {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); got != "00-b.txt 01-a.txt" {
		t.Errorf("passes in %s", got)
	}
}
