package ibm

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"qgan/backends/service"
)

// The units in which the service tells what a job used. Seconds of the processor are those
// of its field qpu_charge_time_seconds, since March 2026, and of seconds before; resource
// units are announced as the field value.
const (
	inSeconds = "seconds"
	inUnits   = "resource units"
)

// price is what a unit costs from a day on, in US dollars.
type price struct {
	from   string // as in 2025-01-01
	unit   string
	usd    float64
	basis  string
	source string
}

// prices are those of Pay-As-You-Go, the highest of the plans, the newest last. A unit
// without a row has no price that is known: what it costs is told in the unit.
var prices = []price{
	{"2025-01-01", inSeconds, 1.60, "$1.60 a second of Pay-As-You-Go (2025)", "https://www.ibm.com/quantum/pricing"},
}

// priceAt is what a unit costs at a time.
func priceAt(unit string, at time.Time) (p price, ok bool) {
	day := at.UTC().Format("2006-01-02")
	for _, row := range prices {
		if row.unit == unit && row.from <= day {
			p, ok = row, true
		}
	}
	return p, ok
}

// usage is what the service tells of what a job used, of today and of before.
type usage struct {
	Charge  json.Number `json:"qpu_charge_time_seconds"`
	Seconds json.Number `json:"seconds"`
	Value   json.Number `json:"value"`
	Status  string      `json:"status"` // pending as long as it is not reckoned
}

// seconds is the time of the processor that is charged.
func (u usage) seconds() (float64, bool) {
	for _, n := range []json.Number{u.Charge, u.Seconds} {
		if x, err := n.Float64(); err == nil && x >= 0 {
			return x, true
		}
	}
	return 0, false
}

// told says that something is told that can be charged.
func (u usage) told() bool {
	_, ok := u.seconds()
	return ok || u.Value != ""
}

// cost is what a job cost in US dollars, or in units that have no price; neither where it
// is not told, or not yet.
func (u usage) cost(at time.Time) (*float64, *service.Amount) {
	if u.Status == "pending" {
		return nil, nil
	}
	value, unit := 0.0, inSeconds
	if x, err := u.Value.Float64(); err == nil && x >= 0 {
		value, unit = x, inUnits
	} else if s, ok := u.seconds(); ok {
		value = s
	} else {
		return nil, nil
	}
	if p, ok := priceAt(unit, at); ok {
		usd := value * p.usd
		return &usd, nil
	}
	return nil, &service.Amount{Value: value, Unit: unit}
}

// metrics asks for what a job used where the job itself doesn't tell; the zero value where
// that is not told either.
func (c *Client) metrics(ctx context.Context, remote string) (u usage) {
	var m struct {
		Usage usage `json:"usage"`
	}
	if c.rest.Get(ctx, "jobs/"+url.PathEscape(remote)+"/metrics", nil, &m) != nil {
		return usage{}
	}
	return m.Usage
}
