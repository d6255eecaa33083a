package parallel

import (
	"slices"
	"sync"
	"testing"
)

// Every task runs once, and a worker does one at a time.
func TestEach(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 100} {
		for _, workers := range []int{-1, 0, 1, 2, 3, 200} {
			done := make([]int, n)
			busy := make([]sync.Mutex, max(1, min(workers, n)))
			Each(n, workers, func(i, w int) {
				if !busy[w].TryLock() {
					t.Errorf("worker %d has two tasks", w)
					return
				}
				done[i]++
				busy[w].Unlock()
			})
			if slices.ContainsFunc(done, func(k int) bool { return k != 1 }) {
				t.Errorf("%d tasks, %d workers: done %v", n, workers, done)
			}
		}
	}
}

// A single worker takes the tasks in order.
func TestOneInOrder(t *testing.T) {
	var order []int
	Each(5, 1, func(i, _ int) { order = append(order, i) })
	if !slices.Equal(order, []int{0, 1, 2, 3, 4}) {
		t.Errorf("order %v", order)
	}
}

// What one worker does it does in the caller's goroutine, so that the caller may recover from
// its panic.
func TestOneIsTheCaller(t *testing.T) {
	for _, k := range []struct{ n, workers int }{{5, 1}, {1, 8}, {5, 0}} {
		func() {
			defer func() {
				if got := recover(); got != "boom" {
					t.Errorf("%d tasks, %d workers: recovered from %v", k.n, k.workers, got)
				}
			}()
			Each(k.n, k.workers, func(i, worker int) {
				if worker != 0 {
					t.Errorf("worker %d", worker)
				}
				panic("boom")
			})
		}()
	}
}
