package ibm

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"

	"qgan/backends"
	"qgan/backends/service"
	"qgan/ir"
)

// executorJob is the body of POST /jobs for the program executor, schema v2.0
// (ibm-quantum-schemas 0.13). It is the program that the service's own clients send to since
// the sampler is deprecated; they send circuits as QPY, and the schema has OpenQASM 3 beside.
type executorJob struct {
	Program string         `json:"program_id"`
	Backend string         `json:"backend"`
	Params  executorParams `json:"params"`
	Tags    []string       `json:"tags"`
	Cost    int            `json:"cost,omitempty"`
}

type executorParams struct {
	Schema  string         `json:"schema_version"`
	Program quantumProgram `json:"quantum_program"`
	Options struct{}       `json:"options"`
}

// quantumProgram are circuits, each with an item that says how it is run. All have the same
// shots.
type quantumProgram struct {
	Shots    int `json:"shots"`
	Circuits struct {
		Data []string `json:"data"`
	} `json:"circuits"`
	Items []circuitItem `json:"items"`
}

// circuitItem runs a circuit once: it has no parameters, and results of no axes but those of
// shots and bits.
type circuitItem struct {
	Type      string       `json:"item_type"`
	Arguments packedFloats `json:"circuit_arguments"`
	Shape     []int        `json:"shape"`
}

type packedFloats struct {
	Data  string `json:"data"`
	Shape []int  `json:"shape"`
	Type  string `json:"dtype"`
}

// executes says that jobs are for the program executor.
func (c *Client) executes() bool { return c.Asked("ibm-program") == "executor" }

// executor writes a job for the program executor. What the sampler does with circuits on
// request is its client's work there, and is not done here.
func (c *Client) executor(programs []service.Program, tag string) ([]byte, error) {
	if c.options() != nil {
		return nil, backends.Refuse("the program executor decouples and twirls nothing: ask for ibm-dd and ibm-twirl of the sampler")
	}
	j := executorJob{Program: "executor", Backend: c.Device(), Params: executorParams{Schema: "v2.0"}, Tags: c.Tags(tag), Cost: c.AskedSeconds("max-execution-time")}
	q := &j.Params.Program
	q.Shots = programs[0].Shots
	none := packedFloats{zipped(nil), []int{0}, "f64"}
	err := c.Write(programs, true, func(_ int, circuit *ir.Circuit) error {
		text, err := program(circuit)
		q.Circuits.Data = append(q.Circuits.Data, text)
		q.Items = append(q.Items, circuitItem{"circuit", none, []int{}})
		return err
	})
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	return body, c.Fits(body, maxBytes)
}

// zipped is base64 of zlib of bytes.
func zipped(data []byte) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	z.Write(data) // a buffer takes all
	z.Close()
	return base64.StdEncoding.EncodeToString(b.Bytes())
}
