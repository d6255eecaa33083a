package iqm

import (
	"context"
	"fmt"
	"net/url"

	"qgan/backends/service"
	"qgan/calibration"
)

// Devices lists the quantum computers of the server.
func (c *Client) Devices(ctx context.Context) ([]service.DeviceInfo, error) {
	var answer struct {
		Computers []struct {
			Alias string `json:"alias"`
		} `json:"quantum_computers"`
	}
	if err := c.rest.Get(ctx, "quantum-computers", nil, &answer); err != nil {
		return nil, err
	}
	out := make([]service.DeviceInfo, len(answer.Computers))
	for i, q := range answer.Computers {
		out[i] = service.DeviceInfo{Name: q.Alias}
	}
	return out, nil
}

// Detail tells a quantum computer's qubits, by its architecture; its queue is not told.
func (c *Client) Detail(ctx context.Context, d service.DeviceInfo) (service.DeviceInfo, error) {
	var answer []struct {
		Qubits []string `json:"qubits"`
	}
	if err := c.rest.Get(ctx, fmt.Sprintf(documents[0].path, url.PathEscape(d.Name)), nil, &answer); err != nil {
		return d, err
	}
	if len(answer) > 0 {
		d.Qubits = len(answer[0].Qubits)
	}
	return d, nil
}

// documents are the answers that hold a device's calibration, with names for errors.
var documents = []struct{ name, path string }{
	{"static architecture", "quantum-computers/%s/artifacts/static-quantum-architectures"},
	{"dynamic architecture", "calibration-sets/%s/default/dynamic-quantum-architecture"},
	{"calibration set", "calibration-sets/%s/default"},
	{"quality metrics", "calibration-sets/%s/default/metrics"},
}

// Snapshot reads what is calibrated now. Circuits are written for the last one that was
// read, and pinned to its calibration set.
func (c *Client) Snapshot(ctx context.Context) (*calibration.Snapshot, error) {
	var files []calibration.File
	for _, d := range documents {
		a, err := c.rest.Describe(ctx, c.Device(), fmt.Sprintf(d.path, url.PathEscape(c.Device())))
		if err != nil {
			return nil, err
		}
		files = append(files, calibration.File{Name: d.name + " of " + c.Device(), Data: a.Body})
	}
	s, err := calibration.Read(files...)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.snapshot = s
	c.mu.Unlock()
	return s, nil
}

// calibrated is the snapshot that circuits are written for.
func (c *Client) calibrated(ctx context.Context) (*calibration.Snapshot, error) {
	c.mu.Lock()
	s := c.snapshot
	c.mu.Unlock()
	if s != nil {
		return s, nil
	}
	return c.Snapshot(ctx)
}

// maxCircuits is how many circuits are sent in a job; the server tells no bound.
const maxCircuits = 200

// Limits are ours: the server tells none.
func (c *Client) Limits(context.Context) (service.Limits, error) {
	return service.Limits{Programs: maxCircuits, EqualShots: true, Source: "no bounds are published"}, nil
}

// Price: a second on the processor is sold from $0.30, but a job doesn't tell its
// seconds, so no price is known.
func (c *Client) Price(context.Context, []service.Program) (service.Price, bool) {
	return c.Gratis()
}
