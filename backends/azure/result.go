package azure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"qgan/backends"
	"qgan/backends/ionq"
	"qgan/backends/service"
)

// Decode reads what Fetch kept, in the form of the target's provider.
func (c *Client) Decode(shapes []service.Shape, r io.Reader) ([]backends.Outcome, error) {
	p, err := c.provider()
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return service.Outcomes("Azure Quantum: the result", shapes, 1, func(_ int, s service.Shape) (backends.Outcome, error) {
		return p.decode(c.Device(), s, raw)
	})
}

// ionqOutcome reads a histogram: the probability of each number, bit i qubit i. Those of the
// simulator are drawn from, as at IonQ's own service.
func ionqOutcome(device string, s service.Shape, raw []byte) (backends.Outcome, error) {
	var kept struct {
		Histogram json.RawMessage `json:"histogram"`
	}
	if err := json.Unmarshal(raw, &kept); err != nil || kept.Histogram == nil {
		return backends.Outcome{}, fmt.Errorf("it holds no histogram (%v)", err)
	}
	own := "qpu"
	if simulated(device) {
		own = "simulator"
	}
	law, err := json.Marshal(map[string]json.RawMessage{"probabilities": kept.Histogram}) // as IonQ's own client keeps it
	if err != nil {
		return backends.Outcome{}, err
	}
	out, err := ionq.Reader(own).Decode([]service.Shape{s}, bytes.NewReader(law))
	if err != nil {
		return backends.Outcome{}, err
	}
	return out[0], nil
}

// register is the name of the one register that hqsCircuit writes.
const register = "c"

// hqsOutcome reads the texts of the shots, the last bit of the register first.
func hqsOutcome(_ string, s service.Shape, raw []byte) (backends.Outcome, error) {
	var registers map[string]json.RawMessage
	if err := json.Unmarshal(raw, &registers); err != nil {
		return backends.Outcome{}, fmt.Errorf("it holds no registers: %w", err)
	}
	var shots []string
	if err := json.Unmarshal(registers[register], &shots); err != nil || len(shots) == 0 {
		return backends.Outcome{}, fmt.Errorf("it holds no shots of the register %s (%v)", register, err)
	}
	if len(shots) > 4*s.Shots {
		return backends.Outcome{}, fmt.Errorf("it holds %d shots, %d were asked for", len(shots), s.Shots)
	}
	rows := backends.NewRows(s.Bits, len(shots))
	for i, text := range shots {
		if len(text) != s.Bits {
			return backends.Outcome{}, fmt.Errorf("shot %d is %.80q, the register has %d bits", i, text, s.Bits)
		}
		for k, one := range []byte(text) {
			switch one {
			case '0':
			case '1':
				rows.Set(i, s.Bits-1-k)
			default:
				return backends.Outcome{}, fmt.Errorf("shot %d is %.80q, which are no bits", i, text)
			}
		}
	}
	return rows.Outcome(), nil
}
