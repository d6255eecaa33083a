package azure

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"qgan/backends"
	"qgan/backends/ionq"
	"qgan/backends/service"
	"qgan/ir"
)

// submission is what a job takes: its id, what is put into its container, and what is put
// under its id but for the addresses, which are signed when it is sent.
type submission struct {
	ID    string      `json:"id"`
	Type  string      `json:"content_type"`
	Input string      `json:"input"`
	Job   description `json:"job"`
}

// description is a job as the service takes it.
type description map[string]any

func (d description) tag() string {
	m, _ := d["metadata"].(map[string]any)
	tag, _ := m[service.TagKey].(string)
	return tag
}

// idOf is the id of the job that carries a tag, in the form of a UUID of random bits.
func idOf(tag string) string {
	h := sha256.Sum256([]byte("qgan Azure Quantum job " + tag))
	h[6], h[8] = h[6]&0x0f|0x40, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// Body writes a job of one circuit.
func (c *Client) Body(ctx context.Context, programs []service.Program, tag string) ([]byte, error) {
	p, err := c.provider()
	if err != nil {
		return nil, err
	}
	if len(programs) != 1 {
		return nil, backends.Refuse("%d circuits: a job for %s is one", len(programs), c.Device())
	}
	b := submission{ID: idOf(tag), Type: p.content}
	err = c.Write(programs, true, func(_ int, _ *ir.Circuit) error {
		b.Input, err = p.encode(ctx, programs[0])
		return err
	})
	if err != nil {
		return nil, err
	}
	params := map[string]any{"shots": programs[0].Shots}
	if p.name == "ionq" && !simulated(c.Device()) { // on as long as nobody says otherwise
		params["error-mitigation"] = map[string]bool{"debias": false}
	}
	b.Job = description{
		"name": c.Title(tag), "itemType": "Job", "providerId": p.name, "target": c.Device(), "inputDataFormat": p.input, "outputDataFormat": p.output,
		"inputParams": params, "metadata": c.Metadata(tag),
	}
	if tags := c.Label().Tags; len(tags) > 0 {
		b.Job["tags"] = tags
	}
	raw, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	return raw, c.Fits(raw, maxBytes)
}

// ionqCircuit writes a circuit as IonQ's own service takes it.
func ionqCircuit(ctx context.Context, p service.Program) (string, error) {
	raw, err := ionq.Reader("qpu").Body(ctx, []service.Program{p}, "")
	if err != nil {
		return "", err
	}
	var b struct {
		Input json.RawMessage `json:"input"`
	}
	err = json.Unmarshal(raw, &b)
	return string(b.Input), err
}

// hqsNames are Quantinuum's native gates in hqslib1.inc, angles in radians.
var hqsNames = map[ir.Gate]string{ir.PRX: "U1q", ir.RZ: "rz", ir.RZZ: "RZZ"}

// hqsCircuit writes OpenQASM 2.0 with the gates of hqslib1.inc: qubits by their numbers,
// bit i of the circuit c[i].
func hqsCircuit(_ context.Context, p service.Program) (string, error) {
	shape := service.ShapeOf(p)
	var b strings.Builder
	fmt.Fprintf(&b, "OPENQASM 2.0;\ninclude \"hqslib1.inc\";\nqreg q[%d];\ncreg c[%d];\n", shape.Width, shape.Bits)
	for i, op := range p.Circuit.Ops {
		switch op := op.(type) {
		case *ir.Apply:
			name := hqsNames[op.Gate]
			if name == "" || op.Controls > 0 {
				return "", backends.Refuse("operation %d: the gate %s is none of U1q, rz and RZZ: compile the circuit", i, op.Gate)
			}
			b.WriteString(name + "(")
			for k, angle := range op.Angles {
				if k > 0 {
					b.WriteByte(',')
				}
				b.WriteString(strconv.FormatFloat(angle.Value(nil, nil), 'f', -1, 64))
			}
			b.WriteString(")")
			for k, q := range op.Qubits {
				fmt.Fprintf(&b, "%cq[%d]", " ,"[k], q)
			}
			b.WriteString(";\n")
		case *ir.Measure:
			if op.Bit >= 0 {
				fmt.Fprintf(&b, "measure q[%d] -> c[%d];\n", op.Qubit, op.Bit)
			}
		case *ir.Reset:
			fmt.Fprintf(&b, "reset q[%d];\n", op.Qubit)
		case *ir.Barrier, *ir.Delay: // the provider's compiler places gates in time
		default:
			return "", backends.Refuse("operation %d: %s is not written for Quantinuum's targets", i, ir.NameOf(op))
		}
	}
	return b.String(), nil
}
