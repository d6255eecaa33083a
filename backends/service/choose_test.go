package service_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"qgan/backends/service"
)

// listed is a client of which only the list of devices is asked, and what each tells.
type listed struct {
	service.Client
	devices []service.DeviceInfo
	more    map[string]service.DeviceInfo // that a device tells
}

func (l listed) Service() string { return "x" }

func (l listed) Devices(context.Context) ([]service.DeviceInfo, error) {
	return slices.Clone(l.devices), nil
}

// detailed is one whose devices tell more.
type detailed struct{ listed }

func (l detailed) Detail(_ context.Context, d service.DeviceInfo) (service.DeviceInfo, error) {
	more, ok := l.more[d.Name]
	if !ok {
		return d, errors.New("no answer about " + d.Name)
	}
	return more, nil
}

func TestFreeAndChoose(t *testing.T) {
	queue := func(n int) *int { return &n }
	wait := func(s float64) *float64 { return &s }
	names := func(all []service.DeviceInfo) (out []string) {
		for _, d := range all {
			out = append(out, d.Name)
		}
		return out
	}
	for _, k := range []struct {
		name   string
		c      service.Client
		least  int
		free   string
		chosen string // or an error
	}{
		{"by jobs", listed{devices: []service.DeviceInfo{
			{Name: "a", Qubits: 9, Status: "online", Queue: queue(5)}, {Name: "b", Qubits: 9, Status: "ONLINE", Queue: queue(2)}, {Name: "c", Qubits: 9, Status: "paused", Queue: queue(0)},
			{Name: "d", Qubits: 4, Status: "active", Queue: queue(0)}, {Name: "e", Qubits: 9, Status: "online", Queue: queue(2)},
		}}, 5, "a b e", "b (9 qubits, 2 jobs waiting)"},
		{"by time, no simulator", listed{devices: []service.DeviceInfo{
			{Name: "simulator", Qubits: 29, Status: "available"}, {Name: "q.sim.1", Qubits: 29, Status: "Available", Wait: wait(0)}, {Name: "a", Qubits: 11, Status: "available"},
			{Name: "b", Qubits: 11, Status: "available", Wait: wait(90)}, {Name: "c", Qubits: 11, Status: "available", Wait: wait(60)}, {Name: "d", Qubits: 11, Status: "calibrating", Wait: wait(1)},
		}}, 2, "simulator q.sim.1 a b c", "c (11 qubits, about 60 s in the queue)"},
		{"none told", listed{devices: []service.DeviceInfo{{Name: "a", Qubits: 2}, {Name: "b", Qubits: 2}}}, 1, "a b", "a (2 qubits, its queue is not told)"},
		{"each is asked", detailed{listed{devices: []service.DeviceInfo{{Name: "silent"}, {Name: "a", Status: "online"}, {Name: "b"}, {Name: "off", Status: "offline"}}, more: map[string]service.DeviceInfo{
			"a": {Name: "a", Qubits: 20, Status: "online", Queue: queue(3)}, "b": {Name: "b", Qubits: 20, Queue: queue(1)}, "off": {Name: "off", Qubits: 20, Status: "online"},
		}}}, 20, "a b", "b (20 qubits, 1 job waiting)"},
		{"too small", listed{devices: []service.DeviceInfo{{Name: "a", Qubits: 2, Status: "online"}}}, 3, "", "x: no processor of 3 qubits or more is online"},
		{"none answers", detailed{listed{devices: []service.DeviceInfo{{Name: "a"}, {Name: "b"}}}}, 1, "x: no answer about a", "x: no answer about a"},
	} {
		free, err := service.Free(t.Context(), k.c, k.least)
		if got := strings.Join(names(free), " "); err == nil && got != k.free || err != nil && "x: "+err.Error() != k.free {
			t.Errorf("%s: free are %s, want %s; %v", k.name, got, k.free, err)
		}
		d, err := service.Choose(t.Context(), k.c, k.least)
		if err == nil && d.String() != k.chosen || err != nil && err.Error() != k.chosen {
			t.Errorf("%s: %s, %v, want %s", k.name, d, err, k.chosen)
		}
	}
}
