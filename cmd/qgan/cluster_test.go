package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"qgan/backends/emulator"
	"qgan/backends/ledger"
	"qgan/backends/service"
)

// inSlurm is the environment of a job of a cluster that has a processor of IBM's, as QRMI's
// plugin of Slurm sets it.
func inSlurm(t *testing.T, e *emulator.IBM, address, prefix string, more ...string) map[string]string {
	key, instance := e.Credentials()
	kind := map[string]string{"QRMI_IBM_QCS_": "ibm-quantum-compute-service", "QRMI_IBM_QRS_": "qiskit-runtime-service"}[prefix]
	const device = "emulated_heron_"
	env := map[string]string{
		"QGAN_LEDGER": t.TempDir(), "XDG_CONFIG_HOME": quick(t), "SLURM_JOB_ID": "7", "SLURM_JOB_QPU_RESOURCES": "emulated_heron", "SLURM_JOB_QPU_TYPES": kind,
		device + prefix + "ENDPOINT": address + "/api/v1", device + prefix + "IAM_ENDPOINT": address, device + prefix + "IAM_APIKEY": key, device + prefix + "SERVICE_CRN": instance,
	}
	for _, m := range more {
		name, value, _ := strings.Cut(m, "=")
		env[name] = value
	}
	return env
}

// In a job of a cluster nothing has to be configured: processor, account, address, session and
// time of jobs are those that the scheduler gave.
func TestOnACluster(t *testing.T) {
	e := must[*emulator.IBM](t)(emulator.NewIBM(emulator.Options{}))
	var seen posts
	web := httptest.NewServer(seen.over(e))
	defer web.Close()
	program := writeProgram(t, flip)
	for _, prefix := range []string{"QRMI_IBM_QCS_", "QRMI_IBM_QRS_"} {
		env := inSlurm(t, e, web.URL, prefix)
		r := command(t, env, "submit", program, "--shots", "20", "--wait")
		if r.code != exitOK || !strings.Contains(r.err, "ibm:emulated_heron is the scheduler's (emulated_heron_"+prefix+"IAM_APIKEY)") {
			t.Errorf("%s: exit code %d: %s", prefix, r.code, r.err)
		}
	}
	client := must[service.Client](t)(services[0].Open(t.Context(), service.Surroundings{Getenv: func(name string) string {
		key, instance := e.Credentials()
		return map[string]string{"QISKIT_IBM_TOKEN": key, "QISKIT_IBM_INSTANCE": instance}[name]
	}}, "emulated_heron", service.Options{Endpoint: web.URL}))
	session := must[string](t)(client.(service.Sessions).OpenSession(t.Context(), []byte(`{"mode":"dedicated","backend":"emulated_heron","max_ttl":60}`)))
	env := inSlurm(t, e, web.URL, "QRMI_IBM_QCS_", "emulated_heron_QRMI_JOB_ACQUISITION_TOKEN="+session, "emulated_heron_QRMI_JOB_TIMEOUT_SECONDS=90")
	r := command(t, env, "submit", program, "--shots", "21")
	if id := strings.TrimSpace(r.out); r.code != exitOK || seen.with(`"session_id":"`+session+`"`) != 1 || seen.with(`"cost":90`) != 1 {
		t.Errorf("exit code %d, %q: %s", r.code, seen.seen, r.err)
	} else if r := command(t, env, "jobs", "wait", id); r.code != exitOK {
		t.Errorf("jobs wait: exit code %d: %s", r.code, r.err)
	}
	run := trainedRun(t, "--neurons 2 --timesteps 1 --layers 1 --iterations 1")
	if r := command(t, env, "generate", run, "--samples", "5"); r.code != exitOK || !strings.Contains(r.err, "circuits run on ibm:emulated_heron, which the scheduler gave") || !strings.Contains(r.err, "submitted as") {
		t.Errorf("generate: exit code %d: %s", r.code, r.err)
	}
	if r := command(t, env, "generate", run, "--samples", "5", "--backend", "ideal"); r.code != exitOK || strings.Contains(r.err, "submitted as") {
		t.Errorf("generate --backend ideal: exit code %d: %s", r.code, r.err)
	}
	if found := object(t, env, "auth", "status")["services"].([]any)[0].(map[string]any)["found"].(map[string]any); found["API key"] != "emulated_heron_QRMI_IBM_QCS_IAM_APIKEY" {
		t.Errorf("auth status: %v", found)
	}
	for change, want := range map[string]string{
		"SLURM_JOB_QPU_TYPES=pasqal-cloud":                       "the scheduler gave emulated_heron (pasqal-cloud), which is no service here: name a --backend",
		"emulated_heron_QRMI_IBM_QCS_SERVICE_CRN=":               "emulated_heron_QRMI_IBM_QCS_SERVICE_CRN is not set",
		"emulated_heron_QRMI_IBM_QCS_ENDPOINT=http://elsewhere/": "emulated_heron_QRMI_IBM_QCS_ENDPOINT: http://elsewhere/: plain http is for loopback only",
		"SLURM_JOB_QPU_TYPES=a,b":                                "SLURM_JOB_QPU_TYPES 2 types",
		"emulated_heron_QRMI_IBM_QCS_TIMEOUT_SECONDS=soon":       "max-execution-time soons",
	} {
		if r := command(t, inSlurm(t, e, web.URL, "QRMI_IBM_QCS_", change), "submit", program); r.code != exitUsage || !strings.Contains(r.err, want) {
			t.Errorf("%s: exit code %d, want 2 with %q: %s", change, r.code, want, r.err)
		}
	}
	quantum := must[*emulator.IQM](t)(emulator.NewIQM(emulator.Options{}))
	there := httptest.NewServer(quantum)
	defer there.Close()
	env = map[string]string{"QGAN_LEDGER": t.TempDir(), "XDG_CONFIG_HOME": quick(t), "QRMI_JOB_QPU_RESOURCES": "emulated", "QRMI_JOB_QPU_TYPES": "iqm-server", "emulated_QRMI_IQM_ISA_ENDPOINT": there.URL, "emulated_QRMI_IQM_ISA_TOKEN": quantum.Credentials()}
	if r := command(t, env, "submit", program, "--shots", "20", "--wait"); r.code != exitOK || !strings.Contains(r.err, "iqm:emulated is the scheduler's (emulated_QRMI_IQM_ISA_TOKEN)") {
		t.Errorf("iqm: exit code %d: %s", r.code, r.err)
	}
}

// SIGTERM in a job of a cluster cancels what the service has not begun and leaves what runs; the
// same command has what was cancelled made anew. Elsewhere jobs go on.
func TestTerminatedOnACluster(t *testing.T) {
	e := must[*emulator.IBM](t)(emulator.NewIBM(emulator.Options{Queue: time.Hour}))
	running := must[*emulator.IBM](t)(emulator.NewIBM(emulator.Options{Execution: time.Hour}))
	done := must[*emulator.IBM](t)(emulator.NewIBM(emulator.Options{}))
	var now http.Handler = e
	var seen posts
	web := httptest.NewServer(seen.over(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { now.ServeHTTP(w, r) })))
	defer web.Close()
	program := writeProgram(t, flip)
	state := func(env map[string]string) string {
		var states []string
		for _, j := range object(t, env, "jobs", "list")["jobs"].([]any) {
			states = append(states, fmt.Sprint(j.(map[string]any)["state"]))
		}
		return strings.Join(states, " ")
	}
	for _, k := range []struct {
		name, word, state, says string
		server                  http.Handler
		more                    []string
	}{
		{"it waits", "Queued", string(ledger.Cancelled), "it has not begun: the service is asked to stop it", e, nil},
		{"it runs", "Running", string(ledger.Submitted), "goes on at the service: ", running, nil},
		{"no cluster", "Queued", string(ledger.Submitted), "goes on at the service: ", e, []string{"SLURM_JOB_ID=", "SLURM_JOB_QPU_RESOURCES=", "SLURM_JOB_QPU_TYPES="}},
	} {
		now = k.server
		env := inSlurm(t, e, web.URL, "QRMI_IBM_QCS_", k.more...)
		key, instance := e.Credentials()
		env["QISKIT_IBM_TOKEN"], env["QISKIT_IBM_INSTANCE"], env["QGAN_IBM_URL"] = key, instance, web.URL
		submit := []string{"submit", program, "--backend", "ibm:emulated_heron", "--shots", "20", "--wait"}
		r := stoppedAt(t, env, k.word, errTerminated, submit...)
		if r.code != exitInterrupted || !strings.Contains(r.err, k.says) || state(env) != k.state {
			t.Errorf("%s: exit code %d, the job is %s, want %s: %s", k.name, r.code, state(env), k.state, r.err)
		}
		if k.state != string(ledger.Cancelled) {
			continue
		}
		now = done
		if r := command(t, env, submit...); r.code != exitOK || state(env) != "cancelled done" {
			t.Errorf("%s: again: exit code %d, the jobs are %s: %s", k.name, r.code, state(env), r.err)
		}
	}
}

// stoppedAt runs a command line that is stopped, with a cause, when it says a word.
func stoppedAt(t *testing.T, env map[string]string, word string, cause error, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var out bytes.Buffer
	errs := &listener{word: word, heard: func() { cancel(cause) }}
	a := newApp(strings.NewReader(""), io.Writer(&out), errs, func(name string) string { return env[name] })
	code := a.run(ctx, args)
	return ran{code, out.String(), errs.String()}
}
