package braket

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"qgan/backends"
	"qgan/backends/service"
	"qgan/ir"
	"qgan/qasm"
)

// header says what a document is.
type header struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// program is an OpenQASM program, in a set with a table of its inputs.
type program struct {
	Header header               `json:"braketSchemaHeader"`
	Source string               `json:"source"`
	Inputs map[string][]float64 `json:"inputs"`
}

// Body writes a task: of one program, or of a set of them. The shots of a set are those of
// all its executables together.
func (c *Client) Body(ctx context.Context, programs []service.Program, tag string) ([]byte, error) {
	d, err := c.known(ctx)
	if err != nil {
		return nil, err
	}
	set := d.capabilities.Action[actionSet]
	if len(programs) > max(1, set.Circuits) {
		return nil, backends.Refuse("%d programs in a task for %s: at most %d are taken", len(programs), c.Device(), max(1, set.Circuits))
	}
	if err := service.SameShots(programs, "task"); err != nil {
		return nil, err
	}
	shots := len(programs) * programs[0].Shots
	if len(programs) > 1 && set.TotalShots > 0 && shots > set.TotalShots {
		return nil, backends.Refuse("%d shots in a task for %s: at most %d are taken", shots, c.Device(), set.TotalShots)
	}
	bucket, err := c.bucket(ctx)
	if err != nil {
		return nil, err
	}
	var action any
	if len(programs) == 1 {
		source, err := d.write(programs[0].Circuit)
		if err != nil {
			return nil, fmt.Errorf("the program of the task for %s: %w", c.Device(), err)
		}
		action = program{header{actionProgram, "1"}, source, map[string][]float64{}}
	} else if action, err = d.set(c.Device(), programs); err != nil {
		return nil, err
	}
	text, err := json.Marshal(action)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{
		"clientToken": tag, "deviceArn": c.Device(), "shots": shots, "outputS3Bucket": bucket, "outputS3KeyPrefix": cmp.Or(c.account.Prefix, "qgan"),
		"action": string(text), "tags": c.TagPairs(tag),
	})
}

// set writes a program set. Neighbours that differ in angles only are one program: what
// comes back is in the order of the programs and of their inputs, so it is ours.
func (d *device) set(arn string, list []service.Program) (any, error) {
	var out []program
	for first := 0; first < len(list); {
		last := first + 1
		for last < len(list) && alike(list[first].Circuit, list[last].Circuit) {
			last++
		}
		circuits := make([]*ir.Circuit, last-first)
		for i := range circuits {
			circuits[i] = list[first+i].Circuit
		}
		joint, inputs := join(circuits)
		source, err := d.write(joint)
		if err != nil {
			return nil, fmt.Errorf("program %d of the task for %s: %w", first, arn, err)
		}
		if last-first == 1 {
			out = append(out, program{header{actionProgram, "1"}, source, nil})
		} else if len(inputs) == 0 {
			// The same circuit several times: a program without inputs runs once.
			for range circuits {
				out = append(out, program{header{actionProgram, "1"}, source, nil})
			}
		} else {
			out = append(out, program{header{actionProgram, "1"}, source, inputs})
		}
		first = last
	}
	return struct {
		Header   header    `json:"braketSchemaHeader"`
		Programs []program `json:"programs"`
	}{header{actionSet, "1"}, out}, nil
}

// fixed are gates whose angles decide whether they are native, so they are no inputs.
func fixed(g ir.Gate) bool { return g == ir.RX }

// alike says that two bound circuits differ in angles only.
func alike(a, b *ir.Circuit) bool {
	if a.Qubits != b.Qubits || a.Bits != b.Bits || len(a.Ops) != len(b.Ops) {
		return false
	}
	for i := range a.Ops {
		switch x := a.Ops[i].(type) {
		case *ir.Apply:
			y, ok := b.Ops[i].(*ir.Apply)
			if !ok || x.Gate != y.Gate || x.Controls != y.Controls || len(x.Qubits) != len(y.Qubits) {
				return false
			}
			for k := range x.Qubits {
				if x.Qubits[k] != y.Qubits[k] {
					return false
				}
			}
			for k := range x.Angles {
				if !x.Angles[k].IsConst() || !y.Angles[k].IsConst() || fixed(x.Gate) && x.Angles[k].Const != y.Angles[k].Const {
					return false
				}
			}
		case *ir.Measure:
			y, ok := b.Ops[i].(*ir.Measure)
			if !ok || *x != *y {
				return false
			}
		case *ir.Barrier:
			if _, ok := b.Ops[i].(*ir.Barrier); !ok {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// join makes one circuit of those that are alike: angles that are not the same in all of
// them become inputs.
func join(circuits []*ir.Circuit) (*ir.Circuit, map[string][]float64) {
	out := *circuits[0]
	out.Ops = append([]ir.Op(nil), circuits[0].Ops...)
	inputs := map[string][]float64{}
	for i, op := range out.Ops {
		a, ok := op.(*ir.Apply)
		if !ok {
			continue
		}
		for k := range a.Angles {
			values := make([]float64, len(circuits))
			same := true
			for j, c := range circuits {
				values[j] = c.Ops[i].(*ir.Apply).Angles[k].Const
				same = same && values[j] == values[0]
			}
			if same {
				continue
			}
			if own := out.Ops[i].(*ir.Apply); own == a {
				copied := *a
				copied.Angles = append([]ir.Angle(nil), a.Angles...)
				out.Ops[i] = &copied
			}
			name := "a" + strconv.Itoa(len(inputs))
			out.Data = append(out.Data[:len(out.Data):len(out.Data)], name)
			out.Ops[i].(*ir.Apply).Angles[k] = ir.Data(1, len(out.Data)-1)
			inputs[name] = values
		}
	}
	return &out, inputs
}

// Names are the device's names of a circuit's qubits, "" for those that are not used. On a
// device that couples all qubits, whose figures are the same for all, they are the first
// ones.
func (c *Client) Names(circuit *ir.Circuit) []string {
	c.mu.Lock()
	d := c.device
	c.mu.Unlock()
	if d == nil {
		return nil
	}
	return d.names(circuit)
}

func (d *device) names(circuit *ir.Circuit) []string {
	out := make([]string, circuit.Qubits)
	next := 0
	used := usedQubits(circuit)
	for q := range out {
		switch {
		case !used[q] || q >= len(d.snapshot.Qubits):
		case d.capabilities.Paradigm.Connectivity.Full:
			out[q] = d.snapshot.Qubits[next].Label
			next++
		default:
			out[q] = d.snapshot.Qubits[q].Label
		}
	}
	return out
}

func usedQubits(c *ir.Circuit) map[int]bool {
	used := map[int]bool{}
	for _, op := range c.Ops {
		switch op.(type) {
		case *ir.Barrier, *ir.Delay:
		default:
			for _, q := range ir.ActsOn(op) {
				used[q] = true
			}
		}
	}
	return used
}

// write writes a circuit of native gates in a box that is run as it stands, on the
// device's qubits by their labels; for a simulator without a box, on a register. Delays have no form here: a qubit waits all the same.
func (d *device) write(c *ir.Circuit) (string, error) {
	if c.Qubits > len(d.snapshot.Qubits) {
		return "", backends.Refuse("it acts on qubit %d, the device has %d", c.Qubits-1, len(d.snapshot.Qubits))
	}
	read, used := map[int]bool{}, usedQubits(c)
	bits := map[int]bool{}
	for i, op := range c.Ops {
		switch op.(type) {
		case *ir.Apply, *ir.Measure, *ir.Barrier, *ir.Delay:
		default:
			return "", &backends.Refusal{Place: fmt.Sprintf("operation %d", i), Reason: ir.NameOf(op) + " does not run on the device"}
		}
		for _, q := range ir.ActsOn(op) {
			m, ok := op.(*ir.Measure)
			switch {
			case read[q]:
				return "", backends.Refuse("operation %d acts on qubit %d after it was measured: the device measures at the end", i, q)
			case ok && m.Bit >= 0 && bits[m.Bit]:
				return "", backends.Refuse("operation %d measures into bit %d a second time", i, m.Bit)
			case ok && m.Bit >= 0:
				read[q], bits[m.Bit] = true, true
			}
		}
	}
	if err := service.Measured(c); err != nil {
		return "", err
	}
	action := d.capabilities.Action[actionProgram]
	if action.AllQubits && len(read) < len(used) {
		return "", backends.Refuse("%d of the %d qubits that it uses are measured: the device measures all or none", len(read), len(used))
	}
	own := *c
	own.QubitRegs, own.BitRegs, own.Ops = nil, []ir.Register{{Name: "b"}}, nil
	for i := range c.Bits {
		own.BitRegs[0].Indices = append(own.BitRegs[0].Indices, i)
	}
	var measures []ir.Op
	for _, op := range c.Ops { // measurements last: one box
		if m, ok := op.(*ir.Measure); ok {
			if m.Bit >= 0 {
				measures = append(measures, op)
			}
			continue
		}
		own.Ops = append(own.Ops, op)
	}
	own.Ops = append(own.Ops, measures...)
	var labels []string
	if !d.simulated() { // which knows no qubits of its own, and no boxes
		for _, name := range d.names(c) {
			if name != "" {
				labels = append(labels, name)
			}
		}
	}
	p, err := qasm.Print(ir.DropIdle(&own), qasm.Options{Dialect: "braket", Labels: labels})
	if err != nil {
		return "", err
	}
	gates := false
	for _, op := range own.Ops {
		_, ok := op.(*ir.Apply)
		gates = gates || ok
	}
	var b strings.Builder
	boxes := 0
	for line := range strings.Lines(p.Text) {
		switch {
		case strings.HasPrefix(line, "//"): // for our own reader
			continue
		case strings.HasPrefix(line, "box"):
			boxes++
		}
		b.WriteString(line)
	}
	if gates && boxes != 1 && !d.simulated() {
		return "", backends.Refuse("it holds gates that are not native to the device: compile it first")
	}
	return b.String(), nil
}
