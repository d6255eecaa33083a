package ir

// Depth returns the number of layers that gates, measurements and resets need
// where those that share a qubit or a bit come one after the other. Barriers
// and delays take no layer but barriers keep their qubits together; a block
// takes as many as its longest branch, at least one.
func (c *Circuit) Depth() int {
	d := layers{qubits: make([]int, c.Qubits), bits: make([]int, c.AllBits())}
	d.ops(c.Ops)
	return d.deepest
}

// TwoQubitGates returns how many gates act on two qubits, blocks included once.
func (c *Circuit) TwoQubitGates() int {
	n := 0
	Walk(c.Ops, func(op Op) error {
		switch op := op.(type) {
		case *Apply:
			if len(op.Qubits) == 2 {
				n++
			}
		case *Unitary:
			if len(op.Qubits) == 2 {
				n++
			}
		}
		return nil
	})
	return n
}

// layers holds the last layer that each qubit and bit is used in.
type layers struct {
	qubits, bits []int
	deepest      int
}

// put places what takes n layers behind all that its qubits and bits do.
func (d *layers) put(n int, qubits, bits []int) {
	last := 0
	for _, q := range qubits {
		last = max(last, d.qubits[q])
	}
	for _, b := range bits {
		last = max(last, d.bits[b])
	}
	last += n
	for _, q := range qubits {
		d.qubits[q] = last
	}
	for _, b := range bits {
		d.bits[b] = last
	}
	if n > 0 {
		d.deepest = max(d.deepest, last)
	}
}

func (d *layers) ops(ops []Op) {
	for _, op := range ops {
		switch op := op.(type) {
		case *Apply:
			d.put(1, op.Qubits, nil)
		case *Unitary:
			d.put(1, op.Qubits, nil)
		case *Measure:
			if op.Bit < 0 {
				d.put(1, []int{op.Qubit}, nil)
			} else {
				d.put(1, []int{op.Qubit}, []int{op.Bit})
			}
		case *Reset:
			d.put(1, []int{op.Qubit}, nil)
		case *Barrier:
			d.put(0, op.Qubits, nil)
		case *Assign:
			d.put(0, nil, BitsOf(op))
		case *If, *Switch, *While:
			d.block(op)
		}
	}
}

// block places an if, switch or while as one piece.
func (d *layers) block(op Op) {
	longest := 1
	for _, body := range Bodies(op) {
		inner := layers{qubits: make([]int, len(d.qubits)), bits: make([]int, len(d.bits))}
		inner.ops(body)
		longest = max(longest, inner.deepest)
	}
	qubits, bits := split(Wires(op, len(d.qubits)), len(d.qubits))
	d.put(longest, qubits, bits)
}

// CondBits returns the bits that a condition reads, each once, in the order of
// the condition.
func CondBits(c Cond) []int {
	var out []int
	seen := map[int]bool{}
	var visit func(Cond)
	visit = func(c Cond) {
		switch c := c.(type) {
		case Compare:
			for _, b := range c.Bits {
				if !seen[b] {
					seen[b] = true
					out = append(out, b)
				}
			}
		case All:
			for _, x := range c {
				visit(x)
			}
		case Any:
			for _, x := range c {
				visit(x)
			}
		case Not:
			visit(c.Cond)
		}
	}
	visit(c)
	return out
}
