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
	// Cost is how many seconds on the processor the job may take at most.
	Cost int `json:"cost,omitempty"`
}

type params struct {
	// PUBs are circuits, each with its parameters (null: it has none) and its shots.
	PUBs          [][3]any `json:"pubs"`
	Version       int      `json:"version"`
	SupportQiskit bool     `json:"support_qiskit"`
	Options       *options `json:"options,omitempty"`
}

// options are what the service does with the circuits of a job ("SamplerOptions").
type options struct {
	Decoupling *decoupling `json:"dynamical_decoupling,omitempty"`
	Twirling   *twirling   `json:"twirling,omitempty"`
}

type decoupling struct {
	Enable   bool   `json:"enable"`
	Sequence string `json:"sequence_type"`
}

type twirling struct {
	Gates   bool `json:"enable_gates"`
	Measure bool `json:"enable_measure"`
}

// options are those that are asked for; nil for none.
func (c *Client) options() *options {
	dd, twirl := c.Asked("ibm-dd"), c.Asked("ibm-twirl")
	if dd == "" && twirl == "" {
		return nil
	}
	o := &options{}
	if dd != "" {
		o.Decoupling = &decoupling{true, dd}
	}
	if twirl != "" {
		o.Twirling = &twirling{strings.Contains(twirl, "gates"), strings.Contains(twirl, "measure")}
	}
	return o
}

// Body writes a job: a PUB a program, every angle bound, or an item of a quantum program where
// the program executor is asked for.
func (c *Client) Body(_ context.Context, programs []service.Program, tag string) ([]byte, error) {
	if c.executes() {
		return c.executor(programs, tag)
	}
	j := job{Program: "sampler", Backend: c.Device(), Params: params{Version: 2, Options: c.options()}, Tags: c.Tags(tag), Cost: c.AskedSeconds("max-execution-time")}
	err := c.Write(programs, false, func(i int, circuit *ir.Circuit) error {
		text, err := program(circuit)
		j.Params.PUBs = append(j.Params.PUBs, [3]any{text, nil, programs[i].Shots})
		return err
	})
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	return body, c.Fits(body, maxBytes)
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
	for i, op := range c.Ops {
		err := ir.Walk([]ir.Op{op}, func(op ir.Op) error {
			if op, ok := op.(*ir.Apply); ok && op.Gate == ir.RZZ {
				if a := op.Angles[0].Const; a < -1e-10 || a > math.Pi/2+1e-10 {
					return &backends.Refusal{Place: fmt.Sprintf("operation %d", i), Reason: fmt.Sprintf("rzz(%v) on qubits %v: the angle has to be in [0, π/2]", a, op.Qubits)}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
