package remote

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"qgan/backends/ledger"
	"qgan/backends/service"
)

// Choice is a device that was chosen by its queue.
type Choice struct {
	Name   string // of what it was chosen for, see Remote.Choice; "": for nothing that is kept
	Device string
	Told   string // what is known of it, for people
}

// Choose returns the least busy processor of a service with so many qubits at least. asked says
// what it is chosen for, before anything is compiled: as long as a job of it counts the same
// question has the same device, however long its queue is by then. Without it, or without a
// ledger, the choice is that of now.
func Choose(ctx context.Context, l *ledger.Ledger, c service.Client, least int, asked ...string) (Choice, error) {
	var told string
	fresh := func() (string, error) {
		d, err := service.Choose(ctx, c, least)
		told = d.String()
		return d.Name, err
	}
	if l == nil || len(asked) == 0 {
		device, err := fresh()
		return Choice{Device: device, Told: told}, err
	}
	h := sha256.New()
	for _, text := range append([]string{"least busy", c.Service(), c.Endpoint(), fmt.Sprint(least)}, asked...) {
		fmt.Fprintf(h, "%d %s\n", len(text), text)
	}
	name := hex.EncodeToString(h.Sum(nil)[:16])
	device, old, err := l.Choice(ctx, name, fresh)
	if old {
		told = device + " (it was chosen before for the same)"
	}
	return Choice{name, device, told}, err
}
