package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"qgan/backends/ledger"
	"qgan/backends/remote"
	"qgan/backends/service"
	"qgan/internal/words"
)

// newJobsCmd makes `jobs`.
func newJobsCmd(a *app) *cobra.Command {
	cmd := newGroupCmd(&cobra.Command{Use: "jobs", Short: "Follow the jobs of the ledger, whatever the service"})
	cmd.AddCommand(newJobsListCmd(a), newJobsShowCmd(a), newJobsWaitCmd(a), newJobsResultCmd(a), newJobsCancelCmd(a), newJobsReconcileCmd(a),
		newJobsAdoptCmd(a), newJobsAbandonCmd(a), newJobsRepairCmd(a), newJobsCostsCmd(a))
	return cmd
}

// opener opens the services of the ledger's jobs.
func (f *remoteFlags) opener(a *app, l *ledger.Ledger) remote.Opener {
	return func(ctx context.Context, j ledger.Job) (*remote.Remote, error) {
		s, err := serviceOf(j.Service)
		if err != nil {
			return nil, err
		}
		client, err := f.client(ctx, a, s, j.Device, service.Options{Endpoint: j.Endpoint, Job: j.Options})
		if err != nil {
			return nil, err
		}
		return f.remote(a, l, client, j.Command)
	}
}

// findJob finds a job in the ledger, and the row of its service.
func findJob(l *ledger.Ledger, id string) (ledger.Job, *service.Row, error) {
	j, err := l.Job(id)
	if err != nil {
		return j, nil, err
	}
	s, err := serviceOf(j.Service)
	return j, s, err
}

// withLedger runs a verb with the ledger open.
func (a *app) withLedger(run func(l *ledger.Ledger) error) error {
	l, err := a.openLedger()
	if err != nil {
		return err
	}
	defer l.Close()
	d, err := l.Damage()
	if err != nil {
		return err
	}
	if n := len(d.Lines) + len(d.Orphans); n > 0 {
		a.warn("%d parts of the ledger can't be read, and nothing is sent until `qgan jobs repair` has set them aside", n)
	}
	return run(l)
}

// eachJob makes a verb's work of what is done with each job that is named, its service open.
func (f *remoteFlags) eachJob(a *app, do func(ctx context.Context, r *remote.Remote, j ledger.Job) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, ids []string) error {
		return a.withLedger(func(l *ledger.Ledger) error {
			for _, id := range ids {
				j, err := l.Job(id)
				if err != nil {
					return err
				}
				r, err := f.opener(a, l)(cmd.Context(), j)
				if err != nil {
					return err
				}
				if err := do(cmd.Context(), r, j); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func newJobsListCmd(a *app) *cobra.Command {
	var q ledger.Query
	var asJSON bool
	var since string
	var states []string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the jobs of the ledger",
		Long: `List the jobs of the ledger in the order of their submission. A job is named by the last
letters of its id, which other verbs take; ` + "`jobs show`" + ` has the rest of it.`,
		Example: "  qgan jobs list --since 7d --service ibm --state failed,unknown\n  qgan jobs list --tag paper --limit 10",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) (err error) {
			if q.Service != "" {
				if _, err := serviceOf(q.Service); err != nil {
					return err
				}
			}
			if since != "" {
				if q.Since, err = ledger.Since(since, a.now()); err != nil {
					return usagef("--since %w", err)
				}
			}
			for _, s := range states {
				q.States = append(q.States, ledger.State(s))
			}
			return a.withLedger(func(l *ledger.Ledger) error {
				s, err := l.Summary(q)
				if err != nil {
					return usagef("%w", err)
				}
				return a.tell(asJSON, s)
			})
		},
	}
	f := cmd.Flags()
	f.BoolVar(&asJSON, "json", false, "print one JSON object")
	f.BoolVar(&q.Open, "open", false, "list only jobs that have not ended")
	f.StringVar(&q.Service, "service", "", "list only jobs of this service")
	f.StringVar(&since, "since", "", "list only jobs that were made since a date or time ago, such as 2026-11-30, 36h or 7d")
	f.StringSliceVar(&states, "state", nil, "list only jobs in one of these states, with commas between")
	f.IntVar(&q.Limit, "limit", 0, "list only the newest so many (0: all)")
	f.StringVar(&q.Name, "name", "", "list only jobs of this name")
	f.StringArrayVar(&q.Tags, "tag", nil, "list only jobs with this tag (can be repeated)")
	return cmd
}

func newJobsShowCmd(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show JOB",
		Short: "Show a job of the ledger",
		Long:  "Show a job of the ledger. JOB is its id, some letters at either end of it, or the service's id.",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.withLedger(func(l *ledger.Ledger) error {
				j, err := l.Job(args[0])
				if err != nil {
					return usagef("%w", err).withHint("`qgan jobs list` lists them")
				}
				if asJSON {
					return a.printJob(j, true)
				}
				t := words.NewTable(a.out)
				for _, k := range j.Facts() {
					t.Row(k[0], k[1])
				}
				return t.Flush()
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func newJobsWaitCmd(a *app) *cobra.Command {
	var f remoteFlags
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "wait JOB…",
		Short: "Wait until jobs have ended",
		Long: `Wait until jobs have ended and keep their results. A job that was planned and not
sent is sent, with the options that it was planned with; one whose answer was lost is
looked up. With --timeout it ends with
exit code 6 where a job has not ended by then; the job goes on.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			until := cmd.Context()
			if timeout > 0 {
				var cancel context.CancelFunc
				until, cancel = context.WithTimeout(until, timeout)
				defer cancel()
			}
			return a.withLedger(func(l *ledger.Ledger) error {
				err := remote.Await(until, l, args, f.opener(a, l))
				if !errors.Is(err, context.DeadlineExceeded) {
					return err
				}
				id, says, err := remote.Standing(l, args)
				if err != nil || id == "" {
					return err
				}
				return exitf(exitUnfinished, "job %s has not ended after %v", id, timeout).withHint("%s", says)
			})
		},
	}
	f.addSending(cmd.Flags())
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "longest wait, such as 10m (0: as long as it takes)")
	return cmd
}

func newJobsResultCmd(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "result JOB",
		Short: "Print the result of a job that is done",
		Long: `Print the outcomes of a job that is done, in the order of the circuit's own bits,
from what the ledger keeps; neither network nor credentials are used.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.withLedger(func(l *ledger.Ledger) error {
				j, s, err := findJob(l, args[0])
				if err != nil {
					return err
				}
				return a.printResult(&remote.Remote{Service: s.Reader(j.Device), Ledger: l}, j, asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func newJobsCancelCmd(a *app) *cobra.Command {
	var f remoteFlags
	cmd := &cobra.Command{
		Use:   "cancel JOB",
		Short: "Ask the service to stop a job",
		Args:  cobra.ExactArgs(1),
		RunE: f.eachJob(a, func(ctx context.Context, r *remote.Remote, j ledger.Job) error {
			j, err := r.Cancel(ctx, j.ID)
			switch {
			case errors.Is(err, remote.ErrUnknown):
				return exitf(exitRemote, "%w", err).withHint("`qgan jobs reconcile %s` looks for it again and cancels it there; `qgan jobs abandon %s` gives it up", j.ID, j.ID)
			case err == nil && j.State == ledger.Submitted:
				a.note("asked to cancel; `qgan jobs wait %s` tells what became of it", j.ID)
			}
			return err
		}),
	}
	f.addEndpoint(cmd.Flags())
	return cmd
}

func newJobsReconcileCmd(a *app) *cobra.Command {
	var f remoteFlags
	cmd := &cobra.Command{
		Use:   "reconcile [JOB…]",
		Short: "Find out what became of jobs whose answers were lost",
		Long: `Look up the jobs that are unknown, or whose sender died, at their services by their
tags, and adopt them. What the service doesn't list stays unknown (exit code 4)
unless --resubmit-unknown sends it again.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, ids []string) error {
			return a.withLedger(func(l *ledger.Ledger) error {
				return remote.Reconcile(cmd.Context(), l, ids, f.opener(a, l), func(j ledger.Job) { fmt.Fprintf(a.out, "%s %s\n", j.ID, j.State) })
			})
		},
	}
	f.addSending(cmd.Flags())
	return cmd
}
