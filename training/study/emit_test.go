package study

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The whole text of what starts workers, for a queue in a folder and on a server.
func TestEmitText(t *testing.T) {
	p := squares(3)
	p.Name = "Layers of 2!"
	e := Emit{Plan: p, Queue: "dir:/shared/it's here", Workers: 5, CPUs: 2, Memory: "512M", Limit: "1:30:00", Image: "registry/qgan:1", Command: []string{"/opt/q gan", "worker", "--queue", "dir:/shared/it's here", ""}}
	hash := p.Hash()
	slurm := `#!/bin/bash
#SBATCH --job-name=qgan-layers-of-2
#SBATCH --array=1-5
#SBATCH --cpus-per-task=2
#SBATCH --mem=512M
#SBATCH --time=1:30:00
# study layers-of-2, plan ` + hash + `, 3 tasks
export GOMAXPROCS=2
exec '/opt/q gan' worker --queue 'dir:/shared/it'\''s here' ''
`
	kubernetes := `apiVersion: batch/v1
kind: Job
metadata:
  name: qgan-layers-of-2-` + hash[:8] + `
  annotations:
    qgan/plan: "` + hash + `"
    qgan/tasks: "3"
spec:
  parallelism: 5
  completions: 5
  backoffLimit: 50
  template:
    spec:
      restartPolicy: OnFailure
      containers:
      - name: worker
        image: "registry/qgan:1"
        command: ["/opt/q gan"]
        args: ["worker", "--queue", "dir:/shared/it's here", ""]
        env:
        - name: GOMAXPROCS
          value: "2"
        resources:
          requests: {cpu: 2, memory: 512Mi}
          limits: {cpu: 2, memory: 512Mi}
`
	folder := `        volumeMounts:
        - name: study
          mountPath: "/shared/it's here"
      volumes:
      - name: study
        persistentVolumeClaim:
          claimName: qgan-study
`
	for _, k := range []struct {
		kind, queue, memory, want string
	}{
		{"slurm", e.Queue, "512M", slurm},
		{"kubernetes", e.Queue, "512M", kubernetes + folder},
		{"kubernetes", "nats://queue:4222", "512M", kubernetes},
		{"kubernetes", "nats://queue:4222", "2G", strings.ReplaceAll(kubernetes, "512Mi", "2Gi")},
		{"kubernetes", "nats://queue:4222", "2Gi", strings.ReplaceAll(kubernetes, "512Mi", "2Gi")},
	} {
		e := e
		e.Queue, e.Memory = k.queue, k.memory
		got, err := e.Text(k.kind)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Split(k.want, "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("%s, %s: %s", k.kind, k.queue, diff)
		}
	}
	for want, change := range map[string]func(*Emit) string{
		"at least 1 of each":      func(e *Emit) string { e.Workers = 0; return "slurm" },
		"1 of each is needed":     func(e *Emit) string { e.CPUs = 0; return "slurm" },
		"no command":              func(e *Emit) string { e.Command = nil; return "slurm" },
		`queue "a\nb"`:            func(e *Emit) string { e.Queue = "a\nb"; return "slurm" },
		`memory "\x00"`:           func(e *Emit) string { e.Memory = "\x00"; return "slurm" },
		`time "1\t"`:              func(e *Emit) string { e.Limit = "1\t"; return "slurm" },
		`image "i\r"`:             func(e *Emit) string { e.Image = "i\r"; return "slurm" },
		"give image":              func(e *Emit) string { e.Image = ""; return "kubernetes" },
		"queue local: workers":    func(e *Emit) string { e.Queue = "local"; return "slurm" },
		"queue http://b: workers": func(e *Emit) string { e.Queue = "http://a@b"; return "slurm" },
		"backend ibm:x: what is paid for": func(e *Emit) string {
			e.Queue, e.Plan = "nats://q", Plan{Tasks: []Task{{"train", map[string]any{"backend": "ibm:x"}}}}
			return "slurm"
		},
		`"pbs": it can be slurm`: func(e *Emit) string { return "pbs" },
	} {
		e := e
		kind := change(&e)
		if text, err := e.Text(kind); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want … %s …", text, err, want)
		}
	}
	one := e
	one.Command = []string{"qgan"}
	if text, err := one.Text("slurm"); err != nil || !strings.HasSuffix(text, "exec qgan\n") {
		t.Errorf("a command of one word: %v\n%s", err, text)
	}
	for name, want := range map[string]string{
		"":                                  "study",
		"--":                                "study",
		"Grid_9":                            "grid-9",
		strings.Repeat("a", 41):             strings.Repeat("a", 40),
		strings.Repeat("a", 39) + " bcdefg": strings.Repeat("a", 39),
	} {
		if got := label(name); got != want {
			t.Errorf("label of %q: %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{"a/devices/heron r2.json": "heron_r2", `c:\d\x.json`: "x", "FakeTorino": "FakeTorino", "a.b": "a_b"} {
		if got := fileName(name); got != want {
			t.Errorf("file name of %q: %q, want %q", name, got, want)
		}
	}
	for text, want := range map[string]struct {
		x     float64
		group string
		ok    bool
	}{"gates=0.5": {0.5, "gates", true}, "gates=2,relaxation=2,readout=2": {2, "all", true}, "readout": {0, "readout", false}, "": {0, "", false}} {
		if x, group, ok := scaleOf(text); x != want.x || group != want.group || ok != want.ok {
			t.Errorf("scale of %q: %v of %s, %v", text, x, group, ok)
		}
	}
}
