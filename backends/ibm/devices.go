package ibm

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"qgan/backends/service"
	"qgan/calibration"
)

// Devices lists the devices of the instance.
func (c *Client) Devices(ctx context.Context) ([]service.DeviceInfo, error) {
	var answer struct {
		Devices []struct {
			Name   string `json:"name"`
			Qubits int    `json:"qubits"`
			Status struct {
				Name   string `json:"name"`
				Reason string `json:"reason"`
			} `json:"status"`
			Queue int `json:"queue_length"`
		} `json:"devices"`
	}
	if err := c.rest.Get(ctx, "backends", nil, &answer); err != nil {
		return nil, err
	}
	out := make([]service.DeviceInfo, len(answer.Devices))
	for i, d := range answer.Devices {
		queue := max(0, d.Queue) // negative ones have been seen
		out[i] = service.DeviceInfo{Name: d.Name, Qubits: d.Qubits, Status: d.Status.Name, Reason: d.Status.Reason, Queue: &queue}
	}
	return out, nil
}

// document asks for a text of the device as the service tells it.
func (c *Client) document(ctx context.Context, what string) ([]byte, error) {
	a, err := c.rest.Describe(ctx, c.Device(), "backends/"+url.PathEscape(c.Device())+"/"+what)
	if err != nil {
		return nil, err
	}
	return a.Body, nil
}

// Documents are the files of the device's calibration, as they can be kept.
func (c *Client) Documents(ctx context.Context) ([]calibration.File, error) {
	properties, err := c.document(ctx, "properties")
	if err != nil {
		return nil, err
	}
	configuration, err := c.document(ctx, "configuration")
	if err != nil {
		return nil, err
	}
	return []calibration.File{{Name: "props_" + c.Device() + ".json", Data: properties}, {Name: "conf_" + c.Device() + ".json", Data: configuration}}, nil
}

// Snapshot reads the device's calibration data.
func (c *Client) Snapshot(ctx context.Context) (*calibration.Snapshot, error) {
	files, err := c.Documents(ctx)
	if err != nil {
		return nil, err
	}
	return calibration.Read(files...)
}

// The service's bounds of a job: executions, which are circuits times shots, and the size by its
// guide "Job limits" of November 2026, submissions a minute by its OpenAPI description. The
// shots and circuits that all configurations told are not enforced any more; a device that
// tells fewer has bounds of its own.
const (
	toldPrograms  = 300
	toldShots     = 100_000
	maxExecutions = 10_000_000
	maxBytes      = 50_000_000
	gateBytes     = 64 // "rzz(-1.2345678901234567) $126, $127;" and a line's end, an "if" before it
	perMinute     = 5
)

// Limits are the service's, and a device's own where its configuration tells them.
func (c *Client) Limits(ctx context.Context) (service.Limits, error) {
	l := service.Limits{EqualShots: c.executes(), TotalShots: maxExecutions, Bytes: maxBytes, GateBytes: gateBytes, PerMinute: perMinute, Source: "IBM Quantum, job limits of November 2026"}
	if c.Local() {
		l.PerMinute = 0 // a bound of IBM's gateway; who answers elsewhere says so with 429
	}
	if c.rest == nil {
		return l, nil
	}
	raw, err := c.document(ctx, "configuration")
	if err != nil {
		return l, err
	}
	var conf struct {
		Shots    int `json:"max_shots"`
		Programs int `json:"max_experiments"`
	}
	if err := json.Unmarshal(raw, &conf); err != nil {
		return l, fmt.Errorf("IBM Quantum: the configuration of %s can't be read: %w", c.Device(), err)
	}
	if conf.Programs > 0 && conf.Programs < toldPrograms {
		l.Programs = conf.Programs
	}
	if conf.Shots > 0 && conf.Shots < toldShots {
		l.MaxShots = conf.Shots
	}
	return l, nil
}

// What a job is reckoned to take.
const (
	perShot = 350e-6 // seconds: a repetition delay of 250 µs, the circuit and its readout
	perJob  = 3.0    // seconds of loading and calibration that a job is charged
)

// Price estimates the cost by the time on the processor.
func (c *Client) Price(_ context.Context, programs []service.Program) (service.Price, bool) {
	if free, ok := c.Gratis(); ok {
		return free, true
	}
	seconds := perJob
	for _, p := range programs {
		seconds += perShot * float64(p.Shots)
	}
	if most := c.AskedSeconds("max-execution-time"); most > 0 {
		seconds = min(seconds, float64(most))
	}
	p, ok := priceAt(inSeconds, c.now())
	return service.Price{USD: seconds * p.usd, Basis: p.basis + ", 0.35 ms a shot and 3 s a job", Source: p.source}, ok
}
