package runs

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"qgan/training"
)

// A checkpoint file holds a whole State (docs/formats.md):
//
//	"qgan checkpoint 1\n"
//	one line of JSON: step, collapsed, Adam's counters, the arrays' names and lengths
//	the arrays, float64, little endian, one after the other
//	SHA-256 of all bytes before it
const checkpointMagic = "qgan checkpoint 1\n"

// checkpointHeader is the line of JSON.
type checkpointHeader struct {
	Step          int               `json:"step"`
	Collapsed     int               `json:"collapsed"`
	GeneratorAdam int               `json:"generator_adam_steps"`
	CriticAdam    int               `json:"critic_adam_steps"`
	Circuits      int               `json:"circuits,omitempty"` // measured so far
	Shots         int               `json:"shots,omitempty"`
	Best          *checkpointBest   `json:"best,omitempty"` // of the array of that name
	Arrays        []checkpointArray `json:"arrays"`
}

// checkpointBest says how the best parameters came to be it.
type checkpointBest struct {
	Step    int     `json:"step"`
	Score   float64 `json:"score_nats"`
	HeldOut bool    `json:"held_out"`
}

type checkpointArray struct {
	Name string `json:"name"`
	Len  int    `json:"len"`
}

// arrays lists the state's arrays by name, in the order of the file.
func arrays(s *training.State) []struct {
	name string
	data *[]float64
} {
	return []struct {
		name string
		data *[]float64
	}{
		{"params", &s.Params}, {"average", &s.Average}, {"critic", &s.Critic},
		{"generator_m", &s.GenAdam.M}, {"generator_v", &s.GenAdam.V},
		{"critic_m", &s.CritAdam.M}, {"critic_v", &s.CritAdam.V},
		{"derivatives", &s.Derivatives}, {"shot_variances", &s.ShotVariances},
		{"best", &s.Best.Params},
	}
}

// arraysOfOld are the numbers of arrays that files of older versions have, the first ones:
// before gradients came from shots, and before the best parameters were kept.
var arraysOfOld = [...]int{7, 9}

// WriteState writes a checkpoint.
func WriteState(w io.Writer, s *training.State) error {
	sum := sha256.New()
	b := bufio.NewWriter(io.MultiWriter(w, sum))
	h := checkpointHeader{Step: s.Step, Collapsed: s.Collapsed, GeneratorAdam: s.GenAdam.Steps, CriticAdam: s.CritAdam.Steps, Circuits: s.Used.Circuits, Shots: s.Used.Shots}
	if b := s.Best; b.Step > 0 {
		h.Best = &checkpointBest{b.Step, b.Score, b.HeldOut}
	}
	for _, a := range arrays(s) {
		h.Arrays = append(h.Arrays, checkpointArray{a.name, len(*a.data)})
	}
	line, err := json.Marshal(h)
	if err != nil {
		return err
	}
	b.WriteString(checkpointMagic)
	b.Write(line)
	b.WriteByte('\n')
	for _, a := range arrays(s) {
		var word [8]byte
		for _, x := range *a.data {
			binary.LittleEndian.PutUint64(word[:], math.Float64bits(x))
			b.Write(word[:])
		}
	}
	if err := b.Flush(); err != nil {
		return err
	}
	_, err = w.Write(sum.Sum(nil))
	return err
}

// ReadState reads a checkpoint. Optimisers get their coefficients from the
// configuration. Any damage is an error.
func ReadState(data []byte, c training.Config) (*training.State, error) {
	body, ok := bytes.CutPrefix(data, []byte(checkpointMagic))
	if !ok {
		first, _, _ := strings.Cut(string(data[:min(len(data), 40)]), "\n")
		if strings.HasPrefix(first, "qgan checkpoint ") {
			return nil, fmt.Errorf("it is %q, this program reads %q", first, strings.TrimSpace(checkpointMagic))
		}
		return nil, errors.New("it is no checkpoint, or its beginning is lost")
	}
	if len(data) < len(checkpointMagic)+sha256.Size {
		return nil, fmt.Errorf("it is cut short after %d bytes", len(data))
	}
	end := len(data) - sha256.Size
	if sum := sha256.Sum256(data[:end]); !bytes.Equal(sum[:], data[end:]) {
		return nil, fmt.Errorf("its checksum does not hold: the file is cut short or damaged (%d bytes)", len(data))
	}
	line, rest, ok := bytes.Cut(body[:len(body)-sha256.Size], []byte("\n"))
	var h checkpointHeader
	if !ok {
		return nil, errors.New("it has no header")
	}
	if err := json.Unmarshal(line, &h); err != nil {
		return nil, fmt.Errorf("its header: %w", err)
	}
	s := &training.State{
		Step: h.Step, Collapsed: h.Collapsed, Used: training.Usage{Circuits: h.Circuits, Shots: h.Shots},
		GenAdam:  &training.Adam{Beta1: c.Beta1, Beta2: c.Beta2, Steps: h.GeneratorAdam},
		CritAdam: &training.Adam{Beta1: c.Beta1, Beta2: c.Beta2, Steps: h.CriticAdam},
	}
	if b := h.Best; b != nil {
		s.Best = training.Best{Step: b.Step, Score: b.Score, HeldOut: b.HeldOut}
	}
	want := arrays(s)
	if slices.Contains(arraysOfOld[:], len(h.Arrays)) {
		want = want[:len(h.Arrays)]
	}
	if len(h.Arrays) != len(want) {
		return nil, fmt.Errorf("it holds %d arrays, %d are needed", len(h.Arrays), len(want))
	}
	for i, a := range h.Arrays {
		if a.Name != want[i].name || a.Len < 0 || a.Len > len(rest)/8 {
			return nil, fmt.Errorf("array %d is %q of %d values, with %d bytes left", i, a.Name, a.Len, len(rest))
		}
		if a.Len == 0 {
			continue
		}
		values := make([]float64, a.Len)
		for j := range values {
			values[j] = math.Float64frombits(binary.LittleEndian.Uint64(rest[8*j:]))
		}
		*want[i].data, rest = values, rest[8*a.Len:]
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes follow its arrays", len(rest))
	}
	return s, nil
}
