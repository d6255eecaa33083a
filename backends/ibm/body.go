package ibm

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"

	"qgan/backends"
	"qgan/backends/service"
	"qgan/ir"
	"qgan/qasm"
)

// job is the body of POST /jobs for the program sampler.
type job struct {
	Program string   `json:"program_id"`
	Backend string   `json:"backend"`
	Params  params   `json:"params"`
	Tags    []string `json:"tags"`
}

type params struct {
	// PUBs are circuits, each with its parameters (null: it has none) and its shots.
	PUBs          [][3]any `json:"pubs"`
	Version       int      `json:"version"`
	SupportQiskit bool     `json:"support_qiskit"`
}

// Body writes a job: a PUB a program, every angle bound.
func (c *Client) Body(_ context.Context, programs []service.Program, tag string) ([]byte, error) {
	j := job{Program: "sampler", Backend: c.device, Params: params{Version: 2}, Tags: []string{tag}}
	for i, p := range programs {
		text, err := program(p.Circuit)
		if err != nil {
			return nil, fmt.Errorf("program %d of the job for %s: %w", i, c.device, err)
		}
		j.Params.PUBs = append(j.Params.PUBs, [3]any{text, nil, p.Shots})
	}
	body, err := json.Marshal(j)
	if err == nil && len(body) > maxBytes {
		err = backends.Refuse("the job for %s has %d MB, at most %d are taken: send fewer circuits at once", c.device, len(body)>>20, maxBytes>>20)
	}
	return body, err
}

// program writes a circuit as the service takes it, after the checks that its simulators
// leave out.
func program(c *ir.Circuit) (string, error) {
	if err := check(c); err != nil {
		return "", err
	}
	p, err := qasm.Print(c, qasm.Options{Dialect: "ibm"})
	if err != nil {
		return "", err
	}
	for _, r := range service.RegistersOf(c) {
		for k, bit := range r.Bits {
			if want := fmt.Sprintf("%s[%d]", r.Name, k); p.Bits[bit] != want {
				return "", backends.Refuse("bit %d is written as %s, not %s: rename the register", bit, p.Bits[bit], want)
			}
		}
	}
	return withoutComments(p.Text), nil
}

// withoutComments takes out the lines that say nothing to the service, one a qubit that
// is not used.
func withoutComments(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "//") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// identifier is a name that the service takes for a classical register; it reads
// registers as attributes of Python objects.
var identifier = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// pythonWords are the keywords of Python 3.
var pythonWords = strings.Fields("False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield")

// check refuses what the service takes and then fails on.
func check(c *ir.Circuit) error {
	if len(c.Trained)+len(c.Data) > 0 {
		return backends.Refuse("its angles hold symbols: bind them")
	}
	if c.Bits == 0 {
		return backends.Refuse("it has no classical bits, so nothing is measured")
	}
	for _, r := range service.RegistersOf(c) {
		if !identifier.MatchString(r.Name) {
			return backends.Refuse("the service fails on the classical register %q: take letters, digits and _", r.Name)
		}
		for _, w := range pythonWords {
			if r.Name == w {
				return backends.Refuse("the service fails on the classical register %q, a word of Python: rename it", r.Name)
			}
		}
	}
	measured := false
	for i, op := range c.Ops {
		switch op := op.(type) {
		case *ir.Measure:
			measured = measured || op.Bit >= 0
		case *ir.Apply:
			if op.Gate == ir.RZZ {
				if a := op.Angles[0].Const; a < -1e-10 || a > math.Pi/2+1e-10 {
					return &backends.Refusal{Place: fmt.Sprintf("operation %d", i), Reason: fmt.Sprintf("rzz(%v) on qubits %v: the angle has to be in [0, π/2]", a, op.Qubits)}
				}
			}
		}
	}
	if !measured {
		return backends.Refuse("nothing is measured")
	}
	return nil
}

// What a second costs: Pay-As-You-Go, the highest of the plans, in US dollars by IBM's page
// of prices of 2025 ($96 a minute).
const (
	usdPerSecond = 1.60
	perShot      = 350e-6 // seconds: a repetition delay of 250 µs, the circuit and its readout
	perJob       = 3.0    // seconds of loading and calibration that a job is charged
	priceBasis   = "$1.60 a second of Pay-As-You-Go (2025), 0.35 ms a shot and 3 s a job"
)

// Price estimates the cost by the time on the processor.
func (c *Client) Price(programs []service.Program) (service.Price, bool) {
	if c.endpoint != "" {
		return service.Price{Basis: "not IBM's address: free"}, true
	}
	seconds := perJob
	for _, p := range programs {
		seconds += perShot * float64(p.Shots)
	}
	return service.Price{USD: seconds * usdPerSecond, Basis: priceBasis, Source: "https://www.ibm.com/quantum/pricing"}, true
}
