package study

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"qgan/internal/named"
)

// Emit describes workers that something else starts.
type Emit struct {
	Plan    Plan
	Queue   string   // dir:PATH or nats://HOST
	Command []string // what starts a worker of the queue: the program and its arguments
	Workers int
	CPUs    int // a worker
	Memory  string
	Limit   string // longest time, HH:MM:SS (Slurm)
	Image   string // that holds the program (Kubernetes)
}

// Text writes the workers for slurm or kubernetes. It fails where others can't take tasks
// from the queue.
func (e Emit) Text(kind string) (string, error) {
	switch {
	case e.Workers < 1 || e.CPUs < 1:
		return "", fmt.Errorf("workers and their CPUs: at least 1 of each is needed")
	case len(e.Command) == 0:
		return "", fmt.Errorf("there is no command that starts a worker")
	}
	for name, text := range map[string]string{"queue": e.Queue, "memory": e.Memory, "time": e.Limit, "image": e.Image} {
		if strings.ContainsFunc(text, unicode.IsControl) {
			return "", fmt.Errorf("%s %q: it has a control character", name, text)
		}
	}
	q, err := ParseQueue(e.Queue)
	if err != nil || q.Kind == Local {
		return "", named.Errorf("{queue} %s: workers elsewhere need dir:PATH or nats://HOST", q)
	}
	if backend, paid := e.Plan.Paid(); paid && q.Kind == Server {
		return "", fmt.Errorf("backend %s: what is paid for runs on dir:PATH alone, where the ledger lies", backend)
	}
	switch kind {
	case "slurm":
		return e.slurm(), nil
	case "kubernetes":
		if e.Image == "" {
			return "", named.Errorf("a Kubernetes job needs an image that holds the program: give {image}")
		}
		return e.kubernetes(), nil
	}
	return "", fmt.Errorf("%q: it can be slurm or kubernetes", kind)
}

// slurm is an array job: each element is a worker that takes tasks until none is open.
func (e Emit) slurm() string {
	var b strings.Builder
	fmt.Fprintf(&b, "#!/bin/bash\n")
	fmt.Fprintf(&b, "#SBATCH --job-name=qgan-%s\n", label(e.Plan.Name))
	fmt.Fprintf(&b, "#SBATCH --array=1-%d\n", e.Workers)
	fmt.Fprintf(&b, "#SBATCH --cpus-per-task=%d\n", e.CPUs)
	fmt.Fprintf(&b, "#SBATCH --mem=%s\n", e.Memory)
	fmt.Fprintf(&b, "#SBATCH --time=%s\n", e.Limit)
	fmt.Fprintf(&b, "# study %s, plan %s, %d tasks\n", label(e.Plan.Name), e.Plan.Hash(), len(e.Plan.Tasks))
	fmt.Fprintf(&b, "export GOMAXPROCS=%d\nexec", e.CPUs)
	for _, a := range e.Command {
		fmt.Fprintf(&b, " %s", shellQuoted(a))
	}
	b.WriteString("\n")
	return b.String()
}

// kubernetes is a job with as many pods as workers; each ends when no task is open.
func (e Emit) kubernetes() string {
	var b strings.Builder
	name := "qgan-" + label(e.Plan.Name) + "-" + e.Plan.Hash()[:8]
	memory := e.Memory
	if strings.HasSuffix(memory, "G") || strings.HasSuffix(memory, "M") {
		memory += "i"
	}
	fmt.Fprintf(&b, "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: %s\n", name)
	fmt.Fprintf(&b, "  annotations:\n    qgan/plan: %s\n    qgan/tasks: %s\n", strconv.Quote(e.Plan.Hash()), strconv.Quote(strconv.Itoa(len(e.Plan.Tasks))))
	fmt.Fprintf(&b, "spec:\n  parallelism: %d\n  completions: %d\n  backoffLimit: %d\n", e.Workers, e.Workers, 10*e.Workers)
	fmt.Fprintf(&b, "  template:\n    spec:\n      restartPolicy: OnFailure\n      containers:\n      - name: worker\n        image: %s\n        command: [%s]\n", strconv.Quote(e.Image), strconv.Quote(e.Command[0]))
	var quoted []string
	for _, a := range e.Command[1:] {
		quoted = append(quoted, strconv.Quote(a))
	}
	fmt.Fprintf(&b, "        args: [%s]\n", strings.Join(quoted, ", "))
	fmt.Fprintf(&b, "        env:\n        - name: GOMAXPROCS\n          value: \"%d\"\n", e.CPUs)
	fmt.Fprintf(&b, "        resources:\n          requests: {cpu: %d, memory: %s}\n          limits: {cpu: %d, memory: %s}\n", e.CPUs, memory, e.CPUs, memory)
	if q, _ := ParseQueue(e.Queue); q.Kind == Shared {
		fmt.Fprintf(&b, "        volumeMounts:\n        - name: study\n          mountPath: %s\n", strconv.Quote(q.Place))
		fmt.Fprintf(&b, "      volumes:\n      - name: study\n        persistentVolumeClaim:\n          claimName: qgan-study\n")
	}
	return b.String()
}

// label makes a word of letters, digits and dashes.
func label(s string) string {
	out := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, s), "-")
	if len(out) > 40 {
		out = strings.TrimRight(out[:40], "-")
	}
	if out == "" {
		return "study"
	}
	return out
}

// shellQuoted quotes a word for a shell.
func shellQuoted(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_./:=,@", r))
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
