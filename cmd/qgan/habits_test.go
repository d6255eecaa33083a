package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"qgan/backends/emulator"
	"qgan/backends/ledger"
	"qgan/backends/service"
	"qgan/internal/durable"
)

// flip is a program that reads a one.
const flip = "OPENQASM 3.0;\ninclude \"stdgates.inc\";\nqubit[1] q;\nbit[1] c;\nx q[0];\nc[0] = measure q[0];\n"

// quick is a configuration with short waits.
func quick(t *testing.T) string {
	return configured(t, "[remote]\nlook_every = \"1ms\"\npoll_min = \"1ms\"\npoll_max = \"2ms\"\n")
}

// posts are the submissions that a service has seen: their queries and bodies.
type posts struct {
	mu   sync.Mutex
	seen []string
}

// over is a service whose posts are kept.
func (p *posts) over(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if r.Method == http.MethodPost {
			p.mu.Lock()
			p.seen = append(p.seen, r.URL.Path+"?"+r.URL.RawQuery+" "+string(body))
			p.mu.Unlock()
		}
		h.ServeHTTP(w, r)
	})
}

// with are those in which a text stands.
func (p *posts) with(text string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, s := range p.seen {
		if strings.Contains(s, text) {
			n++
		}
	}
	return n
}

// A planned job is sent later with the options that it was planned with: the timeslot, and
// the batch, which jobs that are waited for together share.
func TestPlannedJobsKeepTheirOptions(t *testing.T) {
	program := writeProgram(t, flip)
	planned := func(dir string, n int, j ledger.Job, body string) []string {
		l := must[*ledger.Ledger](t)(ledger.Open(durable.OS{}, dir, time.Now))
		defer l.Close()
		var ids []string
		for range n {
			j.ID = ledger.NewID(time.Now())
			own := strings.ReplaceAll(body, "qgan-dry-run", j.ID)
			ids = append(ids, must[[]ledger.Job](t)(l.Plan(t.Context(), []ledger.Plan{{Job: j, Request: []byte(own)}}, ledger.Limits{Unpriced: true}))[0].ID)
		}
		return ids
	}
	free := 0.0
	shapes := []byte(`[{"bits":1,"shots":20,"registers":[{"name":"c","bits":[0]}],"qubits":[0],"width":1,"names":["QB1"]}]`)
	for _, k := range []struct {
		service string
		server  http.Handler
		env     map[string]string
		device  string
		options map[string]string
		sent    string // in each of three submissions
		batches int
	}{
		{"iqm", must[*emulator.IQM](t)(emulator.NewIQM(emulator.Options{})), map[string]string{"IQM_TOKEN": "dummy-token"}, "emulated", map[string]string{"iqm-timeslot": "true"}, "/circuit?use_timeslot=true", 0},
		{"ibm", must[*emulator.IBM](t)(emulator.NewIBM(emulator.Options{})), map[string]string{"QISKIT_IBM_TOKEN": "KEY", "QISKIT_IBM_INSTANCE": "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef:11111111-2222-3333-4444-555555555555::"}, "emulated_heron",
			map[string]string{"ibm-batch": "true"}, `"session_id":`, 1},
	} {
		t.Run(k.service, func(t *testing.T) {
			var seen posts
			web := httptest.NewServer(seen.over(k.server))
			defer web.Close()
			dir := t.TempDir()
			k.env["QGAN_LEDGER"], k.env["XDG_CONFIG_HOME"], k.env[service.EndpointVariable(k.service)] = dir, quick(t), web.URL
			dry := command(t, k.env, "submit", program, "--backend", k.service+":"+k.device, "--shots", "20", "--dry-run")
			if dry.code != exitOK {
				t.Fatal(dry.err)
			}
			ids := planned(dir, 3, ledger.Job{Service: k.service, Device: k.device, Endpoint: web.URL, Circuits: 1, Shots: 20, Options: k.options, Estimate: &free, Programs: shapes}, strings.TrimSpace(dry.out))
			// One without options is not sent with theirs.
			ids = append(ids, planned(dir, 1, ledger.Job{Service: k.service, Device: k.device, Endpoint: web.URL, Circuits: 1, Shots: 20, Estimate: &free, Programs: shapes}, strings.TrimSpace(dry.out))...)
			if r := command(t, k.env, append([]string{"jobs", "wait"}, ids...)...); r.code != exitOK {
				t.Errorf("exit code %d: %s", r.code, r.err)
			}
			if n := seen.with(k.sent); n != 3 {
				t.Errorf("%d of 3 jobs were sent with %s: %q", n, k.sent, seen.seen)
			}
			if n := seen.with(`"mode":"batch"`); n != k.batches {
				t.Errorf("%d batches, want %d", n, k.batches)
			}
		})
	}
}

// What was submitted keeps its options in the ledger, where people see them.
func TestOptionsAreKept(t *testing.T) {
	web := httptest.NewServer(must[*emulator.IQM](t)(emulator.NewIQM(emulator.Options{})))
	defer web.Close()
	env := map[string]string{"QGAN_LEDGER": t.TempDir(), "XDG_CONFIG_HOME": quick(t), "IQM_TOKEN": "dummy-token", "QGAN_IQM_URL": web.URL}
	r := command(t, env, "submit", writeProgram(t, flip), "--backend", "iqm:emulated", "--shots", "20", "--iqm-timeslot", "true", "--iqm-heralding", "zeros", "--name", "retina", "--tag", "a,b=c")
	if r.code != exitOK {
		t.Fatal(r.err)
	}
	id := strings.TrimSpace(r.out)
	text := command(t, env, "jobs", "show", id).out
	for _, row := range []string{"name +retina", "tags +a, +b=c", "options +iqm-heralding +zeros, +iqm-timeslot +true"} {
		if !containsRow(text, row) {
			t.Errorf("jobs show has no row %q:\n%s", row, text)
		}
	}
	o := object(t, env, "jobs", "show", id)
	if fmt.Sprint(o["name"], o["tags"], o["options"]) != "retina[a b=c] map[iqm-heralding:zeros iqm-timeslot:true]" {
		t.Errorf("%v, %v, %v", o["name"], o["tags"], o["options"])
	}
}

// A wait that is interrupted says what goes on at the service and how it is taken up; it is
// taken up then, nothing sent twice. One that ends by its time says where the job stands.
func TestInterruptedWait(t *testing.T) {
	var seen posts
	e := must[*emulator.IonQ](t)(emulator.NewIonQ(emulator.Options{Queue: time.Hour}))
	web := httptest.NewServer(seen.over(e))
	defer web.Close()
	env := map[string]string{"QGAN_LEDGER": t.TempDir(), "XDG_CONFIG_HOME": quick(t), "IONQ_API_KEY": "KEY", "QGAN_IONQ_URL": web.URL}
	submit := []string{"submit", writeProgram(t, flip), "--backend", "ionq:simulator", "--shots", "20", "--wait"}
	for range 2 {
		if r := interruptedAt(t, env, "ready", submit...); r.code != exitInterrupted || !strings.Contains(r.err, "goes on at the service: qgan-") || !strings.Contains(r.err, "and so does `qgan jobs wait ") {
			t.Errorf("exit code %d: %s", r.code, r.err)
		}
	}
	jobs := object(t, env, "jobs", "list")["jobs"].([]any)
	if n := seen.with("/jobs?"); n != 1 || len(jobs) != 1 {
		t.Errorf("%d jobs were sent, %d are in the ledger", n, len(jobs))
	}
	id := jobs[0].(map[string]any)["id"].(string)
	if r := interruptedAt(t, env, "ready", "jobs", "wait", id); r.code != exitInterrupted || !strings.Contains(r.err, "goes on at the service: "+id) {
		t.Errorf("jobs wait: exit code %d: %s", r.code, r.err)
	}
	lost := plan(t, env["QGAN_LEDGER"], time.Now(), ledger.Job{Service: "ionq", Device: "simulator", Endpoint: web.URL, Circuits: 1}, ledger.Update{State: ledger.Sending, Attempt: 1}, ledger.Update{State: ledger.Unknown, Attempt: 1}).ID
	env["XDG_CONFIG_HOME"] = configured(t, "[remote]\nlook_every = \"1h\"\n")
	for id, want := range map[string]string{id: "it goes on at the service: wait again", lost: "it is unknown: waiting again goes on with it"} {
		if r := command(t, env, "jobs", "wait", id, "--timeout", "100ms"); r.code != exitUnfinished && r.code != exitRemote || !strings.Contains(r.err, want) {
			t.Errorf("exit code %d, want %q: %s", r.code, want, r.err)
		}
	}
}

// interruptedAt runs a command line that is interrupted when it says a word.
func interruptedAt(t *testing.T, env map[string]string, word string, args ...string) ran {
	t.Helper()
	return stoppedAt(t, env, word, errInterrupted, args...)
}

// listener calls a function when a word is written, once.
type listener struct {
	mu    sync.Mutex
	text  bytes.Buffer
	word  string
	heard func()
}

func (l *listener) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.text.Write(b)
	if slices.Contains(strings.FieldsFunc(string(b), func(r rune) bool { return r == ' ' || r == '\n' || r == ',' }), l.word) && l.heard != nil {
		l.heard()
		l.heard = nil
	}
	return n, err
}

func (l *listener) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// The lines that `emulate` prints are all that it takes to use it: a shell reads them, and a
// job runs.
func TestEmulatePrintsWhatItTakes(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	program := writeProgram(t, flip)
	for _, row := range services {
		for _, key := range []string{"", "it's a key"} {
			if row.Name == "azure" && key != "" {
				key = "key" // a connection string has no room for others
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			out, ready, ended := new(bytes.Buffer), make(chan struct{}), make(chan int)
			errs := &listener{word: "Ctrl-C", heard: func() { close(ready) }}
			args := []string{"emulate", row.Name}
			if key != "" {
				args = append(args, "--key", key)
			}
			go func() {
				ended <- newApp(strings.NewReader(""), out, errs, func(string) string { return "" }).run(ctx, args)
			}()
			<-ready
			_, device, _ := strings.Cut(strings.TrimSpace(errs.String()), "the device is ")
			device, _, _ = strings.Cut(device, ";")
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			env := map[string]string{"QGAN_LEDGER": t.TempDir(), "XDG_CONFIG_HOME": quick(t)}
			for _, line := range lines[1:] {
				name, value, _ := strings.Cut(strings.TrimPrefix(line, "export "), "=")
				env[name] = strings.ReplaceAll(value[1:len(value)-1], `'\''`, "'")
				t.Setenv(name, env[name]) // Amazon's client reads the process's
			}
			if !strings.HasPrefix(lines[0], "http://127.0.0.1:") || env[service.EndpointVariable(row.Name)] != lines[0] {
				t.Errorf("%s printed\n%s", row.Name, out)
			}
			if r := command(t, env, "submit", program, "--backend", device, "--shots", "20", "--wait"); r.code != exitOK || !containsRow(r.out, "1") {
				t.Errorf("%s with the key %q: exit code %d: %s%s", row.Name, key, r.code, r.out, r.err)
			}
			cancel(errInterrupted)
			if code := <-ended; code != exitOK {
				t.Errorf("emulate %s ended with %d", row.Name, code)
			}
		}
	}
}

// The least busy device is chosen once for what is asked: the same command stays with it,
// whatever the queues are by then, and a run keeps it.
func TestLeastBusy(t *testing.T) {
	e := must[*emulator.IBM](t)(emulator.NewIBM(emulator.Options{}))
	var seen posts
	queues := [2]int{3, 5} // of the emulated device and of one that there is not
	web := httptest.NewServer(seen.over(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/backends" {
			e.ServeHTTP(w, r)
			return
		}
		fmt.Fprintf(w, `{"devices":[{"name":"emulated_heron","qubits":7,"status":{"name":"online"},"queue_length":%d},{"name":"elsewhere","qubits":7,"status":{"name":"online"},"queue_length":%d},{"name":"tiny","qubits":1,"status":{"name":"online"},"queue_length":0}]}`, queues[0], queues[1])
	})))
	defer web.Close()
	key, instance := e.Credentials()
	env := map[string]string{"QGAN_LEDGER": t.TempDir(), "XDG_CONFIG_HOME": quick(t), "QISKIT_IBM_TOKEN": key, "QISKIT_IBM_INSTANCE": instance, "QGAN_IBM_URL": web.URL}
	run := func(code int, says string, args ...string) ran {
		t.Helper()
		r := command(t, env, args...)
		if r.code != code || !strings.Contains(r.err, says) {
			t.Errorf("qgan %s: exit code %d, want %d with %q: %s", strings.Join(args, " "), r.code, code, says, r.err)
		}
		return r
	}
	two := writeProgram(t, "OPENQASM 3.0;\ninclude \"stdgates.inc\";\nqubit[2] q;\nbit[2] c;\nx q[0];\nc = measure q;\n")
	submit := []string{"submit", two, "--backend", "ibm:least-busy", "--shots", "20", "--wait"}
	run(exitOK, "ibm:least-busy is ibm:emulated_heron (7 qubits, 3 jobs waiting)", submit...)
	queues[1] = 0
	run(exitOK, "ibm:least-busy is ibm:emulated_heron (it was chosen before for the same)", submit...)
	if n := seen.with("/api/v1/jobs?"); n != 1 {
		t.Errorf("%d jobs were sent", n)
	}
	run(exitRemote, "elsewhere", append(submit, "--shots", "21")...) // another question goes to the other one
	run(exitRemote, "elsewhere", append(submit, "--anew")...)
	queues[1] = 9
	run(exitRemote, "no processor of 8 qubits or more is online", "submit", writeProgram(t, strings.ReplaceAll(strings.ReplaceAll(flip, "[1]", "[8]"), "c[0] = measure q[0]", "c = measure q")), "--backend", "ibm:least-busy")
	run(exitUsage, `service "dwave"`, "submit", two, "--backend", "dwave:least-busy")
	dir := t.TempDir() + "/run"
	train := []string{"--neurons", "2", "--layers", "1", "--iterations", "2", "--critic-steps", "1", "--shots", "10"}
	run(exitOK, "ibm:least-busy is ibm:emulated_heron", append([]string{"train", dir, "--backend", "ibm:least-busy"}, train...)...)
	queues[1] = 0
	run(exitOK, "", "train", dir, "--resume")
	run(exitOK, "", "generate", dir, "--backend", "ibm:emulated_heron", "--samples", "4")
	if r := command(t, env, "jobs", "list", "--json"); strings.Contains(r.out, "elsewhere") || !strings.Contains(r.out, `"choice"`) {
		t.Errorf("the ledger has %s", r.out)
	}
	fetch := run(exitOK, "", "devices", "fetch", "ibm:emulated_heron", "--out", dir+"/d.json")
	if fetch.out != dir+"/d.json\n" {
		t.Errorf("fetched %s", fetch.out)
	}
}

// Devices with so many qubits, of services whose lists tell them and of others.
func TestFreeDevices(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for name, want := range map[string][2]int{"ibm": {7, 7}, "ionq": {11, 29}, "braket": {8, 8}, "iqm": {5, 5}, "azure": {11, 29}} {
		e := must[emulator.Service](t)(emulator.New(name, emulator.Options{}))
		web := httptest.NewServer(e)
		env := map[string]string{service.EndpointVariable(name): web.URL}
		for _, v := range e.Environment() {
			env[v[0]] = v[1]
			t.Setenv(v[0], v[1])
		}
		for _, k := range []struct {
			least int
			any   bool
		}{{1, true}, {want[0], true}, {want[1] + 1, false}} {
			o := object(t, env, "devices", "list", "--service", name, "--free-at-least", fmt.Sprint(k.least))
			devices := o["devices"].([]any)
			if (len(devices) > 0) != k.any {
				t.Errorf("%s: %d devices of %d qubits: %v", name, len(devices), k.least, devices)
			}
			for _, d := range devices {
				if q := d.(map[string]any)["qubits"]; q == nil || q.(float64) < float64(k.least) {
					t.Errorf("%s: %v has not %d qubits", name, d, k.least)
				}
			}
		}
		web.Close()
	}
	if r := command(t, nil, "devices", "list", "--free-at-least", "-1"); r.code != exitUsage || !strings.Contains(r.err, "at least 1 is needed") {
		t.Errorf("exit code %d: %s", r.code, r.err)
	}
}

// addressOf names the variable with a service's address.
func addressOf(name string) string { return service.EndpointVariable(name) }
