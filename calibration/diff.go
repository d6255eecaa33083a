package calibration

import (
	"cmp"
	"math"
	"slices"
)

// Thresholds say what counts as moved. The zero value stands for 3 standard
// errors and a factor of 1.5.
type Thresholds struct {
	StdErrs float64 // of the difference, where both errors are told
	Ratio   float64 // larger over smaller
}

// Change is a number, or an availability, that two snapshots don't agree on.
type Change struct {
	What     string // as in "error of cz 3-4"
	Old, New *Value // nil: not known
	// Ratio is new over old and StdErrs their difference in standard errors;
	// 0 where it can't be told.
	Ratio, StdErrs float64
	// Faulty tells of a part that became unavailable, Repaired of one that
	// became available again.
	Faulty, Repaired bool
}

// ChangeRow is a change as tables and files hold it; nil where a number isn't known.
type ChangeRow struct {
	What    string   `json:"what"`
	Old     *float64 `json:"old"`
	New     *float64 `json:"new"`
	Ratio   *float64 `json:"ratio"`
	StdErrs *float64 `json:"standard_errors"`
	Event   string   `json:"event"` // faulty, repaired
}

// Row is the change as a row.
func (c Change) Row() ChangeRow {
	r := ChangeRow{What: c.What}
	if c.Old != nil {
		r.Old = &c.Old.X
	}
	if c.New != nil {
		r.New = &c.New.X
	}
	if c.Ratio > 0 {
		r.Ratio = &c.Ratio
	}
	if c.StdErrs > 0 {
		r.StdErrs = &c.StdErrs
	}
	switch {
	case c.Faulty:
		r.Event = "faulty"
	case c.Repaired:
		r.Event = "repaired"
	}
	return r
}

// size orders changes: availability first, then by the logarithm of the ratio.
func (c Change) size() float64 {
	switch {
	case c.Faulty || c.Repaired:
		return math.Inf(1)
	case c.Ratio > 0:
		return math.Abs(math.Log(c.Ratio))
	}
	return math.MaxFloat64
}

// Diff lists what moved between two snapshots of one device: numbers that
// differ by more than the thresholds, numbers that became known or unknown, and
// parts whose availability changed; the largest changes first. Snapshots of
// different devices are an error.
func Diff(old, now *Snapshot, limit Thresholds) ([]Change, error) {
	if old.Service != now.Service || old.Name != now.Name {
		return nil, invalid("comparing %s of %s with %s of %s: these are two devices", old.Name, old.Service, now.Name, now.Service)
	}
	limit.StdErrs, limit.Ratio = cmp.Or(limit.StdErrs, 3), cmp.Or(limit.Ratio, 1.5)
	var out []Change
	before, places := map[string]*Value{}, map[string]bool{}
	old.values(func(what string, v *Value) { before[what] = v })
	now.values(func(what string, v *Value) {
		places[what] = true
		if c, moved := limit.compare(what, before[what], v); moved {
			out = append(out, c)
		}
	})
	old.values(func(what string, v *Value) {
		if !places[what] {
			out = append(out, Change{What: what, Old: v})
		}
	})
	faulty := old.faulty()
	for what, f := range now.faulty() {
		if was, known := faulty[what]; known && was != f {
			out = append(out, Change{What: what, Faulty: f, Repaired: was})
		}
	}
	slices.SortFunc(out, func(a, b Change) int {
		return cmp.Or(cmp.Compare(b.size(), a.size()), cmp.Compare(a.What, b.What))
	})
	return out, nil
}

// compare tells whether a number moved.
func (t Thresholds) compare(what string, a, b *Value) (Change, bool) {
	c := Change{What: what, Old: a, New: b}
	if a == nil {
		return c, true
	}
	if a.X == b.X {
		return c, false
	}
	if a.X > 0 && b.X > 0 {
		c.Ratio = b.X / a.X
	}
	if a.StdErr > 0 && b.StdErr > 0 {
		c.StdErrs = math.Abs(a.X-b.X) / math.Hypot(a.StdErr, b.StdErr)
	}
	return c, c.StdErrs > t.StdErrs || c.Ratio == 0 || max(c.Ratio, 1/c.Ratio) > t.Ratio
}

// faulty tells of each part whether it is unavailable.
func (s *Snapshot) faulty() map[string]bool {
	out := map[string]bool{}
	for i := range s.Qubits {
		out["qubit "+s.Qubits[i].Label] = s.Qubits[i].Faulty
	}
	for i := range s.Gates {
		out[s.gateName(&s.Gates[i])] = s.Gates[i].Faulty
	}
	return out
}
