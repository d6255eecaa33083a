package main

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"qgan/backends"
	"qgan/backends/emulator"
	"qgan/backends/sim"
	"qgan/internal/conffile"
	"qgan/ir"
	"qgan/training"
	"qgan/training/assess"
	"qgan/training/lab"
)

// onServices are a device of each service and what its client needs in the environment.
var onServices = []struct {
	backend string
	env     map[string]string
}{
	{"ibm:emulated_heron", map[string]string{"QISKIT_IBM_TOKEN": "KEY", "QISKIT_IBM_INSTANCE": "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef:11111111-2222-3333-4444-555555555555::"}},
	{"ionq:simulator", map[string]string{"IONQ_API_KEY": "KEY"}},
	{"braket:arn:aws:braket:eu-north-1::device/qpu/iqm/Emulated", map[string]string{"AWS_ACCESS_KEY_ID": "AKIADUMMY", "AWS_SECRET_ACCESS_KEY": "dummysecretdummysecretdummysecret00000000", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_REGION": "", "AWS_DEFAULT_REGION": ""}},
	{"azure:ionq.simulator", azureEnv},
	{"azure:quantinuum.qpu.emulated", azureEnv},
	{"iqm:emulated", map[string]string{"IQM_TOKEN": "dummy-token", "IQM_TOKENS_FILE": "", "IQM_SERVER_URL": ""}},
}

// azureEnv is a workspace of Azure Quantum with the emulator's key.
var azureEnv = map[string]string{"AZURE_QUANTUM_CONNECTION_STRING": "SubscriptionId=s;ResourceGroupName=g;WorkspaceName=w;ApiKey=dummykey;QuantumEndpoint=https://eastus.quantum.azure.com/"}

// held holds words that were drawn against the law of their circuit, lane by lane.
type held struct {
	training.Sampler
	lanes                       int
	chi2, mean, variance, cells float64
}

// Words draws, and adds up Pearson's statistic of each lane with its mean and variance,
// which are exact for any number of shots n: with k cells of probabilities p they are k - 1
// and 2(k-1) + (sum 1/p - k^2 - 2k + 2)/n (Haldane 1937). Cells of less than an expected
// count of 1 are one cell.
func (h *held) Words(ctx context.Context, c *ir.Circuit, b backends.Bindings, shots []int, seed uint64) ([][]uint64, error) {
	words, err := h.Sampler.Words(ctx, c, b, shots, seed)
	if err != nil {
		return nil, err
	}
	own, ok := c.Gates()
	if !ok {
		return nil, errors.New("the circuit measures before its end")
	}
	for lane, list := range words {
		trained, data := b.Row(lane)
		law, err := new(sim.Simulator).Probabilities(own, trained, data)
		if err != nil {
			return nil, err
		}
		seen := make([]float64, len(law))
		for _, w := range list {
			seen[w]++
		}
		n := float64(len(list))
		var p, o []float64
		rare, rarely := 0.0, 0.0
		for x := range law {
			if law[x]*n < 1 {
				rare, rarely = rare+law[x], rarely+seen[x]
				continue
			}
			p, o = append(p, law[x]), append(o, seen[x])
		}
		switch {
		case rare*n >= 1:
			p, o = append(p, rare), append(o, rarely)
		case len(p) > 0:
			p[0], o[0] = p[0]+rare, o[0]+rarely
		}
		k, inverse := float64(len(p)), 0.0
		for i := range p {
			h.chi2 += (o[i] - n*p[i]) * (o[i] - n*p[i]) / (n * p[i])
			inverse += 1 / p[i]
		}
		h.lanes++
		h.cells += k
		h.mean += k - 1
		h.variance += 2*(k-1) + (inverse-k*k-2*k+2)/n
	}
	return words, nil
}

// A generator's words on every service, without noise, follow the law of its circuits: the
// sum of chi-square over all timesteps and latent vectors is within four standard
// deviations of its mean.
func TestServicesHaveTheLawOfIdeal(t *testing.T) {
	plain := testApp()
	m, err := openModel(plain, newExportCmd(plain), trainedRun(t, "--neurons 4 --timesteps 10 --preset paper --iterations 2 --seed 3"))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range onServices {
		t.Run(k.backend, func(t *testing.T) {
			lawOn(t, m, k.backend, k.env, 6, 16)
		})
	}
}

// lawOn draws on a service and holds the words against their law.
func lawOn(t *testing.T, m *assess.Generator, backend string, env map[string]string, latents, perLatent int) {
	t.Helper()
	name, _, _ := strings.Cut(backend, ":")
	e, err := emulator.New(name, emulator.Options{Ideal: true})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(e)
	defer web.Close()
	for variable, value := range env {
		t.Setenv(variable, value)
	}
	t.Setenv("QGAN_LEDGER", t.TempDir())
	t.Setenv(addressOf(name), web.URL)
	a := newApp(strings.NewReader(""), io.Discard, io.Discard, os.Getenv)
	soon := conffile.Entry{Table: "remote", Key: "poll_min", Values: []string{"1ms"}}
	a.cfg = newConfig(os.Getenv, conffile.Files{{Entries: []conffile.Entry{soon}}})
	on, err := a.lab(&remoteFlags{}, "generate").Processor(t.Context(), lab.Where{Settings: lab.Settings{"backend": backend}, Shots: latents * perLatent, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer on.Close()
	sampler := on.Words()
	h := &held{Sampler: sampler}
	if _, err := m.Model.DrawShots(t.Context(), m.Params, h, training.Sampling{Samples: latents * perLatent, Bins: m.Config.Timesteps, PerLatent: perLatent, BinWidth: 1, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	z := (h.chi2 - h.mean) / math.Sqrt(h.variance)
	jobs := slices.Compact(slices.Clone(sampler.Jobs))
	bill, err := on.Remote.Ledger.Bill(jobs...)
	if err != nil {
		t.Fatal(err)
	}
	if h.lanes != latents*m.Config.Timesteps || !(math.Abs(z) < 4) || len(jobs) == 0 || bill.Circuits != h.lanes {
		t.Errorf("%d circuits in %d jobs, chi-square %.1f where %.1f is expected, z = %.2f; %s", h.lanes, len(jobs), h.chi2, h.mean, z, bill)
	}
	t.Logf("%d circuits in %d jobs: chi-square %.1f, expected %.1f +- %.1f, z = %.2f", h.lanes, len(jobs), h.chi2, h.mean, math.Sqrt(h.variance), z)
}
