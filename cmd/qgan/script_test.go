package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"qgan":            main,
		"qganinterrupted": runInterrupted,
		// The same program without the page at the end of a training, which takes most of a
		// short one's time, for where nobody looks at it.
		"qganpageless": func() {
			a := newApp(os.Stdin, os.Stdout, os.Stderr, os.Getenv)
			a.noPage = true
			os.Exit(a.run(context.Background(), os.Args[1:]))
		},
		// The same program with verbs that only tests need.
		"qganprobe": func() {
			a := newApp(os.Stdin, os.Stdout, os.Stderr, os.Getenv)
			a.extra = append(a.extra, newProbeCmd)
			os.Exit(a.run(context.Background(), os.Args[1:]))
		},
	})
}

// Each script of testdata/script drives the program as a user would.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "service": startService, "waitjobs": waitJobs, "trains": trains},
		Setup:               ownFolders,
	})
}

// ownFolders gives a script folders of its own: it must not see the tester's configuration.
func ownFolders(e *testscript.Env) error {
	e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
	e.Setenv("USERPROFILE", filepath.Join(e.WorkDir, "home"))
	for _, v := range []string{"XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"} {
		e.Setenv(v, "")
	}
	e.Setenv("AWS_EC2_METADATA_DISABLED", "true") // a machine of Amazon's would have credentials
	e.Setenv("GORACE", os.Getenv("GORACE"))       // the race detector's settings are the tester's
	return os.MkdirAll(filepath.Join(e.WorkDir, "home"), 0o777)
}

// exits is the command `exits CODE PROGRAM ARG…`: it runs a program, keeps its
// output for stdout and stderr, and fails unless it ends with that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG]...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var e *exec.ExitError
		if !errors.As(err, &e) {
			ts.Fatalf("run %s: %v", args[1], err)
		}
		got = e.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// program finds a program on the script's own PATH.
func program(ts *testscript.TestScript, name string) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if path := filepath.Join(dir, name); exec.Command(path).Err == nil {
			if _, err := os.Stat(path); err == nil {
				return path
			}
		}
	}
	ts.Fatalf("%s is not on the PATH", name)
	return ""
}

// startService is the command `service NAME [ARG]…`: it starts `qgan emulate NAME` for the rest
// of the script and sets QGAN_NAME_URL to its address.
func startService(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: service NAME [ARG]...")
	}
	cmd := exec.Command(program(ts, "qgan"), append([]string{"emulate"}, args...)...)
	cmd.Dir = ts.Getenv("WORK")
	cmd.Env = append(os.Environ(), "HOME="+ts.Getenv("HOME"))
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	ts.Check(err)
	ts.Setenv("QGAN_"+strings.ToUpper(args[0])+"_URL", strings.TrimSpace(line))
}

// waitJobs is the command `waitjobs [kept]`: it waits for the job whose id is in the file
// job, unless its result is kept, and looks at the result.
func waitJobs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: waitjobs [kept]")
	}
	id := strings.TrimSpace(ts.ReadFile("job"))
	if len(args) == 0 {
		ts.Check(ts.Exec("qgan", "jobs", "wait", id[len(id)-8:], "--timeout", "1m"))
	}
	ts.Check(ts.Exec("qgan", "jobs", "result", id))
	if counts := ts.ReadFile("stdout"); !strings.HasPrefix(counts, "10") && !strings.Contains(counts, "\n10 ") {
		ts.Fatalf("result %q", counts)
	}
}

// rejected is an error as packages make them for files that users gave.
type rejected struct{ error }

func (rejected) BadInput() bool { return true }

// newProbeCmd makes verbs that show how flags are set and how errors end.
func newProbeCmd(a *app) *cobra.Command {
	cmd := newGroupCmd(&cobra.Command{Use: "probe", Short: "Verbs for tests"})
	var layers int
	var rate float64
	var neurons string
	var params []string
	var closing bool
	flags := &cobra.Command{
		Use:  "flags",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.out, "layers=%d generator-lr=%g neurons=%s param=%q closing=%v\n", layers, rate, neurons, params, closing)
			return err
		},
	}
	flags.Flags().IntVar(&layers, "layers", 9, "")
	flags.Flags().Float64Var(&rate, "generator-lr", 0.01, "")
	flags.Flags().StringVar(&neurons, "neurons", "8", "")
	flags.Flags().StringArrayVar(&params, "param", nil, "")
	flags.Flags().BoolVar(&closing, "closing", true, "")
	flags.Flags().String("ledger", "", "")
	fail := &cobra.Command{
		Use:  "fail KIND",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch args[0] {
			case "plain":
				return errors.New("the disk is on fire")
			case "input":
				return fmt.Errorf("read x.mat: %w", rejected{errors.New("x.mat:1: not a MATLAB file")})
			case "refused":
				return exitf(exitRefused, "this would cost 12.00 USD").withHint("raise --max-cost")
			case "wait":
				fmt.Fprintln(a.out, "waiting")
				<-cmd.Context().Done()
				return cmd.Context().Err()
			case "stubborn":
				fmt.Fprintln(a.out, "waiting")
				<-cmd.Context().Done()
				fmt.Fprintln(a.out, "still here")
				select {}
			}
			return usagef("no such kind: %s", args[0])
		},
	}
	cmd.AddCommand(flags, fail)
	return cmd
}

// Every refusal in a script also says which message it expects: between the command and
// the next one stands a line that looks into what it printed. An exit code alone can't
// tell one mistake from another.
func TestScriptsSayWhichMessage(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d scripts: %v", len(paths), err)
	}
	refusals := 0
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		script, _, _ := strings.Cut(string(data), "\n-- ") // the files follow
		lines := strings.Split(script, "\n")
		for i, line := range lines {
			if !refuses(line) {
				continue
			}
			refusals++
			if !expectsMessage(lines[i+1:]) {
				t.Errorf("%s:%d: %q: add a line stderr '…' with the message", path, i+1, line)
			}
		}
	}
	if refusals == 0 {
		t.Error("no script holds a refusal")
	}
}

var (
	refusal = regexp.MustCompile(`^(\[[^]]+\] )*(exits [1-9][0-9]*|! exec) qgan(probe|pageless)? `)
	message = regexp.MustCompile(`^(\[[^]]+\] )*(stderr|stdout) (-count=\d+ )?'?.*[[:alpha:]]{3}`)
	next    = regexp.MustCompile(`^(\[[^]]+\] )*(! )?(exec|exits|service|waitjobs|trains)\b`)
)

// refuses tells whether a line of a script runs the program and expects that it fails.
func refuses(line string) bool { return refusal.MatchString(line) }

// expectsMessage tells whether the lines after a command look into what it printed,
// before another command is run.
func expectsMessage(lines []string) bool {
	for _, line := range lines {
		if next.MatchString(line) {
			return false
		}
		if message.MatchString(line) {
			return true
		}
	}
	return false
}

func TestRefuses(t *testing.T) {
	for _, c := range []struct {
		script string
		want   bool // that the first line needs no more
	}{
		{"exits 2 qgan run\nstderr 'no file'", true},
		{"exits 2 qgan run\n! stdout .\nstderr 'no file'", true},
		{"exits 2 qgan run\n! stdout .", false},
		{"exits 2 qgan run\nexits 2 qgan train\nstderr 'no file'", false},
		{"! exec qgan run\nstderr ''", false},
		{"! exec qgan run\n! stderr 'no file'", false},
		{"[unix] exits 130 qgan run\nexec cat\nstdout 'no file'", false},
		{"exits 0 qgan run", true},
		{"! exec grep x y", true},
	} {
		first, rest, _ := strings.Cut(c.script, "\n")
		if got := !refuses(first) || expectsMessage(strings.Split(rest, "\n")); got != c.want {
			t.Errorf("%q: %v, want %v", c.script, got, c.want)
		}
	}
}
