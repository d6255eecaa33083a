package braket

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"qgan/backends/service"
	"qgan/ir"
)

// A simulator's task is paid by its time, of a guess before and told afterwards, three seconds
// at least.
func TestSimulatorsArePaidByTheMinute(t *testing.T) {
	wide := func(qubits, gates int) []service.Program {
		c := ir.New(qubits, 1)
		for i := range gates {
			c.Gate(ir.X, []int{i % qubits})
		}
		c.Measure(0, 0)
		return []service.Program{{Circuit: c, Shots: 100}}
	}
	for _, k := range []struct {
		device        string
		qubits, gates int
		seconds       float64
	}{{"sv1", 10, 100, 3}, {"sv1", 30, 100, 100 * math.Ldexp(1, 30) / perSecond}, {"dm1", 15, 100, 100 * math.Ldexp(1, 30) / perSecond}} {
		arn, err := ARN(k.device)
		if err != nil {
			t.Fatal(err)
		}
		p, ok := Reader(arn).Price(t.Context(), wide(k.qubits, k.gates))
		if !ok || math.Abs(p.USD-k.seconds*simulatorUSD/60) > 1e-9 || !strings.Contains(p.Basis, "by a guess") {
			t.Errorf("%+v: %+v, %v", k, p, ok)
		}
	}
	for metadata, want := range map[string]float64{ // -1: not told
		`{"simulatorMetadata":{"executionDuration":240000}}`: 0.3, `{"simulatorMetadata":{"executionDuration":5}}`: 0.00375, `{"simulatorMetadata":{"executionDuration":-5}}`: -1, `{}`: -1, `no JSON`: -1,
	} {
		c := opened(t, &server{files: map[string]string{
			"/quantum-task/arn:x/1":       `{"status":"COMPLETED","outputS3Bucket":"bucket","outputS3Directory":"qgan/1"}`,
			"/bucket/qgan/1/results.json": `{"additionalMetadata":` + metadata + `}`,
		}})
		c.Place = service.At(serviceName, "arn:aws:braket:::device/quantum-simulator/amazon/sv1", c.Endpoint())
		task, err := c.task(t.Context(), "arn:x/1")
		if err != nil {
			t.Fatal(err)
		}
		cost, _ := c.ran(t.Context(), task)
		got := -1.0
		if cost != nil {
			got = *cost
		}
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: $%v, want $%v", metadata, got, want)
		}
	}
}

// A simulator whose answer lacks what circuits for it need is refused.
func TestOddSimulators(t *testing.T) {
	for name, k := range map[string]struct {
		operations []string
		qubits     int
		want       string
	}{
		"as it is":         {[]string{"Rz", "v", "x", "rx", "cz", "h"}, 3, ""},
		"a gate is missed": {[]string{"rz", "v", "x", "cz"}, 3, "does not take the gate rx"},
		"no qubits":        {[]string{"rz", "v", "x", "rx", "cz"}, 0, "is said to have 0 qubits"},
		"too many":         {[]string{"rz", "v", "x", "rx", "cz"}, 65, "is said to have 65 qubits"},
	} {
		d := &device{Type: "SIMULATOR"}
		text := fmt.Sprintf(`{"action":{"braket.ir.openqasm.program":{"supportedOperations":["%s"]}},"paradigm":{"qubitCount":%d}}`, strings.Join(k.operations, `","`), k.qubits)
		if err := json.Unmarshal([]byte(text), &d.capabilities); err != nil {
			t.Fatal(err)
		}
		err := d.simulator("arn:aws:braket:::device/quantum-simulator/amazon/sv1")
		if (err == nil) != (k.want == "") || err != nil && !strings.Contains(err.Error(), k.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (len(d.snapshot.Qubits) != 3 || d.snapshot.Name != "sv1") {
			t.Errorf("%s: %+v", name, d.snapshot)
		}
	}
}

// A limit of the account's leaves what was not spent in its period; the least of several counts,
// those of other devices do not, and where it is not told there is none.
func TestSpendingLimits(t *testing.T) {
	now := time.Now().Unix()
	limit := func(arn, most, total, queued string, begins, ends int64) string {
		return fmt.Sprintf(`{"deviceArn":%q,"spendingLimit":%q,"totalSpend":%q,"queuedSpend":%q,"timePeriod":{"startAt":%d,"endAt":%d}}`, arn, most, total, queued, now+begins, now+ends)
	}
	for text, want := range map[string]float64{ // -1: none
		limit(garnet, "12.34", "2.30", "0.04", -60, 60):                                                      10,
		limit(garnet, "12", "2", "", -60, 60):                                                                10,
		limit(garnet, "12", "20", "0", -60, 60):                                                              0,
		limit(garnet, "12", "2", "0", 60, 120):                                                               0,
		limit(garnet, "12", "2", "0", -60, -30):                                                              0,
		limit(garnet, "12", "2", "0", -60, 60) + "," + limit(garnet, "9", "2", "0", -60, 60):                 7,
		limit("arn:aws:braket:eu-north-1::device/qpu/iqm/Emerald", "1", "1", "0", -60, 60):                   -1,
		limit(garnet, "much", "2", "0", -60, 60):                                                             -1,
		`{"deviceArn":"` + garnet + `","spendingLimit":"5","timePeriod":{"startAt":"2020-01-01T00:00:00Z"}}`: 5,
		"": -1,
	} {
		c := opened(t, &server{files: map[string]string{"/spending-limits": `{"spendingLimits":[` + text + `]}`}})
		got := -1.0
		if x := c.left(t.Context()); x != nil {
			got = *x
		}
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: $%v, want $%v", text, got, want)
		}
	}
	if x := opened(t, &server{status: 403}).left(t.Context()); x != nil {
		t.Errorf("who may not ask is left $%v", *x)
	}
}
