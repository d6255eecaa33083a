package remote

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"qgan/backends/ledger"
	"qgan/backends/service"
)

// hands are the jobs that one command has taken in hand, in order. The zero value is none.
type hands struct {
	mu  sync.Mutex
	ids []string
}

func (h *hands) take(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Contains(h.ids, id) {
		h.ids = append(h.ids, id)
	}
}

func (h *hands) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.ids)
}

// Left are the jobs that a command leaves behind when it is stopped.
type Left struct {
	There   []ledger.Job // that the service has
	Planned []ledger.Job // that were not sent
	Lost    []ledger.Job // of which it is not known
}

// Left lists the jobs that were sent, followed or looked up here and have not ended.
func (r *Remote) Left() (Left, error) {
	var left Left
	for _, id := range r.inHand.all() {
		j, err := r.Ledger.Job(id)
		switch {
		case err != nil:
			return left, err
		case j.State.Final():
		case j.State == ledger.Planned:
			left.Planned = append(left.Planned, j)
		case j.State.Lost():
			left.Lost = append(left.Lost, j)
		default:
			left.There = append(left.There, j)
		}
	}
	return left, nil
}

// String says what goes on and how it is taken up, for people; "" where nothing is left.
func (l Left) String() string {
	var parts, ids []string
	for _, k := range []struct {
		says string
		jobs []ledger.Job
	}{
		{"goes on at the service: ", l.There}, {"not sent yet: ", l.Planned}, {"not known whether the service has it: ", l.Lost},
	} {
		var names []string
		for _, j := range k.jobs {
			name := j.ID
			if j.Remote != "" {
				name += " (" + j.Service + ":" + j.Remote + ")"
			}
			names, ids = append(names, name), append(ids, j.Short())
		}
		if len(names) > 0 {
			parts = append(parts, k.says+few(names, ", "))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, "; ") + "\nthe same command takes that up, and so does `qgan jobs wait " + few(ids, " ") + "`"
}

// few are some of many names.
func few(names []string, between string) string {
	const most = 10
	if len(names) > most {
		names = append(slices.Clone(names[:most]), "…")
	}
	return strings.Join(names, between)
}

// Withdraw cancels those of the jobs left that the service has and has not begun, so that they
// cost nothing; those that run go on. It waits until the service says what became of them. Who
// asks for the same later has the cancelled ones made anew.
func (r *Remote) Withdraw(ctx context.Context) error {
	left, err := r.Left()
	if err != nil {
		return err
	}
	errs := make([]error, len(left.There))
	var wait sync.WaitGroup
	slots := make(chan struct{}, waiting)
	for i, j := range left.There {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[i] = r.withdraw(ctx, j)
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Remote) withdraw(ctx context.Context, j ledger.Job) error {
	s, err := r.Service.Poll(ctx, j.Remote)
	if err != nil {
		return service.Broken(r.Service, err)
	}
	if s.State != service.Queued {
		return nil
	}
	r.report(j, "it has not begun: the service is asked to stop it")
	if _, err := r.Cancel(ctx, j.ID); err != nil {
		return err
	}
	w := &watch{Remote: r, Patience: r.filled(), job: j, useful: r.Ledger.Now()}
	for {
		if ended, err := w.look(ctx); ended || err != nil {
			return err
		}
		if err := pause(ctx, min(w.PollMin, time.Second)); err != nil {
			return err
		}
	}
}
