package ionq

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"qgan/backends/service"
	"qgan/calibration"
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

// Price: the simulator costs nothing. Processors are sold by contract; the service's own
// estimate for an account is not asked for here, so no price is known.
func (c *Client) Price([]service.Program) (service.Price, bool) {
	if free, ok := c.Gratis(); ok {
		return free, true
	}
	if c.simulated() {
		return service.Price{Basis: "the simulator is free"}, true
	}
	return service.Price{}, false
}
