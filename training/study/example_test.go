package study_test

import (
	"context"
	"fmt"
	"os"

	"qgan/training/study"
)

func Example() {
	plan, err := study.Parse(`
kind = "double"
[grid]
x = [1, 2, 3]
`, "doubles.toml")
	if err != nil {
		panic(err)
	}
	dir, err := os.MkdirTemp("", "study")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	folder, err := study.CreateFolder(nil, dir, plan, 0)
	if err != nil {
		panic(err)
	}
	double := func(_ context.Context, t study.Task, _ string) (study.Row, error) {
		x, err := t.Number("x")
		return study.Row{"twice": 2 * x}, err
	}
	crew := study.Crew{Board: folder, Works: map[string]study.Work{"double": double}, Workers: 2, Name: "example", Folder: folder.TaskFolder}
	if err := crew.Run(context.Background()); err != nil {
		panic(err)
	}
	outcomes, err := folder.Outcomes(context.Background())
	if err != nil {
		panic(err)
	}
	for _, r := range study.TableOf(plan, outcomes).Rows {
		fmt.Println(r.Task.Settings["x"], r.Row["twice"])
	}
	// Output:
	// 1 2
	// 2 4
	// 3 6
}
