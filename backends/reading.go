package backends

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"qgan/internal/words"
	"qgan/ir"
)

// Reading is what one circuit gave, for people and programs: how often each word was read,
// or how probable it is, by the word's bits, bit 0 first.
type Reading struct {
	Schema        string             `json:"schema"`
	BitOrder      string             `json:"bit_order"`
	Registers     []Register         `json:"registers,omitempty"` // of the word's bits, in order
	Shots         int                `json:"shots"`               // 0: an exact law
	Backend       string             `json:"backend,omitempty"`
	Method        string             `json:"method,omitempty"`   // of a noisy run, or of one that keeps no state vector
	Snapshot      string             `json:"snapshot,omitempty"` // hash of the calibration data
	Counts        map[string]int     `json:"counts,omitempty"`
	Probabilities map[string]float64 `json:"probabilities,omitempty"`
	// ByRegister is the counts or the probabilities of each register on its own, where there
	// are several (see Split).
	ByRegister map[string]map[string]float64 `json:"by_register,omitempty"`
	Truncation *Truncation                   `json:"truncation,omitempty"` // of matrix product states
	Memory     []string                      `json:"-"`                    // the word of every shot in its order, where it was asked for
	*Corrected
}

// Truncation tells what a run of matrix product states left out.
type Truncation struct {
	// Bond is the widest bond there was.
	Bond int `json:"bond"`
	// Error is 1 less the product of the weights that were kept at each splitting: an
	// estimate of 1 - |<exact|state>|², of the worst shot where shots differ.
	Error float64 `json:"error"`
}

// Corrected is what a Reading holds beside counts where readout errors were taken out.
type Corrected struct {
	Mitigation       string             `json:"mitigation"`
	CalibrationShots int                `json:"calibration_shots"` // 0: the device's figures
	Overhead         float64            `json:"overhead"`          // see Outcome
	Quasi            map[string]float64 `json:"quasi"`             // weights, which may be negative
	StdErr           map[string]float64 `json:"quasi_std_err"`
	Nearest          map[string]float64 `json:"nearest"` // the law nearest to the weights
	Distance         float64            `json:"nearest_distance"`
}

// Register names bits of a word.
type Register struct {
	Name string `json:"name"`
	Bits []int  `json:"bits"`
}

// RegistersOf are the registers of a circuit's bits.
func RegistersOf(c *ir.Circuit) (out []Register) {
	for _, r := range c.BitRegs {
		out = append(out, Register{r.Name, r.Indices})
	}
	return out
}

// Names writes the registers as the bits of a word stand, as in c[0:2] d[0]; nothing where they
// do not hold the bits one after the other.
func (r *Reading) Names() string {
	var names []string
	next := 0
	for _, k := range r.Registers {
		for _, b := range k.Bits {
			if b != next {
				return ""
			}
			next++
		}
		if n := len(k.Bits); n > 1 {
			names = append(names, fmt.Sprintf("%s[0:%d]", k.Name, n-1))
		} else {
			names = append(names, k.Name)
		}
	}
	return strings.Join(names, " ")
}

// Split fills in ByRegister, where there are several registers.
func (r *Reading) Split() {
	if len(r.Registers) < 2 {
		return
	}
	r.ByRegister = map[string]map[string]float64{}
	for _, k := range r.Registers {
		own := map[string]float64{}
		for word, n := range r.Counts {
			own[k.of(word)] += float64(n)
		}
		for _, word := range slices.Sorted(maps.Keys(r.Probabilities)) { // in an order, for the rounding
			own[k.of(word)] += r.Probabilities[word]
		}
		r.ByRegister[k.Name] = own
	}
}

// of is what a word says of the register.
func (k Register) of(word string) string {
	b := make([]byte, len(k.Bits))
	for i, at := range k.Bits {
		b[i] = word[at]
	}
	return string(b)
}

// columns are the columns of a table that write a word: one a register where several hold the
// bits one after the other.
func (r *Reading) columns(word string) []string {
	if len(r.Registers) < 2 || r.Names() == "" {
		return []string{word}
	}
	var out []string
	for _, k := range r.Registers {
		out = append(out, k.of(word))
	}
	return out
}

// heads are the names over the columns, nil where there is one.
func (r *Reading) heads() (names []string) {
	if r.Names() != "" && len(r.Registers) > 1 {
		for _, k := range r.Registers {
			names = append(names, k.Name)
		}
	}
	return names
}

// NewReading is a Reading of so many shots, without words.
func NewReading(shots int) Reading {
	return Reading{Schema: "qgan.run-circuit/v1", BitOrder: "bit 0 first", Shots: shots}
}

// Bits writes a word of so many bits, bit 0 first.
func Bits(word uint64, bits int) string { return fmt.Sprintf("%0*b", bits, word) }

// ByBits counts the words that were read, of so many bits, by their bits.
func (o Outcome) ByBits(bits int) map[string]int {
	counts := map[string]int{}
	for _, c := range o.Counts {
		if c.N > 0 {
			counts[Bits(c.Word, bits)] += c.N
		}
	}
	stride := (bits + 7) / 8
	for i := 0; i+stride <= len(o.Rows) && stride > 0; i += stride {
		counts[RowBits(o.Rows[i:i+stride], bits)]++
	}
	return counts
}

// RowBits writes a shot's row (see Outcome) of so many bits, bit 0 first.
func RowBits(row []byte, bits int) string {
	var b strings.Builder
	for _, x := range row {
		fmt.Fprintf(&b, "%08b", x)
	}
	return b.String()[:bits]
}

// ByBits is the law's probabilities above 0, by the bits of the words.
func (l *Law) ByBits() map[string]float64 {
	out := map[string]float64{}
	for i, w := range l.Words {
		if l.P[i] > 0 {
			out[Bits(w, l.Bits)] = l.P[i]
		}
	}
	return out
}

// WriteText writes the counts or the probabilities as a table; where readout errors were taken
// out, what was read beside what it becomes.
func (r *Reading) WriteText(w io.Writer) error {
	t := words.NewTable(w)
	heads := r.heads()
	if r.Corrected == nil {
		if heads != nil {
			kind := "probability"
			if r.Shots > 0 {
				kind = "shots"
			}
			t.Row(append(heads, kind)...)
		}
		for _, word := range slices.Sorted(maps.Keys(r.Counts)) {
			t.Row(append(r.columns(word), strconv.Itoa(r.Counts[word]))...)
		}
		for _, word := range slices.Sorted(maps.Keys(r.Probabilities)) {
			t.Row(append(r.columns(word), strconv.FormatFloat(r.Probabilities[word], 'g', -1, 64))...)
		}
		return t.Flush()
	}
	if heads == nil {
		heads = []string{"bits"}
	}
	t.Row(append(heads, "counts", "read", "mitigated", "± 1 s.e.", "nearest law")...)
	for _, word := range slices.Sorted(maps.Keys(r.Quasi)) {
		t.Row(append(r.columns(word), strconv.Itoa(r.Counts[word]), fmt.Sprintf("%.5f", float64(r.Counts[word])/float64(r.Shots)),
			fmt.Sprintf("%.5f", r.Quasi[word]), fmt.Sprintf("%.5f", r.StdErr[word]), fmt.Sprintf("%.5f", r.Nearest[word]))...)
	}
	return t.Flush()
}

// Remarks say what a reader of the table has to know: what was left out, what the bits are and
// what the correction cost.
func (r *Reading) Remarks() (out []string) {
	if t := r.Truncation; t != nil {
		left := "nothing"
		if t.Error > 0 {
			left = fmt.Sprintf("about %.2g", t.Error)
		}
		out = append(out, fmt.Sprintf("matrix product states: bonds of at most %d, %s of the state left out", t.Bond, left))
	}
	if names := r.Names(); names != "" {
		out = append(out, "bits, in this order: "+names)
	}
	if r.Corrected != nil {
		out = append(out, fmt.Sprintf("readout errors taken out by %s: at worst %.3g times the shots tell as much as without them; the nearest law is %.3g away", r.Mitigation, r.Overhead, r.Distance))
	}
	return out
}
