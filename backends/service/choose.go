package service

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"qgan/backends"
	"qgan/internal/words"
)

// LeastBusy stands for the name of a device in SERVICE:DEVICE: the one that is chosen by its
// queue.
const LeastBusy = "least-busy"

// Detailer is a Client whose list of devices leaves out what each of them tells when it is
// asked: its qubits, and its queue.
type Detailer interface {
	Detail(ctx context.Context, d DeviceInfo) (DeviceInfo, error)
}

// online are the words of services for a device that takes jobs and runs them; none where its
// service tells no state.
var online = []string{"", "online", "active", "available", "running"}

// Online says that a device takes jobs and runs them, as far as its service tells.
func (d DeviceInfo) Online() bool { return slices.Contains(online, strings.ToLower(d.Status)) }

// Simulated says that a device is one of a service's simulators, by its name.
func (d DeviceInfo) Simulated() bool {
	return strings.Contains(d.Name, "simulator") || strings.Contains(d.Name, ".sim.")
}

// String is what is known of a device, for people.
func (d DeviceInfo) String() string {
	var parts []string
	if d.Qubits > 0 {
		parts = append(parts, words.Count(d.Qubits, "qubit"))
	}
	switch {
	case d.Queue != nil:
		parts = append(parts, words.Count(*d.Queue, "job")+" waiting")
	case d.Wait != nil:
		parts = append(parts, fmt.Sprintf("about %.0f s in the queue", *d.Wait))
	default:
		parts = append(parts, "its queue is not told")
	}
	return d.Name + " (" + strings.Join(parts, ", ") + ")"
}

// List are the devices of a service, for people and programs.
type List struct {
	Schema  string       `json:"schema"`
	Service string       `json:"service"` // "": of no service
	Devices []DeviceInfo `json:"devices"`
}

// WriteText prints the devices as a table, for people.
func (l *List) WriteText(w io.Writer) error {
	t := words.NewTable(w)
	t.Row("device", "qubits", "status", "queue")
	for _, d := range l.Devices {
		qubits, queue := words.None, words.None
		if d.Qubits > 0 {
			qubits = fmt.Sprint(d.Qubits)
		}
		if d.Queue != nil {
			queue = fmt.Sprint(*d.Queue)
		}
		name := d.Name
		if l.Service != "" {
			name = l.Service + ":" + name
		}
		t.Row(name, qubits, strings.TrimSpace(d.Status+" "+d.Reason), queue)
	}
	return t.Flush()
}

// Free lists the devices that are online and have so many qubits at least, in the order of the
// service's list. Each is asked for what the list leaves out.
func Free(ctx context.Context, c Client, least int) ([]DeviceInfo, error) {
	all, err := c.Devices(ctx)
	if err != nil {
		return nil, err
	}
	return FreeOf(ctx, c, all, least)
}

// FreeOf is Free of devices that were listed.
func FreeOf(ctx context.Context, c Client, all []DeviceInfo, least int) ([]DeviceInfo, error) {
	free := []DeviceInfo{}
	var failure error // of a device that did not answer; the others are told
	asks, _ := c.(Detailer)
	for _, d := range all {
		if !d.Online() {
			continue
		}
		if asks != nil && (d.Qubits == 0 || d.Queue == nil) {
			more, err := asks.Detail(ctx, d)
			if err != nil {
				failure = cmp.Or(failure, err)
				continue
			}
			d = more
		}
		if d.Online() && d.Qubits >= least {
			free = append(free, d)
		}
	}
	if len(free) == 0 && failure != nil {
		return nil, failure
	}
	return free, nil
}

// Choose returns the processor among the devices that are free with the shortest queue, of
// several the first of the service's list: by jobs, or else by time; one that tells neither
// comes last.
func Choose(ctx context.Context, c Client, least int) (DeviceInfo, error) {
	free, err := Free(ctx, c, least)
	if err != nil {
		return DeviceInfo{}, Broken(c, err)
	}
	free = slices.DeleteFunc(free, DeviceInfo.Simulated)
	if len(free) == 0 {
		return DeviceInfo{}, &RemoteError{c.Service(), backends.Refuse("no processor of %d qubits or more is online", least)}
	}
	return slices.MinFunc(free, func(a, b DeviceInfo) int { return cmp.Or(before(a.Queue, b.Queue), before(a.Wait, b.Wait)) }), nil
}

// before compares what may not be told, which comes last.
func before[T cmp.Ordered](a, b *T) int {
	switch {
	case a != nil && b != nil:
		return cmp.Compare(*a, *b)
	case a != nil:
		return -1
	case b != nil:
		return 1
	}
	return 0
}
