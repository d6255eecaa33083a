package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

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
		Use:   "study FILE.toml|STUDY",
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
	s.StringVarP(&f.out, "out", "o", "", "folder to write (none: one below studies, named after the study; PATH of --queue dir:PATH)")
	s.IntVar(&f.workers, "workers", -1, "tasks side by side in this process (none: as many as processors; 0 with a NATS server)")
	s.StringVar(&f.queue, "queue", "local", "who hands out tasks: this process, a shared folder, or a NATS server")
	s.BoolVar(&f.resume, "resume", false, "go on with the study in the folder")
	s.BoolVar(&f.retry, "retry-failed", false, "with --resume: do the tasks again that failed")
	s.BoolVar(&f.quick, "quick", false, "of a ready study: do a fraction of its work")
	s.StringVar(&f.seeds, "seeds", "", "of a ready study: its seeds, such as 0,1,2 (none: its own)")
	s.StringArrayVar(&f.devices, "device", nil, "of a ready study: a processor, by file or name (can be repeated)")
	s.StringArrayVar(&f.compare, "compare", nil, "of the study paper: another file of spike trains to compare with (can be repeated)")
	s.StringArrayVar(&f.set, "set", nil, "of a ready study: a setting of all its tasks (can be repeated)")
	s.DurationVar(&f.lease, "lease", study.LeaseTime, "how long a worker may be silent before its task is given to another")
	addData(cmd, false)
	s.StringVar(&f.log, "log", "text", "form of the progress on standard error")
	s.BoolVar(&f.asJSON, "json", false, "print one JSON object instead of the folder")
	cmd.AddCommand(newStudyEmitCmd(a))
	return cmd
}

// work reads the study's file, or makes the plan of a ready one, and what makes its page.
func (f *studyFlags) work(cmd *cobra.Command, a *app, what string) (study.Plan, func(study.Table) report.Study, error) {
	plan, page, file, err := study.Find(a.fs, what, study.Words{
		Quick: f.quick, Seeds: f.seeds, Set: f.set, Devices: f.devices, Compare: f.compare, Settings: given(cmd.Flags()),
	})
	for _, name := range append([]string{"quick", "seeds", "set", "device", "compare"}, lab.OfRecording()...) {
		if file && cmd.Flags().Changed(name) {
			return plan, page, usagef("--%s is for the studies that are there; a file says it itself", name)
		}
	}
	return plan, page, err
}

func (f *studyFlags) run(cmd *cobra.Command, a *app, what string) error {
	ctx := cmd.Context()
	if _, err := a.newProgress(f.log, "", "", 0); err != nil {
		return err
	}
	plan, page, err := f.work(cmd, a, what)
	if err != nil {
		return err
	}
	if err := plan.Check(); err != nil {
		return err
	}
	queue, err := study.ParseQueue(f.queue)
	if err != nil {
		return err
	}
	if f.out == "" {
		f.out = queue.Folder(plan)
	}
	if _, err := study.OpenFolder(a.fs, f.out); err == nil && !f.resume {
		return usagef("%s: there is a study already", f.out).withHint("go on with it by --resume, or name another folder with --out")
	}
	job := a.study(plan, queue.Workers(f.workers), f.log)
	job.Page, job.Folder, job.Lease, job.Retry = page, f.out, f.lease, f.retry
	if queue.Kind == study.Server {
		job.Queue = f.queue
		begun := job.Begun
		job.Begun = func(done int) {
			a.note("the tasks are on the server; `qgan worker --queue %s --study %s` takes them", queue, plan.Hash())
			begun(done)
		}
	}
	table, err := job.Run(ctx)
	job.bar.Finish()
	if err != nil {
		if ctx.Err() != nil && table.Rows != nil {
			a.warn("stopped with %d of %s done; go on with --resume", table.Done(), plural(len(plan.Tasks), "task"))
		}
		return err
	}
	if f.asJSON {
		err = a.printJSON(table.Result(f.out))
	} else {
		_, err = fmt.Fprintln(a.out, f.out)
	}
	if n := table.Failed(); n > 0 && err == nil {
		for _, text := range table.Failures(job.told) {
			a.warn("%s", text)
		}
		return exitf(exitStudy, "%s of %d failed; %s names the causes", plural(n, "task"), len(plan.Tasks), filepath.Join(f.out, "table.csv")).
			withHint("--resume --retry-failed does them again")
	}
	return err
}

// studyJob is a study with its progress.
type studyJob struct {
	study.Study
	bar  *progress.Bar
	a    *app
	told map[string]bool // tasks whose failure was told
}

// study is a study whose progress is shown, in the form of --log, and whose failed tasks
// are told with their causes.
func (a *app) study(p study.Plan, workers int, log string) *studyJob {
	j := &studyJob{a: a, told: map[string]bool{}, Study: study.Study{Plan: p, Works: a.works(), FS: a.fs, Workers: workers, Name: study.ProcessName(a.now())}}
	j.Begun = func(done int) { j.bar, _ = a.newProgress(log, "task", "tasks", done) } // the form was checked before
	j.Told = func(done, failed int) {
		j.bar.Update(done, len(p.Tasks), progress.Field{Name: "failed", Value: failed})
	}
	j.Done = func(o study.Outcome) {
		if o.Failed != "" {
			j.told[o.Task.Name()] = true
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
			q, err := study.ParseQueue(queue)
			switch {
			case err != nil || q.Kind == study.Local:
				return usagef("--queue %s: it can be dir:PATH or nats://HOST", q)
			case q.Kind == study.Shared && (hash != "" || scratch != ""):
				return usagef("--study and --scratch are for a NATS server; a folder holds one study")
			}
			joined, err := study.Join(ctx, a.fs, q, hash, scratch)
			if err != nil && q.Kind == study.Shared {
				return usagef("%w", err).withHint("`qgan study … --queue %s` begins one", queue)
			} else if err != nil {
				return err
			}
			defer joined.Close()
			if err := joined.Plan().Check(); err != nil {
				return err
			}
			job := a.study(joined.Plan(), workers, log)
			job.Begun(0)
			err = job.WorkOn(ctx, joined.Board, joined.Folder)
			job.bar.Finish()
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&queue, "queue", "", "who hands out tasks: a shared folder or a NATS server")
	f.StringVar(&hash, "study", "", "hash of the study to work on, of several on a NATS server (none: the only one)")
	f.StringVar(&scratch, "scratch", "", "with a NATS server: folder for what tasks write (none: one that is removed at the end)")
	f.IntVar(&workers, "workers", 1, "tasks side by side")
	f.StringVar(&log, "log", "text", "form of the progress on standard error")
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
			plan, _, err := new(studyFlags).work(cmd, a, args[1])
			if err != nil {
				return err
			}
			command := []string{"qgan", "worker", "--queue", queue}
			if q, _ := study.ParseQueue(queue); q.Kind == study.Server {
				command = append(command, "--study", plan.Hash())
			}
			e := study.Emit{Plan: plan, Queue: queue, Command: command, Workers: workers, CPUs: cpus, Memory: memory, Limit: limit, Image: image}
			text, err := e.Text(args[0])
			if err != nil {
				return usagef("%w", err)
			}
			_, err = io.WriteString(a.out, text)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&queue, "queue", "", "who hands out tasks: a shared folder or a NATS server")
	f.IntVar(&workers, "workers", 4, "how many workers to start")
	f.IntVar(&cpus, "cpus", 2, "processors of a worker")
	f.StringVar(&memory, "memory", "2G", "memory of a worker, such as 2G")
	f.StringVar(&limit, "time", "12:00:00", "of slurm: the longest time of a worker")
	f.StringVar(&image, "image", "", "of kubernetes: the container image that holds the program")
	return cmd
}
