package sim

import (
	"math"
	"testing"

	"qgan/backends"
	"qgan/internal/stream"
	"qgan/ir"
)

// Every kernel computes the values and gradients that the pure Go one computes, where SU(2)s are
// diagonal, antidiagonal or next to it, for as many lanes as need blocks of all widths, and for
// as many qubits as need bunches of all sizes.
func TestBunchesOfSpecialAngles(t *testing.T) {
	angles := []float64{0, math.Pi, -math.Pi, 2 * math.Pi, math.Pi / 2, -3 * math.Pi, 1e-9, math.Pi + 1e-9, 1e-160, 0.7, -2.1}
	for n := 1; n <= 5; n++ {
		c := ir.Ansatz{Neurons: n, Layers: 2, Closing: true, FinalChain: true, Latent: ir.LatentScale{Value: 1}}.Circuit()
		rng := stream.New(1, "angles", uint64(n))
		draw := func(rows, width int) [][]float64 {
			out := make([][]float64, rows)
			for i := range out {
				for range width {
					out[i] = append(out[i], angles[rng.IntN(len(angles))])
				}
			}
			return out
		}
		b := backends.Bindings{Trained: draw(2, len(c.Trained)), Data: draw(27, len(c.Data))} // 3·8 + 3 lanes, 6·4 + 3, 16 + 11
		for _, o := range []backends.Observable{backends.ExpectationZ, backends.Probabilities} {
			width := b.Len() * o.Width(n)
			upstream := gauss(rng, width)
			run := func(kernel string) map[string][]float64 {
				d, err := (&Simulator{Kernel: kernel}).Differentiate(c, o)
				if err != nil {
					t.Fatal(err)
				}
				out := map[string][]float64{
					"values": make([]float64, width), "trained": make([]float64, len(b.Trained)*len(c.Trained)), "data": make([]float64, b.Len()*len(c.Data)),
				}
				if err := d.Forward(t.Context(), b, out["values"]); err != nil {
					t.Fatal(err)
				}
				if err := d.Backward(t.Context(), upstream, out["trained"], out["data"]); err != nil {
					t.Fatal(err)
				}
				return out
			}
			want := run("go")
			for _, kernel := range Kernels() {
				for what, got := range run(kernel) {
					for i, w := range want[what] {
						if !(math.Abs(got[i]-w) <= 1e-12) { // a NaN is off as well
							t.Fatalf("kernel %s, n = %d, observable %d: %s %d is %v, want %v", kernel, n, o, what, i, got[i], w)
						}
					}
				}
			}
		}
	}
}

// Bunches hold every op once, in its order, none of more ops than the kernel takes, of the
// leading product none with others; the groups of each have every amplitude once.
func TestBunches(t *testing.T) {
	c := ir.Ansatz{Neurons: 7, Layers: 3, Closing: true, Latent: ir.LatentScale{Value: 1}}.Circuit()
	p, err := compile(c)
	if err != nil {
		t.Fatal(err)
	}
	for most := 1; most <= maxBunch; most++ {
		next, sizes := 0, map[int]int{}
		for _, b := range p.bunches(most, 16) {
			if b.first != next || b.count < 1 || b.count > most || b.first < p.product && b.first+b.count > p.product {
				t.Fatalf("at most %d: bunch of %d ops from %d on, %d were before it, the product has %d", most, b.count, b.first, next, p.product)
			}
			next += b.count
			sizes[b.count]++
			seen := map[uint64]bool{}
			for _, zero := range b.zeros {
				for j := range 1 << b.count {
					x := (uint64(zero) ^ b.flips[j]) / 16
					for i := range b.count {
						on := p.ops[b.first+i].pairing
						if value := parity(on.r&x) != on.k; value != (j>>i&1 == 1) {
							t.Fatalf("amplitude %d of a group is %t on qubit %d of the bunch", j, value, i)
						}
					}
					seen[x] = true
				}
			}
			if len(seen) != 1<<p.n {
				t.Errorf("%d amplitudes are in groups, of %d", len(seen), 1<<p.n)
			}
		}
		if next != len(p.ops) {
			t.Errorf("at most %d: %d ops, want %d", most, next, len(p.ops))
		}
		// Four layers of 7: 2, 2, 3 or 1, 2, 2, 2 each.
		if most == 3 && (sizes[2] != 8 || sizes[3] != 4) || most == 2 && (sizes[1] != 4 || sizes[2] != 12) {
			t.Errorf("at most %d: bunches of sizes %v", most, sizes)
		}
	}
}
