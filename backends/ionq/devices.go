package ionq

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"

	"qgan/backends/service"
	"qgan/calibration"
	"qgan/ir"
)

// Devices lists the backends.
func (c *Client) Devices(ctx context.Context) ([]service.DeviceInfo, error) {
	var list []backend
	if err := c.rest.Get(ctx, "backends", nil, &list); err != nil {
		return nil, err
	}
	out := make([]service.DeviceInfo, len(list))
	for i, b := range list {
		out[i] = service.DeviceInfo{Name: b.Name, Qubits: b.Qubits, Status: b.Status}
		if b.Queue != nil && *b.Queue >= 0 {
			wait := *b.Queue / 1000
			out[i].Wait = &wait
		}
	}
	return out, nil
}

// simulated says that the backend is the service's simulator.
func (c *Client) simulated() bool { return c.Device() == "simulator" }

// backend is a device as the service shows it.
type backend struct {
	Name   string `json:"backend"`
	Status string `json:"status"`
	Qubits int    `json:"qubits"`
	// Queue is how long a job waits on average, in milliseconds.
	Queue *float64 `json:"average_queue_time"`
}

// Snapshot makes a snapshot of the newest characterisation; the simulator, which has none,
// is without errors and takes gates of a processor with zz.
func (c *Client) Snapshot(ctx context.Context) (*calibration.Snapshot, error) {
	path := "backends/" + url.PathEscape(c.Device())
	a, err := c.rest.Describe(ctx, c.Device(), path)
	if err != nil {
		return nil, err
	}
	files := []calibration.File{{Name: "answer about " + c.Device(), Data: a.Body}}
	if !c.simulated() {
		var found struct {
			List []json.RawMessage `json:"characterizations"`
		}
		if err := c.rest.Get(ctx, path+"/characterizations", url.Values{"limit": {"1"}}, &found); err != nil {
			return nil, err
		}
		if len(found.List) == 0 {
			return nil, fmt.Errorf("IonQ: %s has no characterisation", c.Device())
		}
		files = append(files, calibration.File{Name: "characterisation of " + c.Device(), Data: found.List[0]})
	}
	return calibration.Read(files...)
}

// The bounds of the interface: circuits, gates and size of a job by its description, shots by
// what its processors take.
const (
	maxCircuits = 5000
	maxGates    = 150_000
	gateBytes   = 128 // of a gate with four angles of all digits
	maxBytes    = 10 << 20
	maxShots    = 1_000_000
	qpuShots    = 10_000
)

// Limits are the service's.
func (c *Client) Limits(context.Context) (service.Limits, error) {
	l := service.Limits{Programs: maxCircuits, MaxShots: qpuShots, Bytes: maxBytes, GateBytes: gateBytes, Gates: maxGates, EqualShots: true, Source: "IonQ API v0.4"}
	if c.simulated() {
		l.MaxShots = maxShots
	}
	return l, nil
}

// Price: the simulator costs nothing. Processors are sold by contract, so the account's own
// estimate is asked for, that of the job's largest circuit for each of them. It may be in
// credits, which have no price in dollars here.
func (c *Client) Price(ctx context.Context, programs []service.Program) (service.Price, bool) {
	if free, ok := c.Gratis(); ok {
		return free, true
	}
	if c.simulated() {
		return service.Price{Basis: "the simulator is free"}, true
	}
	if c.rest == nil || len(programs) == 0 {
		return service.Price{}, false
	}
	var most [4]int // qubits, gates on one and on two, shots
	for _, p := range programs {
		one, two := gates(p.Circuit)
		for i, n := range []int{p.Circuit.Qubits, one, two, p.Shots} {
			most[i] = max(most[i], n)
		}
	}
	e, ok := c.estimate(ctx, most)
	if !ok {
		return service.Price{}, false
	}
	value := e.Cost * float64(len(programs))
	p := service.Price{Basis: "IonQ's estimate for the account", Source: "GET /jobs/estimate"}
	if !dollars(e.Unit) {
		p.Amount = &service.Amount{Value: value, Unit: cmp.Or(e.Unit, "credits")}
		return p, false
	}
	p.USD = value
	return p, true
}

// gates counts a circuit's gates on one qubit and on more.
func gates(c *ir.Circuit) (one, two int) {
	for _, op := range c.Ops {
		if g, ok := op.(*ir.Apply); ok {
			if len(g.Qubits) == 1 {
				one++
			} else {
				two++
			}
		}
	}
	return one, two
}

// estimate is what the service says that a circuit costs.
type estimate struct {
	Cost float64 `json:"estimated_total_cost"`
	Unit string  `json:"estimated_unit"`
}

// estimate asks what a circuit of so many qubits, gates on one and on two, and shots
// costs, once for all that are alike.
func (c *Client) estimate(ctx context.Context, of [4]int) (estimate, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.estimates[of]; ok {
		return e, e.Unit != ""
	}
	var e estimate
	q := url.Values{"backend": {c.Device()}, "type": {"ionq.circuit.v1"}, "error_mitigation": {"false"}}
	for i, name := range []string{"qubits", "1q_gates", "2q_gates", "shots"} {
		q.Set(name, strconv.Itoa(of[i]))
	}
	if err := c.rest.Get(ctx, "jobs/estimate", q, &e); err != nil || !(e.Cost >= 0) {
		return e, false
	}
	if c.estimates == nil {
		c.estimates = map[[4]int]estimate{}
	}
	c.estimates[of] = e
	return e, e.Unit != ""
}
