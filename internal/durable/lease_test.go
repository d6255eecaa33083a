package durable

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestLease(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lease")
	a, err := Take(path, "a", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Take(path, "b", time.Hour); !errors.Is(err, ErrLeased) {
		t.Fatalf("a fresh lease was taken: %v", err)
	}
	if err := a.Keep(); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	b, err := Take(path, "b", time.Hour)
	if err != nil {
		t.Fatalf("a stale lease was not taken over: %v", err)
	}
	if err := a.Keep(); !errors.Is(err, ErrLeased) {
		t.Errorf("the first owner still has it: %v", err)
	}
	if err := a.GiveBack(); err != nil {
		t.Error(err)
	}
	if err := b.Keep(); err != nil {
		t.Errorf("giving back what is another's took it away: %v", err)
	}
	if err := b.GiveBack(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Of many who want the same fresh or stale lease at once, one gets it.
func TestLeaseRace(t *testing.T) {
	for round := range 30 {
		path := filepath.Join(t.TempDir(), "lease")
		if round%2 == 1 {
			if err := os.WriteFile(path, []byte("dead\n"), 0o666); err != nil {
				t.Fatal(err)
			}
			old := time.Now().Add(-2 * time.Hour)
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
		}
		var won atomic.Int32
		var wait sync.WaitGroup
		for i := range 8 {
			wait.Go(func() {
				if _, err := Take(path, fmt.Sprint("owner", i), time.Hour); err == nil {
					won.Add(1)
				} else if !errors.Is(err, ErrLeased) {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if won.Load() > 1 {
			t.Errorf("%d hold the lease", won.Load())
		}
	}
}

// Keeping a lease makes it fresh; one that is kept by another, whose name may begin like
// ours, is not ours; a takeover whose owner died is cleared away, one that goes on is left.
func TestLeaseStaysFresh(t *testing.T) {
	dir := t.TempDir()
	path, over := filepath.Join(dir, "lease"), filepath.Join(dir, ".lease.over")
	age := func(name string) {
		t.Helper()
		old := time.Now().Add(-2 * time.Hour)
		if err := os.Chtimes(name, old, old); err != nil {
			t.Fatal(err)
		}
	}
	a, err := Take(path, "ab", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	age(path)
	if err := a.Keep(); err != nil {
		t.Fatal(err)
	}
	if _, err := Take(path, "b", time.Hour); !errors.Is(err, ErrLeased) {
		t.Errorf("a lease that was kept was taken: %v", err)
	}
	short := &Lease{path, []byte("a\n")}
	if err := short.Keep(); !errors.Is(err, ErrLeased) {
		t.Errorf("another's lease was kept: %v", err)
	}
	if err := short.GiveBack(); err != nil || a.Keep() != nil {
		t.Errorf("another's lease was given back: %v", err)
	}
	age(path)
	for _, stale := range []bool{false, true} {
		if err := os.WriteFile(over, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if stale {
			age(over)
		}
		if _, err := Take(path, "b", time.Hour); !errors.Is(err, ErrLeased) {
			t.Errorf("taken while another takes it, stale %v: %v", stale, err)
		}
		if _, err := os.Stat(over); (err == nil) == stale {
			t.Errorf("the takeover's file, stale %v: %v", stale, err)
		}
	}
	if _, err := Take(path, "b", time.Hour); err != nil {
		t.Errorf("after the dead one was cleared away: %v", err)
	}
}
