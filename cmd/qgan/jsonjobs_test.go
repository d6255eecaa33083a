package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"qgan/backends/emulator"
	"qgan/backends/ledger"
	"qgan/internal/durable"
)

// plan puts a job into a ledger at some time, with what became of it.
func plan(t *testing.T, dir string, at time.Time, j ledger.Job, updates ...ledger.Update) ledger.Job {
	t.Helper()
	l := must[*ledger.Ledger](t)(ledger.Open(durable.OS{}, dir, func() time.Time { return at }))
	defer l.Close()
	j.Circuits = max(1, j.Circuits) // one without circuits would be a session
	jobs := must[[]ledger.Job](t)(l.Plan(t.Context(), []ledger.Plan{{Job: j, Request: []byte("{}")}}, ledger.Limits{Unpriced: true}))
	for _, u := range updates {
		u.Job = jobs[0].ID
		if err := l.Record(u); err != nil {
			t.Fatal(err)
		}
	}
	return must[ledger.Job](t)(l.Job(jobs[0].ID))
}

// The ledger's jobs and what they cost: today and in all, by the service's word or else
// the estimate.
func TestJobsValues(t *testing.T) {
	dir := t.TempDir()
	env := map[string]string{"QGAN_LEDGER": dir}
	usd := func(x float64) *float64 { return &x }
	now := time.Now().UTC()
	old := plan(t, dir, now.Add(-48*time.Hour), ledger.Job{Service: "braket", Device: "Garnet", Command: "submit old", Circuits: 2, Shots: 70, Estimate: usd(3)},
		ledger.Update{State: ledger.Sending, Attempt: 1}, ledger.Update{State: ledger.Submitted, Attempt: 1, Remote: "task-1"},
		ledger.Update{State: ledger.Done, Attempt: 1, Remote: "task-1", Cost: usd(2.5), Seconds: 4})
	open := plan(t, dir, now, ledger.Job{Service: "ionq", Device: "qpu", Command: "submit new", Circuits: 1, Shots: 100, Estimate: usd(1.25), Snapshot: "abc"},
		ledger.Update{State: ledger.Sending, Attempt: 1}, ledger.Update{State: ledger.Submitted, Attempt: 1, Remote: "task-2"})
	failed := plan(t, dir, now.Add(time.Millisecond), ledger.Job{Service: "ionq", Device: "qpu", Circuits: 1, Shots: 10, Estimate: usd(8)},
		ledger.Update{State: ledger.Sending, Attempt: 1}, ledger.Update{State: ledger.Failed, Attempt: 1, Reason: "no room"})

	same(t, object(t, env, "jobs", "list"), values{"schema": "qgan.jobs/v1", "jobs": []ledger.Job{old, open, failed}, "spent_today_usd": 1.25, "spent_usd": 3.75, "planned_usd": 0})
	same(t, object(t, env, "jobs", "list", "--open"), values{"schema": "qgan.jobs/v1", "jobs": []ledger.Job{open}, "spent_today_usd": 1.25, "spent_usd": 3.75, "planned_usd": 0})
	r := command(t, env, "jobs", "list")
	if !strings.Contains(r.err, "$1.25 today (UTC), $3.75 in all") {
		t.Errorf("jobs list says %q", r.err)
	}
	for _, row := range []string{"2d +done +braket:Garnet +$2.50 +submit old", "submitted +ionq:qpu +~$1.25 +submit new", "failed +ionq:qpu +~$8.00"} {
		if !containsRow(r.out, row) {
			t.Errorf("jobs list has no row %q:\n%s", row, r.out)
		}
	}
	for args, want := range map[string][]ledger.Job{
		"--service ionq": {open, failed}, "--state failed,done": {old, failed}, "--since 24h": {open, failed}, "--since " + now.Add(-72*time.Hour).Format(time.DateOnly): {old, open, failed},
		"--limit 1": {failed}, "--limit 2 --open": {open}, "--name x": {}, "--tag paper": {},
	} {
		same(t, object(t, env, append([]string{"jobs", "list"}, strings.Fields(args)...)...), values{"schema": "qgan.jobs/v1", "jobs": want, "spent_today_usd": 1.25, "spent_usd": 3.75, "planned_usd": 0})
	}
	for args, want := range map[string]string{
		"--service dwave": `service "dwave"`, "--state dead": `the state "dead": it can be planned, sending, unknown`, "--since yesterday": `--since "yesterday" is no time`, "--limit -1": "at least 1 is needed",
	} {
		if r := command(t, env, append([]string{"jobs", "list"}, strings.Fields(args)...)...); r.code != exitUsage || !strings.Contains(r.err, want) {
			t.Errorf("jobs list %s: exit code %d, want 2 with %q: %s", args, r.code, want, r.err)
		}
	}
	same(t, object(t, env, "jobs", "show", old.ID), values{
		"schema": "qgan.job/v1", "id": old.ID, "service": "braket", "device": "Garnet", "command": "submit old", "group": "", "index": 0, "circuits": 2, "shots": 70, "estimate_usd": 3,
		"created": old.Created, "updated": old.Updated, "state": "done", "attempt": 1, "remote_id": "task-1", "cost_usd": 2.5, "execution_seconds": 4, "charges": old.Charges,
	})
	r = command(t, env, "jobs", "show", "task-2")
	for _, row := range []string{"state submitted", "service ionq:qpu", "for submit new", "circuits 1", "shots 100", "cost ~$1.25", "attempts 1", "snapshot abc", "made " + open.Created.Format(time.RFC3339)} {
		if !containsRow(r.out, strings.Replace(row, " ", " +", 1)) {
			t.Errorf("jobs show has no row %q:\n%s", row, r.out)
		}
	}
}

// containsRow tells whether a table has a row with these cells, which " +" parts.
func containsRow(table, row string) bool {
	cells := strings.Join(strings.Fields(strings.ReplaceAll(row, " +", " ")), " ")
	for line := range strings.Lines(table) {
		if strings.Contains(" "+strings.Join(strings.Fields(line), " ")+" ", " "+cells+" ") {
			return true
		}
	}
	return false
}

// configured writes a user's configuration and returns the folder of all configurations.
func configured(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "qgan"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "qgan", "config.toml"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A job that waits at the service: it is not finished (6), can be cancelled, and is then a
// failure of the service (4). One that was never sent is cancelled in the ledger alone.
// What is cancelled already can't be again (2).
func TestJobsCancelAndWait(t *testing.T) {
	web := httptest.NewServer(must[*emulator.IonQ](t)(emulator.NewIonQ(emulator.Options{Queue: time.Hour})))
	defer web.Close()
	dir, config := t.TempDir(), configured(t, "[remote]\nlook_every = \"1ms\"\npoll_min = \"1ms\"\npoll_max = \"2ms\"\n")
	env := map[string]string{"QGAN_LEDGER": dir, "XDG_CONFIG_HOME": config, "IONQ_API_KEY": "KEY", "QGAN_IONQ_URL": web.URL}
	run := func(code int, message string, args ...string) ran {
		t.Helper()
		r := command(t, env, args...)
		if r.code != code || !strings.Contains(r.err, message) {
			t.Errorf("qgan %s: exit code %d, want %d with %q: %s", strings.Join(args, " "), r.code, code, message, r.err)
		}
		return r
	}
	state := func(id string) ledger.Job {
		t.Helper()
		l := must[*ledger.Ledger](t)(ledger.Open(durable.OS{}, dir, time.Now))
		defer l.Close()
		return must[ledger.Job](t)(l.Job(id))
	}
	program := writeProgram(t, "OPENQASM 3.0;\ninclude \"stdgates.inc\";\nqubit[1] q;\nbit[1] c;\nx q[0];\nc[0] = measure q[0];\n")
	id := strings.TrimSpace(run(exitOK, "submitted as", "submit", program, "--backend", "ionq:simulator", "--shots", "10").out)
	if j := state(id); j.State != ledger.Submitted || j.Shots != 10 || j.Circuits != 1 || !strings.HasPrefix(j.Command, "submit") {
		t.Fatalf("job %+v", j)
	}
	run(exitUnfinished, "has not ended after 10ms", "jobs", "wait", id, "--timeout", "10ms")
	run(exitUnfinished, "is submitted", "jobs", "result", id)
	run(exitOK, "asked to cancel", "jobs", "cancel", id)
	run(exitRemote, "cancelled", "jobs", "wait", id, "--timeout", "1m")
	if j := state(id); j.State != ledger.Cancelled {
		t.Errorf("the service cancelled the job, the ledger says %s", j.State)
	}
	run(exitRemote, "cancelled", "jobs", "result", id)
	run(exitUsage, "is cancelled already", "jobs", "cancel", id)

	price := 2.0
	planned := plan(t, dir, time.Now(), ledger.Job{Service: "ionq", Device: "simulator", Estimate: &price}).ID
	run(exitUnfinished, "is planned", "jobs", "result", planned)
	run(exitOK, "", "jobs", "cancel", planned)
	if j := state(planned); j.State != ledger.Cancelled || j.Reason != "cancelled before it was sent" {
		t.Errorf("a planned job that was cancelled is %s: %s", j.State, j.Reason)
	}
	run(exitUsage, "is cancelled already", "jobs", "cancel", planned)
	lost := plan(t, dir, time.Now(), ledger.Job{Service: "ionq", Device: "simulator"}, ledger.Update{State: ledger.Sending, Attempt: 1}, ledger.Update{State: ledger.Unknown, Attempt: 1}).ID
	run(exitRemote, "is unknown and is not sent again", "jobs", "cancel", lost)
	run(exitUnfinished, "is unknown", "jobs", "result", lost)
	run(exitRemote, "", "jobs", "reconcile", lost) // the service doesn't list it
	if j := state(lost); j.State != ledger.Unknown {
		t.Errorf("a job that the service doesn't list is %s", j.State)
	}
}

// A limit that is reached refuses (5), and nothing is sent. At a service's own address
// without a price list the price is unknown.
func TestSpendingLimits(t *testing.T) {
	e := must[*emulator.IQM](t)(emulator.NewIQM(emulator.Options{}))
	web := httptest.NewServer(e)
	defer web.Close()
	program := writeProgram(t, "OPENQASM 3.0;\ninclude \"stdgates.inc\";\nqubit[1] q;\nbit[1] c;\nx q[0];\nc[0] = measure q[0];\n")
	spent := 4.0
	for _, c := range []struct {
		name, limits, address string
		flags                 []string
		code                  int
		message               string
	}{
		{"unpriced", "", "IQM_SERVER_URL", nil, exitRefused, "over the spending limit: no price is known for emulated at iqm"},
		{"unpriced, by consent", "", "IQM_SERVER_URL", []string{"--unpriced"}, exitOK, "submitted as"},
		{"spent today", "per_day = 3.5", "QGAN_IQM_URL", nil, exitRefused, "would cost $0.00, $4.00 were spent today, the limit of a day is $3.50"},
		{"just within", "per_day = 4", "QGAN_IQM_URL", nil, exitOK, "submitted as"},
		{"a flag doesn't lift the day's limit", "per_day = 3.5", "QGAN_IQM_URL", []string{"--max-cost", "100"}, exitRefused, "the limit of a day is $3.50"},
		{"no amount", "per_day = -1", "QGAN_IQM_URL", nil, exitUsage, "limits.per_day -1: it takes US dollars"},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := t.TempDir()
			env := map[string]string{"HOME": home, "QGAN_LEDGER": filepath.Join(home, "ledger"), "IQM_TOKEN": "dummy-token", "IQM_SERVER_URL": web.URL, "XDG_CONFIG_HOME": configured(t, "[limits]\n"+c.limits+"\n")}
			if c.address != "IQM_SERVER_URL" {
				env[c.address] = web.URL
			}
			plan(t, env["QGAN_LEDGER"], time.Now(), ledger.Job{Service: "braket", Device: "Garnet", Estimate: &spent}, ledger.Update{State: ledger.Sending, Attempt: 1}, ledger.Update{State: ledger.Submitted, Attempt: 1, Remote: "x"})
			r := command(t, env, append([]string{"submit", program, "--backend", "iqm:emulated", "--shots", "20"}, c.flags...)...)
			if r.code != c.code || !strings.Contains(r.err, c.message) {
				t.Errorf("exit code %d, want %d with %q: %s", r.code, c.code, c.message, r.err)
			}
			jobs := object(t, env, "jobs", "list")["jobs"].([]any)
			if want := map[bool]int{true: 2, false: 1}[c.code == exitOK]; len(jobs) != want {
				t.Errorf("%d jobs in the ledger, want %d: %s", len(jobs), want, fmt.Sprint(jobs))
			}
		})
	}
}

// priced makes Amazon's addresses those of an emulator for the rest of a test, so that its
// prices are the real ones.
func priced(t *testing.T) {
	t.Helper()
	e := must[*emulator.Braket](t)(emulator.NewBraket(emulator.Options{ARN: "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"}))
	web := httptest.NewTLSServer(e)
	t.Cleanup(web.Close)
	pool := x509.NewCertPool()
	pool.AddCert(web.Certificate())
	usual := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = usual })
	http.DefaultTransport = &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, web.Listener.Addr().String())
		},
		TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "example.com"}, // the certificate's
	}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIADUMMY", "AWS_SECRET_ACCESS_KEY": "dummysecretdummysecretdummysecret00000000", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
}

// What a job costs by Amazon's list, $0.30 and $0.00145 a shot of Garnet, is held against
// --max-cost, or else the configuration's limit, before anything is sent.
func TestMaxCost(t *testing.T) {
	priced(t)
	program := writeProgram(t, "OPENQASM 3.0;\ninclude \"stdgates.inc\";\nqubit[1] q;\nbit[1] c;\nx q[0];\nc[0] = measure q[0];\n")
	const cost = 0.30 + 110*0.00145 // 0.4595
	for _, c := range []struct {
		limits, flags string
		code          int
		message       string
	}{
		{"", "--max-cost 0.45", exitRefused, "over the spending limit: a job would cost $0.46, the limit of a command is $0.45"},
		{"", "--max-cost 0", exitRefused, "the limit of a command is $0.00"},
		{"", "--max-cost 0.46", exitOK, "it may cost $0.46"},
		{"per_command = 0.4", "", exitRefused, "the limit of a command is $0.40"},
		{"per_command = 0.4", "--max-cost 1", exitOK, "submitted as"},
		{"per_day = 0.4", "--max-cost 1", exitRefused, "a job would cost $0.46, $0.00 were spent today, the limit of a day is $0.40"},
	} {
		env := map[string]string{"QGAN_LEDGER": t.TempDir(), "XDG_CONFIG_HOME": configured(t, "[limits]\n"+c.limits+"\n")}
		r := command(t, env, append([]string{"submit", program, "--backend", "braket:Garnet", "--shots", "110"}, strings.Fields(c.flags)...)...)
		if r.code != c.code || !strings.Contains(r.err, c.message) {
			t.Errorf("%s %s: exit code %d, want %d with %q: %s", c.limits, c.flags, r.code, c.code, c.message, r.err)
		}
		o := object(t, env, "jobs", "list")
		jobs, spent := o["jobs"].([]any), o["spent_today_usd"].(float64)
		if want := map[bool]float64{true: cost}[c.code == exitOK]; math.Abs(spent-want) > 1e-9 || (len(jobs) == 1) != (c.code == exitOK) {
			t.Errorf("%s %s: %d jobs of $%v, want $%v", c.limits, c.flags, len(jobs), spent, want)
		}
	}
	// A training is held against the limit as a whole.
	env := map[string]string{"QGAN_LEDGER": t.TempDir()}
	dir := filepath.Join(t.TempDir(), "run")
	train := []string{"train", dir, "--neurons", "2", "--layers", "1", "--iterations", "20", "--critic-steps", "1", "--shots", "10", "--backend", "braket:Garnet"}
	if r := command(t, env, append(train, "--max-cost", "3")...); r.code != exitRefused || !strings.Contains(r.err, "the limit of a command is $3.00") {
		t.Errorf("train: exit code %d: %s", r.code, r.err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a training that was refused left a run")
	}
	// As are the samples of a generator, all jobs together.
	generate := []string{"generate", trainedRun(t, "--preset paper --neurons 2 --timesteps 3 --iterations 1"), "--backend", "braket:Garnet", "--samples", "10", "--latents", "4"}
	if r := command(t, env, append(generate, "--dry-run")...); r.code != exitOK || !strings.Contains(r.err, "6 jobs of 12 circuits and 30 shots") || !strings.Contains(r.err, "at most $1.84") {
		t.Errorf("generate --dry-run: exit code %d: %s", r.code, r.err)
	}
	if r := command(t, env, append(generate, "--max-cost", "1.8")...); r.code != exitRefused {
		t.Errorf("generate: exit code %d: %s", r.code, r.err)
	}
}
