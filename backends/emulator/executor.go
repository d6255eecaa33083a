package emulator

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// quantumProgram is the input of IBM's program executor, schema v2.0: circuits as OpenQASM 3,
// without parameters; QPY and samplexes are not emulated.
type quantumProgram struct {
	Shots    int `json:"shots"`
	Circuits struct {
		Data json.RawMessage `json:"data"`
	} `json:"circuits"`
	Items []struct {
		Type      string `json:"item_type"`
		Arguments struct {
			Data  string `json:"data"`
			Shape []int  `json:"shape"`
			Type  string `json:"dtype"`
		} `json:"circuit_arguments"`
		Shape []int `json:"shape"`
	} `json:"items"`
}

// asPUBs writes the circuits of an executor's job as PUBs of the sampler.
func (b *submission) asPUBs() error {
	q := &b.Params.Quantum
	var texts []string
	switch {
	case b.Params.Schema != "v2.0":
		return fmt.Errorf("schema %q is not emulated", b.Params.Schema)
	case json.Unmarshal(q.Circuits.Data, &texts) != nil:
		return errors.New("the circuits are no OpenQASM 3 texts; QPY is not emulated")
	case len(texts) != len(q.Items):
		return fmt.Errorf("%d circuits and %d items", len(texts), len(q.Items))
	case q.Shots < 1:
		return fmt.Errorf("%d shots", q.Shots)
	}
	for i, x := range q.Items {
		raw, err := base64.StdEncoding.DecodeString(x.Arguments.Data)
		if err != nil {
			return fmt.Errorf("item %d: %w", i, err)
		}
		z, err := zlib.NewReader(bytes.NewReader(raw))
		if err != nil {
			return fmt.Errorf("item %d: %w", i, err)
		}
		data, err := io.ReadAll(io.LimitReader(z, 1<<20))
		if err != nil || x.Type != "circuit" || len(x.Shape) != 0 || x.Arguments.Type != "f64" || len(x.Arguments.Shape) != 1 || x.Arguments.Shape[0] != 0 || len(data) != 0 {
			return fmt.Errorf("item %d is no circuit without parameters and axes", i)
		}
		pub, err := json.Marshal([]any{texts[i], nil, q.Shots})
		if err != nil {
			return err
		}
		b.Params.PUBs = append(b.Params.PUBs, pub)
	}
	return nil
}

// programID is the program of a job of IBM's.
func (j *job) programID() string {
	var b struct {
		Program string `json:"program_id"`
	}
	json.Unmarshal(j.body, &b) // it was read before
	return b.Program
}

// executorResult is the result of an executor's job: bits packed from the least significant,
// the last axis those of a register from bit 0.
func executorResult(j *job) any {
	items := make([]any, len(j.programs))
	for i, p := range j.programs {
		results := map[string]any{}
		for _, r := range p.circuit.BitRegs {
			width := len(r.Indices)
			data := make([]byte, (p.shots*width+7)/8)
			for shot, v := range registerValues(&j.results[i], p.circuit.Bits, r) {
				for k := range width {
					at := shot*width + k
					data[at/8] |= byte(v>>k&1) << (at % 8)
				}
			}
			var text strings.Builder
			encoder := base64.NewEncoder(base64.StdEncoding, &text)
			z := zlib.NewWriter(encoder)
			z.Write(data) // a builder takes all
			z.Close()
			encoder.Close()
			results[r.Name] = map[string]any{"data": text.String(), "shape": []int{p.shots, width}, "dtype": "bool"}
		}
		items[i] = map[string]any{"results": results, "metadata": map[string]any{}}
	}
	return map[string]any{"schema_version": "v2.0", "data": items, "metadata": map[string]any{"chunk_timing": []any{}}, "passthrough_data": nil, "semantic_role": nil}
}
