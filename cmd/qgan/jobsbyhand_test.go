package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"qgan/backends/emulator"
	"qgan/backends/ledger"
	"qgan/backends/remote"
	"qgan/internal/durable"
)

const flips = "OPENQASM 3.0;\ninclude \"stdgates.inc\";\nqubit[1] q;\nbit[1] c;\nx q[0];\nc[0] = measure q[0];\n"

// One whose answer was lost for good is adopted by the service's id, or given up: then the
// same command makes it anew, and both are counted.
func TestJobsAdoptAndAbandon(t *testing.T) {
	for service, backend := range map[string]string{"iqm": "iqm:emulated", "ionq": "ionq:simulator"} {
		var mu sync.Mutex
		var ids []string // of the jobs that were taken
		open := true
		var inner http.Handler = must[*emulator.IQM](t)(emulator.NewIQM(emulator.Options{}))
		if service == "ionq" {
			inner = must[*emulator.IonQ](t)(emulator.NewIonQ(emulator.Options{}))
		}
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case r.Method == http.MethodPost && !strings.HasSuffix(r.URL.Path, "cancel"):
				rec := httptest.NewRecorder()
				inner.ServeHTTP(rec, r)
				var job struct{ ID string }
				if err := json.Unmarshal(rec.Body.Bytes(), &job); err != nil {
					t.Error(err)
				}
				if ids = append(ids, job.ID); open {
					w.WriteHeader(rec.Code)
					w.Write(rec.Body.Bytes())
					return
				}
				w.WriteHeader(503)
			case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/jobs"):
				w.Write([]byte(`{"jobs": []}`)) // a list that lags behind
			default:
				inner.ServeHTTP(w, r)
			}
		}))
		defer web.Close()
		env := map[string]string{
			"QGAN_LEDGER": t.TempDir(), "XDG_CONFIG_HOME": configured(t, "[remote]\nlook_every = \"1ms\"\npoll_min = \"1ms\"\npoll_max = \"2ms\"\n"),
			"IQM_TOKEN": "dummy-token", "IONQ_API_KEY": "KEY", addressOf(service): web.URL,
		}
		run := func(code int, message string, args ...string) ran {
			t.Helper()
			r := command(t, env, args...)
			if r.code != code || !strings.Contains(r.out+r.err, message) {
				t.Fatalf("qgan %s: exit code %d, want %d with %q: %s%s", strings.Join(args, " "), r.code, code, message, r.out, r.err)
			}
			return r
		}
		program := writeProgram(t, flips)
		submit := []string{"submit", program, "--backend", backend, "--shots", "10"}
		open = false
		run(exitRemote, "it is not known whether the service has the job", submit...)
		run(exitRemote, "it is not known", submit...) // and is not sent again
		if len(ids) != 1 {
			t.Fatalf("%s: sent %d times", service, len(ids))
		}
		run(exitUsage, "SERVICE:ID", "jobs", "adopt", ids[0])
		run(exitRemote, "404", "jobs", "adopt", service+":11111111-2222-4333-a444-555555555555")
		job := strings.Fields(run(exitOK, "submitted", "jobs", "adopt", service+":"+ids[0]).out)[0]
		run(exitOK, "", "jobs", "wait", job)
		run(exitOK, "1", append(submit, "--wait")...)
		if len(ids) != 1 {
			t.Errorf("%s: sent %d times", service, len(ids))
		}

		submit[len(submit)-1] = "20"
		run(exitRemote, "it is not known", submit...)
		list := object(t, env, "jobs", "list")["jobs"].([]any)
		lost := list[len(list)-1].(map[string]any)["id"].(string)
		run(exitOK, lost+" abandoned", "jobs", "abandon", lost)
		run(exitUsage, "is abandoned already", "jobs", "abandon", lost)
		open = true
		run(exitOK, "", append(submit, "--wait")...)
		if len(ids) != 3 {
			t.Errorf("%s: sent %d times", service, len(ids))
		}
		costs := object(t, env, "jobs", "costs", "--by", "service")
		row := map[string]any{"sent": 3.0, "lost": 1.0, "estimate_usd": 0.0, "cost_usd": 0.0, "open_usd": 0.0, "unpriced": 0.0}
		of := func(m map[string]any, more map[string]any) map[string]any {
			out := map[string]any{}
			for _, x := range []map[string]any{m, more} {
				for k, v := range x {
					out[k] = v
				}
			}
			return out
		}
		same(t, costs, values{"schema": "qgan.costs/v1", "by": []string{"service"}, "rows": []any{of(row, map[string]any{"of": map[string]any{"service": service}})}, "total": row})
		run(exitOK, "all", "jobs", "costs")
		run(exitUsage, "day, service, device, command", "jobs", "costs", "--by", "moon")
	}
}

// A garbled line of the ledger is told of by each verb and hides nothing; nothing is sent
// until it is set aside.
func TestJobsRepair(t *testing.T) {
	web := httptest.NewServer(must[*emulator.IonQ](t)(emulator.NewIonQ(emulator.Options{})))
	defer web.Close()
	dir := t.TempDir()
	env := map[string]string{"QGAN_LEDGER": dir, "IONQ_API_KEY": "KEY", "QGAN_IONQ_URL": web.URL}
	usd := 1.0
	planned := plan(t, dir, time.Now(), ledger.Job{Service: "ionq", Device: "simulator", Estimate: &usd}).ID
	if err := os.WriteFile(filepath.Join(dir, "events-x.jsonl"), []byte("\x00\x1b[31mno event\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	program := writeProgram(t, flips)
	for _, k := range []struct {
		args    string
		code    int
		message string
	}{
		{"jobs list", exitOK, "`qgan jobs repair`"}, {"jobs show " + planned, exitOK, "state     planned"}, {"submit " + program + " --backend ionq:simulator", exitFailure, "sets aside what can't be read"},
		{"jobs wait " + planned, exitFailure, "events-x.jsonl:1 is no event"}, {"jobs repair", exitOK, planned + " is unknown now"}, {"jobs repair", exitOK, "all of the ledger can be read"},
		{"submit " + program + " --backend ionq:simulator", exitOK, "submitted as"},
	} {
		r := command(t, env, strings.Fields(k.args)...)
		if r.code != k.code || !strings.Contains(r.out+r.err, k.message) || strings.Contains(r.out+r.err, "\x1b") {
			t.Errorf("qgan %s: exit code %d, want %d with %q: %s%s", k.args, r.code, k.code, k.message, r.out, r.err)
		}
	}
	l := must[*ledger.Ledger](t)(ledger.Open(durable.OS{}, dir, time.Now))
	defer l.Close()
	if j := must[ledger.Job](t)(l.Job(planned)); j.State != ledger.Unknown || len(j.Charges) != 1 {
		t.Errorf("%+v", j)
	}
}

// What has ended is waited for without credentials, and an answer about limits that are none
// is exit code 2.
func TestJobsWithoutCredentials(t *testing.T) {
	dir := t.TempDir()
	usd := 1.0
	job := func(updates ...ledger.Update) string {
		return plan(t, dir, time.Now(), ledger.Job{Service: "ionq", Device: "qpu.x", Estimate: &usd}, updates...).ID
	}
	sent := ledger.Update{State: ledger.Sending, Attempt: 1}
	done := job(sent, ledger.Update{State: ledger.Done, Attempt: 1, Remote: "r1"})
	failed := job(sent, ledger.Update{State: ledger.Failed, Attempt: 1, Remote: "r2", Reason: "too warm"})
	gone := job(sent, ledger.Update{State: ledger.Gone, Attempt: 1, Remote: "r3", Reason: "404"})
	open := job(sent, ledger.Update{State: ledger.Submitted, Attempt: 1, Remote: "r4"})
	cut := job(sent, ledger.Update{State: ledger.Unreadable, Attempt: 1, Remote: "r5"})
	l := must[*ledger.Ledger](t)(ledger.Open(durable.OS{}, dir, time.Now))
	defer l.Close()
	for id, hint := range map[string]string{open: "it goes on at the service: wait again", job(): "it is planned: waiting again goes on with it"} {
		if at, says, err := remote.Standing(l, []string{done, failed, id}); at != id || says != hint || err != nil {
			t.Errorf("waited for in vain: %s, %q, %v", at, says, err)
		}
	}
	env := map[string]string{"QGAN_LEDGER": dir}
	for _, k := range []struct {
		args, message string
		code          int
	}{
		{"jobs wait " + done, "", exitOK}, {"jobs wait " + failed, "too warm", exitRemote}, {"jobs wait " + gone, "gone", exitRemote}, {"jobs wait " + open, "IONQ_API_KEY", exitUsage},
		{"jobs wait " + cut, "IONQ_API_KEY", exitUsage}, // its result is asked for again
		{"jobs wait " + failed + " " + gone + " " + done, "too warm", exitRemote}, {"jobs wait " + gone + " " + failed, "gone", exitRemote},
		{"jobs abandon " + open, "abandoned", exitOK}, {"jobs wait " + open, "abandoned", exitRemote},
		{"jobs wait " + done + " --max-cost NaN", "it takes US dollars", exitUsage}, {"jobs wait " + done + " --max-cost -5", "it takes US dollars", exitUsage},
		{"jobs wait " + done + " --max-cost=", "it takes US dollars", exitUsage}, {"jobs wait " + done + " --max-cost 0", "", exitOK},
	} {
		if r := command(t, env, strings.Fields(k.args)...); r.code != k.code || !strings.Contains(r.out+r.err, k.message) {
			t.Errorf("qgan %s: exit code %d, want %d with %q: %s%s", k.args, r.code, k.code, k.message, r.out, r.err)
		}
	}
}

// A job whose plan was lost counts as damage like a line that can't be read.
func TestJobsTellOrphans(t *testing.T) {
	dir := t.TempDir()
	usd := 1.0
	plan(t, dir, time.Now(), ledger.Job{Service: "ionq", Device: "simulator", Estimate: &usd}, ledger.Update{State: ledger.Sending, Attempt: 1})
	logs := must[[]string](t)(filepath.Glob(filepath.Join(dir, "events-*.jsonl")))
	for _, path := range logs {
		text := string(must[[]byte](t)(os.ReadFile(path)))
		_, rest, _ := strings.Cut(text, "\n") // the plan comes first
		if err := os.WriteFile(path, []byte(rest+"no event\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if r := command(t, map[string]string{"QGAN_LEDGER": dir}, "jobs", "list"); len(logs) != 1 || !strings.Contains(r.err, "2 parts of the ledger can't be read") {
		t.Errorf("%d logs, exit code %d: %s", len(logs), r.code, r.err)
	}
}
