package azure

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"qgan/backends"
	"qgan/backends/service"
	"qgan/calibration"
	"qgan/ir"
)

// provider is a row of the table of those whose targets are written for.
type provider struct {
	name                   string
	content, input, output string
	encode                 func(ctx context.Context, p service.Program) (string, error)
	decode                 func(device string, s service.Shape, raw []byte) (backends.Outcome, error)
	// native are the gates on one qubit, then that on two, of a target.
	native   func(device string) []string
	maxShots int
	price    func(device string, p service.Program) (service.Price, bool)
}

// providers is the table. Sources: azure-quantum 3.13.0 (formats); the providers' pages of the
// service's documentation (gates, shots).
var providers = []provider{
	{"ionq", "application/json", "ionq.circuit.v1", "ionq.quantum-results.v1", ionqCircuit, ionqOutcome, ionqNative, 10_000, ionqPrice},
	{"quantinuum", "application/qasm", "honeywell.openqasm.v1", "honeywell.quantum-results.v1", hqsCircuit, hqsOutcome, hqsNative, 10_000, hqsPrice},
}

// provider is the row of the target's provider.
func (c *Client) provider() (*provider, error) {
	name, _, _ := strings.Cut(c.Device(), ".")
	i := slices.IndexFunc(providers, func(p provider) bool { return p.name == name })
	if i < 0 {
		return nil, backends.Refuse("%s: circuits are written for ionq's and quantinuum's targets of Azure Quantum, such as ionq.simulator, not for those of %q", c.Device(), name)
	}
	return &providers[i], nil
}

// simulated says that a target computes without errors and costs nothing.
func simulated(device string) bool { return device == "ionq.simulator" }

func ionqNative(device string) []string {
	if strings.Contains(device, "aria") {
		return []string{"gpi", "gpi2", "ms"}
	}
	return []string{"gpi", "gpi2", "zz"}
}

func hqsNative(string) []string { return []string{"rz", "prx", "rzz"} }

// widths are the qubits of targets by a part of their names, where the service doesn't tell
// them. Source: the providers' pages, 2026-11.
var widths = []struct {
	part   string
	qubits int
}{
	{"ionq.simulator", 29}, {"ionq.qpu.aria", 25}, {"ionq.qpu.forte", 36}, {".h1-", 20}, {".h2-", 56}, {".helios-", 98},
}

// target is a device as the service shows it.
type target struct {
	ID     string `json:"id"`
	Status string `json:"currentAvailability"`
	Queue  *int   `json:"averageQueueTime"` // seconds
	Qubits int    `json:"numQubits"`
}

// targets asks for all targets of the workspace's providers.
func (c *Client) targets(ctx context.Context) (all []target, err error) {
	var answer struct {
		Value []struct {
			Targets []target `json:"targets"`
		} `json:"value"`
	}
	if err := c.call(ctx, http.MethodGet, "providerStatus", nil, false, &answer); err != nil {
		return nil, err
	}
	for _, p := range answer.Value {
		all = append(all, p.Targets...)
	}
	for i := range all {
		for _, w := range widths {
			if t := &all[i]; t.Qubits <= 0 && strings.Contains(t.ID, w.part) {
				t.Qubits = w.qubits
			}
		}
	}
	return all, nil
}

// Devices lists the targets. Queues are told as a time, in the reason.
func (c *Client) Devices(ctx context.Context) ([]service.DeviceInfo, error) {
	all, err := c.targets(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]service.DeviceInfo, len(all))
	for i, t := range all {
		out[i] = service.DeviceInfo{Name: t.ID, Qubits: t.Qubits, Status: t.Status}
		if t.Queue != nil && *t.Queue >= 0 {
			wait := float64(*t.Queue)
			out[i].Wait = &wait
			if *t.Queue > 0 {
				out[i].Reason = fmt.Sprintf("about %d s in the queue", *t.Queue)
			}
		}
	}
	return out, nil
}

// Snapshot makes a snapshot of what is known of a target: all pairs are coupled, and there are
// no figures of any gate.
func (c *Client) Snapshot(ctx context.Context) (*calibration.Snapshot, error) {
	p, err := c.provider()
	if err != nil {
		return nil, err
	}
	all, err := c.targets(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(t target) bool { return t.ID == c.Device() })
	switch {
	case i < 0:
		return nil, backends.Refuse("Azure Quantum: the workspace has no target %s", c.Device())
	case all[i].Qubits < 1 || all[i].Qubits > mostQubits:
		return nil, fmt.Errorf("Azure Quantum: %s is said to have %d qubits", c.Device(), all[i].Qubits)
	}
	s := &calibration.Snapshot{Service: serviceName, Name: c.Device(), Basis: p.native(c.Device())}
	for q := range all[i].Qubits {
		s.Qubits = append(s.Qubits, calibration.Qubit{Label: fmt.Sprint(q)})
		for _, g := range s.Basis[:2] {
			s.Gates = append(s.Gates, calibration.Gate{Name: g, Qubits: []int{q}})
		}
		for other := range q {
			s.Gates = append(s.Gates, calibration.Gate{Name: s.Basis[2], Qubits: []int{q, other}}, calibration.Gate{Name: s.Basis[2], Qubits: []int{other, q}})
		}
	}
	if !simulated(c.Device()) {
		s.Warnings = []string{"Azure Quantum tells no errors and no times of " + c.Device() + ": no fidelity is estimated for it"}
	}
	raw, err := s.Encode()
	if err != nil {
		return nil, err
	}
	return calibration.Read(calibration.File{Name: "what Azure Quantum tells of " + c.Device(), Data: raw})
}

// The bounds of a job.
const (
	mostQubits = 500
	gateBytes  = 128
	maxBytes   = 10 << 20
)

// Limits are the service's and the provider's.
func (c *Client) Limits(context.Context) (service.Limits, error) {
	p, err := c.provider()
	if err != nil {
		return service.Limits{}, err
	}
	return service.Limits{Programs: 1, MaxShots: p.maxShots, Bytes: maxBytes, GateBytes: gateBytes, EqualShots: true, Source: "Azure Quantum, " + p.name}, nil
}

// Price adds up what the programs cost by the provider's formula. One that counts in a unit of
// its own has no price in dollars: that depends on the plan.
func (c *Client) Price(_ context.Context, programs []service.Program) (service.Price, bool) {
	if free, ok := c.Gratis(); ok {
		return free, true
	}
	p, err := c.provider()
	if err != nil || len(programs) == 0 {
		return service.Price{}, false
	}
	sum, known := p.price(c.Device(), programs[0])
	for _, k := range programs[1:] {
		next, ok := p.price(c.Device(), k)
		sum.USD, known = sum.USD+next.USD, known && ok
		if sum.Amount != nil && next.Amount != nil {
			sum.Amount.Value += next.Amount.Value
		}
	}
	return sum, known
}

// tally counts the turns of one qubit, the gates on two, and the measurements and resets of a
// program; rotations about Z are done in software.
func tally(c *ir.Circuit) (one, two, measured float64) {
	for _, op := range c.Ops {
		switch op := op.(type) {
		case *ir.Apply:
			switch {
			case len(op.Qubits) > 1:
				two++
			case op.Gate != ir.RZ:
				one++
			}
		case *ir.Measure, *ir.Reset:
			measured++
		}
	}
	return one, two, measured
}

// priced is when the tables of prices were read.
const priced = "2026-11-25"

// ionqPrice is IonQ's pay-as-you-go plan without error mitigation: a program costs
//
//	$12.4166 + $0.000220·N1·shots + $0.000975·N2·shots
func ionqPrice(device string, p service.Program) (service.Price, bool) {
	if simulated(device) {
		return service.Price{Basis: "the simulator is free"}, true
	}
	one, two, _ := tally(p.Circuit)
	return service.Price{
		USD:   12.4166 + float64(p.Shots)*(0.000220*one+0.000975*two),
		Basis: "$12.4166 a circuit + $0.000220 a gate on one qubit and shot + $0.000975 on two, " + priced, Source: "Azure Quantum, IonQ pay as you go",
	}, true
}

// hqsPrice is Quantinuum's credits of a program,
//
//	5 + shots·(N1 + 10·N2 + 5·Nm)/5000
//
// HQC of a processor, eHQC of an emulator; a syntax checker takes none.
func hqsPrice(device string, p service.Program) (service.Price, bool) {
	if strings.HasSuffix(device, "sc") {
		return service.Price{Basis: "the syntax checker is free"}, true
	}
	unit := "HQC"
	if strings.HasPrefix(device, "quantinuum.sim.") {
		unit = "eHQC"
	}
	one, two, measured := tally(p.Circuit)
	credits := 5 + float64(p.Shots)*(one+10*two+5*measured)/5000
	return service.Price{Amount: &service.Amount{Value: credits, Unit: unit}, Basis: "5 + shots·(N1 + 10·N2 + 5·Nm)/5000 " + unit + " a circuit, " + priced, Source: "Azure Quantum, Quantinuum"}, false
}
