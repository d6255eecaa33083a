package iqm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"qgan/backends"
	"qgan/backends/service"
)

// Decode reads measurements: for each circuit the shots of each key, whose last number is
// the bit.
func (c *Client) Decode(shapes []service.Shape, r io.Reader) ([]backends.Outcome, error) {
	var found []map[string][][]int
	if err := json.NewDecoder(r).Decode(&found); err != nil {
		return nil, fmt.Errorf("IQM: the measurements can't be read: %w", err)
	}
	return service.Outcomes("IQM: the result", shapes, len(found), func(i int, s service.Shape) (backends.Outcome, error) { return outcome(s, found[i]) })
}

// outcome puts the bits of a circuit's keys together, shot by shot.
func outcome(s service.Shape, keys map[string][][]int) (backends.Outcome, error) {
	shots := -1
	var rows *backends.Rows
	seen := map[int]bool{}
	for key, values := range keys {
		bit, err := strconv.Atoi(key[strings.LastIndexByte(key, '_')+1:])
		if err != nil || bit < 0 || bit >= s.Bits || seen[bit] {
			return backends.Outcome{}, fmt.Errorf("the key %q is no bit of %d", key, s.Bits)
		}
		seen[bit] = true
		if shots < 0 {
			shots = len(values)
			rows = backends.NewRows(s.Bits, shots)
		}
		if len(values) != shots {
			return backends.Outcome{}, fmt.Errorf("the key %q has %d shots, another %d", key, len(values), shots)
		}
		for shot, v := range values {
			if len(v) != 1 || v[0]&^1 != 0 {
				return backends.Outcome{}, fmt.Errorf("shot %d of the key %q is %v", shot, key, v)
			}
			if v[0] == 1 {
				rows.Set(shot, bit)
			}
		}
	}
	for bit, q := range s.Qubits {
		if q >= 0 && !seen[bit] {
			return backends.Outcome{}, fmt.Errorf("bit %d is missing", bit)
		}
	}
	if shots < 1 {
		return backends.Outcome{}, errors.New("it holds no shots")
	}
	return rows.Outcome(), nil
}
