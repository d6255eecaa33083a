package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"qgan/backends/ledger"
)

// Jobs over a limit are not planned; a planned one is followed to its end.
func Example() {
	dir, err := os.MkdirTemp("", "ledger")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	l, err := ledger.Open(nil, dir, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	price, limit := 0.30, 0.50
	job := ledger.Plan{Job: ledger.Job{Service: "braket", Device: "Garnet", Estimate: &price}, Request: []byte("{}")}
	_, err = l.Plan(context.Background(), []ledger.Plan{job, job}, ledger.Limits{PerCommand: &limit})
	fmt.Println(errors.Is(err, ledger.ErrLimit))
	jobs, err := l.Plan(context.Background(), []ledger.Plan{job}, ledger.Limits{PerCommand: &limit})
	if err != nil {
		fmt.Println(err)
		return
	}
	id := jobs[0].ID
	for _, u := range []ledger.Update{
		{Job: id, State: ledger.Sending, Attempt: 1},
		{Job: id, State: ledger.Submitted, Attempt: 1, Remote: "task-1"},
	} {
		if err := l.Record(u); err != nil {
			fmt.Println(err)
			return
		}
	}
	j, err := l.Job("task-1")
	fmt.Println(j.State, err)
	// Output:
	// true
	// submitted <nil>
}
