package ir

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"
)

// Powers of a unitary matrix multiply as numbers do, degenerate eigenvalues and
// those at -1 included.
func TestPower(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	minus := Identity(4).Scale(-1)
	cases := map[string]Matrix{
		"1": Identity(1), "identity": Identity(16), "minus": minus, "half minus": minus.Controlled(), "x": X.Info().Matrix(nil),
		"swap": Swap.Info().Matrix(nil), "iswap": ISwap.Info().Matrix(nil), "ccx": CCX.Info().Matrix(nil), "ch": CH.Info().Matrix(nil),
		"opposite": RZZ.Info().Matrix([]float64{0.3}), "close": RZ.Info().Matrix([]float64{1e-9}), "turned": Swap.Info().Matrix(nil).Scale(phase(0.9)),
	}
	for _, dim := range []int{2, 4, 8, 16} {
		u := RandomUnitary(dim, rng)
		cases["random "+string(rune('a'+dim))] = u
		cases["mirrored "+string(rune('a'+dim))] = u.Mul(minus.Kron(Identity(max(dim/4, 1)))).Mul(u.Adjoint()).Kron(Z.Info().Matrix(nil))
		if dim < 4 {
			delete(cases, "mirrored "+string(rune('a'+dim)))
		}
	}
	for name, m := range cases {
		pow := func(k float64) Matrix {
			t.Helper()
			p, err := m.Power(k)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return p
		}
		third := pow(1. / 3)
		for what, d := range map[string]float64{
			"first power":       pow(1).Distance(m),
			"cube of the third": third.Mul(third).Mul(third).Distance(m),
			"inverse":           pow(-1).Distance(m.Adjoint()),
			"sum of exponents":  pow(0.25).Mul(pow(0.125)).Distance(pow(0.375)),
		} {
			if !(d < 1e-12) {
				t.Errorf("%s: %s is %g away", name, what, d)
			}
		}
	}
	root, err := cases["x"].Power(0.5)
	if d := root.Distance(SX.Info().Matrix(nil)); err != nil || d > 1e-14 {
		t.Errorf("the root of x is %g away from sx, error %v", d, err)
	}
	for _, bad := range []Matrix{NewMatrix(2), Identity(2).Scale(2), Identity(2).Scale(complex(math.NaN(), 0))} {
		if _, err := bad.Power(0.5); err == nil {
			t.Errorf("%v has a power", bad.A)
		}
	}
}

// An eigenvalue within 1e-9 of -1 counts as -1 from either side, so that rounding does not
// turn a root round; further away each side has its own root.
func TestPowerAtTheCut(t *testing.T) {
	for _, k := range []struct{ phase, root float64 }{
		{math.Pi, math.Pi / 2}, {math.Pi - 1e-10, math.Pi / 2}, {math.Pi - 1e-3, math.Pi/2 - 5e-4}, {-math.Pi, math.Pi / 2}, {1e-10 - math.Pi, math.Pi / 2},
		{5e-10 - math.Pi, math.Pi / 2}, {1e-8 - math.Pi, -math.Pi / 2}, {1e-3 - math.Pi, 5e-4 - math.Pi/2}, {math.Pi + 1e-10, math.Pi / 2}, {math.Pi + 1e-3, 5e-4 - math.Pi/2}, {0, 0}, {-0.8, -0.4},
	} {
		for name, m := range map[string]Matrix{"alone": diagonal(phase(k.phase)), "beside 1": diagonal(1, phase(k.phase)), "beside itself": diagonal(phase(k.phase), 1, 1i, phase(k.phase))} {
			root, err := m.Power(0.5)
			if err != nil {
				t.Fatal(err)
			}
			last := m.Dim - 1
			if d := cmplx.Abs(root.At(last, last) - phase(k.root)); d > 1e-8 {
				t.Errorf("the root of e^(%vi) %s is %v, want e^(%vi)", k.phase, name, root.At(last, last), k.root)
			}
		}
	}
}
