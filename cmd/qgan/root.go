package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"qgan/backends/remote"
	"qgan/backends/service"
	"qgan/backends/sim"
	"qgan/internal/durable"
	"qgan/internal/progress"
	"qgan/internal/words"
)

// app is what the verbs share: the process's surroundings, so that a test can put
// others in their place, and what the command line and the configuration said.
type app struct {
	stdin   io.Reader
	out     io.Writer // data
	err     io.Writer // messages and progress
	getenv  func(string) string
	environ func() []string // all of it, NAME=VALUE
	fs      durable.FS
	now     func() time.Time

	// terminal says whether a stream is one.
	terminal func(stream any) bool

	// selfTest, where set, runs the simulator's kernel against its oracle on this
	// machine and returns the kernel's name; doctor reports it.
	selfTest func() (kernel string, err error)

	// noPage says that trainings end without a page, which takes longer than a short one;
	// tests use it.
	noPage bool

	// extra are verbs beside those of newRootCmd; tests use it.
	extra []func(*app) *cobra.Command

	cfg     *config           // what the environment and the configuration files say
	cfgErr  error             // why they could not be used, for a verb that runs all the same
	origins map[string]string // of flags that the configuration set
	helpErr error             // why a help text could not be written
	started bool              // a verb's own work has begun: no usage error from here on

	senders []*remote.Remote // of jobs, that were opened
	pulse   *progress.Pulse  // of a verb that only computes
	hasty   atomic.Bool      // it only computes, so it can be ended at any time
	quit    func(code int)   // ends the process
}

// newApp returns the app of a process.
func newApp(stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) *app {
	return &app{
		stdin: stdin, out: stdout, err: stderr, getenv: getenv, environ: os.Environ,
		fs: durable.OS{}, now: time.Now, terminal: isTerminal, quit: os.Exit,
		selfTest: func() (string, error) {
			s := new(sim.Simulator)
			return s.KernelName(), s.SelfTest(context.Background())
		},
	}
}

// isTerminal says whether a stream is a file that is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// width is how many characters a line of stdout has, 80 where it is no terminal.
func (a *app) width() int { return columnsOf(a.out) }

// columnsOf is how many characters a line of a stream has, 80 where it is no terminal.
func columnsOf(stream io.Writer) int {
	if f, ok := stream.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			return columns
		}
	}
	return 80
}

// newRootCmd builds the command tree. Every verb is in its list.
func newRootCmd(a *app) *cobra.Command {
	root := newGroupCmd(&cobra.Command{
		Use:   "qgan",
		Short: "Train a quantum GAN on neural recordings",
		Long: `Qgan trains a quantum generative adversarial network on recordings of spiking
neurons, draws spike trains from it, compares them with the recording, and writes,
compiles and runs its circuits on simulators and quantum processors.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	})
	root.Args = nil // cobra's own check of the verb comes before that of its flags
	version := root.Flags().Bool("version", false, "print the version of the program")
	verbless := root.RunE
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if *version {
			return a.printVersion(false)
		}
		return verbless(cmd, args)
	}
	root.SetIn(a.stdin)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return flagError(cmd, err) })
	root.CompletionOptions.HiddenDefaultCmd = false

	verbs := []func(*app) *cobra.Command{
		newTrainCmd,
		newGenerateCmd,
		newEvaluateCmd,
		newScoreCmd,
		newBaselineCmd,
		newReportCmd,
		newExportCmd,
		newInspectCmd,
		newRunCmd,
		newCompileCmd,
		newSubmitCmd,
		newJobsCmd,
		newAuthCmd,
		newEmulateCmd,
		newDevicesCmd,
		newCalibrationCmd,
		newStudyCmd,
		newWorkerCmd,
		newBenchCmd,
		newConfigCmd,
		newDoctorCmd,
		newVersionCmd,
	}
	for _, verb := range append(verbs, a.extra...) {
		root.AddCommand(verb(a))
	}
	// Cobra adds these two when it runs; here they must be in the tree already, so
	// that documentation, configuration and tests see the whole.
	root.SetHelpCommand(newHelpCmd(a))
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	a.explain(root)

	// Cobra runs only the nearest of these hooks, so no verb may have one of its own.
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return a.configure(cmd) }
	markStart(a, root)
	return root
}

// newHelpCmd makes `help`; unlike cobra's own it fails when there is no such verb.
func newHelpCmd(a *app) *cobra.Command {
	return annotate(&cobra.Command{
		Use:   "help [VERB]",
		Short: "Print the help of a verb",
		RunE: func(cmd *cobra.Command, args []string) error {
			of, rest, err := cmd.Root().Find(args)
			if err != nil {
				return unknownVerb(cmd.Root(), args[0])
			}
			if len(rest) > 0 && of.HasSubCommands() {
				return unknownVerb(of, rest[0])
			}
			return a.help(of)
		},
	}, configNever)
}

// newGroupCmd makes a command that only holds others: without a verb it prints its
// help, with an unknown one it fails and proposes a similar one.
func newGroupCmd(cmd *cobra.Command) *cobra.Command {
	annotate(cmd, configGroup)
	cmd.DisableFlagsInUseLine = true
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknownVerb(cmd, args[0])
		}
		return cmd.Help()
	}
	return cmd
}

// markStart notes in the app when a verb's own work begins. Whatever fails before
// is a mistake in the command line.
func markStart(a *app, cmd *cobra.Command) {
	if work := cmd.RunE; work != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			a.started = true
			if err := fits(cmd, args); err != nil {
				return err
			}
			if err := a.checkNeeds(cmd, args); err != nil {
				return err
			}
			args, done, err := a.spooled(cmd, args)
			defer done()
			if err != nil {
				return err
			}
			if verb, _, _ := strings.Cut(verbPath(cmd), " "); !slices.Contains(lasting, verb) {
				if _, ok := a.err.(*os.File); ok {
					a.pulse = progress.NewPulse(a.err, progress.FormOf(a.terminal(a.err), a.getenv), verb)
					a.out, a.err = a.pulse.Before(a.out), a.pulse.Before(a.err)
					defer a.pulse.Stop()
				}
				a.hasty.Store(true)
			}
			return work(cmd, args)
		}
	}
	for _, c := range cmd.Commands() {
		markStart(a, c)
	}
}

// run runs a command line, reports its error on stderr and returns the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	ctx, stop := withSignals(ctx, a.quit)
	defer stop()
	ended := make(chan struct{})
	defer close(ended)
	errs := a.err
	go a.hurry(ctx, ended, func() {
		a.pulse.Stop()
		fmt.Fprintf(errs, "qgan: %v\n", errInterrupted)
		a.quit(exitInterrupted)
	})
	root := newRootCmd(a)
	if args == nil {
		args = []string{} // cobra would read os.Args instead
	}
	root.SetArgs(args)
	cmd, err := root, a.complete(root, args)
	if err == nil {
		cmd, err = root.ExecuteContextC(ctx)
	}
	if err == nil && a.helpErr != nil {
		a.report(exitFailure, a.helpErr)
		return exitFailure
	}
	if err == nil {
		return exitOK
	}
	if !a.started {
		err = commandLineError(cmd, args, err)
	}
	code := exitCode(ctx, err)
	a.report(code, err)
	if errors.Is(context.Cause(ctx), errInterrupted) {
		a.leave(ctx)
	}
	return code
}

// withdrawing is how long a verb that is ended takes at most to cancel jobs: schedulers kill half
// a minute after SIGTERM.
const withdrawing = 20 * time.Second

// leave says what becomes of the jobs at services that an interrupted verb leaves behind. In a
// job of a cluster that is ended, those that have not begun are cancelled, since their
// processor is given to others.
func (a *app) leave(ctx context.Context) {
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), withdrawing)
	defer cancel()
	texts, err := remote.Leave(bound, a.senders, errors.Is(context.Cause(ctx), errTerminated) && service.OnCluster(a.getenv))
	if err != nil {
		a.warn("%v", err)
	}
	for _, text := range texts {
		a.note("%s", text)
	}
}

// report writes an error and its hint on stderr.
func (a *app) report(code int, err error) {
	text := dashed(err)
	if code == exitInterrupted && (errors.Is(err, context.Canceled) && text == context.Canceled.Error() || text == "") {
		text = errInterrupted.Error()
	}
	fmt.Fprintf(a.err, "qgan: %s\n", words.Lines(strings.TrimRight(text, "\n")))
	if hint := hintOf(err); hint != "" {
		fmt.Fprintf(a.err, "qgan: %s\n", words.Lines(hint))
	}
}
