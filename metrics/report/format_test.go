package report

import (
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

func TestWithError(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		x, err float64
		want   string
	}{
		{0, 0, "0"},
		{0.0869, 0, "0.0869"},
		{1, 0, "1.00"},
		{123.456, 0, "123"},
		{1234567, 0, "1.23·10⁶"},
		{0.00289, 0, "2.89·10⁻³"},
		{5.2e-18, 0, "5.20·10⁻¹⁸"},
		{-0.5, 0, "-0.500"},
		{0.0012345, 0.0000456, "(1.234 ± 0.046)·10⁻³"},
		{0.01234, 0.00056, "0.01234 ± 0.00056"},
		{0.5, 0.5, "0.500 ± 0.500"},
		{0.001, 0.02, "0.0010 ± 0.0200"},
		{0.5, 1e-9, "0.50000 ± <0.00001"},
		{0.5, math.NaN(), "0.500"},
		{0.5, -1, "0.500"},
		{9.999e-4, 0, "1.00·10⁻³"}, // rounds up to the next power
	} {
		if got := withError(c.x, c.err); got != c.want {
			t.Errorf("%g ± %g is written %q, not %q", c.x, c.err, got, c.want)
		}
	}
}

func TestTicks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ticks  plot.Ticker
		lo, hi float64
		want   string
	}{
		{linearTicks{count: 6}, 0, 5.7, "0 1 2 3 4 5"},
		{linearTicks{count: 6}, -2.05, 3.9, "−2 −1 0 1 2 3"},
		{linearTicks{count: 5}, -0.01, 0.29, "0.0 0.1 0.2"},
		{linearTicks{count: 10, integer: true}, -0.3, 2.3, "0 1 2"},
		{linearTicks{count: 6, integer: true}, 0, 150, "0 50 100 150"},
		{logTicks{}, 1e-5, 1, "10⁻⁵ 10⁻⁴ 10⁻³ 10⁻² 10⁻¹ 1"},
		{logTicks{}, 0.2, 3, "0.2 0.5 1 2"},
		{logTicks{}, 0.002, 0.03, "0.002 0.005 0.01 0.02"},
		{logTicks{}, 0.0002, 0.003, "2·10⁻⁴ 5·10⁻⁴ 10⁻³ 2·10⁻³"},
		{logTicks{}, 0.0006, 0.008, "0.001 0.002 0.005"},
		{logTicks{}, 0.00012, 1, "0.001 0.01 0.1 1"},
		{logTicks{}, 0.01, 2000, "0.01 0.1 1 10 100 1000"},
		{logTicks{}, 0.01, 10000, "10⁻² 10⁻¹ 1 10 10² 10³ 10⁴"},
		{logTicks{whole: true}, 0.7, 7, "1 2 5"},
		{logTicks{whole: true}, 0.8, 30, "1 10"},
		{logTicks{whole: true}, 3, 80, "5 10 20 50"},
		{logTicks{whole: true}, 0.5, 3e5, "1 10 100 1000 10000 10⁵"},
		{logTicks{}, 1e-30, 1, "10⁻³⁰ 10⁻²⁶ 10⁻²² 10⁻¹⁸ 10⁻¹⁴ 10⁻¹⁰ 10⁻⁶ 10⁻²"},
		{zeroTicks{10}, 5, 2000, "0 10 100 1000"},
		{windowTicks{5}, 0, 150, "0 5 10 15 20 25 30"},
	} {
		if got := strings.Join(labelled(c.ticks.Ticks(c.lo, c.hi)), " "); got != c.want {
			t.Errorf("%T of [%g, %g]: %s, not %s", c.ticks, c.lo, c.hi, got, c.want)
		}
	}
}

func labelled(ticks []plot.Tick) []string {
	var out []string
	for _, t := range ticks {
		if t.Label != "" {
			out = append(out, t.Label)
		}
	}
	return out
}

// Labels keep their distance and their place, and their order.
func TestSpread(t *testing.T) {
	t.Parallel()
	for _, ys := range [][]vg.Length{
		nil, {5}, {90, 88, 86, 10}, {100, 100, 100}, {3, 2, 1, 0}, {99, 50, 50, 1},
	} {
		got := spread(ys, 10, 0, 100)
		for i := range got {
			if got[i] < 0 || got[i] > 100 {
				t.Errorf("%v: label %d is outside at %v", ys, i, got[i])
			}
			if i > 0 && got[i-1]-got[i] < 10-1e-9 {
				t.Errorf("%v: labels overlap at %v", ys, got)
			}
		}
	}
}

func TestWrapAndShorten(t *testing.T) {
	t.Parallel()
	s := sans(8, black)
	long := strings.Repeat("two words ", 20) + strings.Repeat("x", 300)
	joined := ""
	for _, l := range wrap(s, long, 100) {
		if s.Width(l) > 100 {
			t.Errorf("a line of %v: %s", s.Width(l), l)
		}
		joined += strings.ReplaceAll(l, " ", "")
	}
	if joined != strings.ReplaceAll(long, " ", "") {
		t.Error("letters were lost")
	}
	if got := shorten(s, "short", 100); got != "short" {
		t.Errorf("%q was shortened", got)
	}
	if got := shorten(s, long, 60); s.Width(got) > 60 || !strings.HasSuffix(got, "…") {
		t.Errorf("shortened to %q", got)
	}
}

// A superscript keeps its minus, and its width is that of what is drawn.
func TestRaised(t *testing.T) {
	t.Parallel()
	got := runs("2.89·10⁻³ nats")
	want := []run{{"2.89·10", false}, {"−3", true}, {" nats", false}}
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("run %d is %v", i, got[i])
		}
	}
	s := sans(10, black)
	if plain, up := s.Width("10−3"), s.Width("10⁻³"); !(up < plain && up > s.Width("10")) {
		t.Errorf("widths %v and %v", plain, up)
	}
}
