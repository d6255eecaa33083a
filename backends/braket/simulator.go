package braket

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"qgan/backends/service"
	"qgan/calibration"
)

// simulatorUSD is the price of a minute of SV1 and of DM1; a task is paid for three seconds at
// least. Beside a price of a device's own the higher counts.
const (
	simulatorUSD = 0.075
	leastSeconds = 3
	// perSecond is how many amplitudes a simulator is reckoned to change in a second, each gate
	// all of them. It is a guess: the service tells no time before it has run.
	perSecond = 5e8
)

// simulated says that the device is a simulator of the service's.
func (d *device) simulated() bool { return d.Type == "SIMULATOR" }

// simulatorGates are what circuits for simulators are compiled to, and what Braket calls
// those gates.
var simulatorGates = map[string]string{"rz": "rz", "sx": "v", "x": "x", "rx": "rx", "cz": "cz"}

// mostSimulated bounds the qubits that a simulator is believed to have.
const mostSimulated = 64

// simulator makes the snapshot of a simulator, from what it tells of itself: all pairs are
// coupled, and there are no errors.
func (d *device) simulator(arn string) error {
	c := &d.capabilities
	action, ok := c.Action[actionProgram]
	if n := c.Paradigm.Qubits; !ok || n < 1 || n > mostSimulated {
		return fmt.Errorf("braket: %s is said to have %d qubits, and to run OpenQASM: %v", arn, n, ok)
	}
	s := &calibration.Snapshot{Service: serviceName, Name: nameOf(arn), Basis: []string{"cz", "rx", "rz", "sx", "x"}}
	for _, g := range s.Basis {
		has := func(name string) bool { return strings.EqualFold(name, simulatorGates[g]) }
		if !slices.ContainsFunc(action.Operations, has) {
			return fmt.Errorf("braket: %s does not take the gate %s: circuits are not compiled for it", arn, simulatorGates[g])
		}
	}
	for q := range c.Paradigm.Qubits {
		s.Qubits = append(s.Qubits, calibration.Qubit{Label: fmt.Sprint(q)})
		for _, g := range s.Basis[1:] {
			s.Gates = append(s.Gates, calibration.Gate{Name: g, Qubits: []int{q}})
		}
		for other := range q {
			s.Gates = append(s.Gates, calibration.Gate{Name: "cz", Qubits: []int{q, other}}, calibration.Gate{Name: "cz", Qubits: []int{other, q}})
		}
	}
	raw, err := s.Encode()
	if err != nil {
		return err
	}
	c.Paradigm.Connectivity.Full = true
	d.snapshot, err = calibration.Read(calibration.File{Name: "what Amazon Braket tells of " + arn, Data: raw})
	return err
}

// minute is what a minute of the device costs; ok is false where it is no simulator.
func (c *Client) minute() (usd float64, ok bool) {
	for _, d := range devices {
		if d.arn == c.Device() {
			usd = d.minute
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.device != nil && c.device.simulated() && strings.EqualFold(c.device.capabilities.Service.Cost.Unit, "minute") {
		usd = max(usd, c.device.capabilities.Service.Cost.Price)
	}
	return usd, usd > 0
}

// simulatorPrice reckons what programs take a simulator of states of n qubits, or of density
// matrices, which are states of 2n.
func simulatorPrice(arn string, usd float64, programs []service.Program) service.Price {
	seconds := 0.0
	for _, p := range programs {
		n := len(usedQubits(p.Circuit))
		if strings.HasSuffix(arn, "/dm1") {
			n *= 2
		}
		seconds += math.Ldexp(float64(p.Gates()), n) / perSecond
	}
	seconds = max(leastSeconds, seconds)
	return service.Price{USD: usd * seconds / 60, Basis: fmt.Sprintf("$%g a minute, %.3g s by a guess, %d s at least", usd, seconds, leastSeconds), Source: priceSource}
}

// maxTimed is the most bytes of a result that are read for its time.
const maxTimed = 64 << 20

// ran is what a task of a simulator took and cost, as its result tells that: at least three
// seconds are paid, as Amazon's own tracker of costs reckons. Nil of a processor's, and where
// it can't be had.
func (c *Client) ran(ctx context.Context, t task) (cost *float64, seconds float64) {
	usd, ok := c.minute()
	if !ok || t.Action.Type == actionSet {
		return nil, 0
	}
	var r struct {
		More struct {
			Simulator *struct {
				Milliseconds float64 `json:"executionDuration"`
			} `json:"simulatorMetadata"`
		} `json:"additionalMetadata"`
	}
	raw, err := c.object(ctx, t.Bucket, t.Directory+"/"+resultFile, maxTimed)
	if err != nil || json.Unmarshal(raw, &r) != nil || r.More.Simulator == nil || !(r.More.Simulator.Milliseconds >= 0) {
		return nil, 0
	}
	seconds = r.More.Simulator.Milliseconds / 1000
	paid := usd * max(leastSeconds, seconds) / 60
	return &paid, seconds
}
