package backends

import (
	"fmt"
	"strings"
	"testing"
)

func TestParsePauliSum(t *testing.T) {
	for text, want := range map[string]string{
		"Z0":                 "1 Z0",
		"Z0 Z1 - 0.5*X2 + 3": "1 Z0 Z1; -0.5 X2; 3 I",
		"-X1Y0":              "-1 Y0 X1",
		"2e-1*Z3*Z1":         "0.2 Z1 Z3",
		"Z0 + Z0 - 3 Z0":     "-1 Z0",
		"1.5 I + I0 Z2":      "1.5 I; 1 Z2",
		"+ Z10":              "1 Z10",
		"":                   `observable "", character 1: nothing is written`,
		"Z":                  `observable "Z", character 1: Z takes the number of a qubit, as in Z0`,
		"Z0 Z0":              `observable "Z0 Z0", character 4: qubit 0 has two letters in one term`,
		"Z0 +":               `observable "Z0 +", character 5: a term is missing`,
		"Z0 *":               `observable "Z0 *", character 5: a factor after * is missing`,
		"Z0 2":               `observable "Z0 2", character 4: a number comes before the letters of its term`,
		"Z0 A1":              `observable "Z0 A1", character 4: 'A' is neither a number nor X, Y, Z or I`,
		"1.2.3":              `observable "1.2.3", character 1: "1.2.3" is no number`,
		"1e999 Z0":           `observable "1e999 Z0", character 1: "1e999" is no number`,
		"Z99999999999999999": `observable "Z99999999999999999", character 1: Z takes the number of a qubit, as in Z0`,
		"Z0 -- Z1":           `observable "Z0 -- Z1", character 5: a term is missing`,
	} {
		sum, err := ParsePauliSum(text)
		var parts []string
		for _, x := range sum {
			parts = append(parts, fmt.Sprintf("%g %s", x.Coefficient, x.String))
		}
		got := strings.Join(parts, "; ")
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if n := (PauliSum{{1, PauliString{{'Z', 2}}}, {1, nil}}).Qubits(); n != 3 {
		t.Errorf("%d qubits", n)
	}
}

// What is written is read back, and no text stops the reader.
func FuzzParsePauliSum(f *testing.F) {
	for _, s := range []string{"Z0 Z1 - 0.5*X2 + 3", "Z", "1e", "*", "I0I1", "-+"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		sum, err := ParsePauliSum(text)
		if err != nil {
			return
		}
		for _, x := range sum {
			again, err := ParsePauliSum(x.String.String())
			if err != nil || len(again) != 1 || again[0].String.String() != x.String.String() {
				t.Fatalf("%q: %v is read as %v, %v", text, x.String, again, err)
			}
		}
	})
}
