package ibm

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"qgan/backends/service"
	"qgan/internal/stream"
)

// twoRegisters is a program of 2 + 10 bits, alpha first.
func twoRegisters(shots int) service.Shape {
	s := service.Shape{Bits: 12, Shots: shots, Registers: []service.Register{{Name: "alpha", Bits: []int{0, 1}}, {Name: "beta"}}}
	for i := range 10 {
		s.Registers[1].Bits = append(s.Registers[1].Bits, 2+i)
	}
	return s
}

// tagged2 is what qiskit-ibm-runtime 0.51.0 encodes for the samples 1, 2, 3 of alpha and
// 1, 512, 767 of beta.
const tagged2 = `{"__type__": "PrimitiveResult", "__value__": {"pub_results": [{"__type__": "SamplerPubResult", "__value__": {"data": {"__type__": "DataBin", "__value__": {"field_names": ["alpha", "beta"], "shape": [], "fields": {
"alpha": {"__type__": "BitArray", "__value__": {"array": {"__type__": "ndarray", "__value__": "eJyb7BfqGxDJyFDGUK2eklqcXKRupaBeU2qorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RrGOgqGmjoKtQpkAy5GJmYAyR4bvQ=="}, "num_bits": 2}},
"beta": {"__type__": "BitArray", "__value__": {"array": {"__type__": "ndarray", "__value__": "eJyb7BfqGxDJyFDGUK2eklqcXKRupaBeU2qorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RrGOgpGmjoKtQpkAy4GRiYGpv8AHZ4cvA=="}, "num_bits": 10}}}}}, "metadata": {}}}], "metadata": {}}}`

const plain2 = `{"results": [{"data": {"alpha": {"samples": ["0x1", "0x2", "0x3"], "num_bits": 2}, "beta": {"samples": ["0x1", "0x200", "0x2ff"], "num_bits": 10}}, "metadata": {"circuit_metadata": {}}}], "metadata": {"version": 2}}`

// pack is base64 of zlib.
func pack(t testing.TB, raw []byte) string {
	t.Helper()
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// packBits packs bits from the least significant of each byte.
func packBits(bits ...int) []byte {
	out := make([]byte, (len(bits)+7)/8)
	for i, b := range bits {
		out[i/8] |= byte(b) << (i % 8)
	}
	return out
}

// All forms of one result are the same outcome: bit 0 of each register the least
// significant of the service's numbers and the first of ours.
func TestDecode(t *testing.T) {
	bits := func(values []int, width int) (out []int) {
		for _, v := range values {
			for b := range width {
				out = append(out, v>>b&1)
			}
		}
		return out
	}
	alpha, beta := []int{1, 2, 3}, []int{1, 512, 767}
	flips := []int{1, 0, 1, 1, 0, 0, 1, 0, 1, 1}
	var flipped []int
	for i, b := range bits(beta, 10) {
		flipped = append(flipped, b^flips[i%10])
	}
	tensor := func(b []byte, shape string) string {
		return fmt.Sprintf(`{"data": %q, "dtype": "bool", "shape": %s}`, pack(t, b), shape)
	}
	// alpha 10, 01, 11; beta 1000000000, 0000000001, 1111111101, bit 0 first.
	want := []uint64{0b10_1000000000, 0b01_0000000001, 0b11_1111111101}
	for name, text := range map[string]string{
		"plain":    plain2,
		"tagged":   tagged2,
		"executor": `{"schema_version": "v2.0", "data": [{"results": {"alpha": ` + tensor(packBits(bits(alpha, 2)...), "[3, 2]") + `, "beta": ` + tensor(packBits(bits(beta, 10)...), "[3, 10]") + `}, "metadata": {}}]}`,
		"executor, twirled": `{"data": [{"results": {"alpha": ` + tensor(packBits(bits(alpha, 2)...), "[1, 3, 2]") + `, "beta": ` + tensor(packBits(flipped...), "[1, 3, 10]") +
			`, "measurement_flips.beta": ` + tensor(packBits(flips...), "[1, 1, 10]") + `}}]}`,
	} {
		out, err := Reader("").Decode([]service.Shape{twoRegisters(3)}, strings.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !slices.Equal(out[0].Words, want) || out[0].Shots != 3 {
			t.Errorf("%s: %012b, want %012b", name, out[0].Words, want)
		}
	}
}

// Flips of twirling belong to the shots of their randomisation, which follow one another,
// or to each shot, and to their own register.
func TestFlipsOfRandomisations(t *testing.T) {
	tensor := func(shape string, bits ...int) string {
		return fmt.Sprintf(`{"data": %q, "dtype": "bool", "shape": %s}`, pack(t, packBits(bits...)), shape)
	}
	read := []int{0, 0, 0, 1, 1, 0, 1, 1, 0, 1, 0, 0} // 2 randomisations x 3 shots x 2 bits
	for name, k := range map[string]struct {
		flips string
		want  []uint64 // bit 0 of the register first
	}{
		"none":               {tensor("[2, 1, 2]", 0, 0, 0, 0), []uint64{0b00, 0b01, 0b10, 0b11, 0b01, 0b00}},
		"of the first":       {tensor("[2, 1, 2]", 1, 0, 0, 0), []uint64{0b10, 0b11, 0b00, 0b11, 0b01, 0b00}},
		"of the second":      {tensor("[2, 1, 2]", 0, 0, 0, 1), []uint64{0b00, 0b01, 0b10, 0b10, 0b00, 0b01}},
		"of both":            {tensor("[2, 1, 2]", 1, 1, 1, 0), []uint64{0b11, 0b10, 0b01, 0b01, 0b11, 0b10}},
		"of all":             {tensor("[1, 2]", 0, 1), []uint64{0b01, 0b00, 0b11, 0b10, 0b00, 0b01}},
		"of each":            {tensor("[2, 3, 2]", 0, 0, 0, 1, 1, 0, 1, 1, 0, 1, 0, 0), []uint64{0, 0, 0, 0, 0, 0}},
		"of another number":  {tensor("[4, 1, 2]", 0, 0, 0, 0, 0, 0, 0, 0), nil},
		"of another width":   {tensor("[2, 1, 1]", 0, 0), nil},
		"of more than shots": {tensor("[12, 2]", make([]int, 24)...), nil},
	} {
		// Registers whose bits are consecutive, and are not.
		for _, bits := range [][]int{{0, 1}, {1, 0}} {
			text := `{"data": [{"results": {"m": ` + tensor("[2, 3, 2]", read...) + `, "measurement_flips.m": ` + k.flips + `, "other": ` + tensor("[2, 3, 1]", 0, 1, 0, 1, 0, 1) + `}}]}`
			shape := service.Shape{Bits: 3, Shots: 6, Registers: []service.Register{{Name: "m", Bits: bits}, {Name: "other", Bits: []int{2}}}}
			out, err := Reader("").Decode([]service.Shape{shape}, strings.NewReader(text))
			if k.want == nil {
				if err == nil {
					t.Errorf("%s: read as %v", name, out)
				}
				continue
			}
			want := make([]uint64, len(k.want))
			for i, w := range k.want {
				if bits[0] == 1 {
					w = w>>1 | w&1<<1
				}
				want[i] = w<<1 | uint64(i%2)
			}
			if err != nil || !slices.Equal(out[0].Words, want) {
				t.Errorf("%s, bits %v: %+v, want %03b; %v", name, bits, out, want, err)
			}
		}
	}
}

// Programs keep their order, and each its own registers.
func TestDecodeSeveral(t *testing.T) {
	text := `{"results": [{"data": {"c": {"samples": ["0x1"], "num_bits": 2}}}, {"data": {"c": {"samples": ["0x2", "0x3"], "num_bits": 2}}}]}`
	shape := service.Shape{Bits: 2, Registers: []service.Register{{Name: "c", Bits: []int{0, 1}}}}
	out, err := Reader("").Decode([]service.Shape{shape, shape}, strings.NewReader(text))
	if err != nil || !slices.Equal(out[0].Words, []uint64{0b10}) || !slices.Equal(out[1].Words, []uint64{0b01, 0b11}) {
		t.Errorf("%v, %v", out, err)
	}
}

// What is no result, or that of another job, is an error that says so.
func TestDecodeRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":               "",
		"a proxy's page":        "<html>bad gateway</html>",
		"a traceback":           "Traceback (most recent call last)",
		"cut off":               plain2[:120],
		"another form":          `{"quasi_dists": []}`,
		"a PUB too few":         `{"results": []}`,
		"a register is missing": strings.Replace(plain2, "beta", "gamma", 1),
		"a shot too few":        strings.Replace(plain2, `"0x200", `, "", 1),
		"a bit too many":        strings.Replace(plain2, `"0x200"`, `"0x400"`, 1),
		"no hexadecimal":        strings.Replace(plain2, `"0x200"`, `"512"`, 1),
		"other letters":         strings.Replace(plain2, `"0x200"`, `"0x2g0"`, 1),
		"another width":         strings.Replace(plain2, `"num_bits": 10`, `"num_bits": 11`, 1),
		"a sweep":               strings.Replace(plain2, `["0x1", "0x2", "0x3"]`, `[["0x1"], ["0x2", "0x3"]]`, 1),
		"damaged array":         strings.Replace(tagged2, "eJyb7BfqGxDJyFDGUK2eklqcXKRupaBeU2qorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RrGOgqGm", "eJyb7", 1),
		"no shots":              `{"results": [{"data": {"alpha": {"samples": [], "num_bits": 2}, "beta": {"samples": [], "num_bits": 10}}}]}`,
	} {
		if out, err := Reader("").Decode([]service.Shape{twoRegisters(3)}, strings.NewReader(text)); err == nil {
			t.Errorf("%s was read as %v", name, out)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(plain2)
	f.Add(tagged2)
	f.Add(`{"data": [{"results": {"alpha": {"data": "eJwDAAAAAAE=", "dtype": "bool", "shape": [3, 2]}}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		out, err := Reader("").Decode([]service.Shape{twoRegisters(3)}, strings.NewReader(text))
		if err == nil && (len(out) != 1 || out[0].Shots < 1 || len(out[0].Words) != out[0].Shots) {
			t.Errorf("%q was read as %+v", text, out)
		}
	})
}

// wideResult is a result of so many circuits of 156 bits.
func wideResult(t testing.TB, circuits, shots int) ([]service.Shape, []byte) {
	t.Helper()
	const bits, row = 156, 20
	shape := service.Shape{Bits: bits, Shots: shots, Registers: []service.Register{{Name: "c"}}}
	for i := range bits {
		shape.Registers[0].Bits = append(shape.Registers[0].Bits, i)
	}
	header := fmt.Sprintf("%-117s\n", fmt.Sprintf("{'descr': '|u1', 'fortran_order': False, 'shape': (%d, %d), }", shots, row))
	raw := append([]byte("\x93NUMPY\x01\x00\x76\x00"), header...)
	rng := stream.New(1, "wide")
	for range shots {
		for i := range row {
			b := byte(rng.Uint32())
			if i == 0 {
				b &= 0x0f
			}
			raw = append(raw, b)
		}
	}
	text := pack(t, raw)
	type m = map[string]any
	var pubs []any
	for range circuits {
		pubs = append(pubs, m{"__type__": "SamplerPubResult", "__value__": m{"data": m{"__type__": "DataBin", "__value__": m{"field_names": []string{"c"}, "shape": []int{}, "fields": m{"c": m{
			"__type__": "BitArray", "__value__": m{"array": m{"__type__": "ndarray", "__value__": text}, "num_bits": bits}}}}}}})
	}
	out, err := json.Marshal(m{"__type__": "PrimitiveResult", "__value__": m{"pub_results": pubs, "metadata": m{}}})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Repeat([]service.Shape{shape}, circuits), out
}

// 156 bits are rows, the last bit of the circuit the most significant of the service's.
func TestDecodeWide(t *testing.T) {
	shapes, raw := wideResult(t, 2, 5)
	out, err := Reader("").Decode(shapes, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if len(out[1].Rows) != 5*20 || out[1].Words != nil || out[1].Shots != 5 {
		t.Fatalf("%d bytes of rows", len(out[1].Rows))
	}
	rng := stream.New(1, "wide")
	for shot := range 5 {
		for i := range 20 {
			b := byte(rng.Uint32())
			if i == 0 {
				b &= 0x0f
			}
			for k := range 8 {
				bit := 8*(19-i) + k
				if bit >= 156 {
					continue
				}
				if got := out[1].Rows[shot*20+bit/8] >> (7 - bit%8) & 1; got != b>>k&1 {
					t.Fatalf("shot %d, bit %d is %d", shot, bit, got)
				}
			}
		}
	}
}

// BenchmarkDecodeWide reads 300 circuits of 156 bits and 4000 shots.
func BenchmarkDecodeWide(b *testing.B) {
	shapes, raw := wideResult(b, 300, 4000)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := Reader("").Decode(shapes, bytes.NewReader(raw)); err != nil {
			b.Fatal(err)
		}
	}
}
