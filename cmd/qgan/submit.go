package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"qgan/backends/exec"
	"qgan/backends/ledger"
	"qgan/backends/remote"
	"qgan/backends/service"
	"qgan/training/lab"
)

// submitFlags are the flags of `submit`.
type submitFlags struct {
	remoteFlags
	compile compileFlags
	backend string
	shots   int
	wait    bool
	anew    bool
	asJSON  bool
}

// newSubmitCmd makes `submit`.
func newSubmitCmd(a *app) *cobra.Command {
	var f submitFlags
	cmd := &cobra.Command{
		Use:   "submit FILE.qasm|RUN",
		Short: "Send one sampling job to a cloud processor",
		Long: `Compile a program, or the trained circuit of one timestep of a run, by the
processor's calibration data of now, send it as a job, and print the job's id.

The job is in the ledger (QGAN_LEDGER, or $XDG_STATE_HOME/qgan/ledger) before the
first byte is sent, with what it may cost; over --max-cost or the configuration's
limits nothing is sent. A job whose answer is lost is looked up at the service and
never sent again by itself. The same command again takes up its job, and one at the
same time waits for it; --anew sends another.`,
		Example: `  qgan submit bell.qasm --backend ibm:ibm_torino --shots 1000 --max-cost 10
  qgan submit runs/retina --timestep 3 --backend ibm:ibm_torino --dry-run
  qgan submit bell.qasm --backend ibm:emulated_heron --endpoint ibm=http://127.0.0.1:8080 --wait`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, a, args[0]) },
	}
	s := cmd.Flags()
	s.StringVar(&f.backend, "backend", "", "the processor, such as ibm:ibm_torino")
	s.IntVar(&f.shots, "shots", 1024, "how many shots")
	s.BoolVar(&f.dry, "dry-run", false, "print the request and what it would cost, and send nothing")
	s.BoolVar(&f.wait, "wait", false, "wait for the result and print it")
	s.BoolVar(&f.anew, "anew", false, "send another job though the ledger has one with the same circuit, shots and options")
	addParams(s, &f.compile.params)
	s.IntVar(&f.compile.Timestep, "timestep", 0, "of a run: the timestep, counted from 0")
	s.StringVar(&f.compile.Latent, "latent-vector", "", "of a run: the latent vector, drawn from a seed or read from a file of numbers (none: seed:0)")
	s.StringVar(&f.compile.Past, "past", "", "of a run: the words before the timestep, the oldest first, such as 0100,0000 (none: silence)")
	addParameters(s)
	s.IntVar(&f.compile.optimize, "optimize", 2, "effort: 0 leaves the gates, 1 cancels those that undo each other, 2 also joins neighbours on a pair of qubits")
	s.StringVar(&f.compile.dd, "dd", "none", "pulses that decouple waiting qubits")
	s.StringVar(&f.compile.layout, "layout", "auto", "the physical qubit of each qubit of the circuit, such as 3,5,4, or auto for the best ones")
	s.Uint64Var(&f.compile.seed, "seed", 0, "seed of routing")
	s.BoolVar(&f.asJSON, "json", false, "print one JSON object")
	f.addSending(s)
	f.addJob(s)
	return cmd
}

func (f *submitFlags) run(cmd *cobra.Command, a *app, path string) error {
	ctx := cmd.Context()
	if f.shots < 1 || f.shots > lab.MaxShots {
		return usagef("--shots %d: it can be 1 to %d", f.shots, lab.MaxShots)
	}
	if f.backend == "" {
		var err error
		if f.backend, err = service.Granted(a.getenv, services); err != nil {
			return err
		}
	}
	if f.backend == "" {
		return usagef("--backend is missing").withHint("it is SERVICE:DEVICE, such as ibm:ibm_torino")
	}
	f.compile.device = f.backend
	options, err := f.compile.options(a)
	if err != nil {
		return err
	}
	c, err := a.compileInput(cmd, path, &f.compile)
	if err != nil {
		return err
	}
	if c, err = exec.BindInputs(c, nil); err != nil {
		return err
	}
	asked := []string{c.String(), fmt.Sprint(f.shots, options.Level, options.Layout, options.Decoupling, options.Seed)}
	if f.anew {
		asked = nil // another job may go elsewhere
	}
	backend, chosen, err := f.choose(ctx, a, f.backend, c.Qubits, asked...)
	if err != nil {
		return err
	}
	client, err := f.open(ctx, a, backend)
	if err != nil {
		return err
	}
	return a.withLedger(func(l *ledger.Ledger) error {
		sender, err := f.remote(a, l, client, "submit "+path)
		if err != nil {
			return err
		}
		defer sender.Close()
		sender.Anew, sender.Dry, sender.Choice = f.anew, f.dry, chosen.Name
		offer, err := sender.Prepare(ctx, c, f.shots, options)
		if err != nil {
			return err
		}
		for _, w := range offer.Warnings() {
			a.warn("%s", w)
		}
		a.note("%s", offer)
		if f.dry {
			body, err := offer.Body(ctx)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "%s\n", body)
			return err
		}
		return f.send(ctx, a, sender, offer)
	})
}

// send sends the job and prints its id or, where it is waited for, its result.
func (f *submitFlags) send(ctx context.Context, a *app, sender *remote.Remote, offer *remote.Offer) error {
	j, err := offer.Send(ctx)
	if j.ID == "" {
		return err
	}
	if !f.wait || err != nil {
		if e := a.printJob(j, f.asJSON); err == nil {
			err = e
		}
		return err
	}
	if j, err = sender.Wait(ctx, j.ID); err != nil {
		return err
	}
	return a.printResult(sender, j, f.asJSON)
}

// jobJSON is a job as `jobs show --json` prints it.
type jobJSON struct {
	Schema string `json:"schema"`
	ledger.Job
}

// printJob prints the id of a job, or all of it.
func (a *app) printJob(j ledger.Job, asJSON bool) error {
	if asJSON {
		return a.printJSON(jobJSON{"qgan.job/v1", j})
	}
	_, err := fmt.Fprintln(a.out, j.ID)
	return err
}

// printResult prints the outcomes of a job that is done.
func (a *app) printResult(r *remote.Remote, j ledger.Job, asJSON bool) error {
	switch j.State {
	case ledger.Done:
	default:
		if j.State.Final() {
			return remote.Ended(j)
		}
		return exitf(exitUnfinished, "job %s is %s", j.ID, j.State).withHint("`qgan jobs wait %s` waits for it", j.ID)
	}
	answer, err := r.Answer(j)
	if err != nil {
		return err
	}
	return a.tell(asJSON, answer)
}
