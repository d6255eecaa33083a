package assess_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"qgan/backends/sim"
	"qgan/internal/named"
	"qgan/internal/stream"
	"qgan/training"
	"qgan/training/assess"
)

// A bound circuit's law of words is that of its state, summed over qubits that are not
// measured; words that never occur are in it.
func TestCircuitOfTimestep(t *testing.T) {
	rec := uneven(t, 6, 20, 2, 3, "")
	for _, c := range []struct {
		name   string
		change func(*training.Config)
	}{
		{"latent", func(c *training.Config) {
			c.Memory, c.OwnBits, c.Tied, c.Past, c.Objective = training.MemoryNone, 0, false, 0, training.ObjectiveWGAN
			c.LatentQubits, c.LatentScale = 1, 0.8
		}},
		{"memory", func(c *training.Config) { c.Memory, c.Tied = training.MemoryLeaky, false }},
	} {
		g := untrained(t, rec, 2, c.change)
		inputs := g.DrawLatent(5)
		if g.Remembers() != (c.name == "memory") {
			t.Errorf("%s: remembers %v", c.name, g.Remembers())
		}
		if g.Remembers() {
			past, err := g.ParsePast("11,01")
			if err != nil || !slices.Equal(past, []uint32{3, 1}) {
				t.Fatal(past, err)
			}
			if inputs, err = g.Remember(1, past); err != nil {
				t.Fatal(err)
			}
			m := g.Model.(*training.Recurrent)
			if first := must(m.Angles(g.Params, 0, past)); !slices.Equal(inputs, must(m.Angles(g.Params, 1, past))) || slices.Equal(inputs, first) {
				t.Errorf("inputs %v, those of the timestep before are %v", inputs, first)
			}
		} else {
			if want := training.DrawLatents(g.Config, 1, stream.New(5, "export"))[0]; !slices.Equal(inputs, want) || len(inputs) != g.Config.Ansatz().Qubits() {
				t.Errorf("%s: latent vector %v, want %v", c.name, inputs, want)
			}
			if _, err := g.Remember(1, nil); !errors.Is(err, assess.ErrNoMemory) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		open, err := g.Circuit(1)
		if err != nil || open.Name != "timestep 1" || len(open.Data) == 0 || open.Measures() {
			t.Fatalf("%s: %+v, %v", c.name, open, err)
		}
		bound, err := open.Bind(nil, inputs)
		if err != nil {
			t.Fatal(err)
		}
		law, err := g.WordLaw(t.Context(), bound)
		if err != nil {
			t.Fatal(err)
		}
		state, err := sim.Interpret(bound, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for word := range 4 {
			want := 0.0
			for x, a := range state {
				if x>>(bound.Qubits-2) == word {
					want += real(a)*real(a) + imag(a)*imag(a)
				}
			}
			if got := law[fmt.Sprintf("%02b", word)]; math.Abs(got-want) > 1e-12 {
				t.Errorf("%s: P(%02b) = %v, want %v", c.name, word, got, want)
			}
		}
		if len(law) != 4 || bound.Measures() {
			t.Errorf("%s: %v, measured %v", c.name, law, bound.Measures())
		}
		for _, step := range []int{-1, 2} {
			if _, err := g.Circuit(step); err == nil || err.Error() != fmt.Sprintf("timestep %d: the run has timesteps 0 to 1", step) {
				t.Errorf("%s: timestep %d: %v", c.name, step, err)
			}
		}
	}
}

func TestParseInputs(t *testing.T) {
	rec := uneven(t, 6, 20, 2, 3, "")
	wide := untrained(t, rec, 1, func(c *training.Config) { c.LatentQubits, c.LatentScale = 1, 1 })
	if _, err := wide.ParseLatent([]byte("1 2")); err == nil || err.Error() != "it holds 2 numbers, the generator has 3 qubits" {
		t.Errorf("a latent qubit more: %v", err)
	}
	g := untrained(t, rec, 1, nil)
	for text, want := range map[string]string{
		"[0.5, -1e3]": "[0.5 -1000] <nil>",
		"0.5;-1\n":    "[0.5 -1] <nil>",
		"0.5 x":       `[] "x" is no number`,
		"[0.5]":       "[] it holds 1 numbers, the generator has 2 qubits",
		"":            "[] it holds 0 numbers, the generator has 2 qubits",
	} {
		z, err := g.ParseLatent([]byte(text))
		if got := fmt.Sprint(z, " ", err); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"": "[] <nil>", "10": "[2] <nil>", "10,01,": "[2 1] <nil>", "100": `[] "100" is no word of 2 bits`, "12": `[] "12" is no word of 2 bits`,
	} {
		words, err := g.ParsePast(text)
		if got := fmt.Sprint(words, " ", err); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// What is asked for in words is the circuit that Circuit and its inputs make.
func TestTrained(t *testing.T) {
	rec := uneven(t, 6, 20, 2, 3, "")
	latent := untrained(t, rec, 2, func(c *training.Config) {
		c.Memory, c.OwnBits, c.Tied, c.Past, c.Objective = training.MemoryNone, 0, false, 0, training.ObjectiveWGAN
		c.LatentQubits, c.LatentScale = 0, 0.8
	})
	memory := untrained(t, rec, 2, func(c *training.Config) { c.Memory, c.Tied = training.MemoryLeaky, false })
	dir := t.TempDir()
	file, short, absent := filepath.Join(dir, "z.json"), filepath.Join(dir, "short.json"), filepath.Join(dir, "absent")
	for path, text := range map[string]string{file: "[0.5, -1]", short: "0.5"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		g      *assess.Generator
		which  assess.Which
		inputs []float64 // nil: they stay open
		err    string
	}{
		{g: latent, inputs: latent.DrawLatent(0)},
		{g: latent, which: assess.Which{Timestep: 1, Latent: "seed:7"}, inputs: latent.DrawLatent(7)},
		{g: latent, which: assess.Which{Latent: file}, inputs: []float64{0.5, -1}},
		{g: latent, which: assess.Which{Timestep: 1, Parametric: true}},
		{g: memory, inputs: must(memory.Remember(0, nil))},
		{g: memory, which: assess.Which{Timestep: 1, Past: "11,01"}, inputs: must(memory.Remember(1, []uint32{3, 1}))},
		{g: memory, which: assess.Which{Parametric: true}},
		{g: latent, which: assess.Which{Timestep: 2}, err: "--timestep 2: the run has timesteps 0 to 1"},
		{g: latent, which: assess.Which{Latent: "seed:x"}, err: "--latent-vector seed:x: seed:N takes a whole number"},
		{g: latent, which: assess.Which{Latent: absent}, err: "--latent-vector " + absent + ": there is no such file"},
		{g: latent, which: assess.Which{Latent: short}, err: "--latent-vector " + short + ": it holds 1 numbers, the generator has 2 qubits"},
		{g: latent, which: assess.Which{Past: "01"}, err: "--past 01: the run's generator has no memory"},
		{g: latent, which: assess.Which{Latent: "seed:1", Parametric: true}, err: "--parametric keeps the inputs open: leave out --latent-vector and --past"},
		{g: memory, which: assess.Which{Past: "01", Parametric: true}, err: "--parametric keeps the inputs open: leave out --latent-vector and --past"},
		{g: memory, which: assess.Which{Latent: "seed:1"}, err: "--latent-vector seed:1: the run's generator has a memory and no latent vector"},
		{g: memory, which: assess.Which{Past: "012"}, err: `--past 012: "012" is no word of 2 bits`},
	} {
		got, err := c.g.Trained(nil, c.which)
		if c.err != "" {
			var bad interface{ BadInput() bool }
			if err == nil || named.Text(err, func(name string) string { return "--" + name }) != c.err || !errors.As(err, &bad) || !bad.BadInput() {
				t.Errorf("%+v: %v, want %s of the input", c.which, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%+v: %v", c.which, err)
		}
		want := must(c.g.Circuit(c.which.Timestep))
		if c.inputs != nil {
			want = must(want.Bind(nil, c.inputs))
		}
		if got.String() != want.String() || got.Measures() {
			t.Errorf("%+v: it is\n%v\nand not\n%v", c.which, got, want)
		}
	}
}

// A law in a file has all words, in order.
func TestWriteLaw(t *testing.T) {
	path := filepath.Join(t.TempDir(), "law.json")
	if err := assess.WriteLaw(nil, path, map[string]float64{"1": 0.25, "0": 0.75}); err != nil {
		t.Fatal(err)
	}
	const want = `{
 "schema": "qgan.probabilities/v1",
 "bit_order": "bit 0 first",
 "probabilities": {
  "0": 0.75,
  "1": 0.25
 }
}
`
	if got := must(os.ReadFile(path)); string(got) != want {
		t.Errorf("%s", got)
	}
}
