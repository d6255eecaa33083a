package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"qgan/internal/named"
	"qgan/internal/progress"
	"qgan/metrics/report"
	"qgan/training/lab"
	"qgan/training/study"
)

// studyFlags are the flags of `study`.
type studyFlags struct {
	out              string
	workers          int
	queue            string
	resume           bool
	retry            bool
	quick            bool
	seeds            string
	devices, compare []string
	set              []string
	lease            time.Duration
	log              string
	asJSON           bool
}

// newStudyCmd makes `study`.
func newStudyCmd(a *app) *cobra.Command {
	var f studyFlags
	var names []string
	for _, s := range study.Studies() {
		names = append(names, fmt.Sprintf("  %-13s %s", s.Name, s.Short))
	}
	cmd := &cobra.Command{
		Use:   "study FILE.toml | STUDY",
		Short: "Run a sweep, or a study that is there already",
		Long: `Run the tasks of a study file, or of a study that is there already, and write their
table (table.csv, table.jsonl), figures and a page into a folder. Tasks are named by
the hash of their settings: finished ones are skipped when the study goes on, failed
ones are kept with their cause, and the table is the same whatever did the work.

Studies:
` + strings.Join(names, "\n") + `

A study file has a task for each combination of its grid and each seed; settings are
the flags of train:

  name = "layers"
  seeds = [0, 1, 2]
  [settings]
  neurons = 4
  [grid]
  layers = [2, 4, 8]

With --queue dir:PATH the folder PATH is shared: whoever runs ` + "`qgan worker --queue dir:PATH`" + `,
on any machine that sees it, takes tasks from it. With --queue nats://HOST tasks are
handed out by a NATS server with JetStream. What runs at a service and is paid for
stays on local or dir:PATH.`,
		Example: `  qgan study shot-noise --quick
  qgan study layers.toml --workers 2
  qgan study layers.toml --queue dir:/shared/layers --workers 0`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, a, args[0]) },
	}
	s := cmd.Flags()
	s.StringVar(&f.out, "out", "", "folder (none: below studies/, named after the study; of --queue dir:PATH: PATH)")
	s.IntVar(&f.workers, "workers", -1, "tasks side by side in this process (none: as many as CPUs, with a NATS server 0: it waits for others)")
	s.StringVar(&f.queue, "queue", "local", "who hands out tasks: local, dir:PATH or nats://HOST")
	s.BoolVar(&f.resume, "resume", false, "go on with the study in the folder")
	s.BoolVar(&f.retry, "retry-failed", false, "with --resume: do tasks again that failed")
	s.BoolVar(&f.quick, "quick", false, "of a study that is there: a fraction of its work")
	s.StringVar(&f.seeds, "seeds", "", "of a study that is there: its seeds, as 0,1,2 (none: its own)")
	s.StringArrayVar(&f.devices, "device", nil, "of a study that is there: a processor, file or name (can be repeated)")
	s.StringArrayVar(&f.compare, "compare", nil, "of study paper: another file of spike trains to put beside (can be repeated)")
	s.StringArrayVar(&f.set, "set", nil, "of a study that is there: `SETTING=VALUE` of all its tasks (can be repeated)")
	s.DurationVar(&f.lease, "lease", study.LeaseTime, "how long a worker may be silent before its task is given to another")
	addData(cmd, false)
	s.StringVar(&f.log, "log", "text", "progress on stderr: text or jsonl")
	s.BoolVar(&f.asJSON, "json", false, "print a JSON object instead of the folder")
	cmd.AddCommand(newStudyEmitCmd(a))
	return cmd
}

// studyWork is a plan and the page that is made of its table.
type studyWork struct {
	plan study.Plan
	page func(study.Table) report.Study
}

// work reads the study's file, or makes the plan of a ready one.
func (f *studyFlags) work(cmd *cobra.Command, a *app, what string) (studyWork, error) {
	changed := cmd.Flags().Changed
	ready := study.Studies()
	if i := slices.IndexFunc(ready, func(s study.Ready) bool { return s.Name == what }); i >= 0 {
		r := ready[i]
		if len(f.devices) < r.Devices {
			return studyWork{}, usagef("study %s needs %s: give --device", what, plural(r.Devices, "device"))
		}
		if r.Devices == 0 && len(f.devices) > 0 {
			return studyWork{}, usagef("--device: study %s takes none", what)
		}
		o := study.Options{Quick: f.quick, Devices: f.devices, Settings: dataSettings(cmd), Override: map[string]any{}}
		for _, text := range f.set {
			name, value, ok := strings.Cut(text, "=")
			if !ok || name == "" {
				return studyWork{}, usagef("--set %s: it is SETTING=VALUE", text)
			}
			o.Override[name] = value
			if x, err := strconv.ParseFloat(value, 64); err == nil {
				o.Override[name] = x
			}
		}
		for _, file := range f.compare {
			whole, err := filepath.Abs(file)
			switch {
			case r.Name != "paper":
				return studyWork{}, usagef("--compare: study %s takes none", what)
			case strings.Contains(file, ","):
				return studyWork{}, usagef("--compare %s: a name with a comma can't be told from two", file)
			case slices.ContainsFunc(o.Compare, func(other string) bool { return study.ComparedFigure(other) == study.ComparedFigure(whole) }):
				return studyWork{}, usagef("--compare %s: another file of that name is there already, and figures are named after them", file)
			case err != nil:
				return studyWork{}, err
			}
			if _, err := a.fs.Stat(whole); err != nil { // before the cells are trained, not after
				return studyWork{}, usagef("--compare: %w", err)
			}
			o.Compare = append(o.Compare, whole)
		}
		if f.seeds != "" {
			for _, text := range strings.Split(f.seeds, ",") {
				n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
				if err != nil || n < 0 {
					return studyWork{}, usagef("--seeds %s: a list such as 0,1,2 is needed", f.seeds)
				}
				o.Seeds = append(o.Seeds, n)
			}
		}
		return studyWork{r.Plan(o), r.Page}, nil
	}
	if !strings.HasSuffix(what, ".toml") {
		var names []string
		for _, r := range ready {
			names = append(names, r.Name)
		}
		return studyWork{}, usagef("study %q: there is %s, or a file that ends in .toml", what, named.OneOf(names))
	}
	for _, name := range []string{"quick", "seeds", "set", "device", "compare", "data", "var", "axes", "repeat-bins", "bin-width", "train-repeats"} {
		if changed(name) {
			return studyWork{}, usagef("--%s is for the studies that are there; a file says it itself", name)
		}
	}
	raw, err := a.fs.ReadFile(what)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return studyWork{}, usagef("study %s: there is no such file", what)
	case err != nil:
		return studyWork{}, usagef("study %s: %w", what, err)
	}
	p, err := study.Parse(string(raw), what)
	return studyWork{p, study.Page}, err
}

// dataSettings are the flags of the recording as a task's settings.
func dataSettings(cmd *cobra.Command) map[string]any {
	out := map[string]any{}
	for name, text := range given(cmd.Flags()) {
		if slices.Contains(lab.OfRecording(), name) && text != "" {
			out[name] = text
		}
	}
	if path, ok := out["data"].(string); ok {
		if whole, err := filepath.Abs(path); err == nil {
			out["data"] = whole // workers may have another folder
		}
	}
	if n, err := cmd.Flags().GetInt("repeat-bins"); err == nil && n != 0 {
		out["repeat-bins"] = n
	}
	if x, err := cmd.Flags().GetFloat64("bin-width"); err == nil && x != 0 {
		out["bin-width"] = x
	}
	return out
}

func (f *studyFlags) run(cmd *cobra.Command, a *app, what string) error {
	ctx := cmd.Context()
	if _, err := a.newProgress(f.log, "", "", 0); err != nil {
		return err
	}
	w, err := f.work(cmd, a, what)
	if err != nil {
		return err
	}
	works := a.works()
	if err := w.plan.Check(); err != nil {
		return err
	}
	kind, place := queueOf(f.queue)
	if kind == "" {
		return usagef("--queue %s: it can be local, dir:PATH or nats://HOST", plainQueue(f.queue))
	}
	if f.out == "" {
		f.out = filepath.Join("studies", w.plan.Name+"-"+w.plan.Hash()[:8])
		if kind == "dir" {
			f.out = place
		}
	}
	if f.workers < 0 {
		f.workers = runtime.GOMAXPROCS(0)
		if kind == "nats" {
			f.workers = 0
		}
	}
	if _, err := study.OpenFolder(a.fs, f.out); err == nil && !f.resume {
		return usagef("%s: there is a study already", f.out).withHint("go on with it by --resume, or name another folder with --out")
	}
	job := a.study(w.plan, works, f.workers, f.log)
	job.Page, job.Folder, job.Lease, job.Retry = w.page, f.out, f.lease, f.retry
	if kind == "nats" {
		job.Queue = f.queue
	}
	begun := job.Begun
	job.Begun = func(done int) {
		if kind == "nats" {
			a.note("the tasks are on the server; `qgan worker --queue %s --study %s` takes them", plainQueue(f.queue), w.plan.Hash())
		}
		begun(done)
	}
	table, err := job.Run(ctx)
	job.bar.Finish()
	if err != nil {
		if ctx.Err() != nil && table.Rows != nil {
			a.warn("stopped with %d of %s done; go on with --resume", table.Done(), plural(len(w.plan.Tasks), "task"))
		}
		return err
	}
	if f.asJSON {
		err = a.printJSON(studyResult{"qgan.study-result/v1", w.plan.Name, w.plan.Hash(), f.out, len(w.plan.Tasks), table.Failed()})
	} else {
		_, err = fmt.Fprintln(a.out, f.out)
	}
	if n := table.Failed(); n > 0 && err == nil {
		return exitf(exitStudy, "%s of %d failed; %s names the causes", plural(n, "task"), len(w.plan.Tasks), filepath.Join(f.out, "table.csv")).
			withHint("--resume --retry-failed does them again")
	}
	return err
}

// studyResult is the object of `study --json`.
type studyResult struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
	Hash   string `json:"hash"`
	Folder string `json:"folder"`
	Tasks  int    `json:"tasks"`
	Failed int    `json:"failed"`
}

// queueOf splits a queue into its kind and place.
func queueOf(text string) (kind, place string) {
	switch {
	case text == "local":
		return "local", ""
	case strings.HasPrefix(text, "dir:"):
		return "dir", strings.TrimPrefix(text, "dir:")
	case strings.HasPrefix(text, "nats://"), strings.HasPrefix(text, "tls://"):
		return "nats", text
	}
	return "", ""
}

// plainQueue is a queue without the secrets that an address may hold.
func plainQueue(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return text
	}
	return scheme + "://" + rest[strings.LastIndexByte(rest, '@')+1:]
}

// studyJob is a study with its progress.
type studyJob struct {
	study.Study
	bar *progress.Bar
}

// study is a study whose progress is shown, in the form of --log, and whose failed tasks
// are told with their causes.
func (a *app) study(p study.Plan, works map[string]study.Work, workers int, log string) *studyJob {
	j := &studyJob{Study: study.Study{Plan: p, Works: works, FS: a.fs, Workers: workers, Name: study.ProcessName(a.now())}}
	j.Begun = func(done int) { j.bar, _ = a.newProgress(log, "task", "tasks", done) } // the form was checked before
	j.Told = func(done, failed int) {
		j.bar.Update(done, len(p.Tasks), progress.Field{Name: "failed", Value: failed})
	}
	j.Done = func(o study.Outcome) {
		if o.Failed != "" {
			a.warn("task %s failed: %s", o.Task.Name(), o.Failed)
		}
	}
	return j
}

// newWorkerCmd makes `worker`.
func newWorkerCmd(a *app) *cobra.Command {
	var queue, hash, scratch, log string
	var workers int
	cmd := &cobra.Command{
		Use:   "worker --queue QUEUE",
		Short: "Work on a study that another process began",
		Long: `Take tasks of a study from a shared folder (dir:PATH) or a NATS server until none is
open. Any number of workers may come and go; the task of one that dies is given to
another.`,
		Example: `  qgan worker --queue dir:/shared/layers
  qgan worker --queue nats://queue.example.org --workers 4`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if _, err := a.newProgress(log, "", "", 0); err != nil {
				return err
			}
			if workers < 1 {
				return usagef("--workers %d: at least 1 is needed", workers)
			}
			var err error
			kind, place := queueOf(queue)
			var board study.Board
			var folder *study.Folder
			switch kind {
			case "dir":
				if hash != "" || scratch != "" {
					return usagef("--study and --scratch are for a NATS server; a folder holds one study")
				}
				if folder, err = study.OpenFolder(a.fs, place); err != nil {
					return usagef("%w", err).withHint("`qgan study … --queue %s` begins one", queue)
				}
				board = folder
			case "nats":
				b, err := study.OpenNATS(ctx, queue, hash)
				if err != nil {
					return &study.BoardError{Err: err}
				}
				defer b.Close()
				if scratch == "" {
					if scratch, err = os.MkdirTemp("", "qgan-worker-"); err != nil {
						return err
					}
					defer os.RemoveAll(scratch)
				}
				if folder, err = study.CreateFolder(a.fs, scratch, b.Plan(), b.Lease()); err != nil {
					return err
				}
				board = b
			default:
				return usagef("--queue %s: it can be dir:PATH or nats://HOST", plainQueue(queue))
			}
			works := a.works()
			if err := board.Plan().Check(); err != nil {
				return err
			}
			job := a.study(board.Plan(), works, workers, log)
			job.Begun(0)
			err = job.WorkOn(ctx, board, folder)
			job.bar.Finish()
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&queue, "queue", "", "dir:PATH or nats://HOST")
	f.StringVar(&hash, "study", "", "hash of the study on a NATS server (none: the only one)")
	f.StringVar(&scratch, "scratch", "", "folder for what tasks write, with a NATS server (none: one that is removed at the end)")
	f.IntVar(&workers, "workers", 1, "tasks side by side")
	f.StringVar(&log, "log", "text", "progress on stderr: text or jsonl")
	return cmd
}

// newStudyEmitCmd makes `study emit`.
func newStudyEmitCmd(a *app) *cobra.Command {
	var queue, image, memory, limit string
	var workers, cpus int
	cmd := &cobra.Command{
		Use:   "emit slurm|kubernetes FILE.toml|STUDY",
		Short: "Write what starts workers elsewhere",
		Long: `Write, to stdout, a Slurm array script or a Kubernetes job that starts workers of a
study: of a shared folder (dir:PATH) or of a NATS server. The study itself is begun
by ` + "`qgan study … --queue QUEUE --workers 0`" + `, which also puts the table together.`,
		Example: `  qgan study emit slurm layers.toml --queue dir:/shared/layers --workers 20 > workers.sh
  qgan study emit kubernetes layers.toml --queue nats://queue:4222 --image registry.example.org/qgan`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			own := studyFlags{}
			work, err := own.work(cmd, a, args[1])
			if err != nil {
				return err
			}
			kind, _ := queueOf(queue)
			if kind != "dir" && kind != "nats" {
				return usagef("--queue %s: workers elsewhere need dir:PATH or nats://HOST", plainQueue(queue))
			}
			if backend, paid := work.plan.Paid(); paid && kind == "nats" {
				return usagef("backend %s: what is paid for runs on dir:PATH alone, where the ledger lies", backend)
			}
			command := []string{"qgan", "worker", "--queue", queue}
			if kind == "nats" {
				command = append(command, "--study", work.plan.Hash())
			}
			e := study.Emit{Plan: work.plan, Queue: queue, Command: command, Workers: workers, CPUs: cpus, Memory: memory, Limit: limit, Image: image}
			text, err := e.Text(args[0])
			if err != nil {
				return usagef("%w", err)
			}
			_, err = io.WriteString(a.out, text)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&queue, "queue", "", "dir:PATH or nats://HOST")
	f.IntVar(&workers, "workers", 4, "workers to start")
	f.IntVar(&cpus, "cpus", 2, "CPUs a worker")
	f.StringVar(&memory, "memory", "2G", "memory a worker")
	f.StringVar(&limit, "time", "12:00:00", "slurm: longest time of a worker")
	f.StringVar(&image, "image", "", "kubernetes: image that holds qgan")
	return cmd
}
