package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"qgan/backends/ledger"
	"qgan/backends/remote"
	"qgan/backends/service"
)

func newJobsAbandonCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "abandon JOB…",
		Short: "Give jobs up that can't be found or followed",
		Long: `Give jobs up: nothing of them is sent any more, nobody follows them, and the command
that they were for makes them anew. What they may have cost counts on. The service is not
asked: a job that it has goes on there (see cancel).`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return a.withLedger(func(l *ledger.Ledger) error {
				for _, id := range ids {
					j, s, err := findJob(l, id)
					if err != nil {
						return err
					}
					if j, err = (&remote.Remote{Service: s.Reader(j.Device), Ledger: l}).Abandon(cmd.Context(), j.ID); err != nil {
						return err
					}
					fmt.Fprintf(a.out, "%s %s\n", j.ID, j.State)
				}
				return nil
			})
		},
	}
}

func newJobsAdoptCmd(a *app) *cobra.Command {
	var f remoteFlags
	var as string
	cmd := &cobra.Command{
		Use:   "adopt SERVICE:ID",
		Short: "Take a job of a service for one of the ledger",
		Long: `Take a job of a service, by its id there, for one of the ledger whose answer was lost: the
one whose tag it carries, or --as JOB. ` + "`jobs wait`" + ` then follows it. Nothing is sent.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, id, ok := strings.Cut(args[0], ":")
			if !ok || id == "" {
				return usagef("%s: it is SERVICE:ID, such as ibm:d1a2b3", args[0])
			}
			return a.withLedger(func(l *ledger.Ledger) error {
				s, err := serviceOf(name)
				if err != nil {
					return err
				}
				// The device is the one of the job that is named, or of any that may be meant.
				like, err := l.Like(name, as)
				if err != nil {
					return usagef("%w", err).withHint("`qgan jobs list` lists them")
				}
				client, err := f.client(cmd.Context(), a, s, like.Device, service.Options{Endpoint: like.Endpoint})
				if err != nil {
					return err
				}
				j, err := (&remote.Remote{Service: client, Ledger: l}).Adopt(cmd.Context(), id, as)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(a.out, "%s %s\n", j.ID, j.State)
				return err
			})
		},
	}
	f.addEndpoint(cmd.Flags())
	cmd.Flags().StringVar(&as, "as", "", "the job of the ledger that it is, where the service's job carries no tag")
	return cmd
}

func newJobsRepairCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "repair",
		Short: "Set aside what can't be read in the ledger",
		Long: `Set aside what can't be read in the ledger, in its file aside.jsonl, so that jobs can be
sent again. What a lost line may have said is taken at its worst: a planned job that it
names, or every planned job where it names none, counts as sent and is looked up first.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withLedger(func(l *ledger.Ledger) error {
				r, err := l.Repair(cmd.Context())
				if err != nil {
					return err
				}
				return r.WriteText(a.out)
			})
		},
	}
}

func newJobsCostsCmd(a *app) *cobra.Command {
	var f remoteFlags
	var by []string
	var ask, asJSON bool
	cmd := &cobra.Command{
		Use:   "costs",
		Short: "Sum up what was sent and what it cost, estimate beside real",
		Long: `Sum up what was sent: by the day of the sending (UTC), the service, the device and the
command. Jobs that were sent several times count as often as they may cost. What counts
is what services said, and the estimate of what they have said nothing of; --ask asks
them for that.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withLedger(func(l *ledger.Ledger) error {
				if ask {
					err := remote.SettleAll(cmd.Context(), l, f.opener(a, l), func(j ledger.Job, why error) {
						if why != nil {
							a.warn("%v", why)
						} else {
							a.note("%s: what it cost is not told", j.ID)
						}
					})
					if err != nil {
						return err
					}
				}
				c, err := l.Costs(by...)
				if err != nil {
					return usagef("%w", err)
				}
				return a.tell(asJSON, c)
			})
		},
	}
	cmd.Flags().StringSliceVar(&by, "by", ledger.CostKeys(), "what tells the rows of the table apart, with commas between")
	cmd.Flags().BoolVar(&ask, "ask", false, "ask the services what jobs cost that have ended")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	f.addEndpoint(cmd.Flags())
	return cmd
}
