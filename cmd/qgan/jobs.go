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
)

// newJobsCmd makes `jobs`.
func newJobsCmd(a *app) *cobra.Command {
	cmd := newGroupCmd(&cobra.Command{Use: "jobs", Short: "Follow the jobs of the ledger, whatever the service"})
	cmd.AddCommand(newJobsListCmd(a), newJobsShowCmd(a), newJobsWaitCmd(a), newJobsResultCmd(a), newJobsCancelCmd(a), newJobsReconcileCmd(a))
	return cmd
}

// openJob opens the service of a job.
func (f *remoteFlags) openJob(ctx context.Context, a *app, l *ledger.Ledger, id string) (*remote.Remote, ledger.Job, error) {
	j, s, err := findJob(l, id)
	if err != nil {
		return nil, j, err
	}
	client, err := f.client(ctx, a, s, j.Device, j.Endpoint)
	if err != nil {
		return nil, j, err
	}
	r, err := f.remote(a, l, client, j.Command)
	return r, j, err
}

// findJob finds a job in the ledger, and the row of its service.
func findJob(l *ledger.Ledger, id string) (ledger.Job, *service.Row, error) {
	j, err := l.Job(id)
	if errors.Is(err, ledger.ErrNoJob) {
		err = usagef("%w", err).withHint("`qgan jobs list` lists them")
	}
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
	return run(l)
}

func newJobsListCmd(a *app) *cobra.Command {
	var asJSON, open bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the jobs of the ledger",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			l, err := a.openLedger()
			if err != nil {
				return err
			}
			defer l.Close()
			all, err := l.Jobs()
			if err != nil {
				return err
			}
			jobs := []ledger.Job{}
			for _, j := range all {
				if !open || !j.State.Final() {
					jobs = append(jobs, j)
				}
			}
			today := a.now().UTC().Truncate(24 * time.Hour)
			spent := ledger.SpentSince(all, today)
			if asJSON {
				return a.printJSON(struct {
					Schema string       `json:"schema"`
					Jobs   []ledger.Job `json:"jobs"`
					Today  float64      `json:"spent_today_usd"`
					Total  float64      `json:"spent_usd"`
				}{"qgan.jobs/v1", jobs, spent, ledger.SpentSince(all, time.Time{})})
			}
			t := newTable(a.out)
			t.row("job", "state", "service", "circuits", "shots", "cost", "id there", "for")
			for _, j := range jobs {
				t.row(j.ID, string(j.State), j.Service+":"+j.Device, fmt.Sprint(j.Circuits), fmt.Sprint(j.Shots), costText(j), j.Remote, j.Command)
			}
			if err := t.flush(); err != nil {
				return err
			}
			a.note("$%.2f today (UTC), $%.2f in all", spent, ledger.SpentSince(all, time.Time{}))
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	cmd.Flags().BoolVar(&open, "open", false, "only those that have not ended")
	return cmd
}

// costText is what a job cost, or may cost.
func costText(j ledger.Job) string {
	switch {
	case j.Cost != nil:
		return fmt.Sprintf("$%.2f", *j.Cost)
	case j.Estimate != nil:
		return fmt.Sprintf("~$%.2f", *j.Estimate)
	}
	return "not known"
}

func newJobsShowCmd(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show JOB",
		Short: "Show a job of the ledger",
		Long:  "Show a job of the ledger. JOB is its id, some letters at either end of it, or the service's id.",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			l, err := a.openLedger()
			if err != nil {
				return err
			}
			defer l.Close()
			j, err := l.Job(args[0])
			if err != nil {
				return usagef("%w", err).withHint("`qgan jobs list` lists them")
			}
			if asJSON {
				return a.printJob(j, true)
			}
			t := newTable(a.out)
			for _, k := range [][2]string{
				{"job", j.ID}, {"state", string(j.State)}, {"reason", j.Reason}, {"service", j.Service + ":" + j.Device}, {"address", j.Endpoint}, {"id there", j.Remote},
				{"for", j.Command}, {"circuits", fmt.Sprint(j.Circuits)}, {"shots", fmt.Sprint(j.Shots)}, {"cost", costText(j)}, {"attempts", fmt.Sprint(j.Attempt)},
				{"made", j.Created.Format(time.RFC3339)}, {"changed", j.Updated.Format(time.RFC3339)}, {"snapshot", j.Snapshot},
			} {
				if k[1] != "" {
					t.row(k[0], k[1])
				}
			}
			return t.flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

func newJobsWaitCmd(a *app) *cobra.Command {
	var f remoteFlags
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "wait JOB…",
		Short: "Wait until jobs have ended",
		Long: `Wait until jobs have ended and keep their results. A job that was planned and not
sent is sent; one whose answer was lost is looked up. With --timeout it ends with
exit code 6 where a job has not ended by then; the job goes on.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if timeout > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, timeout)
				defer cancel()
			}
			return a.withLedger(func(l *ledger.Ledger) error {
				for _, id := range args {
					r, j, err := f.openJob(cmd.Context(), a, l, id)
					if err != nil {
						return err
					}
					err = r.Finish(ctx, []string{j.ID})
					if errors.Is(err, context.DeadlineExceeded) {
						return exitf(exitUnfinished, "job %s has not ended after %v", j.ID, timeout).withHint("it goes on at the service: wait again")
					}
					if err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	f.addSending(cmd.Flags())
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "longest wait, such as 10m (none: as long as it takes)")
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
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

func newJobsCancelCmd(a *app) *cobra.Command {
	var f remoteFlags
	cmd := &cobra.Command{
		Use:   "cancel JOB",
		Short: "Ask the service to stop a job",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := a.openLedger()
			if err != nil {
				return err
			}
			defer l.Close()
			r, j, err := f.openJob(cmd.Context(), a, l, args[0])
			if err != nil {
				return err
			}
			switch j.State {
			case ledger.Planned:
				return r.Ledger.Record(ledger.Update{Job: j.ID, State: ledger.Cancelled, Attempt: 1, Reason: "cancelled before it was sent"})
			case ledger.Submitted:
				s, err := r.Service.Poll(cmd.Context(), j.Remote) // some services take back what is done
				if err == nil && s.State != service.Completed {
					err = r.Service.Cancel(cmd.Context(), j.Remote)
				}
				if err != nil {
					return &service.RemoteError{Service: j.Service, Err: err}
				}
				a.note("asked to cancel; `qgan jobs wait %s` tells what became of it", j.ID)
				return nil
			case ledger.Sending, ledger.Unknown:
				return usagef("job %s is %s", j.ID, j.State).withHint("`qgan jobs reconcile` finds out whether the service has it")
			}
			return usagef("job %s is %s already", j.ID, j.State)
		},
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
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := a.openLedger()
			if err != nil {
				return err
			}
			defer l.Close()
			jobs, err := l.Jobs()
			if err != nil {
				return err
			}
			ids := args
			if len(ids) == 0 {
				for _, j := range jobs {
					if j.State == ledger.Unknown || j.State == ledger.Sending {
						ids = append(ids, j.ID)
					}
				}
			}
			var failure error
			for _, id := range ids {
				r, j, err := f.openJob(cmd.Context(), a, l, id)
				if err != nil {
					return err
				}
				if j.State == ledger.Unknown || j.State == ledger.Sending {
					j, err = r.Send(cmd.Context(), j.ID)
				}
				if err != nil {
					failure = err
				}
				fmt.Fprintf(a.out, "%s %s\n", j.ID, j.State)
			}
			return failure
		},
	}
	f.addSending(cmd.Flags())
	return cmd
}
