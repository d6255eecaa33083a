package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// Flags that would mean nothing beside others are refused, by this package's table or by the
// libraries, and so are empty ones. RUN is a run, FILE its samples, PROGRAM a program.
var refusedTogether = []struct{ line, want string }{
	{"run PROGRAM --device x", "--device needs --backend noisy"},
	{"run PROGRAM --noise-model x", "--noise-model needs --backend noisy"},
	{"run PROGRAM --device-noise gates=1", "--device-noise needs --backend noisy"},
	{"run PROGRAM --readout-error none", "--readout-error needs --backend noisy"},
	{"run PROGRAM --mitigate m3", "--mitigate needs --backend noisy"},
	{"run PROGRAM --calibration-shots 4", "--calibration-shots needs --mitigate"},
	{"run PROGRAM --m3-distance 4", "--m3-distance needs --mitigate m3"},
	{"run PROGRAM --noise-table", "--noise-table needs --backend noisy"},
	{"run PROGRAM --compile", "--compile needs --backend noisy"},
	{"run PROGRAM --shots 4 --exact", "--exact draws no shots"},
	{"run PROGRAM --max-bond 4 --method state", "--max-bond needs --method mps"},
	{"run PROGRAM --state --expect Z0", "--state prints the amplitudes"},
	{"run PROGRAM --shots-out x --exact", "--shots-out writes the shots"},
	{"train --data ", "--data: there is nothing in it"},
	{"train --neurons ", "--neurons: there is nothing in it"},
	{"train --dry-run", "--dry-run is for a new training at a service"},
	{"train --var x", "the built-in recording has its variable"},
	{"train --axes bins,neurons", "the built-in recording has its variable"},
	{"train --repeat-bins 4", "the built-in recording has its variable"},
	{"train --bin-width 4", "the built-in recording has its variable"},
	{"train --sampling-rate 4", "the built-in recording has its variable"},
	{"train --trials x", "the built-in recording has its variable"},
	{"train --max-gap 4", "the built-in recording has its variable"},
	{"train --device x", "--device needs --backend noisy"},
	{"train --noise-model x", "--noise-model needs --backend noisy"},
	{"train --device-noise x", "--device-noise needs --backend noisy"},
	{"train --readout-error none", "--readout-error needs --backend noisy"},
	{"train --mitigate m3", "--mitigate m3: there are no shots to mitigate"},
	{"train --calibration-shots 4", "--calibration-shots needs --mitigate"},
	{"train --m3-distance 4", "--m3-distance needs --mitigate m3"},
	{"train --shots 4", "--shots 4: the adjoint gradient takes none"},
	{"train --perturbation 0.1", "--perturbation 0.1: it belongs to --gradient spsa"},
	{"train --k 3", "--k 3: there is no spike-count term"},
	{"train --tied", "--tied true: timesteps without memory would all be equal"},
	{"train --endpoint ibm=http://127.0.0.1:1", "--endpoint names another service"},
	{"train --unpriced", "--unpriced is for jobs at a service"},
	{"train --resubmit-unknown", "--resubmit-unknown is for jobs at a service"},
	{"train --name x", "--name is for jobs at a service"},
	{"train --tag x", "--tag is for jobs at a service"},
	{"train --ibm-dd XX", "--ibm-dd is for jobs at a service"},
	{"train --layers 1000000", "--layers 1000000: 1.6e+07 angles would take about 38 GB of memory and 20 s a step"},
	{"generate RUN --device x", "--device needs --backend noisy"},
	{"generate RUN --latents 3", "--latents needs --backend noisy"},
	{"generate RUN --shots-per-latent 3", "--shots-per-latent needs --backend noisy"},
	{"generate RUN --dry-run", "--dry-run is for jobs at a service"},
	{"generate RUN --unpriced", "--unpriced is for jobs at a service"},
	{"generate RUN --from-bin 3", "--from-bin 3: the run's generator does not know the time"},
	{"generate RUN --bins 3", "--bins 3: only samples of a generator with one circuit for all timesteps run on"},
	{"generate RUN --endpoint ibm=http://127.0.0.1:1 --backend iqm:garnet", "--endpoint names another service"},
	{"evaluate RUN --timesteps 4", "--timesteps and --neurons are the run's own"},
	{"evaluate RUN --neurons 2", "--timesteps and --neurons are the run's own"},
	{"evaluate FILE --samples 4", "--samples is for a run, and this is a file"},
	{"evaluate FILE --exact", "--exact is for a run, and this is a file"},
	{"evaluate FILE --parameters last", "--parameters is for a run, and this is a file"},
	{"evaluate FILE --backend noisy", "--backend noisy is for a run"},
	{"evaluate FILE --latents 4", "--latents is for a run"},
	{"evaluate FILE --shots-per-latent 4", "--shots-per-latent is for a run"},
	{"evaluate FILE --device x", "--device is for a run"},
	{"evaluate FILE --noise-model x", "--noise-model is for a run"},
	{"evaluate FILE --device-noise x", "--device-noise is for a run"},
	{"evaluate FILE --readout-error none", "--readout-error is for a run"},
	{"evaluate FILE --mitigate m3", "--mitigate is for a run"},
	{"evaluate FILE --calibration-shots 4", "--calibration-shots is for a run"},
	{"evaluate FILE --m3-distance 4", "--m3-distance is for a run"},
	{"score FILE --parameters last", "--parameters is for a run"},
	{"score FILE --iterations 4", "--iterations needs a baseline that is trained"},
	{"score RUN --train-repeats odd", "--train-repeats: all repeats take part"},
	{"score RUN --neurons 2", "--neurons: they are those of the run"},
	{"baseline --iterations 4", "--iterations needs --classical"},
	{"baseline --split odd-even", "--split needs --samples"},
	{"baseline --samples psth=x.npz --timesteps 3", "--timesteps is for measuring"},
	{"baseline --samples psth=x.npz --classical", "--classical is for measuring"},
	{"baseline --samples psth=x.npz --iterations 4", "--iterations needs --classical, or --samples of a baseline"},
	{"baseline --samples psth=x.npz --train-repeats odd", "--train-repeats: with --samples all repeats take part"},
	{"report FILE --parameters last --out x", "--parameters is for a run"},
	{"report RUN --timesteps 3", "--timesteps and --neurons are the run's own"},
	{"report RUN --neurons 3", "--timesteps and --neurons are the run's own"},
	{"export PROGRAM --timestep 1", "--timestep is for a run"},
	{"export PROGRAM --latent-vector seed:1", "--latent-vector is for a run"},
	{"export PROGRAM --past 0", "--past is for a run"},
	{"inspect PROGRAM --syntax --param a=1", "--param is of no use with --syntax"},
	{"export RUN --param a=1", "--param is for a program"},
	{"compile RUN --param a=1 --device invented-ion-36", "--param is for a program"},
	{"submit RUN --backend ionq:x --param a=1", "--param is for a program"},
	{"export PROGRAM --parametric", "--parametric is for a run"},
	{"export PROGRAM --parameters last", "--parameters is for a run"},
	{"export PROGRAM --probabilities x", "--probabilities is for a run"},
	{"export RUN --past 00", "--past 00: the run's generator has no memory"},
	{"export RUN --parametric --latent-vector seed:1", "leave out --latent-vector"},
	{"compile PROGRAM --timestep 1 --device invented-ion-36", "--timestep is for a run"},
	{"compile PROGRAM --latent-vector seed:1 --device invented-ion-36", "--latent-vector is for a run"},
	{"compile PROGRAM --past 0 --device invented-ion-36", "--past is for a run"},
	{"compile PROGRAM --parametric --device invented-ion-36", "--parametric is for a run"},
	{"compile PROGRAM --parameters last --device invented-ion-36", "--parameters is for a run"},
	{"compile PROGRAM --approximate 0.1 --optimize 1 --device invented-ion-36", "and --optimize 2"},
	{"submit PROGRAM --backend ionq:x --timestep 1", "--timestep is for a run"},
	{"submit PROGRAM --backend ionq:x --latent-vector seed:1", "--latent-vector is for a run"},
	{"submit PROGRAM --backend ionq:x --past 0", "--past is for a run"},
	{"submit PROGRAM --backend ionq:x --parameters last", "--parameters is for a run"},
	{"submit PROGRAM --backend ionq:invented-ion-36 --dry-run --wait", "--wait is for a job that is sent"},
	{"submit PROGRAM --backend ionq:invented-ion-36 --dry-run --json", "--json is for a job that is sent"},
	{"submit PROGRAM --backend ionq:x --endpoint ibm=http://127.0.0.1:1", "--endpoint names another service"},
	{"submit PROGRAM --backend ionq:invented-ion-36 --ibm-dd XX --dry-run --param a=0", "ibm-dd is of ibm, not of ionq"},
	{"inspect PROGRAM --out x", "--out is for a drawing"},
	{"compile PROGRAM --basis cx,rz,rx,ry --device invented-ion-36", "compiling takes --device or --basis"},
	{"jobs costs --endpoint ibm=http://127.0.0.1:1", "--endpoint needs --ask"},
	{"devices list --endpoint ionq=http://127.0.0.1:1", "--endpoint names another service"},
	{"devices fetch ibm:x --endpoint ionq=http://127.0.0.1:1", "--endpoint names another service"},
	{"jobs adopt ibm:x --endpoint ionq=http://127.0.0.1:1", "--endpoint names another service"},
	{"emulate ibm --arn arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet", "--arn is for braket"},
	{"study shot-noise --lease 4s", "--lease needs --queue"},
	{"study shot-noise --retry-failed", "--retry-failed needs --resume"},
	{"study shot-noise --device invented-ion-36", "--device: study shot-noise takes none"},
	{"study shot-noise --compare FILE", "--compare"},
	{"study shot-noise --data RECORDING", `"data" is no setting of tasks of the kind gradient`},
	{"study shot-noise --set layer=3", `"layer" is no setting of tasks of the kind gradient, did you mean "layers"?`},
	{"study paper --set layer=3", `"layer" is no setting of a training, did you mean "layers"?`},
	{"study STUDY --quick", "--quick is for the studies that are there"},
	{"study STUDY --seeds 3", "--seeds is for the studies that are there"},
	{"study STUDY --set a=3", "--set is for the studies that are there"},
	{"study STUDY --device x", "--device is for the studies that are there"},
	{"study STUDY --compare x", "--compare is for the studies that are there"},
	{"study STUDY --data x", "--data is for the studies that are there"},
	{"study emit slurm STUDY --queue dir:x --image x", "--image is for kubernetes"},
	{"study emit kubernetes STUDY --queue dir:x --time 1", "--time is for slurm"},
	{"worker --queue dir:x --study x", "--study and --scratch are for a NATS server"},
	{"worker --queue dir:x --scratch x", "--study and --scratch are for a NATS server"},
	{"bench vjp --qubits 4", "--qubits: the work vjp has none"},
	{"bench vjp --layers 4", "--layers: the work vjp has none"},
	{"bench vjp --shots 4", "--shots: the work vjp has none"},
	{"bench vjp --method density", "--method: the work vjp has none"},
	{"bench state --neurons 4", "--neurons: the work state has none"},
	{"bench state --timesteps 4", "--timesteps: the work state has none"},
	{"bench state --batch 4", "--batch: the work state has none"},
}

func TestNothingAskedIsIgnored(t *testing.T) {
	places := map[string]string{"RUN": trainedRun(t, "--neurons 2 --iterations 1"), "PROGRAM": writeProgram(t, flipProgram), "RECORDING": filepath.Join(t.TempDir(), "r.npy")}
	places["FILE"], places["STUDY"] = filepath.Join(t.TempDir(), "f.npz"), filepath.Join(t.TempDir(), "s.toml")
	if r := command(t, nil, "generate", places["RUN"], "--samples", "40", "--out", places["FILE"]); r.code != exitOK {
		t.Fatal(r.err)
	}
	if err := os.WriteFile(places["STUDY"], []byte("[settings]\nneurons = 2\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range refusedTogether {
		args := strings.Split(c.line, " ")
		for i, arg := range args {
			if place, ok := places[arg]; ok {
				args[i] = place
			}
		}
		r := command(t, map[string]string{"IONQ_API_KEY": "x", "QISKIT_IBM_TOKEN": "x"}, args...)
		if r.code != exitUsage || !strings.Contains(r.err, c.want) || r.out != "" {
			t.Errorf("qgan %s: exit code %d, want 2 and %q:\n%s%s", c.line, r.code, c.want, r.out, r.err)
		}
	}
}

// The flags of which nobody has said beside what they would be ignored: testdata/always.txt.
// Whoever adds one thinks of what it means beside the others.
func TestFlagsThatAlwaysCount(t *testing.T) {
	var got strings.Builder
	for _, cmd := range leaves(newRootCmd(testApp())) {
		if !takesConfig(cmd) || strings.HasPrefix(verbPath(cmd), "bench ") { // workload.Takes says it of those
			continue
		}
		var always []string
		for _, f := range flagsOf(cmd) {
			told := slices.ContainsFunc(refusedTogether, func(c struct{ line, want string }) bool {
				return strings.HasPrefix(c.line, verbPath(cmd)+" ") && strings.Contains(c.line+" ", " --"+f.name+" ")
			})
			if !told {
				always = append(always, f.name)
			}
		}
		fmt.Fprintf(&got, "%s: %s\n", verbPath(cmd), strings.Join(always, " "))
	}
	path := filepath.Join("testdata", "always.txt")
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := gocmp.Diff(strings.Split(string(must[[]byte](t)(os.ReadFile(path))), "\n"), strings.Split(got.String(), "\n")); d != "" {
		t.Errorf("%s (-update writes it anew): %s", path, d)
	}
}

// Variables that set nothing are told once, with what is near; what the configuration sets is no
// mistake of a command line that has no use for it.
func TestVariablesThatSetNothing(t *testing.T) {
	program := writeProgram(t, flipProgram)
	for name, want := range map[string]string{
		"QGAN_SEDE": `environment QGAN_SEDE sets nothing, did you mean "QGAN_SEED"`, "QGAN_NOTHING_LIKE_IT": "environment QGAN_NOTHING_LIKE_IT sets nothing\n",
		"QGAN_SEED": "", "QGAN_IBM_URL": "", "QGAN_LEDGER": "", "OTHER": "", "QGAN_DEVICE": "",
	} {
		errs := &strings.Builder{}
		a := testApp()
		a.err, a.environ = errs, func() []string { return []string{name + "=3", "HOME=/nowhere"} }
		a.getenv = func(n string) string { return map[string]string{name: "3"}[n] }
		code := a.run(t.Context(), []string{"run", program, "--param", "a=0", "--exact"})
		if n := strings.Count(errs.String(), "sets nothing"); code != exitOK || !strings.Contains(errs.String(), want) || (n > 0) != (want != "") || n > 1 {
			t.Errorf("%s: exit code %d, want %q: %s", name, code, want, errs)
		}
	}
}
