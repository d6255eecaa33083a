package backends

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qgan/ir"
)

// circuitOf has so many trained and data symbols.
func circuitOf(trained, data int) *ir.Circuit {
	c := ir.New(1, 0)
	c.Trained, c.Data = make([]string, trained), make([]string, data)
	for i := range c.Trained {
		c.Trained[i] = string(rune('a' + i))
	}
	for i := range c.Data {
		c.Data[i] = string(rune('x' + i))
	}
	c.MeasureAll()
	return c
}

// A table without rows is one row without values: lanes are never none by accident.
func TestBindings(t *testing.T) {
	one, two := [][]float64{{1}}, [][]float64{{1}, {2}}
	type rows struct{ Trained, Data []float64 }
	for name, k := range map[string]struct {
		b             Bindings
		trained, data int // symbols of the circuit
		lanes         []rows
		refused       string
	}{
		"nothing":            {lanes: []rows{{}}},
		"trained alone":      {b: Bindings{Trained: two}, trained: 1, lanes: []rows{{Trained: two[0]}, {Trained: two[1]}}},
		"data alone":         {b: Bindings{Data: two}, data: 1, lanes: []rows{{Data: two[0]}, {Data: two[1]}}},
		"every pair":         {b: Bindings{Trained: two, Data: two}, trained: 1, data: 1, lanes: []rows{{two[0], two[0]}, {two[0], two[1]}, {two[1], two[0]}, {two[1], two[1]}}},
		"listed":             {b: Bindings{Trained: two, Lanes: []Lane{{1, 0}, {1, 0}}}, trained: 1, lanes: []rows{{Trained: two[1]}, {Trained: two[1]}}},
		"no row for symbols": {trained: 1, lanes: []rows{{}}, refused: "trained row 0 has 0 values"},
		"no row for data":    {b: Bindings{Trained: one}, trained: 1, data: 2, lanes: []rows{{Trained: one[0]}}, refused: "data row 0 has 0 values"},
		"too many values":    {b: Bindings{Trained: one}, lanes: []rows{{Trained: one[0]}}, refused: "trained row 0 has 1 values"},
		"an empty list":      {b: Bindings{Lanes: []Lane{}}, refused: "list of lanes is empty"},
		"a lane of no row":   {b: Bindings{Lanes: []Lane{{0, 1}}}, refused: "lane 0 names rows 0 and 1 of 1 trained and 1 data rows"},
	} {
		err := Request{Circuit: circuitOf(k.trained, k.data), Bindings: k.b, Shots: []int{1}}.Check()
		switch {
		case k.refused == "" && err != nil, k.refused != "" && (err == nil || !strings.Contains(err.Error(), k.refused)):
			t.Errorf("%s: error %v, want %q", name, err, k.refused)
		}
		if k.lanes == nil && k.refused != "" {
			continue
		}
		for _, b := range []Bindings{k.b, k.b.Filled()} {
			var got []rows
			for i := range b.Len() {
				trained, data := b.Row(i)
				got = append(got, rows{trained, data})
			}
			if d := cmp.Diff(k.lanes, got); d != "" {
				t.Errorf("%s: lanes (-want +got):\n%s", name, d)
			}
		}
	}
}

func TestRefusal(t *testing.T) {
	cause := errors.New("no coupling")
	for want, r := range map[string]*Refusal{
		"3 shots of 2":                       Refuse("%d shots of %d", 3, 2),
		"operation 2: it is a while":         {Place: "operation 2", Reason: "it is a while"},
		"no coupling":                        {Err: cause},
		`circuit "a": on it: no coupling: x`: {What: `circuit "a"`, Reason: "on it", Err: cause, Hint: "x"},
	} {
		if r.Error() != want {
			t.Errorf("%q, want %q", r.Error(), want)
		}
		if !r.BadInput() || errors.Is(r, cause) != (r.Err != nil) {
			t.Errorf("%q: bad input %v, is its cause %v", want, r.BadInput(), errors.Is(r, cause))
		}
	}
}
