package ledger

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"qgan/internal/words"
)

// Costs are sums of what was sent, for people and programs.
type Costs struct {
	Schema string    `json:"schema"`
	By     []string  `json:"by"`
	Rows   []CostRow `json:"rows"`
	Total  CostRow   `json:"total"`
}

// CostRow is a sum over jobs that are alike.
type CostRow struct {
	// Of are the row's day (UTC, of the sending), service, device and command, as far as they
	// tell rows apart.
	Of   map[string]string `json:"of,omitempty"`
	Sent int               `json:"sent"` // jobs, each as often as it may cost
	Lost int               `json:"lost"` // of these, never found
	// Estimate is what was expected, Real what services said, both in US dollars; Open is the
	// estimate of those of which nothing was said. Real + Open is what counts.
	Estimate float64            `json:"estimate_usd"`
	Real     float64            `json:"cost_usd"`
	Open     float64            `json:"open_usd"`
	Unpriced int                `json:"unpriced"`          // jobs without any price
	Amounts  map[string]float64 `json:"amounts,omitempty"` // in units of services, such as credits
}

// CostKeys are what costs can be told apart by.
func CostKeys() []string { return []string{"day", "service", "device", "command"} }

// Costs sums up what was sent by some of CostKeys, none is all together. Rows are in the order
// of their keys.
func (l *Ledger) Costs(by ...string) (*Costs, error) {
	for _, k := range by {
		if !slices.Contains(CostKeys(), k) {
			return nil, fmt.Errorf("costs by %q: it can be %s", k, strings.Join(CostKeys(), ", "))
		}
	}
	jobs, err := l.Jobs()
	if err != nil {
		return nil, err
	}
	out := &Costs{Schema: "qgan.costs/v1", By: by, Rows: []CostRow{}}
	rows := map[string]*CostRow{}
	for _, j := range jobs {
		for _, c := range j.Charges {
			all := map[string]string{"day": c.At.UTC().Format("2006-01-02"), "service": j.Service, "device": j.Device, "command": j.Command}
			of, key := map[string]string{}, ""
			for _, k := range by {
				of[k] = all[k]
				key += all[k] + "\x00"
			}
			if rows[key] == nil {
				rows[key] = &CostRow{Of: of}
			}
			rows[key].add(j, c)
			out.Total.add(j, c)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		out.Rows = append(out.Rows, *rows[key])
	}
	return out, nil
}

func (r *CostRow) add(j Job, c Charge) {
	r.Sent++
	if c.Lost {
		r.Lost++
	}
	if j.Estimate != nil {
		r.Estimate += *j.Estimate
	}
	switch {
	case c.Told:
		r.Real += *c.USD
	case c.USD != nil:
		r.Open += *c.USD
	default:
		r.Unpriced++
	}
	if a := j.Amount; a != nil && !c.Lost {
		if r.Amounts == nil {
			r.Amounts = map[string]float64{}
		}
		r.Amounts[a.Unit] += a.Value
	}
}

// WriteText prints the sums as a table, for people.
func (c *Costs) WriteText(w io.Writer) error {
	t := words.NewTable(w)
	row := func(r CostRow, first ...string) {
		lost := ""
		if r.Lost > 0 {
			lost = fmt.Sprintf(" (%d lost)", r.Lost)
		}
		open := fmt.Sprintf("$%.2f", r.Open)
		if r.Unpriced > 0 {
			open += fmt.Sprintf(" and %d without a price", r.Unpriced)
		}
		t.Row(append(first, fmt.Sprint(r.Sent)+lost, fmt.Sprintf("$%.2f", r.Estimate), r.Said(), open, fmt.Sprintf("$%.2f", r.Real+r.Open))...)
	}
	t.Row(append(slices.Clone(c.By), "sent", "estimate", "real", "not told yet", "counts")...)
	for _, r := range c.Rows {
		var keys []string
		for _, k := range c.By {
			keys = append(keys, r.Key(k))
		}
		row(r, keys...)
	}
	if len(c.By) > 0 {
		row(c.Total, append([]string{"all"}, make([]string, len(c.By)-1)...)...)
	}
	return t.Flush()
}

// Said is what services said, in dollars and in units of their own.
func (r CostRow) Said() string {
	text := fmt.Sprintf("$%.2f", r.Real)
	for _, unit := range slices.Sorted(maps.Keys(r.Amounts)) {
		text += ", " + Amount{r.Amounts[unit], unit}.String()
	}
	return text
}

// Key is one of the row's keys, or a dash.
func (r CostRow) Key(name string) string { return cmp.Or(r.Of[name], "–") }
