// Gotestcheck reads the output of `go test -json` on its standard input, prints what
// `go test` would have printed, and fails on what that doesn't: a skipped test whose
// reason is on no list, and a test that takes too long.
//
// The list of reasons has a line for each: a regular expression, which is matched
// against "package.Test: what the test said", then a tab and why that is all right.
// Where QGAN_SHARED is set, a test that misses it is not excused.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// event is one line of `go test -json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

// result is a test that is over.
type result struct {
	name    string
	seconds float64
}

// log is what has been read so far.
type log struct {
	allow  []*regexp.Regexp
	deny   string // what a skipped test may not say, "" for nothing
	longer float64

	output   map[string][]string // of tests that are running
	complain []string
	tests    []result
	passed   int
	skipped  int
	failed   int
	packages int
	broken   int // packages that failed
}

func main() {
	skips := flag.String("skips", "", "file of the reasons that excuse a skipped test")
	longer := flag.Float64("max", 20, "seconds that a test may take; 0 is any")
	flag.Parse()
	l := &log{longer: *longer, output: map[string][]string{}}
	if os.Getenv("QGAN_SHARED") != "" {
		l.deny = "QGAN_SHARED is not set"
	}
	if err := l.load(*skips); err != nil {
		fmt.Fprintln(os.Stderr, "gotestcheck:", err)
		os.Exit(2)
	}
	if err := l.read(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gotestcheck:", err)
		os.Exit(2)
	}
	if !l.close(os.Stdout) {
		os.Exit(1)
	}
}

// load reads the list of reasons.
func (l *log) load(path string) error {
	if path == "" {
		return nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		expr, why, ok := strings.Cut(line, "\t")
		if !ok || strings.TrimSpace(why) == "" {
			return fmt.Errorf("%s:%d: no tab and reason after the expression", path, i+1)
		}
		re, err := regexp.Compile(strings.TrimSpace(expr))
		if err != nil {
			return fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
		l.allow = append(l.allow, re)
	}
	return nil
}

// read takes all events; lines that are none are passed on.
func (l *log) read(r io.Reader, w io.Writer) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &e) == nil && e.Action != "" {
				l.take(e, w)
			} else {
				fmt.Fprint(w, line)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// take notes one event.
func (l *log) take(e event, w io.Writer) {
	name := e.Package + "." + e.Test
	switch e.Action {
	case "output", "build-output":
		switch {
		case e.Test != "":
			l.output[name] = append(l.output[name], e.Output)
		case e.Output != "PASS\n": // the rest is what `go test` prints of a package
			fmt.Fprint(w, e.Output)
		}
	case "pass", "fail", "skip":
		if e.Test == "" {
			l.packages++
			if e.Action == "fail" {
				l.broken++
			}
			return
		}
		said := l.output[name]
		delete(l.output, name)
		l.tests = append(l.tests, result{name, e.Elapsed})
		if l.longer > 0 && e.Elapsed > l.longer {
			l.complain = append(l.complain, fmt.Sprintf("%s took %.1f s, more than %g s", name, e.Elapsed, l.longer))
		}
		switch e.Action {
		case "pass":
			l.passed++
		case "fail":
			l.failed++
			fmt.Fprint(w, strings.Join(said, ""))
		case "skip":
			l.skipped++
			l.skip(name, said, w)
		}
	}
}

// skip judges a skipped test by what it said.
func (l *log) skip(name string, said []string, w io.Writer) {
	var reason []string
	for _, s := range said {
		s = strings.TrimSpace(s)
		if s != "" && !strings.HasPrefix(s, "===") && !strings.HasPrefix(s, "--- SKIP") {
			reason = append(reason, s)
		}
	}
	text := name + ": " + strings.Join(reason, " ")
	excused := slices.ContainsFunc(l.allow, func(re *regexp.Regexp) bool { return re.MatchString(text) })
	if l.deny != "" && strings.Contains(text, l.deny) {
		excused = false
	}
	fmt.Fprintln(w, "skipped:", text)
	if !excused {
		l.complain = append(l.complain, "skipped without a listed reason: "+text)
	}
}

// close prints the summary and says whether all is well.
func (l *log) close(w io.Writer) bool {
	slices.SortStableFunc(l.tests, func(a, b result) int {
		switch {
		case a.seconds > b.seconds:
			return -1
		case a.seconds < b.seconds:
			return 1
		}
		return 0
	})
	fmt.Fprintln(w, "slowest tests:")
	for _, t := range l.tests[:min(5, len(l.tests))] {
		fmt.Fprintf(w, "  %6.2f s  %s\n", t.seconds, t.name)
	}
	for _, name := range slices.Sorted(maps.Keys(l.output)) { // a test that never ended: its process died
		l.complain = append(l.complain, "never ended: "+name)
		fmt.Fprint(w, strings.Join(l.output[name], ""))
	}
	if l.packages == 0 {
		l.complain = append(l.complain, "no package was tested")
	}
	if l.broken > 0 {
		l.complain = append(l.complain, fmt.Sprintf("%d of %d packages failed", l.broken, l.packages))
	}
	for _, c := range l.complain {
		fmt.Fprintln(w, "NOT ACCEPTED:", c)
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", l.passed, l.failed, l.skipped)
	return l.failed == 0 && len(l.complain) == 0
}
