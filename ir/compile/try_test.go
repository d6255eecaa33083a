package compile

import (
	"fmt"
	"math/rand/v2"
	"os"
	"qgan/calibration"
	"qgan/ir"
	"testing"
	"time"
)

func load(t testing.TB, n string) *Target {
	b, _ := os.ReadFile("/work/shared/devices/ibm/props_" + n + ".json")
	s, err := calibration.Read(calibration.File{Name: n, Data: b})
	if err != nil {
		t.Fatal(err)
	}
	tg, err := NewTarget(s)
	if err != nil {
		t.Fatal(err)
	}
	return tg
}
func TestTry(t *testing.T) {
	for _, n := range []string{"torino", "sherbrooke", "fez"} {
		tg := load(t, n)
		for _, k := range []int{4, 8} {
			cs, err := Chains(tg, k, 2, LayerWeights(5))
			fmt.Println(n, k, cs, err)
		}
		for _, k := range []int{10, 100} {
			c := ir.Ansatz{Neurons: k, Layers: 5, FinalChain: true, Latent: ir.LatentScale{Value: 1}}.Circuit()
			c.MeasureAll()
			for _, fold := range []bool{false, true} {
				t0 := time.Now()
				r, err := Compile(c, tg, Options{FoldReadout: fold})
				dt := time.Since(t0)
				if err != nil {
					fmt.Println(n, k, err)
					continue
				}
				rng := rand.New(rand.NewPCG(1, 2))
				th := make([]float64, len(c.Trained))
				z := make([]float64, k)
				for i := range th {
					th[i] = rng.Float64()*6 - 3
				}
				for i := range z {
					z[i] = rng.NormFloat64()
				}
				r.Bind(th, z)
				t1 := time.Now()
				b, err := r.Bind(th, z)
				db := time.Since(t1)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Printf("%s %d fold %v: %+v %v\n   bound %+v %v\n %v\n", n, k, fold, r.Stats, dt, b.Measured(), db, r.Warnings)
			}
		}
	}
}
