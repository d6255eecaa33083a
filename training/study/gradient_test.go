package study

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
)

// The reference (testdata/plateau.json) has 300 draws; with 3000 ours is within 3 of its
// standard errors. It gives no errors, so they are those of ours, √10 times as large.
func TestPlateauAgainstReference(t *testing.T) {
	raw, err := os.ReadFile("../testdata/plateau.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Rows [][]any }
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	names := map[string]string{"Z_0": "Z_0", "Z_last": "Z_last", "parity Z^n": "parity", "projector |0..0>": "silence", "mean spike rate": "rate", "rand critic N(0,1)": "critic"}
	const draws = 3000
	seen := 0
	for _, r := range file.Rows {
		layers, n := r[0].(float64), r[1].(float64)
		if testing.Short() && (n > 2 || layers > 5) {
			continue
		}
		seen++
		name := names[r[2].(string)]
		t.Run(fmt.Sprintf("%s_n%v_L%v", name, n, layers), func(t *testing.T) {
			t.Parallel()
			row, err := Plateau(t.Context(), Task{"plateau", map[string]any{"neurons": n, "layers": layers, "observable": name, "draws": draws, "seed": 1}}, "")
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range []struct {
				what           string
				got, want, err float64
			}{
				{"variance", row["variance"], r[3].(float64), row["variance_se"]},
				{"shots", row["shots"], r[5].(float64), row["shots_se"]},
			} {
				if name == "critic" && k.what == "variance" {
					continue // of one critic there, of all here: only the ratio is the same
				}
				se := k.err * math.Sqrt(draws) * math.Sqrt(1./draws+1./300)
				if math.Abs(k.got-k.want) > 3*se {
					t.Errorf("%s %g, the reference has %g ± %g", k.what, k.got, k.want, se)
				}
			}
		})
	}
	if seen == 0 {
		t.Error("no row was compared")
	}
}

// What estimates tell of their variance is what repeats show, and its two parts fall as
// they must: shots with the shots, latent vectors not.
func TestGradientParts(t *testing.T) {
	part := func(shots, latents int) Row {
		row, err := Gradient(t.Context(), Task{"gradient", map[string]any{"neurons": 3, "layers": 2, "shots": shots, "latents": latents, "repeats": 60, "seed": 4}}, "")
		if err != nil {
			t.Fatal(err)
		}
		if told := row["shot_part"] + row["latent_part"]; math.Abs(told-row["variance"]) > 5*row["variance_se"] {
			t.Errorf("%d shots, %d latents: variance %g ± %g, %g is told", shots, latents, row["variance"], row["variance_se"], told)
		}
		return row
	}
	few, many := part(20, 8), part(320, 8)
	if ratio := few["shot_part"] / many["shot_part"]; math.Abs(ratio/16-1) > 0.15 {
		t.Errorf("with 16 times the shots their part is 1/%.3g", ratio)
	}
	if ratio := few["latent_part"] / many["latent_part"]; ratio < 0.6 || ratio > 1.7 {
		t.Errorf("with other shots the latent vectors' part is %.3g times as large", ratio)
	}
}

func TestBadSettings(t *testing.T) {
	for _, s := range []map[string]any{
		{},
		{"neurons": 2, "layers": 1, "draws": 10, "seed": 1, "observable": "X_0"},
		{"neurons": 2.5, "layers": 1, "draws": 10, "seed": 1, "observable": "Z_0"},
		{"neurons": 99, "layers": 1, "draws": 10, "seed": 1, "observable": "Z_0"},
	} {
		if _, err := Plateau(t.Context(), Task{"plateau", s}, ""); err == nil {
			t.Errorf("%v was taken", s)
		}
	}
}
