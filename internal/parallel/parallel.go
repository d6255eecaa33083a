// Package parallel runs tasks side by side. A task owns what it writes, so that results do
// not depend on the number of workers.
package parallel

import (
	"sync"
	"sync/atomic"
)

// Each runs task(i, worker) for each i below n on at most so many workers, numbered from 0,
// each of which does one task at a time; scratch may belong to a worker. With one worker
// the tasks run in order in the caller's goroutine.
func Each(n, workers int, task func(i, worker int)) {
	workers = min(workers, n)
	if workers <= 1 {
		for i := range n {
			task(i, 0)
		}
		return
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				task(i, w)
			}
		})
	}
	wait.Wait()
}
